"""The engine against a model of the log: whatever is delivered, and wherever a worker stops, nothing is lost.

The real task of a partition runs, with the real fold, transactions, restore and inbox. What it talks to is a model of
Kafka, in which a worker can be stopped after any single request: killed there for good, or stalled and let go on when
another has taken the partition over.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Final, cast

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from handraise.conversation import Processor, head_of
from handraise.conversation.processor import Event
from handraise.conversation.state import state_key
from handraise.engine.batch import Batch
from handraise.engine.clients import Clients
from handraise.engine.folding import Folding
from handraise.engine.task import PartitionTask, TaskParts
from handraise.engine.topics import Topic, TopicNames
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender, encode
from handraise.policy import PolicyBook
from handraise.settings import Delivery, Settings
from tests.chaos.oracle import Findings, Oracle, Output, read_event, read_output, remembered, same_bytes
from tests.chaos.verdict import OUTPUTS, compare_letters, newest_states
from tests.support.counting import Recorder
from tests.support.hearing import hearing
from tests.support.modelled import Entry, Model, ModelClients, Process, Standstill
from tests.support.steps import WithoutThreads

NAMES: Final = TopicNames("")
CONVERSATIONS: Final = ("c1", "c2", "c3")
TEXTS: Final = ("Hello", "Can I talk to a real person please?", "I am furious, this is broken!", "Thank you", "")
SENDERS: Final = (Sender.CUSTOMER, Sender.CUSTOMER, Sender.ASSISTANT, Sender.HUMAN)
DETECT: Final = remembered(hearing)
"""What each message says hangs on the turns before it, so that a wrong turn there shows."""
BOOK: Final = PolicyBook()
GARBAGE: Final = (b"", b"{", b"\xff", b'{"message_id": "m"}', b"null")
LONG_SECONDS: Final = 10.0
"""Of the clock that is put forward: longer than any wait in the task."""


@dataclass
class Worker:
    """A process with the task of the partition."""

    process: Process
    task: PartitionTask
    life: asyncio.Task[None]


class EngineMachine(RuleBasedStateMachine):
    """Delivers, stops, kills, stalls, hands over and compacts; see the rules."""

    delivery = Delivery.EXACTLY_ONCE
    reported: ClassVar[list[str]] = []
    """What the loops of all machines of a test had to say of errors that nobody took."""

    def __init__(self) -> None:
        super().__init__()
        self.loop = Standstill()
        self.loop.set_exception_handler(self._hear)
        self.model = Model()
        self.sent: list[ChatMessage] = []
        self.outcomes = 0
        self.worker: Worker | None = None
        self.zombies: list[Worker] = []

    @initialize()
    def a_worker_starts(self) -> None:
        """It has no steps to take yet."""
        self._start()

    # --- the input ---

    @rule(conversation=st.sampled_from(CONVERSATIONS), text=st.sampled_from(TEXTS), sender=st.sampled_from(SENDERS))
    def deliver(self, conversation: str, text: str, sender: Sender) -> None:
        """A new message."""
        message = ChatMessage(
            message_id=f"m{len(self.sent)}",
            conversation_id=conversation,
            business_id="acme",
            sender=sender,
            sent_at=self.model.now(),
            text=text,
        )
        self.sent.append(message)
        self._write(Topic.MESSAGES, encode(message))

    @rule(which=st.integers(0, 10_000))
    def deliver_again(self, which: int) -> None:
        """An earlier message, as it was: late, twice, and out of order."""
        if self.sent:
            self._write(Topic.MESSAGES, encode(self.sent[which % len(self.sent)]))

    @rule(conversation=st.sampled_from(CONVERSATIONS), kind=st.sampled_from(OutcomeKind))
    def report(self, conversation: str, kind: OutcomeKind) -> None:
        """An outcome, maybe of a conversation that nobody knows."""
        self.outcomes += 1
        told = Outcome(
            outcome_id=f"o{self.outcomes}",
            conversation_id=conversation,
            business_id="acme",
            kind=kind,
            at=self.model.now(),
        )
        self._write(Topic.OUTCOMES, encode(told))

    @rule(topic=st.sampled_from([Topic.MESSAGES, Topic.OUTCOMES, Topic.POLICIES]), value=st.sampled_from(GARBAGE))
    def deliver_garbage(self, topic: Topic, value: bytes) -> None:
        """What nobody can read."""
        self._write(topic, value)

    # --- the worker ---

    @rule(steps=st.integers(1, 40))
    def work(self, steps: int) -> None:
        """The worker takes so many steps, and stands still in the middle of whatever it does."""
        self._let(self._current, steps)

    @rule()
    def kill(self) -> None:
        """The worker is gone where it stands, and a new one begins."""
        self._abandon(self._current)
        self._start()

    @rule()
    def take_over(self) -> None:
        """The worker stands still for so long that another one begins; it does not know."""
        self.zombies.append(self._current)
        self._start()

    @rule(steps=st.integers(1, 20))
    def wake(self, steps: int) -> None:
        """A worker that stood still goes on where it stopped."""
        if self.zombies:
            self._let(self.zombies[0], steps)

    @rule()
    def tell(self) -> None:
        """A worker that stood still hears that the partition is not its own any more."""
        if self.zombies:
            self._stop(self.zombies.pop(0))

    @rule(comes_back=st.booleans())
    def rebalance(self, comes_back: bool) -> None:
        """The worker hands over what it has in hand in good order; the partition stays with it, or goes elsewhere."""
        worker = self._current
        worker.process.give(None)
        assert self.loop.run_until_complete(worker.task.pause(LONG_SECONDS))
        self.loop.run_until_complete(worker.task.flush())
        if comes_back and self.delivery is Delivery.EXACTLY_ONCE:
            worker.process.give(0)
            worker.task.resume()
            return
        self._stop(worker)
        self._start()

    @rule(steps=st.integers(1, 6))
    def commit_offsets(self, steps: int) -> None:
        """What happens twice a second without transactions; it may not come to its end."""
        worker = self._current
        committing = self.loop.create_task(worker.task.flush())
        committing.add_done_callback(lambda done: done.cancelled() or done.exception())
        self._let(worker, steps)

    @rule(share=st.floats(0, 1))
    def compact(self, share: float) -> None:
        """Kafka drops older states of what it has newer ones of, in some prefix of the changelog."""
        if self.delivery is Delivery.EXACTLY_ONCE:
            name = NAMES[Topic.STATE]
            self.model.compact(name, int(self.model.end(name) * share))

    # --- what must hold ---

    @invariant()
    def no_worker_has_given_up(self) -> None:
        """Nothing that happens here is a reason to stop."""
        for worker in (self.worker, *self.zombies):
            assert worker is None or not worker.life.done(), worker.life

    def teardown(self) -> None:
        """Once everything is worked on, the output and the state are those that the input gives."""
        try:
            if self.worker is not None:
                while self.zombies:
                    self._stop(self.zombies.pop())
                # A wrong state shows in what comes next.
                for conversation in CONVERSATIONS:
                    self.deliver(conversation, TEXTS[1], Sender.CUSTOMER)
                self._let(self._current, None)
                self._judge()
                self._abandon(self._current)
                self._start()
                self._let(self._current, None)
                self._judge()
                self._stop(self._current)
        finally:
            for task in asyncio.all_tasks(self.loop):
                task.cancel()
            self.loop.run_until_complete(asyncio.sleep(1))
            self.loop.close()

    @property
    def _current(self) -> Worker:
        assert self.worker is not None
        return self.worker

    def _hear(self, _: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        # The tasks of a worker that was killed are destroyed while they wait, which is no error.
        if "exception" in context:
            self.reported.append(repr(context))

    def _write(self, topic: Topic, value: bytes) -> None:
        self.model.append(NAMES[topic], b"key", value)

    def _start(self) -> None:
        self.model.generation += 1
        self.worker = self.loop.run_until_complete(self._started())

    async def _started(self) -> Worker:
        process = Process()
        clients = ModelClients(self.model, process)
        processor = Processor(BOOK.__getitem__, DETECT, "test")
        folding = Folding(WithoutThreads(processor, DETECT, process.step), NAMES, check_policy)
        working: set[asyncio.Task[None]] = set()

        async def submit(batch: Batch) -> None:
            task = asyncio.create_task(_agent(batch, folding))
            working.add(task)
            task.add_done_callback(working.discard)

        parts = TaskParts(
            SETTINGS[self.delivery],
            cast(Clients, clients),
            NAMES,
            clients.member(),
            Recorder().as_observer(),
            head_of,
            submit,
            processor.forget,
            lambda: None,
        )
        task = PartitionTask(0, parts)
        return Worker(process, task, task.start())

    def _let(self, worker: Worker, steps: int | None) -> None:
        worker.process.give(steps)
        self.loop.run_until_complete(self._until_it_stands(worker.process))

    async def _until_it_stands(self, process: Process) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LONG_SECONDS):
                await process.stands_still.wait()

    def _abandon(self, worker: Worker) -> None:
        """Killed: nothing of it happens any more."""
        worker.process.give(0)
        worker.life.cancel()

    def _stop(self, worker: Worker) -> None:
        worker.process.give(None)
        self.loop.run_until_complete(worker.task.stop())

    def _judge(self) -> None:
        findings = Findings()
        spoken: dict[bytes, list[tuple[Entry, Event]]] = {}
        bad = []
        for entry in self._input():
            topic = NAMES.topic(entry.topic)
            event = None if topic is Topic.POLICIES else read_event(topic, entry.value)
            if event is not None:
                spoken.setdefault(state_key(event.business_id, event.conversation_id), []).append((entry, event))
            elif entry.value or topic is not Topic.POLICIES:
                bad.append(entry)
        outputs: dict[bytes, list[Output]] = {}
        for topic in OUTPUTS:
            for entry in self.model.read(NAMES[topic], 0):
                output = read_output(topic, entry.key or b"", entry.value)
                outputs.setdefault(output.key, []).append(output)
        states = newest_states(self.model.read(NAMES[Topic.STATE], 0))
        oracle = Oracle(lambda event: BOOK[event.business_id], DETECT, "test", same_bytes)
        for key, read in spoken.items():
            expected = oracle.expected(key, [event for _, event in read])
            oracle.compare(key, expected, outputs.pop(key, []), states.pop(key, None), findings)
            bad += [read[number][0] for number in expected.rejected]
        letters = {(entry.topic, entry.partition, entry.offset): entry.value or b"" for entry in bad}
        compare_letters(letters, self.model.read(NAMES[Topic.DEAD_LETTERS], 0), findings)
        copies = findings.duplicate if self.delivery is Delivery.AT_LEAST_ONCE else 0
        assert findings.differences == copies, findings
        assert not outputs, outputs
        assert not states, states

    def _input(self) -> list[Entry]:
        """What was delivered, in the order of its timestamps: that of one topic is the order of its log."""
        sources = [NAMES[topic] for topic in (Topic.MESSAGES, Topic.OUTCOMES, Topic.POLICIES)]
        return sorted((entry for name in sources for entry in self.model.read(name, 0)), key=lambda one: one.timestamp)

    def hand_over_in_mid_batch(self, begun: int, stalled: int, more: int) -> None:
        """A worker stands still in its batch, another one stands still as it begins, and the first one goes on."""
        self.a_worker_starts()
        self._let(self._current, None)
        self.deliver(CONVERSATIONS[0], TEXTS[1], Sender.CUSTOMER)
        self._let(self._current, begun)
        self.take_over()
        self._let(self._current, stalled)
        self._let(self.zombies[0], more)
        self.teardown()

    def take_over_twice(self, begun: int, folded: int) -> None:
        """A worker stands still as it begins, another one begins, and the first one goes on with what comes next."""
        self.a_worker_starts()
        self._let(self._current, None)
        self.deliver(CONVERSATIONS[0], TEXTS[1], Sender.CUSTOMER)
        self._let(self._current, None)
        self.take_over()
        self._let(self._current, begun)
        late = self._current
        self.take_over()
        self._let(self._current, None)
        self.report(CONVERSATIONS[0], OutcomeKind.ACCEPTED)
        self._let(self._current, folded)
        self._let(late, 13)
        self.teardown()

    def erase_behind_a_duplicate(self) -> None:
        """Each in a batch of its own; then the worker is killed, and all of them are read again."""
        self.a_worker_starts()
        self._let(self._current, None)
        self.deliver(CONVERSATIONS[0], TEXTS[1], Sender.CUSTOMER)
        self._let(self._current, None)
        self.deliver_again(0)
        self._let(self._current, None)
        self.report(CONVERSATIONS[0], OutcomeKind.ERASED)
        self._let(self._current, None)
        self.kill()
        self._let(self._current, None)
        self._judge()
        self.teardown()


class AtLeastOnceMachine(EngineMachine):
    """The same without transactions: results may come again, and are the same then."""

    delivery = Delivery.AT_LEAST_ONCE


SMALL: Final[dict[str, Any]] = {"group": "group", "session_timeout_seconds": 3.0, "batch_records": 5}
# So few bytes that a topic is paused, and unpacked piece by piece, within the steps of one example.
SETTINGS: Final = {
    delivery: Settings(delivery=delivery, **SMALL).model_copy(update={"fetch_bytes": 1_200}) for delivery in Delivery
}
EXAMPLES: Final = settings(max_examples=20, stateful_step_count=40, deadline=None)


def check_policy(_: bytes | None, document: bytes) -> str | None:
    """No policy is good here."""
    return "$: no" if document else None


async def _agent(batch: Batch, folding: Folding) -> None:
    async with batch.transaction() as outbox:
        await folding.fold(batch, outbox)


@pytest.fixture(autouse=True)
def _few_records_are_unpacked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("handraise.engine.intake._UNPACKED_AT_ONCE", 3)


@pytest.fixture(autouse=True)
def _no_error_is_reported_as_lost() -> Iterator[None]:
    gc.collect()
    EngineMachine.reported.clear()
    yield
    gc.collect()
    assert not EngineMachine.reported


def test_with_transactions_everything_happens_once() -> None:
    """Wherever a worker is killed, stalled or told to hand over."""
    run_state_machine_as_test(EngineMachine, settings=EXAMPLES)


def test_without_transactions_nothing_is_lost_and_copies_are_the_same() -> None:
    """And the state is the very one that the input gives."""
    run_state_machine_as_test(AtLeastOnceMachine, settings=EXAMPLES)


@pytest.mark.parametrize("machine", [EngineMachine, AtLeastOnceMachine])
@pytest.mark.parametrize("begun", range(19))
def test_whoever_begins_late_does_not_pass_for_the_last_owner(machine: type[EngineMachine], begun: int) -> None:
    """Without transactions its mark may come after its successor's, and only the group can tell which of them owns."""
    for folded in (2, 4, 6):
        machine().take_over_twice(begun, folded)


@pytest.mark.parametrize("machine", [EngineMachine, AtLeastOnceMachine])
@pytest.mark.parametrize("begun", range(16))
def test_a_batch_can_be_taken_over_at_every_step(machine: type[EngineMachine], begun: int) -> None:
    """Of the worker that has it in hand, and of the one that begins."""
    for stalled in range(17):
        for more in (0, 1, 4):
            machine().hand_over_in_mid_batch(begun, stalled, more)


@pytest.mark.parametrize("machine", [EngineMachine, AtLeastOnceMachine])
def test_what_was_erased_behind_a_duplicate_stays_erased(machine: type[EngineMachine]) -> None:
    """The duplicate kept nothing, and would begin the conversation anew with the erased text."""
    machine().erase_behind_a_duplicate()
