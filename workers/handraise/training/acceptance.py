"""The model of answers to the offer of a person (`detection/acceptance.py`): a linear one over their n-grams."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from handraise.detection.acceptance import ACCEPTS
from handraise.detection.evaluation import Row
from handraise.detection.ngrams import NgramModel
from handraise.detection.tokens import tokens_of
from handraise.events import Sender
from handraise.training import linear
from handraise.training.corpus import CORPUS

OFFERS: Final = CORPUS / "offers"
_OTHERS: Final = 300
"""Messages about anything else: with none more is taken for a yes that is not, with more a yes is missed sooner."""
_SHORT: Final = 20
"""Tokens of such a message at most."""


class Answer(Struct, frozen=True, forbid_unknown_fields=True):
    """What a customer answers to the offer of a person."""

    offer: str
    answer: str
    language: str
    takes_up: bool
    writer: str


_DECODER: Final = msgspec.json.Decoder(Answer)


def answers(split: str) -> list[Answer]:
    """The answers of `train` or `heldout` that were written for this, sorted by file."""
    return [
        _DECODER.decode(line)
        for path in sorted((OFFERS / split).glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]


def answers_among(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    """The customers' messages of the corpus that answer an offer, and whether each takes the person up."""
    offers = {row.text for row in rows if row.sender is Sender.ASSISTANT and "offers_human" in row.labels}
    return [
        (row.text, not {"affirm", "human_request"}.isdisjoint(row.labels))
        for row in rows
        if row.sender is Sender.CUSTOMER and row.known is None and row.before and row.before[-1] in offers
    ]


def something_else(rows: Sequence[Row]) -> list[tuple[str, bool]]:
    """Some short messages of the corpus that neither say yes nor ask for a person: they would take up nobody."""
    others = [
        row.text
        for row in rows
        if row.sender is Sender.CUSTOMER
        and row.known is None
        and {"affirm", "human_request"}.isdisjoint(row.labels)
        and len(tokens_of(row.text)) <= _SHORT
    ]
    return [(text, False) for text in sorted(others, key=lambda text: zlib.crc32(text.encode()))[:_OTHERS]]


def fit(rows: Sequence[Row]) -> NgramModel:
    """Fit the model on the answers that were written for it, and on those and some other messages of the corpus."""
    written = [(one.answer, one.takes_up) for one in answers("train")]
    pairs = [*written, *answers_among(rows), *something_else(rows)]
    holds = np.array([[taken] for _, taken in pairs], dtype=np.float32)
    return linear.fit([text for text, _ in pairs], holds, np.ones_like(holds), (ACCEPTS,))
