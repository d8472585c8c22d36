"""What a worker held for partitions that are no more with it goes back to the operating system."""

from __future__ import annotations

import asyncio
import gc
import platform
import subprocess
import sys
import weakref
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import NodeNotReadyError
from aiokafka.structs import OffsetAndMetadata

from handraise.engine import source as sources
from handraise.engine.batch import Batch
from handraise.engine.clients import Clients
from handraise.engine.health import Health
from handraise.engine.memory import give_back
from handraise.engine.source import Source
from handraise.engine.task import Load
from handraise.engine.topics import SOURCES, Topic, TopicNames
from handraise.settings import load_settings
from tests.support.allocating import LARGE, LARGE_BYTES, SMALL, SMALL_BYTES
from tests.support.cluster import ROOT
from tests.support.counting import COUNTED, Recorder
from tests.support.modelled import Consumer, Entry, Model, ModelClients, Process, Standstill
from tests.support.tasks import task_of
from tests.support.waiting import eventually

NAMES: Final = TopicNames("")
ASSIGNED: Final = [TopicPartition(NAMES[topic], 0) for topic in SOURCES]
ON_GLIBC: Final = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries do without")


class Cycle:
    """What only the collector can free."""

    def __init__(self) -> None:
        self.me = self


class Member(Consumer):
    """A member of a group whose coordinator is the test."""

    def subscribe(self, topics: Sequence[str], listener: object) -> None:
        """The test tells the source what the listener would."""

    async def getmany(
        self, *sources: TopicPartition, timeout_ms: int = 0, max_records: int = 1
    ) -> dict[TopicPartition, list[Entry]]:
        """As the model's; of a partition that is nowhere the source asks so as to hear of errors."""
        if sources[0].partition < 0:
            return {}
        return await super().getmany(*sources, timeout_ms=timeout_ms, max_records=max_records)

    def last_poll_timestamp(self, _: TopicPartition) -> None:
        """No broker has been heard of."""


class MemberClients(ModelClients):
    """The clients of a worker that may take any number of steps."""

    def __init__(self, model: Model) -> None:
        process = Process()
        process.give(None)
        super().__init__(model, process)
        self._member = Member(model, process, model.generation)

    def member(self) -> Member:
        """The only one."""
        return self._member


class Copy(bytes):
    """A state as one restore has read it; it is known how many there are."""

    there = 0

    def __init__(self, _: bytes) -> None:
        Copy.there += 1

    def __del__(self) -> None:
        """Nobody holds it any more."""
        Copy.there -= 1


class CopyingReader(Consumer):
    """A reader that unpacks what it fetches anew each time, as the real one does."""

    async def getmany(self, *sources: Any, **more: Any) -> Any:  # noqa: ANN401 - as the real one
        """Fetch."""
        fetched = await super().getmany(*sources, **more)
        return {one: [entry._replace(value=Copy(entry.value or b"")) for entry in fetched[one]] for one in fetched}


class CopyingClients(MemberClients):
    """Clients of a worker that counts the states that it holds."""

    def reader(self) -> Consumer:
        """For the changelog."""
        return CopyingReader(self._model, self._process, -1)


def test_what_only_cycles_keep_is_collected() -> None:
    """Also what the collector has passed over before, which it comes back to after hours."""
    kept = weakref.ref(cycle := Cycle())
    gc.collect()
    del cycle
    gc.collect(1)
    assert kept() is not None
    give_back()
    assert kept() is None


@ON_GLIBC
def test_freed_pages_between_what_is_kept_go_back_to_the_system() -> None:
    """Three quarters of what was freed at least; glibc by itself would keep all of it."""
    before, after = in_a_process_of_its_own("scattered")
    assert before - after > 0.75 * SMALL * SMALL_BYTES, (before, after)


@ON_GLIBC
def test_large_blocks_go_back_to_the_system_when_they_are_freed() -> None:
    """A quarter of them stays at most; glibc by itself would keep all of them."""
    before, after = in_a_process_of_its_own("large")
    assert after - before < 0.25 * LARGE * LARGE_BYTES, (before, after)


def in_a_process_of_its_own(name: str) -> tuple[int, int]:
    """How many bytes it had in memory before and after; see `tests.support.allocating`."""
    command = [sys.executable, "-m", "tests.support.allocating", name]
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=180)
    before, after = told.stdout.split()
    return int(before), int(after)


