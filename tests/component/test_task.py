"""When the task of a partition takes it over, and what it goes by."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import pytest
from aiokafka.errors import NodeNotReadyError
from aiokafka.structs import OffsetAndMetadata

from handraise.conversation import StateHead
from handraise.engine.batch import Batch
from handraise.engine.errors import LogTruncatedError, OffsetsLostError
from handraise.engine.state import Progress
from handraise.engine.task import PartitionTask
from handraise.engine.topics import Topic, TopicNames
from handraise.settings import Delivery, load_settings
from tests.support.modelled import Admin, Consumer, Model, ModelClients, Process, Producer, Standstill
from tests.support.tasks import task_of

NAMES: Final = TopicNames("")
SETTINGS: Final = load_settings().model_copy(update={"session_timeout_seconds": 3.0})


class UnreachableAdmin(Admin):
    """Everything but the group's coordinator can be reached."""

    async def list_consumer_group_offsets(self, *_: object, **__: object) -> Any:  # noqa: ANN401 - it never answers
        """It is away."""
        raise NodeNotReadyError


class ClientsWithoutCoordinator(ModelClients):
    """The clients of a worker that cannot reach the group's coordinator, for as long as `away`."""

    away = True

    def admin(self) -> Admin:
        """For the group's offsets."""
        return UnreachableAdmin(self._model, self._process) if self.away else super().admin()


async def nothing_comes(batch: Batch) -> None:
    """There is nothing to fold."""
    raise AssertionError(batch)


def made(
    clients: ModelClients, submit: Callable[[Batch], Awaitable[None]], delivery: Delivery = Delivery.EXACTLY_ONCE
) -> PartitionTask:
    """A task over the model."""
    return task_of(clients, submit, SETTINGS.model_copy(update={"delivery": delivery}))


def unhindered() -> Process:
    """A process that may take any number of steps."""
    process = Process()
    process.give(None)
    return process


def test_a_worker_that_does_not_reach_the_coordinator_fences_nobody() -> None:
    """The partition may be somebody else's by now, who would be fenced again and again; it would not hear of that."""
    model = Model()

    async def main() -> tuple[int, int]:
        clients = ClientsWithoutCoordinator(model, unhindered())
        task = made(clients, nothing_comes)
        task.start()
        await asyncio.sleep(60)
        while_away = sum(model.epochs.values())
        clients.away = False
        await asyncio.sleep(60)
        assert task.ready
        await task.stop()
        return while_away, sum(model.epochs.values())

    with asyncio.Runner(loop_factory=Standstill) as runner:
        assert runner.run(main()) == (0, 1)


