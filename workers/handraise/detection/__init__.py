"""From the text of a message to what it says: `detect` and the types of its answer. Pure; data is loaded once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import Final

from handraise.detection.detector import DETECTOR_VERSION, Detector, default_detector
from handraise.detection.signals import SIGNALS, Amount, Intent, Quantity, Signals, Span
from handraise.events import Sender

__all__: Final = [
    "DETECTOR_VERSION",
    "SIGNALS",
    "Amount",
    "Detector",
    "Intent",
    "Quantity",
    "Signals",
    "Span",
    "detect",
]


def detect(
    texts: Sequence[str],
    *,
    senders: Sequence[Sender] | None = None,
    languages: Sequence[str | None] | None = None,
) -> list[Signals]:
    """What each text says, in the order given; no text depends on those beside it.

    Any string will do. Of a text of more than 8,000 code points the first 6,000 and the last 2,000 are read.

    Args:
        texts: the texts as they were sent.
        senders: who wrote each; without it, customers. The AI's signals (admission, promise, deferral, asks_detail,
            offers_human) are computed for assistant turns alone, the customer's for customer turns alone; turns of
            humans and of the system have their language and fingerprint.
        languages: what the producer says of each text's language, as BCP 47 tags; it settles what the text leaves open.

    Raises:
        ValueError: the sequences differ in length.
    """
    detector = default_detector()
    return [
        detector.detect(text, sender, language)
        for text, sender, language in zip(
            texts,
            repeat(Sender.CUSTOMER, len(texts)) if senders is None else senders,
            repeat(None, len(texts)) if languages is None else languages,
            strict=True,
        )
    ]
