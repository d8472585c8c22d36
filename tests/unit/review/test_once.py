"""A text is detected once in a batch for the two policies that are compared, if the same was said before it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from handraise.detection import Signals
from handraise.events import Action, BuiltinTriggers, ChatMessage, Policy, Sender, TriggerPolicy
from handraise.policy import PolicyBook
from handraise.review.acts import Once
from handraise.review.diff import Comparison
from tests.support.hearing import hearing

ABOUT: Final[dict[str, Any]] = {"senders": [Sender.CUSTOMER] * 3, "languages": [None] * 3}


class Asked:
    """A detector that keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def __call__(self, texts: Sequence[str], *, before: Sequence[Sequence[str]], **about: Any) -> list[Signals]:  # noqa: ANN401 - as the detector
        """Keep what is asked."""
        self.asked.extend(zip(texts, map(tuple, before), strict=True))
        return hearing(texts, before=before, **about)


def test_what_was_asked_in_this_batch_is_not_asked_again() -> None:
    """Each has its own answer, in its place; after other turns, the same text is another question."""
    detector = Asked()
    once = Once(detector)
    texts, before = ["yes", "no", "yes"], [("Shall I?",), ["Shall I?"], ()]
    found = once(texts, before=before, **ABOUT)
    assert found == hearing(texts, before=before, **ABOUT)
    assert found[0] != found[2]
    assert once(texts[::-1], before=before[::-1], **ABOUT) == found[::-1]
    assert once(["yes"] * 3, before=[["Shall I?"]] * 3, **ABOUT) == found[:1] * 3
    assert detector.asked == [("yes", ("Shall I?",)), ("no", ("Shall I?",)), ("yes", ())]


def test_what_was_asked_in_an_earlier_batch_is_forgotten() -> None:
    """It would grow with the past that is looked at."""
    detector = Asked()
    once = Once(detector)
    for _ in range(2):
        once.forget()
        once(["yes"] * 3, before=[()] * 3, **ABOUT)
    assert detector.asked == [("yes", ())] * 2


def test_two_policies_hear_the_same_and_ask_once() -> None:
    """Though each folds its own past; and in the next batch they ask anew."""
    detector = Asked()
    books = [
        PolicyBook([Policy(business_id="shop", owner="Rosa", triggers=BuiltinTriggers(complaint=trigger))])
        for trigger in (TriggerPolicy(), TriggerPolicy(action=Action.NOTIFY))
    ]
    comparison = Comparison(books[0].__getitem__, books[1].__getitem__, detector, "test")
    texts = ("Hello", "It is broken", "Hello", "Hello")
    said = [
        ChatMessage(
            message_id=f"m{number}",
            conversation_id="c1" if number < 3 else "c2",
            business_id="shop",
            sender=Sender.CUSTOMER,
            sent_at=number * 1_000,
            text=text,
        )
        for number, text in enumerate(texts)
    ]
    comparison.fold(said[:3])
    comparison.fold(said[3:])
    assert detector.asked[:3] == [(text, texts[:at]) for at, text in enumerate(texts[:3])]
    assert detector.asked[3:] == [("Hello", ())]
