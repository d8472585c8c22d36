"""What every request goes through: the host that it names, where it came from, who sent it; and the headers back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import quote, urlsplit

from starlette.datastructures import FormData, Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from handraise.console.access import Access, Session

SIGN_IN: Final = "/sign-in"
CSRF_FIELD: Final = "csrf"
CSRF_HEADER: Final = "X-CSRF-Token"
_MOST_BYTES: Final = 4_194_304
"""Of one request. A policy is the most that anybody sends, and Kafka takes no record of more than a quarter of this."""
_OPEN: Final = (SIGN_IN, "/static/", "/healthz")
_SAFE: Final = frozenset({"GET", "HEAD"})
_LOCAL_HOSTS: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
_HEADERS: Final = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # The address of the sign-in page can hold the token. (`no-referrer` would hide the origin of our own forms too.)
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}

Handler = Callable[[Request], Awaitable[Response]]


class Place:
    """Where the console is: which hosts a request may name, and what its cookie is called.

    Args:
        host: the address that it listens on.
        port: the port that it listens on; cookies know no ports, so that it is part of the name.
        origin: the address under which people open it through a proxy.
    """

    def __init__(self, host: str, port: int, origin: str | None) -> None:
        self.origin: Final = _as_a_browser_has_it(origin or f"http://{f'[{host}]' if ':' in host else host}:{port}")
        self.secure: Final = self.origin.startswith("https:")
        self.cookie: Final = f"{'__Host-' if self.secure else ''}handraise-{port}"
        self._origins: Final = {_as_a_browser_has_it(f"http://{name}:{port}") for name in _LOCAL_HOSTS} | {self.origin}
        self._hosts: Final = {host for one in self._origins for host in _hosts(one)}

    def names(self, host: str) -> bool:
        """Whether this `Host` is the console; a page of somebody else's that points its name here is refused."""
        return host.lower() in self._hosts

    def sent(self, origin: str) -> bool:
        """Whether a request with this `Origin` comes from a page of the console."""
        return origin.lower() in self._origins


def _as_a_browser_has_it(origin: str) -> str:
    """In small letters, and without the port that its scheme has anyway."""
    origin = origin.lower()
    return origin.removesuffix(_port(origin))


def _hosts(origin: str) -> tuple[str, str]:
    """What a request to it names: a browser the host alone where the port is its scheme's, a proxy perhaps both."""
    host = urlsplit(origin).netloc
    # An IPv6 address has colons of its own, in brackets.
    return host, host if ":" in host.rpartition("]")[2] else host + _port(origin)


def _port(origin: str) -> str:
    return ":443" if origin.startswith("https:") else ":80"


class Guard:
    """Lets through what comes from somebody who has signed in, and puts the headers on every answer."""

    def __init__(self, app: ASGIApp, access: Access, place: Place) -> None:
        self._app = app
        self._access = access
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or hand it on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        refused = self._refusal(scope)
        await (refused or self._app)(scope, _limited(receive), with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        if not self._place.names(headers.get("host", "")):
            return PlainTextResponse(f"The console is at {self._place.origin}.", 421)
        origin = headers.get("origin")
        if scope["method"] not in _SAFE and origin is not None and not self._place.sent(origin):
            return PlainTextResponse("This was sent by another site.", 403)
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            # PostgreSQL has no place for it, so it can be in nothing that the log holds.
            return PlainTextResponse("This is no address of the console.", 400)
        session = self._session(Request(scope))
        scope.setdefault("state", {})["session"] = session
        if session is None and not scope["path"].startswith(_OPEN):
            return _to_sign_in(scope, headers)
        return None

    def _session(self, request: Request) -> Session | None:
        return self._access.session(request.cookies.get(self._place.cookie, ""))


def _limited(receive: Receive) -> Receive:
    """Ends a request that is too large, whoever sends it: its parts would fill the memory, and `/tmp`."""
    received = 0

    async def counted() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > _MOST_BYTES:
            raise HTTPException(413, "This is more than the console takes at once.")
        return message

    return counted


def _to_sign_in(scope: Scope, headers: Headers) -> Response:
    if headers.get("hx-request") == "true":
        # htmx would put the page of a redirect into the part that it asked for.
        return Response(status_code=401, headers={"HX-Redirect": SIGN_IN})
    if scope["method"] not in _SAFE or "text/html" not in headers.get("accept", ""):
        return PlainTextResponse("Sign in first.", 401)
    path, query = quote(scope["path"]), scope["query_string"].decode("latin-1")
    wanted = f"{path}?{query}" if query else path
    return RedirectResponse(SIGN_IN if path == "/" else f"{SIGN_IN}?next={quote(wanted)}", 303)


def session_of(request: Request) -> Session:
    """The session of a request that the guard has let through."""
    session = request.state.session
    if not isinstance(session, Session):
        raise TypeError("a page for people who have signed in was reached without a session")
    return session


async def form_of(request: Request) -> FormData:
    """What was sent with a request; one field may have all of it, as a long policy has."""
    return await request.form(max_part_size=_MOST_BYTES)


def checked(handler: Handler) -> Handler:
    """A handler that changes something: it runs only with the session's own token in the form or the header."""

    async def run(request: Request) -> Response:
        given = request.headers.get(CSRF_HEADER) or (await form_of(request)).get(CSRF_FIELD)
        if not isinstance(given, str) or not session_of(request).owns(given):
            return PlainTextResponse("This page is too old, or was sent by another site: load it again.", 403)
        return await handler(request)

    return run
