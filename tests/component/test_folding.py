"""From raw records to the outbox, without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import msgspec
import pytest
from aiokafka.errors import IllegalStateError

from handraise.conversation.effects import Effects
from handraise.conversation.processor import Load
from handraise.engine.batch import Batch, Outbox
from handraise.engine.folding import Detected, Folding
from handraise.engine.state import Due, Kept, PartitionState, Progress
from handraise.engine.topics import Topic, TopicNames
from handraise.events import MAX_VALUE_BYTES, DeadLetterReason, Decision, Outcome, Sender, utc
from tests.support.counting import COUNTED, Counted, CountingStep, check_policy
from tests.support.records import FakeRecord, message_record, outcome_record

NAMES = TopicNames("")
NOW = 1_767_225_600_000
"""What the clock of these tests shows, in milliseconds."""


def fold(
    records: Sequence[FakeRecord],
    *,
    state: PartitionState | None = None,
    owner: int | None = None,
    partitions: int = 1,
    then: Callable[[Outbox], None] = lambda _: None,
) -> Outbox:
    """Fold one batch with the counting step; the outbox as it would be committed."""
    held = PartitionState() if state is None else state
    folding = Folding(CountingStep(), NAMES, check_policy, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    committed: list[Outbox] = []

    async def commit(_: Batch, outbox: Outbox) -> None:
        committed.append(outbox)
        outbox.committed()

    async def run() -> None:
        batch = Batch(records, partitions, held, owner, commit)
        async with batch.transaction() as outbox:
            await folding.fold(batch, outbox)
        await batch.ended()

    asyncio.run(run())
    then(committed[0])
    return committed[0]


def told(outbox: Outbox) -> list[tuple[str, str]]:
    """Message and count of each decision."""
    sent = [send.value for send in outbox.sends if send.topic is Topic.DECISIONS]
    decisions = [msgspec.json.decode(value, type=Decision) for value in sent if value is not None]
    return [(decision.message_id, decision.because) for decision in decisions]


class DearStep(CountingStep):
    """Counts, and finds out at some cost what is said; the batch may be dropped meanwhile."""

    def __init__(self, batch: list[Batch]) -> None:
        self._batch = batch

    async def detect(self, load: Load) -> Detected:
        """Let go of the batch, if there is one."""
        del load
        for batch in self._batch:
            batch.drop()
        return Detected((), 2.0)


def test_what_it_costs_to_detect_is_work_on_the_batch() -> None:
    """By which the next one is sized."""

    async def run() -> float:
        batch = Batch([message_record(0)], 1, PartitionState(), None, commit)
        async with batch.transaction() as outbox:
            await Folding(DearStep([]), NAMES, check_policy).fold(batch, outbox)
        return batch.work_seconds

    async def commit(_: Batch, __: Outbox) -> None:
        """Nothing is written."""

    assert 2.0 < asyncio.run(run()) < 3.0


def test_what_it_costs_to_fire_timers_is_no_work_on_records() -> None:
    """Sweeps are sized by it, and batches of records are not."""
    state = PartitionState()
    state.put(b"acme/c1", Kept(b"1", COUNTED, NOW))

    async def run() -> Batch:
        batch = Batch([], 1, state, None, commit, [Due(b"acme/c1", NOW, 0)])
        async with batch.transaction() as outbox:
            await Folding(CountingStep(), NAMES, check_policy).fold(batch, outbox)
        return batch

    async def commit(_: Batch, __: Outbox) -> None:
        """Nothing is written."""

    batch = asyncio.run(run())
    assert batch.timer_seconds > 0.0
    assert batch.work_seconds == 0.0


class GoingOnStep(CountingStep):
    """Counts, and lets conversations go on after their timers."""

    def advance(self, key: bytes, state: bytes, until: int) -> Counted:
        """Time has come as far as it was asked for."""
        return Counted(key, state + b"0", Effects(), head=msgspec.structs.replace(COUNTED, seen_at=until))


def fired(records: Sequence[FakeRecord], due: Due, now: int = NOW) -> Outbox:
    """What comes of a batch in which a conversation is due, at a time of the worker's clock."""
    state = PartitionState()
    state.put(due.key, Kept(b"1", COUNTED, NOW))
    outboxes: list[Outbox] = []

    async def commit(_: Batch, outbox: Outbox) -> None:
        outboxes.append(outbox)

    async def run() -> None:
        batch = Batch(records, 1, state, None, commit, [due])
        async with batch.transaction() as outbox:
            await Folding(GoingOnStep(), NAMES, check_policy, lambda: utc(now)).fold(batch, outbox)

    asyncio.run(run())
    return outboxes[0]


def test_a_conversation_that_a_record_of_the_batch_has_moved_is_left_to_the_next_sweep() -> None:
    """What was due is what the state before said; by the new one it may be due later, or not at all."""
    outbox = fired([message_record(0)], Due(b"acme/c1", NOW, 0))
    assert told(outbox) == [("m0", "2")]
    assert outbox.kept[b"acme/c1"].state == b"2"
    assert len(outbox.folded) == 1


