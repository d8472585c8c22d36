"""A detector that knows: it says of a text what its writer labelled it with, and of others what the real one says.

`python -m tests.support.labelled` plays the held-out conversations whose turns are labelled with it. What is not right
then is the fold's or the policy's; what is right then and wrong with the real detector is the detector's.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from msgspec.structs import replace

from handraise.demo.samples import load_samples
from handraise.detection import Signals, detect
from handraise.detection.evaluation import ASSISTANT, CUSTOMER, Row, read_rows
from handraise.events import Sender
from tests.support.brokers import ROOT
from tests.support.scoring import Totals

CORPUS: Final = ROOT / "workers" / "handraise" / "detection" / "corpus" / "heldout"
CONVERSATIONS: Final = [ROOT / "tests" / "data" / "conversations" / f"heldout-{number}.jsonl" for number in (3, 4)]
"""The held-out conversations whose turns are rows of the held-out corpus."""

_HOLDS, _HOLDS_NOT = 0.97, 0.02
_FEELS: Final = {"negative": -0.7, "neutral": 0.0, "positive": 0.7}
_DESPAIRS: Final = -0.95


class Labelled:
    """The detector that knows the labels of `rows`."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows: Final = {(row.text, row.sender): row for row in rows}

    def __call__(
        self,
        texts: Sequence[str],
        *,
        senders: Sequence[Sender],
        languages: Sequence[str | None] | None = None,
        before: Sequence[Sequence[str]] | None = None,
    ) -> list[Signals]:
        """As `handraise.detection.detect`."""
        found = detect(texts, senders=senders, languages=languages, before=before)
        known = [self._rows.get(said) for said in zip(texts, senders, strict=True)]
        return [signals if row is None else _of(row, signals) for row, signals in zip(known, found, strict=True)]


def _of(row: Row, signals: Signals) -> Signals:
    names = ASSISTANT if row.sender is Sender.ASSISTANT else CUSTOMER
    scores: dict[str, float | bool] = {name: _HOLDS if name in row.labels else _HOLDS_NOT for name in names}
    if row.sender is Sender.ASSISTANT:
        scores |= {name: name in row.labels for name in ("deferral", "asks_detail", "offers_human", "fault")}
        return replace(signals, **scores)
    mood = _FEELS[row.sentiment or "neutral"]
    if row.sentiment == "negative" and "distress" in row.labels:
        mood = _DESPAIRS
    return replace(signals, **scores, sentiment=mood, intent=row.intent or signals.intent)


def labelled() -> Labelled:
    """The detector that knows the turns of `CONVERSATIONS`."""
    return Labelled(read_rows(sorted(CORPUS.glob("*-talk.jsonl"))))


def play(paths: Sequence[Path] = CONVERSATIONS) -> Totals:
    """The conversations with it."""
    return Totals.of([sample for path in paths for sample in load_samples([path])], labelled())


if __name__ == "__main__":
    sys.stdout.write(f"with their labels in place of the detector: {play()}\n")
