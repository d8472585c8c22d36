"""Who gets in, what is refused, and what every answer says to the browser."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest
from starlette.routing import Route

from handraise.console.app import ROUTES
from handraise.console.guard import Place
from tests.support.console import HTMX, WORD, Reader, served
from tests.support.logged import an_empty_log

PAGES = ["/", "/now", "/now/list", "/now/e1", "/log", "/log/decisions", "/triggers", "/try", "/try/shop", "/live",
         "/escalations/e1", "/conversations/shop/c1", "/nothing"]  # fmt: skip
CHANGES = [
    "/sign-out",
    "/escalations/e1",
    "/try/shop/check",
    "/try/shop/publish",
    "/try/shop/withdraw",
    "/try/shop/trials",
    "/try/shop/trials/t1/stop",
]


def port_of(reader: Reader) -> str:
    """The port that it listens on."""
    return reader.origin.rpartition(":")[2]


@pytest.fixture(scope="module")
def console() -> Iterator[Reader]:
    """A console over a log with nothing in it."""
    with an_empty_log() as log, served(log.database) as reader:
        yield reader


@pytest.fixture
def reader(console: Reader) -> Reader:
    """Somebody who has not signed in."""
    console.client.cookies.clear()
    return console


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_shown_before_signing_in(reader: Reader, path: str) -> None:
    answer = reader.client.get(path, headers={"Accept": "text/html"})
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/sign-in")
    assert reader.client.get(path).status_code == 401
    part = reader.client.get(path, headers=HTMX)
    assert (part.status_code, part.headers["HX-Redirect"], part.text) == (401, "/sign-in", "")


@pytest.mark.parametrize("path", CHANGES)
def test_nothing_is_changed_before_signing_in(reader: Reader, path: str) -> None:
    assert reader.client.post(path, data={"csrf": "x"}).status_code == 401


@pytest.mark.parametrize("path", CHANGES)
def test_nothing_is_changed_without_the_token_of_the_session(reader: Reader, path: str) -> None:
    other = reader.sign_in("Marco").csrf
    reader.sign_in("Rosa")
    for data, headers in (({}, {}), ({"csrf": ""}, {}), ({"csrf": other}, {}), ({}, {"X-CSRF-Token": other})):
        assert reader.client.post(path, data=data, headers=headers).status_code == 403


def test_every_change_is_known_to_these_tests() -> None:
    """A form that is added must be added here, so that it is never without its token."""
    posts = {route.path for route in ROUTES if isinstance(route, Route) and "POST" in (route.methods or ())}
    names = {"e1": "{escalation_id}", "shop": "{business}", "t1": "{trial_id}"}
    shown = {re.sub("e1|shop|t1", lambda found: names[found[0]], path) for path in CHANGES}
    assert posts == {*shown, "/sign-in"}


def test_a_form_of_another_site_is_refused(reader: Reader) -> None:
    token = reader.sign_in().csrf
    for origin in ("https://evil.example", "http://127.0.0.1:1", "null"):
        answer = reader.client.post("/sign-out", data={"csrf": token}, headers={"Origin": origin})
        assert answer.status_code == 403
    assert reader.client.post("/sign-out", data={"csrf": token}, headers={"Origin": reader.origin}).status_code == 303


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:1", ""])
def test_a_name_that_is_not_the_console_s_is_refused(reader: Reader, host: str) -> None:
    """A page of somebody else's may point its own name at this address."""
    assert reader.client.get("/sign-in", headers={"Host": host.format(port=port_of(reader))}).status_code == 421


@pytest.mark.parametrize("host", ["127.0.0.1:{port}", "localhost:{port}", "[::1]:{port}"])
def test_the_names_of_this_machine_are_the_console_s(reader: Reader, host: str) -> None:
    assert reader.client.get("/sign-in", headers={"Host": host.format(port=port_of(reader))}).status_code == 200


def test_the_wrong_token_gets_nobody_in(reader: Reader) -> None:
    answer = reader.client.post("/sign-in", data={"name": "Rosa", "token": "wrong"})
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers
    assert "That is not the token." in answer.text
    assert "wrong" not in answer.text


def test_somebody_without_a_name_does_not_get_in(reader: Reader) -> None:
    answer = reader.client.post("/sign-in", data={"name": "  ", "token": WORD})
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(reader: Reader) -> None:
    cookie = reader.client.post("/sign-in", data={"name": "Rosa", "token": WORD}).headers["set-cookie"]
    assert cookie.startswith(f"handraise-{port_of(reader)}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/", "Max-Age=3600"} <= {part.strip() for part in cookie.split(";")}


def test_behind_https_the_cookie_goes_over_https_alone() -> None:
    place = Place("127.0.0.1", 8480, "https://desk.example.com")
    assert place.secure
    assert place.cookie == "__Host-handraise-8480"
    assert place.names("desk.example.com")
    assert place.sent("https://desk.example.com")
    assert not place.sent("http://desk.example.com")


