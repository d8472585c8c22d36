"""When the task of a partition takes it over, and what it goes by."""

from __future__ import annotations

import asyncio
from typing import Any, Final, cast

from aiokafka.errors import NodeNotReadyError
from aiokafka.structs import OffsetAndMetadata

from handraise.engine.batch import Batch
from handraise.engine.clients import Clients
from handraise.engine.task import PartitionTask, TaskParts
from handraise.engine.topics import Topic, TopicNames
from handraise.settings import load_settings
from tests.support.counting import COUNTED, Recorder
from tests.support.modelled import Admin, Model, ModelClients, Process, Standstill

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


def made(clients: ModelClients) -> PartitionTask:
    """A task over the model."""
    parts = TaskParts(
        SETTINGS,
        cast(Clients, clients),
        NAMES,
        clients.member(),
        Recorder().as_observer(),
        lambda _: COUNTED,
        nothing_comes,
        lambda _: None,
        lambda: None,
    )
    return PartitionTask(0, parts)


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
        task = made(clients)
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
        task = made(WatchedClients(model, unhindered()))
        task.start()
        await asyncio.sleep(60)
        # What was committed before the fence is not read again.
        assert task.ready
        await task.stop()

    with asyncio.Runner(loop_factory=Standstill) as runner:
        runner.run(main())
    assert asked == [0, 1]
