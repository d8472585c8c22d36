"""A worker whose detector is slow: each text takes it a fixed time, and the whole worker waits for it."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from typing import Any, Final, cast

import handraise.app
from handraise.cli import main
from handraise.detection import Detector, detector_for
from handraise.detection.detector import Begun
from handraise.events import Sender

SECONDS: Final = "CHAOS_SECONDS_PER_TEXT"


class SlowDetector:
    """The detector of the settings, behind a wait for each text."""

    def __init__(self, detector: Detector, seconds: float) -> None:
        self._detector = detector
        self._seconds = seconds

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the detector has
        return getattr(self._detector, name)

    def begin(self, texts: Sequence[str], senders: Sequence[Sender], languages: Sequence[str | None]) -> Begun:
        """Wait, and ask the faster models."""
        time.sleep(self._seconds * len(texts))
        return self._detector.begin(texts, senders, languages)


def slow(*, fast: bool) -> Detector:
    """Takes the place of what chooses the detector."""
    return cast(Detector, SlowDetector(detector_for(fast=fast), float(os.environ[SECONDS])))


if __name__ == "__main__":
    handraise.app.detector_for = slow  # type: ignore[attr-defined]  # takes the place of the real one in this process
    sys.exit(main())
