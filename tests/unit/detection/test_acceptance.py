"""Answers to the offer of a person, by people who wrote nothing that the model has learned from."""

from __future__ import annotations

import msgspec
import pytest

from handraise.detection.acceptance import Acceptance, default_acceptance
from handraise.detection.ngrams import default_ngrams
from handraise.detection.signals import Intent
from tests.support.brokers import ROOT
from tests.support.chats import ASKS, Chat, said

HELD_OUT = ROOT / "workers" / "handraise" / "detection" / "corpus" / "offers" / "heldout"
"""305 answers, of which 139 take the person up."""
LEAST_FOUND, MOST_FALSE = 102, 24
"""112 and 16 when they were measured, and what may be noise."""


class Answer(msgspec.Struct):
    """What is looked at of each."""

    answer: str
    takes_up: bool


def is_taken_up(answer: str) -> bool:
    """Whether a human is called when this is said to an AI that has offered one."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(question=True, offers_human=True), "Shall I bring in a colleague?")
    return bool(chat.customer(said(Intent.OTHER, question="?" in answer or "؟" in answer), answer).escalations)


def test_most_are_taken_for_what_they_are() -> None:
    answers = [
        msgspec.json.decode(line, type=Answer)
        for path in sorted(HELD_OUT.glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    assert len(answers) == 305
    found = sum(is_taken_up(one.answer) for one in answers if one.takes_up)
    false = sum(is_taken_up(one.answer) for one in answers if not one.takes_up)
    assert found >= LEAST_FOUND
    assert false <= MOST_FALSE


@pytest.mark.parametrize(
    "text", ["yes please", "👍", "half 3", "might as well", "gerne, ab 16 Uhr", "haan karwa do", "نعم"]
)
def test_a_yes_is_likely(text: str) -> None:
    assert default_acceptance().likelihood(text) >= 0.4


@pytest.mark.parametrize(
    "text", ["", "   ", ".", "!!!", ",", "#", "no", "hm", "🤬", "never", "lieber nicht", "nahi rehne do"]
)
def test_what_is_none_is_not(text: str) -> None:
    assert default_acceptance().likelihood(text) < 0.5


def test_another_model_is_refused() -> None:
    with pytest.raises(ValueError, match="train it anew"):
        Acceptance(default_ngrams())


@pytest.mark.parametrize("text", [".", "!", "stop", "nunca", "🤬", "size 42 please"])
def test_what_says_nothing_or_no_calls_nobody(text: str) -> None:
    assert not is_taken_up(text)


def test_an_answer_to_what_the_ai_has_said_since_is_none_to_the_offer() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(question=True, offers_human=True), "Shall I bring in a colleague?")
    chat.customer(said(), "let me think about it")
    assert not chat.customer(said(), "half 3").escalations
    assert is_taken_up("half 3")
