"""The agent over batches: a batch is committed when the fold is done, and its errors reach the partition's task."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Sequence
from typing import Any, cast

import faust
import pytest
from faust.types import ChannelT

from handraise.agents import add_agents
from handraise.app import App
from handraise.conversation.processor import Event
from handraise.detection import Signals
from handraise.engine.batch import Batch, Outbox
from handraise.engine.errors import EngineError
from handraise.engine.folding import Folding
from handraise.engine.state import PartitionState
from handraise.engine.topics import TopicNames
from tests.support.counting import Counted, CountingStep, check_policy
from tests.support.records import message_record


class FailsOnce:
    """Counts, but fails on the first batch."""

    def __init__(self) -> None:
        self._counting = CountingStep()
        self._failed = False
        self.look = self._counting.look

    def fold(
        self, events: Sequence[Event], signals: Sequence[Signals], load: Callable[[bytes], bytes | None]
    ) -> list[Counted]:
        """Fail, or count."""
        if not self._failed:
            self._failed = True
            raise ZeroDivisionError
        return self._counting.fold(events, signals, load)


def through_the_agent(step: Any, run: Callable[[Callable[[], Any]], Any]) -> Any:  # noqa: ANN401 - any step, any result
    """Run a test with an agent that runs; `run` gets a function that sends a batch and waits for its end."""
    state = PartitionState()

    async def commit(_: Batch, outbox: Outbox) -> None:
        outbox.committed()

    async def main() -> Any:  # noqa: ANN401 - any result
        app: faust.App = App("test", broker="kafka://127.0.0.1:1", store="memory://", web_enabled=False)
        channel = cast(ChannelT[Batch], app.channel())
        agent = add_agents(app, channel, Folding(step, TopicNames(""), check_policy), 2)
        app.finalize()
        app.flow_control.resume()

        async def send() -> int:
            batch = Batch([message_record(0)], 1, state, None, commit)
            await channel.put(cast(Any, batch))
            await asyncio.wait_for(batch.ended(), 5)
            return int(state.load(b"acme/c1") or 0)

        await agent.start()
        try:
            return await run(send)
        finally:
            await agent.stop()

    return asyncio.run(main())


def test_a_batch_that_is_folded_is_committed() -> None:
    """Twice, since the agent goes on after the first."""

    async def two(send: Callable[[], Any]) -> list[int]:
        return [await send(), await send()]

    assert through_the_agent(CountingStep(), two) == [1, 2]


def test_an_error_of_the_fold_goes_to_whoever_waits_for_the_batch_and_the_agent_lives_on() -> None:
    """Nothing of the batch is committed: the next one counts from the beginning."""

    async def fail_then_count(send: Callable[[], Any]) -> int:
        with pytest.raises(ZeroDivisionError):
            await send()
        return cast(int, await send())

    assert through_the_agent(FailsOnce(), fail_then_count) == 1


def test_an_agent_that_is_stopped_with_a_batch_in_hand_says_so() -> None:
    """The task of the partition would otherwise wait for ever."""

    async def main() -> None:
        started = asyncio.Event()

        async def commit(_: Batch, __: Outbox) -> None:
            started.set()
            await asyncio.Event().wait()

        batch = Batch([message_record(0)], 1, PartitionState(), None, commit)

        async def work() -> None:
            async with batch.transaction():
                pass

        working = asyncio.create_task(work())
        await asyncio.wait_for(started.wait(), 5)
        working.cancel()
        with pytest.raises(EngineError, match="stopped with a batch in hand"):
            await asyncio.wait_for(batch.ended(), 5)
        assert working.cancelled() or isinstance(
            (await asyncio.gather(working, return_exceptions=True))[0], BaseException
        )

    asyncio.run(main())


# What earlier tests left is collected here too, and is not this one's business.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_an_error_that_comes_when_the_task_has_stopped_waiting_is_not_reported_as_lost() -> None:
    """The partition was handed over meanwhile: its next owner has the batch, and nobody needs a traceback."""
    lost = []

    async def main() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
        told = asyncio.Event()

        async def commit(_: Batch, __: Outbox) -> None:
            await told.wait()
            raise ZeroDivisionError

        batch = Batch([message_record(0)], 1, PartitionState(), None, commit)

        async def work() -> None:
            async with batch.transaction():
                pass

        working = asyncio.create_task(work())
        waiting = asyncio.create_task(batch.ended())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
        told.set()
        await working

    asyncio.run(main())
    gc.collect()
    assert lost == []