@pytest.mark.parametrize(
    ("port", "origin", "host", "sender"),
    [
        (80, None, "127.0.0.1", "http://127.0.0.1"),
        (80, None, "localhost:80", "http://localhost"),
        (443, None, "127.0.0.1:443", "http://127.0.0.1:443"),
        (8480, "https://desk.example.com:443", "desk.example.com", "https://desk.example.com"),
        (8480, "https://desk.example.com", "desk.example.com:443", "https://desk.example.com"),
        (8480, "http://desk.example.com:80", "desk.example.com", "http://desk.example.com"),
        (8480, "https://Desk.Example.com:8443", "desk.example.com:8443", "https://desk.example.com:8443"),
    ],
)
def test_an_address_is_known_as_a_browser_writes_it(port: int, origin: str | None, host: str, sender: str) -> None:
    """Without the port that its scheme has anyway, and in small letters; a proxy may still name the port.

    Whoever is no browser may write the host in capitals.
    """
    place = Place("127.0.0.1", port, origin)
    assert place.names(host)
    assert place.names(host.upper())
    assert place.sent(sender)
    assert place.sent(sender.upper())


@pytest.mark.parametrize("host", ["desk.example.com:80", "desk.example.com:8443", "127.0.0.1", "evil.example"])
def test_only_the_port_of_its_scheme_goes_without_saying(host: str) -> None:
    assert not Place("127.0.0.1", 8480, "https://desk.example.com").names(host)


@pytest.mark.parametrize("path", ["/sign-in", "/try/shop/check"])
def test_a_request_that_is_too_large_is_ended(reader: Reader, path: str) -> None:
    headers = {"X-CSRF-Token": reader.sign_in().csrf}
    upload = {"document": ("policy.yaml", bytes(5_000_000))}
    assert reader.client.post(path, files=upload, headers=headers).status_code == 413
    fields = {f"field-{number}": "a" * 500_000 for number in range(10)}
    assert reader.client.post(path, data=fields, headers=headers).status_code == 413


def test_a_long_policy_is_not_too_large(reader: Reader) -> None:
    token = reader.sign_in().csrf
    document = f"business_id: shop\nowner: Rosa\n# {'a' * 500_000}\n"
    answer = reader.client.post("/try/shop/check", data={"csrf": token, "document": document})
    assert answer.status_code == 200


@pytest.mark.parametrize("letter", ["a", "é", "ش", "ह"])
def test_a_policy_is_as_long_in_any_script(reader: Reader, letter: str) -> None:
    """The browser sends each byte of a letter that is not of ASCII as three."""
    headers = {"X-CSRF-Token": reader.sign_in().csrf}
    document = f"business_id: shop\nowner: Rosa\n# {letter * (1_000_000 // len(letter.encode()))}\n"
    assert reader.client.post("/try/shop/check", data={"document": document}, headers=headers).status_code == 200


def test_signing_out_forgets(reader: Reader) -> None:
    token = reader.sign_in().csrf
    assert reader.client.post("/sign-out", data={"csrf": token}).headers["location"] == "/sign-in"
    assert reader.client.get("/now").status_code == 401


@pytest.mark.parametrize("path", ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/a\r\nb", ""])
def test_signing_in_leads_to_no_other_site(reader: Reader, path: str) -> None:
    answer = reader.client.post("/sign-in", data={"name": "Rosa", "token": WORD, "next": path})
    assert answer.headers["location"] == "/now"


@pytest.mark.parametrize("path", ["/log", "/log?trigger=complaint&text=a%26b+c", "/try/50%25%20off%3F"])
def test_signing_in_leads_to_the_page_that_was_asked_for(reader: Reader, path: str) -> None:
    form = reader.client.get(path, headers={"Accept": "text/html"}).headers["location"]
    (wanted,) = re.findall(r'name="next" value="([^"]+)"', reader.client.get(form).text)
    answer = reader.client.post("/sign-in", data={"name": "Rosa", "token": WORD, "next": html.unescape(wanted)})
    assert answer.headers["location"] == path


@pytest.mark.parametrize("path", ["/sign-in", "/now", "/static/console.css", "/nothing", "/escalations/none"])
def test_every_answer_tells_the_browser_what_it_may_do(reader: Reader, path: str) -> None:
    headers = reader.sign_in().client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'; style-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert ("immutable" in headers["Cache-Control"]) == path.startswith("/static/")


def test_a_page_holds_no_script_and_no_style_of_its_own(reader: Reader) -> None:
    reader.sign_in()
    for path in ("/now", "/log", "/log/decisions", "/triggers", "/try", "/try/shop"):
        page = reader.page(path)
        assert "<style" not in page
        assert " style=" not in page
        assert " onclick=" not in page
        assert page.count("<script") == page.count('<script src="/static/')