def test_memory_is_given_back_once_what_came_is_ready_and_what_went_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """And the fold lets go of the conversations of a partition that went."""
    given_back: list[list[str]] = []
    forgotten: list[bytes | None] = []

    async def main() -> None:
        model = Model()
        model.append(NAMES[Topic.STATE], b"acme/c1", b"1")
        model.committed[NAMES[Topic.MESSAGES]] = OffsetAndMetadata(0, "")
        health = Health(lambda _: None, {})
        source = made(model, health, lambda load: forgotten.append(load(b"acme/c1")))
        monkeypatch.setattr(sources, "give_back", lambda: given_back.append(health.waiting))
        monkeypatch.setattr(sources, "_TICK_SECONDS", 0.01)
        await source.start()
        try:
            await source.assign(ASSIGNED)
            await eventually(lambda: given_back == [[]], 20, "memory to be given back after a restore")
            assert not forgotten
            await source.revoke()
            await source.assign([])
            await eventually(lambda: given_back[1:] == [[]], 20, "memory to be given back after the partition went")
            assert forgotten == [b"1"]
        finally:
            await source.stop()

    asyncio.run(main())


def test_a_partition_that_begins_again_does_not_hold_its_state_twice() -> None:
    """After an outage all of them do, and the worker would need twice the memory, which it may not have."""
    model = Model()
    for number in range(20):
        model.append(NAMES[Topic.STATE], b"acme/c%d" % number, b"1")
    model.append(NAMES[Topic.MESSAGES], b"key", b"x")
    model.committed[NAMES[Topic.MESSAGES]] = OffsetAndMetadata(0, "")
    held: list[int] = []
    in_hand: list[Batch] = []
    thrice = asyncio.Event()

    async def submit(batch: Batch) -> None:
        # An agent has its last batch at hand until the next one comes.
        in_hand[:] = [batch]
        async with batch.transaction() as outbox:
            assert outbox.load(b"acme/c1") == b"1"
            held.append(Copy.there)
            if len(held) == 3:
                thrice.set()
            raise NodeNotReadyError

    async def main() -> None:
        task = task_of(CopyingClients(model), submit, load_settings())
        task.start()
        await thrice.wait()
        await task.stop()
        held.append(Copy.there)

    with asyncio.Runner(loop_factory=Standstill) as runner:
        runner.run(main())
    assert held == [20, 20, 20, 0]


class StuckReader(CopyingReader):
    """A reader that hears no more of its broker once it has brought twelve states."""

    brought = 0

    async def getmany(self, *sources: Any, **more: Any) -> Any:  # noqa: ANN401 - as the real one
        """Fetch."""
        if self.brought >= 12:
            await asyncio.Event().wait()
        fetched = await super().getmany(*sources, **more)
        self.brought += sum(len(records) for records in fetched.values())
        return fetched


class StuckClients(CopyingClients):
    """Clients of a worker that does not come to the end of a restore."""

    def reader(self) -> Consumer:
        """For the changelog."""
        return StuckReader(self._model, self._process, -1)


def test_a_partition_that_goes_while_it_is_restored_leaves_nothing_of_it() -> None:
    """While workers are replaced one by one the group reassigns every few seconds, and it would pile up."""
    model = Model()
    for number in range(20):
        model.append(NAMES[Topic.STATE], b"acme/c%d" % number, b"1")

    async def main() -> list[int]:
        held = []
        for _ in range(2):
            task = task_of(StuckClients(model), nothing_comes, load_settings())
            task.start()
            await asyncio.sleep(5)
            held.append(Copy.there)
            await task.stop()
            held.append(Copy.there)
        return held

    with asyncio.Runner(loop_factory=Standstill) as runner:
        held = runner.run(main())
    # What was fetched last, four records here, may still be at hand where it was cancelled.
    assert held == [12, 4, 16, 8]


async def nothing_comes(batch: Batch) -> None:
    """There is nothing to fold."""
    raise AssertionError(batch)


def made(model: Model, health: Health, forget: Callable[[Load], None]) -> Source:
    """A source over the model; there is nothing to fold."""
    return Source(
        settings=load_settings(),
        clients=cast(Clients, MemberClients(model)),
        observer=Recorder().as_observer(),
        health=health,
        head_of=lambda _: COUNTED,
        submit=nothing_comes,
        forget=forget,
    )