def test_what_is_committed_is_asked_again_once_nobody_else_can_commit() -> None:
    """What the coordinator said before the fence may not be the last word of the owner before."""
    model = Model()
    for number in range(3):
        model.append(NAMES[Topic.MESSAGES], b"key", b"%d" % number)
    asked: list[int] = []

    class Watched(Admin):
        async def list_consumer_group_offsets(self, *arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - as the real one
            """Until it is fenced, the owner before goes on to commit."""
            asked.append(sum(model.epochs.values()))
            answer = await super().list_consumer_group_offsets(*arguments, **more)
            model.committed[NAMES[Topic.MESSAGES]] = OffsetAndMetadata(3, "")
            return answer

    class WatchedClients(ModelClients):
        def admin(self) -> Admin:
            """For the group's offsets."""
            return Watched(self._model, self._process)

    async def main() -> None:
        task = made(WatchedClients(model, unhindered()), nothing_comes)
        task.start()
        await asyncio.sleep(60)
        # What was committed before the fence is not read again.
        assert task.ready
        await task.stop()

    with asyncio.Runner(loop_factory=Standstill) as runner:
        runner.run(main())
    assert asked == [0, 1]


def begun(model: Model, delivery: Delivery) -> int:
    """How many records a worker takes that begins; its error is raised."""
    taken: list[int] = []

    async def submit(batch: Batch) -> None:
        async with batch.transaction():
            taken.append(len(batch))

    async def main() -> None:
        task = made(ModelClients(model, unhindered()), submit, delivery)
        life = task.start()
        await asyncio.wait({life}, timeout=60)
        await task.stop()
        if not life.cancelled():
            life.result()

    with asyncio.Runner(loop_factory=Standstill) as runner:
        runner.run(main())
    return sum(taken)


def read_before(state: bytes | None, headers: Sequence[tuple[str, bytes]] = (Progress(0, 2, -1).header(),)) -> Model:
    """A broker with three messages, and a state that was made of them."""
    model = Model()
    for number in range(3):
        model.append(NAMES[Topic.MESSAGES], b"key", b"%d" % number)
    model.append(NAMES[Topic.STATE], b"acme/c1", state, headers)
    return model


@pytest.mark.parametrize("delivery", list(Delivery))
@pytest.mark.parametrize("state", [b"3", None], ids=["open", "over"])
def test_a_worker_stops_where_a_state_was_made_and_the_group_has_forgotten_its_offsets(
    state: bytes | None, delivery: Delivery
) -> None:
    """Everything that is still there would be decided a second time, and old escalations raised anew."""
    model = read_before(state)
    told = r"partition 0, .*chat\.messages.*made anew, make chat\.state anew too.*--reset-offsets.*records-missed"
    with pytest.raises(OffsetsLostError, match=told):
        begun(model, delivery)
    assert not model.committed


@pytest.mark.parametrize("delivery", list(Delivery))
def test_it_stops_whichever_delivery_wrote_that_all_is_over(delivery: Delivery) -> None:
    """Exactly-once writes no progress, and the delivery may have been switched since."""
    model = read_before(None, [])
    with pytest.raises(OffsetsLostError):
        begun(model, delivery)


@pytest.mark.parametrize("delivery", list(Delivery))
def test_an_owner_s_mark_is_no_state(delivery: Delivery) -> None:
    """An at-least-once worker began before, and read nothing."""
    model = read_before(b"3")
    del model.logs[NAMES[Topic.STATE]]
    model.append(NAMES[Topic.STATE], b"", None)
    assert begun(model, delivery) == 3


@pytest.mark.parametrize("delivery", list(Delivery))
@pytest.mark.parametrize(("topic", "offset", "left"), [(Topic.MESSAGES, 0, 3), (Topic.MESSAGES, 2, 1)])
def test_it_goes_on_where_an_operator_says(topic: Topic, offset: int, left: int, delivery: Delivery) -> None:
    """Also from the beginning."""
    model = read_before(b"3")
    model.committed[NAMES[topic]] = OffsetAndMetadata(offset, "")
    assert begun(model, delivery) == left


@pytest.mark.parametrize("delivery", list(Delivery))
def test_messages_that_were_there_before_the_first_worker_are_read(delivery: Delivery) -> None:
    """Of a partition without a state, the group has never read anything."""
    model = read_before(b"3")
    del model.logs[NAMES[Topic.STATE]]
    assert begun(model, delivery) == 3


@pytest.mark.parametrize("left", range(3))
def test_messages_that_were_made_anew_are_known_by_their_end(left: int) -> None:
    """The last one that was read stands before the end of its topic: what has its offset now would be passed over."""
    model = read_before(b"3")
    model.logs[NAMES[Topic.MESSAGES]] = model.logs[NAMES[Topic.MESSAGES]][:left]
    model.committed[NAMES[Topic.OUTCOMES]] = OffsetAndMetadata(0, "")
    with pytest.raises(LogTruncatedError, match=rf"from offset 2 of chat\.messages, which ends at {left}"):
        begun(model, Delivery.AT_LEAST_ONCE)


class SlowToStop(Consumer):
    """A member whose fetch takes its time to be cancelled, as one does that waits for a broker that is away."""

    async def getmany(self, *sources: Any, **more: Any) -> Any:  # noqa: ANN401 - as the real one
        """Fetch."""
        try:
            return await super().getmany(*sources, **more)
        except asyncio.CancelledError:
            await asyncio.sleep(0.4)
            raise


class CountedClients(ModelClients):
    """Clients of which it is known which producers are stopped."""

    def __init__(self, model: Model) -> None:
        super().__init__(model, unhindered())
        self.producers: list[Producer] = []
        self.stopped: list[Producer] = []

    def member(self) -> Consumer:
        """A member that is slow to stop."""
        return SlowToStop(self._model, self._process, self._model.generation)

    def producer(self, transactional_id: str | None = None) -> Producer:
        """A producer that tells when it is stopped."""
        made = super().producer(transactional_id)

        async def stop() -> None:
            self.stopped.append(made)

        vars(made)["stop"] = stop
        self.producers.append(made)
        return made


def test_no_producer_is_left_open_when_the_partition_goes_while_it_begins_again() -> None:
    """Its connections would stay for as long as the worker runs."""
    model = Model()
    model.append(NAMES[Topic.MESSAGES], b"key", b"x")
    clients = CountedClients(model)

    async def main() -> None:
        failed = asyncio.Event()

        async def submit(batch: Batch) -> None:
            async with batch.transaction():
                failed.set()
                raise NodeNotReadyError

        task = made(clients, submit)
        task.start()
        await failed.wait()
        await asyncio.sleep(0.1)
        await task.stop()

    with asyncio.Runner(loop_factory=Standstill) as runner:
        runner.run(main())
    assert len(clients.producers) == 1
    assert clients.stopped == clients.producers


class Clocks:
    """Stands for the module `time`: a clock on the wall that is set by hand, and one that only goes on."""

    def __init__(self) -> None:
        self.wall = 1_764_000_000.0

    def time(self) -> float:
        """By the wall."""
        return self.wall

    def monotonic(self) -> float:
        """That of the loop."""
        return asyncio.get_running_loop().time()


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """The clocks of the task."""
    made = Clocks()
    monkeypatch.setattr("handraise.engine.task.time", made)
    return made


class HeardClients(ModelClients):
    """The clients of a worker whose broker was heard of just now."""

    def __init__(self, model: Model, clocks: Clocks) -> None:
        super().__init__(model, unhindered())
        self.heard_at: float | None = None
        """When it was, where that is not now."""
        self._clocks = clocks

    def member(self) -> Consumer:
        """A member that tells the time by the same clock."""
        member = super().member()
        vars(member)["last_poll_timestamp"] = lambda _: round((self.heard_at or self._clocks.wall) * 1_000)
        return member


def test_timers_are_looked_for_though_the_clock_was_set_back(clocks: Clocks) -> None:
    """An hour of them would come late otherwise, and all at once."""
    model = Model()
    due: list[bytes] = []

    async def submit(batch: Batch) -> None:
        due.extend(one.key for one in batch.due)
        async with batch.transaction() as outbox:
            seen_at = round(clocks.wall * 1_000)
            timer = None if batch.due else seen_at - 60_000
            outbox.keep(b"acme/c1", b"1", StateHead(open_trigger=None, seen_at=seen_at, next_timer_at=timer), seen_at)

    async def main() -> None:
        task = made(HeardClients(model, clocks), submit)
        task.start()
        await asyncio.sleep(10)
        clocks.wall -= 3_600
        model.append(NAMES[Topic.MESSAGES], b"key", b"x", timestamp=round(clocks.wall * 1_000))
        await asyncio.sleep(10)
        await task.stop()

    with asyncio.Runner(loop_factory=Standstill) as runner:
        runner.run(main())
    assert due == [b"acme/c1"]


def batches_with_timers(clocks: Clocks, timers: int, seconds: float) -> list[tuple[int, int]]:
    """How many records and timers each batch has: so many timers become due, each of that cost, then records come."""
    model = Model()
    seen_at = round(clocks.wall * 1_000)
    batches: list[tuple[int, int]] = []

    async def submit(batch: Batch) -> None:
        async with batch.transaction() as outbox:
            for number in range(0 if batches else timers):
                due = StateHead(open_trigger=None, seen_at=seen_at, next_timer_at=seen_at - 60_000)
                outbox.keep(b"acme/c%d" % number, b"1", due, seen_at)
            for one in batch.due:
                outbox.keep(one.key, b"1", StateHead(open_trigger=None, seen_at=seen_at, next_timer_at=None), seen_at)
            batch.timer_seconds += len(batch.due) * seconds
        batches.append((len(batch), len(batch.due)))

    async def main() -> None:
        task = made(HeardClients(model, clocks), submit)
        task.start()
        for records in (1, 12):
            for _ in range(records):
                model.append(NAMES[Topic.MESSAGES], b"key", b"x", timestamp=seen_at)
            await asyncio.sleep(60)
        await task.stop()

    with asyncio.Runner(loop_factory=Standstill) as runner:
        runner.run(main())
    return batches


def test_many_cheap_timers_are_soon_fired_in_large_sweeps(clocks: Clocks) -> None:
    """After an outage there may be as many as there are conversations."""
    assert [timers for _, timers in batches_with_timers(clocks, 300, 0.000_1)] == [0, 16, 66, 218, 0, 0]


def test_dear_timers_do_not_make_the_batches_of_records_smaller(clocks: Clocks) -> None:
    """What a timer costs says nothing of what a record does."""
    batches = batches_with_timers(clocks, 20, 1.0)
    assert [timers for _, timers in batches if timers] == [16, 1, 1, 1, 1]
    assert [records for records, _ in batches if records] == [1, 4, 8]


def test_a_batch_is_not_stuck_because_the_clock_was_put_forward(clocks: Clocks) -> None:
    """The worker would be taken out of service for that; it is stuck when so much time has passed."""
    model = Model()
    model.append(NAMES[Topic.MESSAGES], b"key", b"x")

    async def never(_: Batch) -> None:
        await asyncio.Event().wait()

    async def main() -> list[str | None]:
        task = made(HeardClients(model, clocks), never)
        task.start()
        await asyncio.sleep(1)
        clocks.wall += 3_600
        told = [task.standstill(5)]
        clocks.wall -= 7_200
        await asyncio.sleep(10)
        told.append(task.standstill(5))
        await task.stop()
        return told

    with asyncio.Runner(loop_factory=Standstill) as runner:
        told = runner.run(main())
    assert told == [None, "partition 0 has a batch in hand that cannot be finished"]


def test_a_broker_is_silent_once_so_much_time_has_passed(clocks: Clocks) -> None:
    """Since it was last heard of, and since the partition was begun."""

    async def main() -> list[str | None]:
        clients = HeardClients(Model(), clocks)
        clients.heard_at = clocks.wall
        task = made(clients, nothing_comes)
        task.start()
        await asyncio.sleep(1)
        clocks.wall += 3_600
        told = [task.standstill(5)]
        await asyncio.sleep(10)
        told.append(task.standstill(5))
        clients.heard_at = clocks.wall
        told.append(task.standstill(5))
        await task.stop()
        return told

    with asyncio.Runner(loop_factory=Standstill) as runner:
        told = runner.run(main())
    assert told == [None, "no broker answers for partition 0", None]
