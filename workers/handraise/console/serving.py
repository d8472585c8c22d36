"""Runs the console on an address until a signal ends it."""

from __future__ import annotations

import logging
import socket
from collections.abc import Callable
from typing import Final

import uvicorn

from handraise.console.access import Access, new_token
from handraise.console.app import create_console
from handraise.console.errors import ConsoleError
from handraise.console.guard import SIGN_IN, Place
from handraise.console.live import Live
from handraise.console.log_reader import LogReader
from handraise.console.rendering import Renderer
from handraise.console.services import Services
from handraise.console.trial.trials import Trials
from handraise.review.database import DEFAULT_URL, LogDatabase
from handraise.review.queries.watching import pulse
from handraise.settings import Settings

_LEAVE_SECONDS: Final = 2
"""A page that is open keeps a connection, which would otherwise keep the console from ending."""


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Args:
        settings: which address, which log, which brokers.
        say: shows one line; it gets the address with the token, once.

    Raises:
        ConsoleError: the address cannot be used.
        LogError: the URL of the log is none.
    """
    given = settings.console_token
    token = given.get_secret_value() if given else new_token()
    with _listening(settings) as listener:
        port = int(listener.getsockname()[1])
        place = Place(settings.console_host, port, settings.console_origin)
        console = create_console(_services(settings, token, place))
        # What goes wrong in a page is logged there, without what a person may have written.
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
        server = uvicorn.Server(
            uvicorn.Config(
                console,
                log_config=None,
                access_log=False,
                server_header=False,
                lifespan="on",
                timeout_graceful_shutdown=_LEAVE_SECONDS,
            )
        )
        address = f"{place.origin}{SIGN_IN}"
        say(f"The console: {address}" if given else f"The console: {address}?token={token}")
        server.run(sockets=[listener])


def _services(settings: Settings, token: str, place: Place) -> Services:
    url = settings.log_database_url
    log = LogReader(LogDatabase(url.get_secret_value() if url else DEFAULT_URL))

    def look() -> str:
        with log.reading() as session:
            return pulse(session)

    return Services(
        settings=settings,
        access=Access(token, settings.console_session_hours),
        place=place,
        renderer=Renderer(),
        log=log,
        live=Live(look),
        trials=Trials(settings),
    )


def _listening(settings: Settings) -> socket.socket:
    host, port = settings.console_host, settings.console_port
    try:
        return socket.create_server(
            (host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET, reuse_port=False
        )
    except OSError as error:
        raise ConsoleError(
            f"cannot listen on {host}:{port} ({error.strerror}): set HANDRAISE_CONSOLE_HOST and HANDRAISE_CONSOLE_PORT"
            " to an address that is free, or the port to 0 for any"
        ) from error
