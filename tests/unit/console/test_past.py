"""What is taken for the past of a business, of records as a broker would give them."""

from __future__ import annotations

import asyncio
from typing import Final

from handraise.console.trial.past import Past, Talk, read_conversation, read_past
from handraise.engine.clients import Clients
from handraise.engine.topics import TopicNames
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender
from tests.support.stored import stored

MINUTE: Final = 60_000
IDLE: Final = 60 * MINUTE
START: Final = 1_772_445_600_000
"""Monday, 2 March 2026, 10:00 UTC."""


def clients(*events: tuple[float, ChatMessage | Outcome], removed: int = 0) -> Clients:
    """For brokers that hold these events, written so many minutes after the start, behind others that are gone."""
    return stored(*((START + int(minutes * MINUTE), event) for minutes, event in events), removed=removed)


def message(name: str, conversation: str, minutes: float, sent: float | None = None) -> tuple[float, ChatMessage]:
    """A message with when it was written."""
    said = ChatMessage(
        message_id=name,
        conversation_id=conversation,
        business_id="shop",
        sender=Sender.CUSTOMER,
        sent_at=START + int((minutes if sent is None else sent) * MINUTE),
        text=name,
    )
    return minutes, said


def outcome(
    name: str, conversation: str, minutes: float, kind: OutcomeKind = OutcomeKind.RESOLVED, told: float | None = None
) -> tuple[float, Outcome]:
    """An outcome with when it was written."""
    at = START + int((minutes if told is None else told) * MINUTE)
    return minutes, Outcome(outcome_id=name, conversation_id=conversation, business_id="shop", kind=kind, at=at)


def read(those: Clients, since: float = 0, limit: int = 1_000) -> Past:
    """The past from so many minutes after the start on; a conversation ends after an hour."""
    return asyncio.run(
        read_past(
            those,
            TopicNames(""),
            "shop",
            since_ms=START + int(since * MINUTE),
            idle_ms=IDLE,
            limit=limit,
            told=lambda _, __: None,
        )
    )


def ids(past: Past) -> list[str]:
    """What was read, in order."""
    return [event.outcome_id if isinstance(event, Outcome) else event.message_id for event in past.events]


def test_of_a_conversation_that_was_erased_nothing_from_before_is_read() -> None:
    """Also where it was written later, or was met before by the clock of its sender, as the log counts it."""
    past = read(
        clients(
            message("before", "a", 1),
            message("other", "b", 2),
            outcome("accepted", "a", 3, OutcomeKind.ACCEPTED),
            message("ahead", "a", 4, sent=90),
            outcome("erased", "a", 5, OutcomeKind.ERASED, told=4.5),
            message("late", "a", 6, sent=2),
            message("between", "a", 6.5, sent=4.8),
            message("anew", "a", 7),
        )
    )
    assert ids(past) == ["other", "anew"]
    assert (past.conversations, past.cut) == (2, 0)


def test_an_outcome_from_before_the_first_message_that_is_read_makes_no_conversation_whole() -> None:
    """Only the newest messages are read, and every outcome of the time that was asked for."""
    those = clients(
        message("gone-1", "b", 10),
        message("gone-2", "a", 200),
        outcome("early", "x", 15),
        outcome("of-b", "b", 100),
        message("half", "a", 210),
        message("soon", "c", 220),
        message("whole", "d", 280),
    )
    past = read(those, limit=3)
    assert past.is_limited
    assert ids(past) == ["whole"]
    assert past.cut == 4
    removed = clients(outcome("early", "x", 15), outcome("of-b", "b", 100), message("half", "a", 110), removed=5)
    assert (ids(read(removed)), read(removed).cut) == ([], 3)


def test_where_no_message_is_left_no_outcome_stands_for_a_whole_conversation() -> None:
    past = read(clients(outcome("first", "a", 15), outcome("second", "b", 200), removed=5))
    assert (ids(past), past.cut) == ([], 2)


def read_one(those: Clients, erased: float | None = None, limit: int = 1_000) -> Talk:
    """One conversation from the start on, which was erased so many minutes after it."""
    return asyncio.run(
        read_conversation(
            those,
            TopicNames(""),
            "shop",
            "a",
            since_ms=START,
            erased_ms=None if erased is None else START + int(erased * MINUTE),
            limit=limit,
        )
    )


def said(talk: Talk) -> list[str]:
    """The messages of a conversation, in order."""
    return [one.message_id for one in talk.messages]


def test_of_one_conversation_nothing_is_read_from_before_its_erasure() -> None:
    """By the earlier of its two times, as the log counts it."""
    those = (
        message("before", "a", 1),
        message("ahead", "a", 2, sent=90),
        message("at-once", "a", 3),
        message("late", "a", 4, sent=2),
        message("anew", "a", 5),
    )
    assert said(read_one(clients(*those))) == ["before", "ahead", "at-once", "late", "anew"]
    assert said(read_one(clients(*those), erased=3)) == ["anew"]


def test_one_conversation_is_read_from_its_beginning_on_however_much_came_after_it() -> None:
    those = (
        message("before", "x", -9),
        message("first", "a", 1),
        message("other", "b", 2),
        message("last", "a", 3),
        *(message(f"later-{number}", "b", 10 + number) for number in range(10)),
    )
    talk = read_one(clients(*those), limit=3)
    assert (said(talk), talk.is_cut) == (["first", "last"], True)
    talk = read_one(clients(*those), limit=2)
    assert (said(talk), talk.is_cut) == (["first"], True)
    talk = read_one(clients(*those), limit=13)
    assert (said(talk), talk.is_cut) == (["first", "last"], False)
