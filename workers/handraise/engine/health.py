"""Whether a process lives, and whether it does its work: what `/healthz` and `/readyz` answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

WORKER_WAITS: Final = {
    "policies": "the policies are not read yet",
    "partitions": "the group has not assigned any partitions yet",
}
"""What a worker waits for as it begins."""


class Health:
    """Collects what stands in the way of being ready.

    Args:
        tell: is told at each change whether everything is there.
        waiting: what is missing at the beginning, in words.
    """

    def __init__(self, tell: Callable[[bool], None], waiting: Mapping[str, str]) -> None:
        self._tell = tell
        self._waiting: Final[dict[str, str]] = dict(waiting)

    @property
    def ready(self) -> bool:
        """Whether everything is up and records are being read."""
        return not self._waiting

    @property
    def waiting(self) -> list[str]:
        """What is not there yet, in words."""
        return list(self._waiting.values())

    def wait_for(self, what: str, why: str) -> None:
        """Something is missing."""
        self._waiting[what] = why
        self._tell(False)

    def done(self, what: str) -> None:
        """It is there now."""
        if self._waiting.pop(what, None) is not None:
            self._tell(self.ready)
