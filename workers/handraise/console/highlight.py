"""The words that moved a trigger, marked in the text that they stand in."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import NamedTuple

from handraise.events import Evidence


class Piece(NamedTuple):
    """A part of a text, and what it is evidence of; no signal means that it is none."""

    text: str
    signals: tuple[str, ...] = ()


def pieces(text: str, evidence: Iterable[Evidence]) -> list[Piece]:
    """Cut a text at the ends of its evidence; joined, the pieces are the text again.

    Offsets count Unicode code points of the message's text, as Python's strings do. Evidence may overlap, and may reach
    past the end of a text that was cut: what is not there is not marked.
    """
    spans = [
        (max(0, found.start), min(found.end, len(text)), found.signal)
        for found in evidence
        if found.start < min(found.end, len(text))
    ]
    edges = sorted({0, len(text), *(start for start, _, _ in spans), *(end for _, end, _ in spans)})
    return [
        Piece(
            text[start:end],
            tuple(dict.fromkeys(signal for first, last, signal in spans if first <= start and end <= last)),
        )
        for start, end in itertools.pairwise(edges)
    ]
