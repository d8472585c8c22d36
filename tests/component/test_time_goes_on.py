"""What an event does to the time at which its conversation's timers fire: what moves nothing puts nothing off."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import pytest

from handraise.conversation import Processor
from handraise.detection import Signals
from handraise.detection.signals import Intent
from handraise.engine.batch import Batch, Outbox
from handraise.engine.folding import Folding
from handraise.engine.record import Record
from handraise.engine.state import Due, PartitionState, Progress
from handraise.engine.topics import Topic, TopicNames
from handraise.events import (
    Action,
    BuiltinTriggers,
    ChatMessage,
    Outcome,
    OutcomeKind,
    Policy,
    Sender,
    TriggerPolicy,
    encode,
)
from handraise.policy import CompiledPolicy
from tests.support.chats import ASKS, MINUTE, NEUTRAL, START, said
from tests.support.records import FakeRecord
from tests.support.steps import WithoutThreads

KEY: Final = b"shop/c1"
POLICY: Final = CompiledPolicy(
    Policy(business_id="shop", owner="Rosa", within="2 hours", ai_answers_within="10 minutes")
)
SAYS: Final = {"a person, please": said(Intent.REQUEST_HUMAN, human_request=0.95), "when is it due?": ASKS}


def detect(texts: Sequence[str], **_: object) -> list[Signals]:
    """What the texts of these tests say."""
    return [SAYS.get(text, NEUTRAL) for text in texts]


class Worker:
    """A partition that is folded by a worker whose clock the tests set. Times are minutes after the start."""

    def __init__(self, owner: int | None = None, policy: CompiledPolicy = POLICY) -> None:
        self.state = PartitionState()
        self._owner = owner
        self._policy = policy
        self._offset = 0

    def message(self, at: float, text: str, *, seen: float, message_id: str = "") -> Outbox:
        """A customer's message that was sent at one time and is folded at another."""
        self._offset += 1
        sent = message(message_id or f"m{self._offset}", at, text)
        return self.fold([FakeRecord(encode(sent), offset=self._offset)], seen)

    def outcome(self, at: float, kind: OutcomeKind, *, seen: float) -> Outbox:
        """An outcome, in the same way."""
        self._offset += 1
        outcome = Outcome(
            outcome_id=f"o{self._offset}",
            conversation_id="c1",
            business_id="shop",
            kind=kind,
            at=int(START + at * MINUTE),
        )
        return self.fold([FakeRecord(encode(outcome), topic=Topic.OUTCOMES.value, offset=self._offset)], seen)

    def fires_at(self) -> float:
        """When the next timer fires by the worker's clock, in minutes."""
        return next(minute for minute in range(48 * 60) if self.due(minute))

    def due(self, minute: float) -> list[Due]:
        """What is due by then."""
        return self.state.due(int(START + minute * MINUTE), 10)

    def fold(self, records: Sequence[Record], seen: float, due: Sequence[Due] = ()) -> Outbox:
        """Fold a batch, and fire what is due behind it."""
        clock = datetime.fromtimestamp(START / 1_000 + seen * 60, UTC)
        step = WithoutThreads(Processor(lambda _: self._policy), detect)
        folding = Folding(step, TopicNames(""), lambda *_: None, lambda: clock)
        committed: list[Outbox] = []

        async def commit(_: Batch, outbox: Outbox) -> None:
            committed.append(outbox)
            outbox.committed()

        async def run() -> None:
            batch = Batch(records, 1, self.state, self._owner, commit, due)
            async with batch.transaction() as outbox:
                await folding.fold(batch, outbox)
            await batch.ended()

        asyncio.run(run())
        return committed[0]


def test_a_duplicate_writes_nothing_and_puts_no_promise_off() -> None:
    """A producer sends the request again half an hour before the promise passes."""
    worker = Worker(owner=1)
    worker.message(0, "a person, please", seen=0)
    assert worker.fires_at() == 120
    outbox = worker.message(0, "a person, please", seen=90, message_id="m1")
    assert not outbox.kept
    assert worker.fires_at() == 120
    assert len(outbox.folded) == 1


def test_an_end_that_comes_behind_a_duplicate_tells_that_both_were_read() -> None:
    """Under at-least-once: read again, the duplicate would begin the conversation anew."""
    worker = Worker(owner=1)
    worker.message(0, "hello", seen=0)
    (due,) = worker.due(48 * 60)
    duplicate = worker.message(0, "hello", seen=10, message_id="m1")
    assert not duplicate.kept
    ended = worker.fold([FakeRecord(encode(message("m1", 0, "hello")), offset=7)], 48 * 60, [due])
    assert ended.kept[KEY].state is None
    assert ended.kept[KEY].progress == Progress(1, 7, -1)


@pytest.mark.parametrize("end", ["timer", "outcome"])
def test_an_end_in_a_later_batch_tells_that_the_duplicate_was_read(end: str) -> None:
    """The duplicate kept nothing in its own."""
    worker = Worker(owner=1)
    worker.message(0, "hello", seen=0)
    (due,) = worker.due(48 * 60)
    worker.fold([FakeRecord(encode(message("m1", 0, "hello")), offset=7)], 10)
    if end == "timer":
        ended, outcome = worker.fold([], 48 * 60, [due]), -1
    else:
        ended, outcome = worker.outcome(11, OutcomeKind.ERASED, seen=11), 2
    assert ended.kept[KEY].state is None
    assert ended.kept[KEY].progress == Progress(1, 7, outcome)


