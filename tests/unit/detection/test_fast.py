"""Detection without the reader: called alike, told apart by its version."""

from __future__ import annotations

from typing import Final

import pytest

from handraise.detection import DETECTOR_VERSION, SIGNALS, detect, detect_fast, detection, detector
from handraise.events import Sender

TEXTS: Final = [
    "can I talk to someone",
    "ich bin wütend, die Lampe ist kaputt",
    "👍",
    "I will check and get back to you",
]
SENDERS: Final = [Sender.CUSTOMER, Sender.CUSTOMER, Sender.HUMAN, Sender.ASSISTANT]


def test_a_detection_goes_with_a_version_of_its_own() -> None:
    assert detection(fast=False) == (detector.default_detector(), DETECTOR_VERSION)
    assert detection(fast=True) == (detector.fast_detector(), f"{DETECTOR_VERSION}-fast")
    assert [detection(fast=fast).detect.version == detection(fast=fast).version for fast in (True, False)] == [
        True,
        True,
    ]


def test_the_fast_detection_is_called_like_the_careful_one() -> None:
    fast = detect_fast(TEXTS, senders=SENDERS, languages=[None, "de", None, None])
    careful = detect(TEXTS, senders=SENDERS, languages=[None, "de", None, None])
    assert [signals.language for signals in fast] == [signals.language for signals in careful]
    assert fast[0].human_request >= 0.5
    assert all(0.0 <= getattr(signals, name) <= 1.0 for signals in fast for name in SIGNALS)
    assert detect_fast(TEXTS[:1]) == fast[:1]
    with pytest.raises(ValueError, match="zip"):
        detect_fast(TEXTS, senders=SENDERS[:1])


def test_the_fast_detection_loads_no_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("a reader is loaded")

    monkeypatch.setattr(detector, "default_reader", refuse)
    detector.fast_detector.cache_clear()
    assert len(detect_fast(TEXTS, senders=SENDERS)) == len(TEXTS)
