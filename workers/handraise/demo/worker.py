"""The demo's worker: `handraise worker` in a process of its own, as in production."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import orjson

from handraise.settings import Settings

READY_SECONDS: Final = 60.0
"""A first join takes half the session timeout on the embedded broker."""
_STOP_SECONDS: Final = 10.0
_POLL_SECONDS: Final = 0.1


class WorkerError(Exception):
    """The worker ended or did not become ready; the message has the end of its log."""


class Worker:
    """A worker that runs, and its log."""

    def __init__(self, process: subprocess.Popen[bytes], log: Path) -> None:
        self._process = process
        self._log = log
        self.url = ""

    def wait_ready(self) -> None:
        """Wait until its `/readyz` says so.

        Raises:
            WorkerError: it ended, or was not ready in time.
        """
        deadline = time.monotonic() + READY_SECONDS
        while not self._is_ready():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise WorkerError(f"the worker did not start; its log ends: {self._log.read_text()[-600:].strip()}")
            time.sleep(_POLL_SECONDS)

    def folded(self) -> int:
        """How many messages it has folded and committed, by its own metrics."""
        with urllib.request.urlopen(f"{self.url}/metrics", timeout=5) as answer:  # noqa: S310  # its own address
            lines = answer.read().decode().splitlines()
        return int(sum(float(line.split()[-1]) for line in lines if line.startswith("handraise_messages_total{")))

    def _is_ready(self) -> bool:
        self.url = self.url or self._address()
        if not self.url:
            return False
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=5) as answer:  # noqa: S310  # its own address
                return int(answer.status) == 200  # noqa: PLR2004  # HTTP's OK
        except (urllib.error.URLError, OSError):
            return False

    def _address(self) -> str:
        for line in self._log.read_bytes().splitlines():
            if line.startswith(b"{") and line.endswith(b"}"):
                event = orjson.loads(line)
                if event.get("event") == "listening":
                    return str(event["url"])
        return ""


@contextmanager
def worker(settings: Settings, folder: Path) -> Iterator[Worker]:
    """Run a worker with these settings and its log in `folder`; it is stopped by SIGTERM at the end."""
    own = {
        f"HANDRAISE_{name.upper()}": str(value)
        for name, value in settings.model_dump(mode="json", exclude_unset=True).items()
        if value is not None
    }
    environment = {**os.environ, **own, "HANDRAISE_LOG_FORMAT": "json"}
    log = folder / "worker.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "handraise", "worker"],
            stdout=out,
            stderr=subprocess.STDOUT,
            env=environment,
            start_new_session=True,
        )
    try:
        yield Worker(process, log)
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
