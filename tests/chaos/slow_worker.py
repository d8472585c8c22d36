"""A worker whose detector is slow: each text takes it a fixed time, and the whole worker waits for it."""

from __future__ import annotations

import os
import sys
import time
from typing import Any, Final

import handraise.app
from handraise.cli import main
from handraise.detection import Detection, detection
from handraise.detection.signals import Signals

SECONDS: Final = "CHAOS_SECONDS_PER_TEXT"


def slow(*, fast: bool) -> Detection:
    """The detector of the settings, behind a wait for each text."""
    found = detection(fast=fast)
    seconds = float(os.environ[SECONDS])

    def detect(texts: Any, **about: Any) -> list[Signals]:  # noqa: ANN401 - whatever the detector takes
        time.sleep(seconds * len(texts))
        return found.detect(texts, **about)

    return Detection(detect, found.version)


if __name__ == "__main__":
    handraise.app.detection = slow  # type: ignore[attr-defined]  # takes the place of the real one in this process
    sys.exit(main())
