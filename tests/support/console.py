"""The console on a port of its own, over a log, and somebody who has signed in."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

import httpx
import uvicorn

from handraise.console.access import Access
from handraise.console.app import create_console
from handraise.console.guard import Place
from handraise.console.live import Live
from handraise.console.log_reader import LogReader
from handraise.console.rendering import Renderer
from handraise.console.services import Services
from handraise.console.trial.trials import Trials
from handraise.review.database import LogDatabase
from handraise.review.queries.watching import pulse
from handraise.settings import Settings
from tests.support.brokers import free_port
from tests.support.waiting import until

WORD: Final = "the-token-of-the-tests"
HTMX: Final = {"HX-Request": "true"}
NONE: Final[Mapping[str, str]] = {}
_CSRF: Final = re.compile(r'name="csrf" value="([^"]+)"')


class Reader:
    """Somebody with a browser that runs no script and follows no redirect unasked."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self.origin = services.place.origin
        self.client = httpx.Client(base_url=self.origin, timeout=30.0)

    def sign_in(self, name: str = "Rosa") -> Reader:
        """Sign in."""
        answer = self.client.post("/sign-in", data={"name": name, "token": WORD, "zone": "Europe/Madrid"})
        assert answer.status_code == 303
        return self

    @property
    def csrf(self) -> str:
        """The token of the session, as every page has it."""
        found = _CSRF.search(self.page("/now"))
        assert found
        return found[1]

    def page(self, path: str, status: int = 200, headers: Mapping[str, str] = NONE) -> str:
        """What a page says."""
        answer = self.client.get(path, headers={"Accept": "text/html", **headers})
        assert answer.status_code == status, answer.text
        return answer.text


@contextmanager
def served(log: LogDatabase, **settings: Any) -> Iterator[Reader]:  # noqa: ANN401 - any setting
    """The console over a log; no broker answers unless the settings name one that does."""
    listener = socket.create_server(("127.0.0.1", 0))
    place = Place("127.0.0.1", int(listener.getsockname()[1]), None)

    reader_of_log = LogReader(log)

    def look() -> str:
        with reader_of_log.reading() as session:
            return pulse(session)

    chosen = Settings(**{"brokers": f"127.0.0.1:{free_port()}", **settings})
    services = Services(
        settings=chosen,
        access=Access(WORD, hours=1),
        place=place,
        renderer=Renderer(),
        log=reader_of_log,
        live=Live(look),
        trials=Trials(chosen),
    )
    server = uvicorn.Server(
        uvicorn.Config(create_console(services), log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        until(lambda: server.started, 10, "the console to listen")
        reader = Reader(services)
        yield reader
        reader.client.close()
    finally:
        server.should_exit = True
        thread.join(10)
        listener.close()
