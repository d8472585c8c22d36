"""A batch is detected once for the two policies that are compared, as far as the same was said before each message."""

from __future__ import annotations

from typing import Final

from handraise.events import Action, BuiltinTriggers, ChatMessage, Policy, Sender, TriggerPolicy
from handraise.policy import PolicyBook
from handraise.review.acts import Once
from handraise.review.diff import Comparison
from tests.support.hearing import Hearing, hearing_detector

DOUBTFUL: Final = "broken"
SENDERS: Final = [Sender.CUSTOMER] * 2


def test_what_was_read_in_this_batch_is_not_read_again() -> None:
    """After other turns, the same text is another question."""
    reader = Hearing()
    detector = hearing_detector(reader)
    once = Once(detector)
    begun = once.begin([DOUBTFUL, "Thank you"], SENDERS, [None] * 2)
    assert once.begin([DOUBTFUL, "Thank you"], SENDERS, [None] * 2) is begun
    assert [begun.in_doubt(at) for at in range(2)] == [True, False]
    asked = once.read(begun, 0, ["Why do you return it?"])
    assert once.read(begun, 0, ("Why do you return it?",)) is asked
    alone = once.read(begun, 0, ())
    assert reader.asked == [(DOUBTFUL, ("Why do you return it ?",)), (DOUBTFUL, ())]
    for read in (asked, alone):
        assert once.end(begun, range(2), [read]) == detector.end(begun, range(2), [read])


def test_what_was_read_in_an_earlier_batch_is_forgotten() -> None:
    """It would grow with the past that is looked at."""
    reader = Hearing()
    once = Once(hearing_detector(reader))
    for _ in range(2):
        once.forget()
        once.read(once.begin([DOUBTFUL], SENDERS[:1], [None]), 0, ["Why do you return it?"])
    assert len(reader.asked) == 2


def test_two_policies_hear_the_same_and_ask_once() -> None:
    """Though each folds its own past."""
    reader = Hearing()
    books = [
        PolicyBook([Policy(business_id="shop", owner="Rosa", triggers=BuiltinTriggers(complaint=trigger))])
        for trigger in (TriggerPolicy(), TriggerPolicy(action=Action.NOTIFY))
    ]
    comparison = Comparison(books[0].__getitem__, books[1].__getitem__, hearing_detector(reader), "test")
    texts = (DOUBTFUL, "Thank you", DOUBTFUL, DOUBTFUL)
    said = [
        ChatMessage(
            message_id=f"m{number}",
            conversation_id="c1",
            business_id="shop",
            sender=Sender.CUSTOMER,
            sent_at=number * 1_000,
            text=text,
        )
        for number, text in enumerate(texts)
    ]
    comparison.fold(said[:3])
    comparison.fold(said[3:])
    assert reader.asked == [(DOUBTFUL, ()), (DOUBTFUL, texts[:2]), (DOUBTFUL, texts[1:3])]
