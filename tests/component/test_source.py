"""What the source does when the task of a partition ends, and when it ends itself."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import InvalidSessionTimeoutError

from handraise.engine import source as sources
from handraise.engine.batch import Batch
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError
from handraise.engine.health import WORKER_WAITS, Health
from handraise.engine.source import Source
from handraise.engine.topics import SOURCES, TopicNames
from handraise.settings import load_settings
from tests.support.counting import COUNTED, Recorder
from tests.support.waiting import eventually

NAMES: Final = TopicNames("")


class FakeMember:
    """A member of a group whose coordinator is the test."""

    def subscribe(self, topics: list[str], listener: object) -> None:
        """The test tells the source what the listener would."""

    error: Exception | None = None

    async def getmany(self, _: TopicPartition) -> None:
        """Nothing is wrong with the group, unless a test says so."""
        if self.error is not None:
            raise self.error

    async def stop(self) -> None:
        """It has nothing to leave."""


class FakeClients:
    """Makes the member."""

    def member(self) -> FakeMember:
        """A new one."""
        return FakeMember()

    async def start(self, client: Any) -> Any:  # noqa: ANN401 - as the real one
        """It needs no start."""
        return client


class FakeTask:
    """The task of a partition, which lives until somebody ends it, and takes a moment for that."""

    made: Final[list[FakeTask]] = []
    ready = True

    def __init__(self, partition: int, _: object) -> None:
        self.partition = partition
        self.life: asyncio.Task[None] | None = None
        self.stopped = False
        self.made.append(self)

    def start(self) -> asyncio.Task[None]:
        """Begin."""
        self.life = asyncio.create_task(asyncio.Event().wait(), name="life")  # type: ignore[arg-type]  # never ends
        return self.life

    async def pause(self, _: float) -> bool:
        """Nothing is in hand."""
        return True

    def resume(self) -> None:
        """It went on all the time."""

    async def flush(self) -> None:
        """Nothing is to be committed."""

    async def tell_lag(self) -> None:
        """There is none."""

    def standstill(self, _: float) -> None:
        """Never."""

    async def stop(self) -> None:
        """End, but not at once."""
        assert self.life is not None
        self.life.cancel()
        await asyncio.sleep(0.05)
        self.stopped = True


@pytest.fixture(autouse=True)
def _tasks_are_fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    FakeTask.made.clear()
    monkeypatch.setattr(sources, "PartitionTask", FakeTask)


def made(health: Health | None = None) -> Source:
    """A source without brokers."""

    async def submit(batch: Batch) -> None:
        raise AssertionError(batch)

    return Source(
        settings=load_settings(),
        clients=cast(Clients, FakeClients()),
        observer=Recorder().as_observer(),
        health=health or Health(lambda _: None, {}),
        head_of=lambda _: COUNTED,
        submit=submit,
        forget=lambda _: None,
    )


def given(*partitions: int) -> list[TopicPartition]:
    """Of every topic."""
    return [TopicPartition(NAMES[topic], partition) for topic in SOURCES for partition in partitions]


def test_a_partition_whose_task_ends_though_nobody_ended_it_stops_the_worker() -> None:
    """Nobody would read it any more, while the worker keeps it from the others."""

    async def main() -> BaseException | None:
        source = made()
        await source.start()
        try:
            await source.assign(given(0, 1))
            life = FakeTask.made[1].life
            assert life is not None
            life.cancel()
            await eventually(lambda: source.crashed, 5, "the source to crash")
            return source.crash_reason
        finally:
            await source.stop()

    with pytest.raises(EngineError, match="partition 1 was cancelled, though nobody took the partition away"):
        raise asyncio.run(main()) or AssertionError


def test_a_session_that_is_shorter_than_the_broker_allows_is_told_by_its_setting(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakeMember, "error", InvalidSessionTimeoutError())

    async def main() -> BaseException | None:
        source = made()
        await source.start()
        try:
            await eventually(lambda: source.crashed, 5, "the source to crash")
            return source.crash_reason
        finally:
            await source.stop()

    with pytest.raises(EngineError, match="HANDRAISE_SESSION_TIMEOUT_SECONDS"):
        raise asyncio.run(main()) or AssertionError


def test_partitions_that_go_do_not_stop_the_worker() -> None:
    """Their tasks are cancelled too."""

    async def main() -> bool:
        source = made()
        await source.start()
        try:
            await source.assign(given(0, 1))
            await source.revoke()
            await source.assign(given(1))
            await source.assign([])
            await asyncio.sleep(0.05)
            return source.crashed
        finally:
            await source.stop()

    assert not asyncio.run(main())
    assert [task.stopped for task in FakeTask.made] == [True, True]


def test_a_spare_worker_is_ready_and_one_that_the_group_has_not_reached_is_not() -> None:
    """It does what is asked of it, as decision 5 says."""
    health = Health(lambda _: None, {"partitions": WORKER_WAITS["partitions"]})

    async def main() -> list[bool]:
        source = made(health)
        await source.start()
        try:
            before = health.ready
            await source.assign([])
            return [before, health.ready]
        finally:
            await source.stop()

    assert asyncio.run(main()) == [False, True]


def test_no_task_is_begun_by_an_assignment_that_the_end_of_the_worker_overtakes() -> None:
    """Whoever stops the source has ended all tasks by then; one that begins later would fence the next owner."""

    async def main() -> list[bool]:
        source = made()
        await source.start()
        await source.assign(given(0))
        assigning = asyncio.create_task(source.assign(given(1, 2)))
        await asyncio.sleep(0.01)
        await source.stop()
        await assigning
        return [task.stopped for task in FakeTask.made]

    assert asyncio.run(main()) == [True]
