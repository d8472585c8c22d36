"""Whether what a container runs is alive: its own `/healthz`, of the worker, the log or the console, answers.

Alive, not ready: a worker that restores its state must be let do so. The image has no curl.
"""

from __future__ import annotations

import http.client
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

PLACES: Final = {
    "worker": ("HANDRAISE_HTTP_HOST", "HANDRAISE_HTTP_PORT", "9464"),
    "log": ("HANDRAISE_HTTP_HOST", "HANDRAISE_LOG_HTTP_PORT", "9465"),
    "console": ("HANDRAISE_CONSOLE_HOST", "HANDRAISE_CONSOLE_PORT", "8480"),
}
"""The settings of where each listens, and the port without any."""
_EVERYWHERE: Final = frozenset({"", "0.0.0.0", "::"})  # noqa: S104 - what is listened on, and not by this
_SECONDS: Final = 4


def place(words: Iterable[str], environment: Mapping[str, str]) -> tuple[str, int]:
    """Where to ask, for the words of the container's command; a worker is what the image runs by itself."""
    host, port, default = PLACES[next((word for word in words if word in PLACES), "worker")]
    listens = environment.get(host, "")
    return "127.0.0.1" if listens in _EVERYWHERE else listens, int(environment.get(port) or default)


def is_alive(host: str, port: int) -> bool:
    """Ask."""
    connection = http.client.HTTPConnection(host, port, timeout=_SECONDS)
    try:
        # The console answers by this name wherever it listens; by the address it listens on, not always.
        connection.request("GET", "/healthz", headers={"Host": f"127.0.0.1:{port}"})
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    # The first process of a container is its command, or an init that has the command behind its own.
    command = Path("/proc/1/cmdline").read_text(encoding="utf-8", errors="replace").replace("\0", " ").split()
    sys.exit(not is_alive(*place(command, os.environ)))
