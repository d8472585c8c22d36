"""The programs of the demo: `handraise worker`, `handraise log` and `handraise console` in processes of their own."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, TypeVar

import orjson

from handraise.demo.installation import Installation

READY_SECONDS: Final = 180.0
"""A machine that is busy can take a minute and more to start Python; a first join takes half the session timeout."""
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.1
_ANSWER_SECONDS: Final = 45.0
"""A worker that has many messages at once on a slow machine is busy with them first."""
_TOLD_CHARACTERS: Final = 600
_FOLDED: Final = "handraise_messages_total{"
_CONSOLE: Final = re.compile(r"^The console: (\S+)$", re.MULTILINE)


class ProgramError(Exception):
    """A program ended or did not become ready; the message has the end of its log."""


class Program:
    """A program that runs, and its log."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], log: Path) -> None:
        self._name = name
        self._process = process
        self._log = log
        self.url = ""
        """Where it answers HTTP, once it is ready."""

    def wait_ready(self) -> None:
        """Wait until it is.

        Raises:
            ProgramError: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise ProgramError(
                    f"the {self._name} was not ready within {READY_SECONDS:g} s; it said last: {self._said()}"
                )
            time.sleep(_POLL_SECONDS)

    def check(self) -> None:
        """See that it still runs.

        Raises:
            ProgramError: it has ended.
        """
        if self._process.poll() is not None:
            raise ProgramError(f"the {self._name} has ended; it said last: {self._said()}")

    def _is_ready(self) -> bool:
        self.check()
        self.url = self.url or self._address()
        if not self.url:
            return False
        try:
            _get(f"{self.url}/readyz")
        except OSError:
            return False
        return True

    def _address(self) -> str:
        for line in self._log.read_bytes().splitlines():
            if line.startswith(b"{") and line.endswith(b"}"):
                event = orjson.loads(line)
                if event.get("event") == "listening":
                    return str(event["url"])
        return ""

    def _said(self) -> str:
        lines = self._log.read_text(errors="replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "nothing")[:_TOLD_CHARACTERS]


class Worker(Program):
    """A worker, which counts what it does."""

    @property
    def metrics_url(self) -> str:
        """Where its metrics are."""
        return f"{self.url}/metrics"

    def folded(self) -> int:
        """How many messages it has folded and committed, by its own metrics.

        Raises:
            ProgramError: it has ended, or does not answer.
        """
        self.check()
        try:
            lines = _get(self.metrics_url).decode().splitlines()
        except OSError as error:
            self.check()
            raise ProgramError(f"the worker does not answer; it said last: {self._said()}") from error
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(_FOLDED)))


class Page(Program):
    """A console, whose address has the token to sign in with."""

    def _is_ready(self) -> bool:
        self.check()
        found = _CONSOLE.search(self._log.read_text(errors="replace"))
        self.url = found[1] if found else ""
        return bool(self.url)


ProgramT = TypeVar("ProgramT", bound=Program)


@contextmanager
def running(
    kind: Callable[[str, subprocess.Popen[bytes], Path], ProgramT], name: str, installation: Installation, scratch: Path
) -> Iterator[ProgramT]:
    """Run `handraise NAME` with its log in `scratch`; it is asked to stop at the end, and killed if it does not."""
    log = scratch / f"{name}.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603  # our own command in our own environment
            [sys.executable, "-m", "handraise", name],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=installation.folder,
            env=dict(installation.environment),
            # Ctrl-C reaches every process of the terminal's group, and the demo is the one to say when it stops.
            start_new_session=True,
        )
    try:
        yield kind(name, process, log)
    finally:
        try:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        finally:
            process.kill()
            process.wait()


def _get(url: str) -> bytes:
    """A page of the program. Raises OSError for any other answer than success."""
    with urllib.request.urlopen(url, timeout=_ANSWER_SECONDS) as answer:  # noqa: S310  # the program's own address
        return bytes(answer.read())
