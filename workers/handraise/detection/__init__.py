"""From the text of a message to what it says: `detect` and the types of its answer. Pure; data is loaded once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from handraise.detection.detector import DETECTOR_VERSION, FAST_VERSION, Detector, default_detector, fast_detector
from handraise.detection.signals import SIGNALS, Amount, Intent, Quantity, Signals, Span
from handraise.events import Sender

__all__: Final = [
    "DETECTOR_VERSION",
    "FAST_VERSION",
    "SIGNALS",
    "Amount",
    "Detect",
    "Detection",
    "Detector",
    "Intent",
    "Quantity",
    "Signals",
    "Span",
    "detect",
    "detect_fast",
    "detection",
    "detector_for",
]

Detect = Callable[..., list[Signals]]
"""`detect`, or what is called like it."""


class Detection(NamedTuple):
    """A way to detect, and the version that goes with what it finds."""

    detect: Detector
    version: str


def detection(*, fast: bool) -> Detection:
    """The careful detection, or the fast one."""
    return Detection(fast_detector(), FAST_VERSION) if fast else Detection(default_detector(), DETECTOR_VERSION)


def detector_for(*, fast: bool) -> Detector:
    """What the careful detection asks, or the fast one."""
    return fast_detector() if fast else default_detector()


def detect(
    texts: Sequence[str],
    *,
    senders: Sequence[Sender] | None = None,
    languages: Sequence[str | None] | None = None,
    before: Sequence[Sequence[str]] | None = None,
) -> list[Signals]:
    """What each text says, in the order given; no text depends on those beside it.

    Any string will do. Of a text of more than 8,000 code points the first 6,000 and the last 2,000 are read.

    Args:
        texts: the texts as they were sent.
        senders: who wrote each; without it, customers. The AI's signals (admission, promise, deferral, asks_detail,
            offers_human, errand, fault) are computed for assistant turns alone, the customer's for customer turns
            alone; turns of humans and of the system have their language and fingerprint.
        languages: what the producer says of each text's language, as BCP 47 tags; it settles what the text leaves open.
        before: for each text the turns before it in its conversation, the oldest first; the last two are read.

    Raises:
        ValueError: the sequences differ in length.
    """
    return default_detector()(texts, senders=senders, languages=languages, before=before)


def detect_fast(
    texts: Sequence[str],
    *,
    senders: Sequence[Sender] | None = None,
    languages: Sequence[str | None] | None = None,
    before: Sequence[Sequence[str]] | None = None,
) -> list[Signals]:
    """As `detect`, without the reader: half the cost or less, and more is missed. What comes before changes nothing.

    Raises:
        ValueError: the sequences differ in length.
    """
    return fast_detector()(texts, senders=senders, languages=languages, before=before)
