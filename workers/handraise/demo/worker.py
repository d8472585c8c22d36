"""The demo's worker: `handraise worker` in a process of its own, as in production."""

from __future__ import annotations

import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import orjson

from handraise.demo.installation import Installation

READY_SECONDS: Final = 60.0
"""A slow machine takes some seconds to start Python, and a first join takes half the session timeout."""
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.1
_TOLD_CHARACTERS: Final = 600
_FOLDED: Final = "handraise_messages_total{"


class WorkerError(Exception):
    """The worker ended or did not become ready; the message has the end of its log."""


class Worker:
    """A worker that runs, and its log."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self.url = ""
        """Where it answers HTTP, once it is ready."""

    @property
    def metrics_url(self) -> str:
        """Where its metrics are."""
        return f"{self.url}/metrics"

    def wait_ready(self) -> None:
        """Wait until its `/readyz` says so.

        Raises:
            WorkerError: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if time.monotonic() > deadline:
                raise WorkerError(f"the worker was not ready within {READY_SECONDS:g} s; it said last: {self._said()}")
            time.sleep(_POLL_SECONDS)

    def folded(self) -> int:
        """How many messages it has folded and committed, by its own metrics.

        Raises:
            WorkerError: it has ended, or does not answer.
        """
        self._check()
        try:
            lines = _get(self.metrics_url).decode().splitlines()
        except OSError as error:
            self._check()
            raise WorkerError(f"the worker does not answer; it said last: {self._said()}") from error
        return int(sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(_FOLDED)))

    def _is_ready(self) -> bool:
        self._check()
        self.url = self.url or self._address()
        if not self.url:
            return False
        try:
            _get(f"{self.url}/readyz")
        except OSError:
            return False
        return True

    def _check(self) -> None:
        if self._process.poll() is not None:
            raise WorkerError(f"the worker has ended; it said last: {self._said()}")

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


@contextmanager
def worker(installation: Installation, scratch: Path) -> Iterator[Worker]:
    """Run a worker with its log in `scratch`; it is asked to stop at the end, and killed if it does not."""
    log = scratch / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(  # our own command in our own environment
            [sys.executable, "-m", "handraise", "worker"],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=installation.folder,
            env=dict(installation.environment),
            # Ctrl-C reaches every process of the terminal's group, and the demo is the one to say when it stops.
            start_new_session=True,
        )
    try:
        yield Worker(process, log)
    finally:
        try:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(_STOP_SECONDS)
        finally:
            process.kill()
            process.wait()


def _get(url: str) -> bytes:
    """A page of the worker. Raises OSError for any other answer than success."""
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310  # the worker's own address
        return bytes(answer.read())
