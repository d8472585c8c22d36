"""Through the engine, what stands before a message is heard whatever batches its records come in."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handraise.conversation import Processor
from handraise.conversation.processor import Event
from handraise.engine import folding
from handraise.engine.batch import Batch, Outbox, Send
from handraise.engine.folding import Folding, Step
from handraise.engine.state import PartitionState
from handraise.engine.topics import Topic, TopicNames
from handraise.events import ChatMessage, DeadLetterReason, Sender, encode
from handraise.policy import default_policy
from handraise.step import WorkerStep
from tests.support.counting import check_policy
from tests.support.hearing import Hearing, chats, cuts, hearing, hearing_detector
from tests.support.records import FakeRecord
from tests.support.steps import WithoutThreads

DETECTOR: Final = hearing_detector(Hearing())
POLICIES: Final = {business: default_policy(business) for business in ("shop", "bank")}
NOW: Final = datetime(2026, 3, 1, tzinfo=UTC)
Dead = dict[tuple[str, int], DeadLetterReason]


def of_worker() -> Step:
    """The worker's own step."""
    return WorkerStep(Processor(POLICIES.__getitem__, DETECTOR, "test"), DETECTOR, 2, lambda _: None)


def plain() -> Step:
    """The step of the tests of the engine."""
    return WithoutThreads(Processor(POLICIES.__getitem__, hearing, "test"), hearing)


def worked(step: Step, batches: Iterable[Sequence[FakeRecord]]) -> tuple[list[Send], Dead, PartitionState]:
    """What is published, what is buried, and the states that are left."""
    state = PartitionState()
    sends: list[Send] = []
    dead: Dead = {}

    async def commit(_: Batch, outbox: Outbox) -> None:
        outbox.committed()
        sends.extend(outbox.sends)
        dead.update(outbox.dead)

    async def run() -> None:
        for records in batches:
            batch = Batch(records, 1, state, None, commit)
            async with batch.transaction() as outbox:
                await Folding(step, TopicNames(""), check_policy, lambda: NOW).fold(batch, outbox)
            await batch.ended()

    asyncio.run(run())
    return sends, dead, state


def record(number: int, event: Event) -> FakeRecord:
    """An event as it is in the log."""
    topic = Topic.MESSAGES if isinstance(event, ChatMessage) else Topic.OUTCOMES
    return FakeRecord(encode(event), topic=topic.value, offset=number)


@pytest.mark.parametrize("step", [of_worker, plain])
@given(events=chats(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_records_give_the_same_in_whatever_batches_they_come(
    step: Callable[[], Step], events: list[Event], data: st.DataObject
) -> None:
    """What is published, to the byte and in its order, the dead letters, and the states."""
    records = [record(number, event) for number, event in enumerate(events)]
    sends, dead, state = worked(step(), [[one] for one in records])
    batched, buried, left = worked(step(), data.draw(cuts(records)))
    assert (batched, buried) == (sends, dead)
    keys = {f"{event.business_id}/{event.conversation_id}".encode() for event in events}
    assert {key: left.load(key) for key in keys} == {key: state.load(key) for key in keys}


def test_a_batch_that_is_decoded_piece_by_piece_is_heard_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """What was said in the piece before stands before what is said in this one."""
    monkeypatch.setattr(folding, "_AT_ONCE", 2)
    reader = Hearing()
    detector = hearing_detector(reader)
    texts = ("Thank you", "Hello", "broken", "the manager", "it doesn't work")
    said = [
        ChatMessage(
            message_id=f"m{number}",
            conversation_id="c1",
            business_id="shop",
            sender=Sender.CUSTOMER,
            sent_at=number,
            text=text,
        )
        for number, text in enumerate(texts)
    ]
    step = WorkerStep(Processor(POLICIES.__getitem__, detector, "test"), detector, 2, lambda _: None)
    worked(step, [[record(number, event) for number, event in enumerate(said)]])
    assert reader.asked == [
        ("broken", ("Thank you", "Hello")),
        ("the manager", ("Hello", "broken")),
        # A few words that may ask for a person are read as if nothing stood before them, too.
        ("the manager", ()),
        ("it doesn't work", ("broken", "the manager")),
    ]
