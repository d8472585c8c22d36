"""Whether the worker lives, and whether it does its work: what `/healthz` and `/readyz` answer."""

from __future__ import annotations

from typing import Final

from handraise.engine.observer import Observer


class Health:
    """Collects what stands in the way of being ready."""

    def __init__(self, observer: Observer) -> None:
        self._observer = observer
        self._waiting: Final[dict[str, str]] = {
            "policies": "the policies are not read yet",
            "partitions": "the group has not assigned any partitions yet",
        }

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
        self._observer.ready(False)

    def done(self, what: str) -> None:
        """It is there now."""
        if self._waiting.pop(what, None) is not None:
            self._observer.ready(self.ready)