def test_timers_that_are_found_late_do_not_put_off_the_next_ones() -> None:
    """After an hour in which no worker ran, time goes on from where the timers left it."""
    kept = fired([], Due(b"acme/c1", NOW + 60_000, 2_000), now=NOW + 3_600_000).kept[b"acme/c1"]
    assert (kept.state, kept.at_ms, kept.ahead_ms) == (b"10", NOW + 62_000, 2_000)


def test_a_batch_that_is_dropped_while_its_messages_are_looked_at_is_not_committed() -> None:
    """Its partition may be another worker's by then."""
    committed: list[Batch] = []

    async def commit(batch: Batch, _: Outbox) -> None:
        committed.append(batch)

    async def run() -> None:
        batch = Batch([message_record(0)], 1, PartitionState(), None, commit)
        async with batch.transaction() as outbox:
            await Folding(DearStep([batch]), NAMES, check_policy).fold(batch, outbox)
        with pytest.raises(IllegalStateError):
            await batch.ended()

    asyncio.run(run())
    assert committed == []


def test_events_of_a_batch_see_the_states_of_those_before_them() -> None:
    """Only the last state of a conversation is kept."""
    outbox = fold([message_record(0), message_record(1, "c2"), message_record(2)])
    assert told(outbox) == [("m0", "1"), ("m1", "1"), ("m2", "2")]
    assert {key: kept.state for key, kept in outbox.kept.items()} == {b"acme/c1": b"2", b"acme/c2": b"1"}


def test_a_state_from_before_the_batch_is_loaded() -> None:
    """Three were counted already."""
    state = PartitionState()
    state.put(b"acme/c1", Kept(b"3", COUNTED, 0))
    assert told(fold([message_record(7)], state=state)) == [("m7", "4")]


def test_bad_records_are_buried_with_their_reason_and_the_others_folded() -> None:
    """Empty, not JSON, ill-typed, too large; each names the field and never its value."""
    bad = [
        FakeRecord(None, offset=1),
        FakeRecord(b"{oops", offset=2),
        FakeRecord(b'{"message_id": "secret"}', offset=3),
        FakeRecord(b"x" * (MAX_VALUE_BYTES + 1), offset=4),
    ]
    outbox = fold([message_record(0), *bad, message_record(5)])
    assert told(outbox) == [("m0", "1"), ("m5", "2")]
    assert outbox.dead == {
        (Topic.MESSAGES.value, 1): DeadLetterReason.EMPTY,
        (Topic.MESSAGES.value, 2): DeadLetterReason.NOT_JSON,
        (Topic.MESSAGES.value, 3): DeadLetterReason.INVALID,
        (Topic.MESSAGES.value, 4): DeadLetterReason.TOO_LARGE,
    }
    errors = [dict(send.headers)["handraise.error"] for send in outbox.sends if send.topic is Topic.DEAD_LETTERS]
    assert all(b"secret" not in error for error in errors)


def test_an_event_that_the_step_rejects_is_buried_and_not_counted_as_folded() -> None:
    """An outcome before any message."""
    outbox = fold([outcome_record(0), message_record(1), outcome_record(1)])
    assert outbox.dead == {(Topic.OUTCOMES.value, 0): DeadLetterReason.UNKNOWN_CONVERSATION}
    assert [type(folded.what) for folded in outbox.folded] == [Sender, Outcome]


def test_a_bad_policy_is_buried_and_a_good_one_or_a_removal_is_not() -> None:
    """The record of the policy topic is only judged here; the follower puts it in force."""
    policies = [
        FakeRecord(value, topic=Topic.POLICIES.value, offset=offset)
        for offset, value in enumerate([b"{}", b"bad", None, b""])
    ]
    assert fold(policies).dead == {(Topic.POLICIES.value, 1): DeadLetterReason.REJECTED_POLICY}


def test_a_record_on_another_partition_than_its_conversation_belongs_to_is_misrouted() -> None:
    """Whatever key it came with: what counts is where the conversation's other records are."""
    elsewhere = [message_record(number, f"c{number}") for number in range(40)]
    alone = fold(elsewhere, partitions=1)
    assert alone.misrouted == []
    of_four = fold(elsewhere, partitions=4)
    assert 20 <= len(of_four.misrouted) < 40
    assert len(told(of_four)) == 40


def test_under_at_least_once_what_the_state_says_is_done_is_passed_over() -> None:
    """Messages and outcomes have offsets of their own."""
    state = PartitionState()
    state.put(b"acme/c1", Kept(b"2", COUNTED, 0, Progress(5, 1, -1)))
    outbox = fold([message_record(0), message_record(1), outcome_record(0), message_record(2)], state=state, owner=9)
    assert told(outbox) == [("m2", "3")]
    assert outbox.skipped == 2
    assert outbox.kept[b"acme/c1"] == Kept(b"3", COUNTED, NOW, Progress(9, 2, 0))


def test_under_exactly_once_offsets_play_no_part() -> None:
    """A topic that was made anew begins at 0 again."""
    state = PartitionState()
    state.put(b"acme/c1", Kept(b"2", COUNTED, 0, Progress(5, 1, -1)))
    outbox = fold([message_record(0)], state=state, owner=None)
    assert told(outbox) == [("m0", "3")]
    assert outbox.kept[b"acme/c1"].progress is None