def test_what_a_batch_kept_before_a_duplicate_does_not_hide_that_it_was_read() -> None:
    """Both are of one batch, and the end is of the next."""
    worker = Worker(owner=1)
    hello = encode(message("m1", 0, "hello"))
    worker.fold([FakeRecord(hello, offset=1), FakeRecord(hello, offset=7)], 0)
    ended = worker.outcome(11, OutcomeKind.ERASED, seen=11)
    assert ended.kept[KEY].progress == Progress(1, 7, 1)


@pytest.mark.parametrize("kind", [OutcomeKind.VERDICT, OutcomeKind.ERASED])
def test_what_leaves_an_unknown_conversation_without_a_state_writes_none_under_exactly_once(kind: OutcomeKind) -> None:
    """Under at-least-once the tombstone says that it was read."""
    assert not Worker().outcome(0, kind, seen=0).kept
    assert Worker(owner=1).outcome(0, kind, seen=0).kept[KEY].progress == Progress(1, -1, 1)


def test_a_conversation_that_is_over_leaves_a_tombstone_under_exactly_once() -> None:
    """It had a state."""
    worker = Worker()
    hello = FakeRecord(encode(message("m1", 0, "hello")), offset=1)
    erased = Outcome(
        outcome_id="o1", conversation_id="c1", business_id="shop", kind=OutcomeKind.ERASED, at=int(START + MINUTE)
    )
    worker.fold([hello], 0)
    ended = worker.fold([FakeRecord(encode(erased), topic=Topic.OUTCOMES.value, offset=1)], 1)
    assert ended.kept[KEY].state is None
    assert worker.state.load(KEY) is None


@pytest.mark.parametrize("what", ["message", "outcome"])
def test_what_comes_late_and_moves_neither_time_nor_timer_puts_no_promise_off(what: str) -> None:
    """Also when it is read back from the changelog, whose timestamps are these."""
    worker = Worker()
    worker.message(0, "a person, please", seen=1)
    assert worker.fires_at() == 121
    if what == "message":
        outbox = worker.message(-5, "hello", seen=90)
    else:
        outbox = worker.outcome(-5, OutcomeKind.ACCEPTED, seen=90)
    assert worker.fires_at() == 121
    kept = outbox.kept[KEY]
    assert kept.head is not None
    assert kept.at_ms - kept.head.seen_at == MINUTE


def test_the_ai_has_its_time_for_a_question_that_is_dated_before_what_was_seen() -> None:
    """The clock of the customers' channel is behind: a timer may be late by that, and is never early."""
    worker = Worker()
    worker.message(0, "hello", seen=0)
    worker.message(-1, "when is it due?", seen=30)
    assert worker.fires_at() == 40


def test_the_ai_has_its_time_for_a_late_question_though_a_promise_passes_before() -> None:
    """The timer that is new is not the next one."""
    notifies = BuiltinTriggers(human_request=TriggerPolicy(action=Action.NOTIFY))
    policy = Policy(
        business_id="shop", owner="Rosa", within="15 minutes", ai_answers_within="1 hour", triggers=notifies
    )
    worker = Worker(policy=CompiledPolicy(policy))
    worker.message(0, "a person, please", seen=0)
    answer = message("ai", 0.5, "sure", sender=Sender.ASSISTANT)
    worker.fold([FakeRecord(encode(answer), offset=9)], seen=0.5)
    worker.message(0.4, "when is it due?", seen=14)
    worker.fold([], 29, worker.due(29))
    assert worker.fires_at() >= 14 + 60


def test_what_is_read_after_an_outage_makes_no_timer_early() -> None:
    """The worker was away for an hour; time has moved on in the conversation."""
    worker = Worker()
    worker.message(0, "a person, please", seen=0)
    worker.message(5, "hello", seen=65)
    assert worker.fires_at() == 180


def test_events_of_one_batch_that_move_nothing_leave_the_time_that_the_first_has_set() -> None:
    """Each is folded by itself here, as every message hangs on those before it."""
    worker = Worker()
    worker.message(0, "a person, please", seen=2)
    more = [encode(message(f"more{number}", -number, "hello")) for number in range(3)]
    worker.fold([FakeRecord(value, offset=9 + number) for number, value in enumerate(more)], seen=60)
    assert worker.fires_at() == 122


def test_what_follows_in_the_batch_that_moved_time_leaves_it_there() -> None:
    """The first of them is seen in time, and the second is dated before it."""
    worker = Worker()
    worker.message(0, "a person, please", seen=0)
    more = [encode(message("more1", 60, "hello")), encode(message("more2", 50, "hello?"))]
    worker.fold([FakeRecord(value, offset=9 + number) for number, value in enumerate(more)], seen=60)
    assert worker.fires_at() == 120


def message(message_id: str, at: float, text: str, *, sender: Sender = Sender.CUSTOMER) -> ChatMessage:
    """A message, the customer's unless told, so many minutes after the start."""
    return ChatMessage(
        message_id=message_id,
        conversation_id="c1",
        business_id="shop",
        sender=sender,
        sent_at=int(START + at * MINUTE),
        text=text,
    )
