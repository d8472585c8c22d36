"""The console over a log in PostgreSQL: every page says what it says over one in SQLite, and outlives the database."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

import pytest

from handraise.console.pages import log as pages_of_the_log
from handraise.review.database import LogDatabase
from tests.support.console import HTMX, Reader, served
from tests.support.logged import Log, an_empty_log
from tests.support.postgresql import Server
from tests.support.usual import fill
from tests.support.waiting import until

PAGES: Final = (
    "/now", "/now?unclaimed=1", "/now?business=hotel-seven-lamps", "/log", "/log?text=person", "/log?text=100%25",
    "/log?verdict=judged", "/log?trigger=complaint&action=escalate", "/log/decisions", "/log/decisions?result=near",
    "/log/decisions?result=suppressed&trigger=complaint", "/log/decisions?verdict=unnecessary",
    "/log/decisions?text=person", "/triggers", "/triggers?days=7", "/triggers?business=hotel-seven-lamps",
    "/try", "/try/hotel-seven-lamps",
)  # fmt: skip
_LINKS: Final = re.compile(r'href="(/(?:now|escalations|conversations)/[^"#]+)')
_AGO: Final = re.compile(r"\d+ (?:s|min|h|d)(?: \d\d min)?\b")


class Both(NamedTuple):
    """Somebody at each of two consoles, over the same log in two databases."""

    postgresql: Reader
    sqlite: Reader


@pytest.fixture(scope="module")
def both(postgresql_server: Server) -> Iterator[Both]:
    """The consoles."""
    with LogDatabase(postgresql_server.database()) as database, an_empty_log() as other:
        database.migrate()
        fill(Log(database), other)
        with served(database) as mine, served(other.database) as its:
            yield Both(mine.sign_in(), its.sign_in())


def said(page: str) -> str:
    """What a page says; how long ago something was is another second in the other."""
    return _AGO.sub("#", " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split()))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_says_the_same_over_postgresql_as_over_sqlite(both: Both, path: str) -> None:
    mine, its = (reader.page(path) for reader in both)
    assert said(mine) == said(its)
    assert _LINKS.findall(mine) == _LINKS.findall(its)


def test_what_the_lists_lead_to_is_the_same_too(both: Both) -> None:
    linked = {path for page in ("/now", "/log", "/log/decisions") for path in _LINKS.findall(both.sqlite.page(page))}
    assert len(linked) > 50
    for path in sorted(html.unescape(path) for path in linked)[::4]:
        assert said(both.postgresql.page(path)) == said(both.sqlite.page(path))


def test_the_list_goes_on_where_it_stopped(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pages_of_the_log, "ROWS", 20)
    seen: list[str] = []
    pages = 0
    path = "/log/decisions"
    while path:
        page = both.postgresql.page(path, headers=HTMX)
        pages += 1
        seen += re.findall(r'href="/conversations/([^"]+)"', page)
        older = re.search(r'hx-get="([^"]+after=[^"]+)"', page)
        path = html.unescape(older[1]) if older else ""
    assert pages > 1
    assert len(seen) > 20
    assert "Nothing fits" in said(both.postgresql.page("/log/decisions?text=no+such+words"))


def test_advice_and_figures_come_out_of_it(both: Both) -> None:
    assert said(both.postgresql.page("/triggers/advice", headers=HTMX)) == said(
        both.sqlite.page("/triggers/advice", headers=HTMX)
    )


def test_a_database_that_is_restarted_is_said_and_found_again(both: Both, postgresql_server: Server) -> None:
    """Last in the file: the server is everybody's."""
    postgresql_server.stop()
    try:
        assert "The log cannot be read" in said(both.postgresql.page("/now", 503))
        assert "The log cannot be read" in said(both.postgresql.page("/triggers", 503))
    finally:
        postgresql_server.start()
    until(lambda: both.postgresql.client.get("/now").status_code == 200, 20, "the console to find it again")


@pytest.mark.parametrize(
    "path",
    [
        "/log?text=%00", "/now?business=a%00", "/log/decisions?after=%00", "/triggers?business=%00", "/try/%00",
        "/now/%00", "/escalations/a%00b", "/conversations/a/b%00", "/conversations/a%00/b", "/try/shop?version=%00",
    ],
)  # fmt: skip
def test_an_address_with_the_character_that_postgresql_has_no_place_for_is_no_address(both: Both, path: str) -> None:
    """It does not mean that the log is away."""
    for reader in both:
        assert reader.client.get(path, headers={"Accept": "text/html"}).status_code == 400
