"""What a message is for, decided from its signals and the cues of the lexicons."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Final

from handraise.detection.signals import Intent

_SURE: Final = 0.5
_BY_SIGNAL: Final = (
    ("human_request", Intent.REQUEST_HUMAN),
    ("complaint", Intent.COMPLAINT),
    ("high_value", Intent.HIGH_VALUE),
)
_BY_CUE: Final = (Intent.CHANGE, Intent.ORDER, Intent.QUESTION, Intent.PRAISE, Intent.SMALLTALK)
_PRAISE: Final = 0.5


def intent_of(scores: Mapping[str, float], cues: AbstractSet[str], *, question: bool, sentiment: float) -> Intent:
    """The first that holds: a signal, a change, an order, a question, praise, smalltalk."""
    for signal, intent in _BY_SIGNAL:
        if scores.get(signal, 0.0) >= _SURE:
            return intent
    for intent in _BY_CUE:
        if intent in cues or (intent is Intent.QUESTION and question):
            return intent
    if sentiment >= _PRAISE:
        return Intent.PRAISE if scores.get("thanks", 0.0) < _SURE else Intent.SMALLTALK
    if scores.get("thanks", 0.0) >= _SURE or scores.get("affirm", 0.0) >= _SURE:
        return Intent.SMALLTALK
    return Intent.OTHER
