"""What happens to brokers: killed, full, not allowed to take a topic's records, or out of reach."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final

from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from handraise.engine.topics import Topic, options
from tests.chaos.trial import Trial
from tests.support.waiting import eventually

_DOWN_SECONDS: Final = 3.0
_APART_SECONDS: Final = 15.0
_LEADERS: Final = 5
_ALONE_SECONDS: Final = 120.0
_UNWRITABLE_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 60.0
_UNREACHABLE_SECONDS: Final = 60.0
_HALF_OPEN_SECONDS: Final = 25.0
_FULL_SECONDS: Final = 60.0
_CHUNK: Final = b"\0" * 1_048_576
_LATENCY_SECONDS: Final = 0.25
"""Each way: a request and its answer take half a second longer."""
_RESETS: Final = 0.01


async def restarted(trial: Trial) -> None:
    """The only broker is killed and started again."""
    node = trial.cluster.nodes[0]
    while trial.goes_on:
        async with trial.striking():
            node.kill()
            await trial.wait(_DOWN_SECONDS)
            node.start()
            await asyncio.to_thread(node.wait_up)
        await trial.wait(_APART_SECONDS)


async def leaders_killed(trial: Trial) -> None:
    """Of three brokers, the one that leads a partition of the messages is killed, five times; each comes back."""
    for number in range(_LEADERS):
        described = await _describe(trial, Topic.MESSAGES)
        leader = described[number % len(described)]["leader"]
        node = trial.cluster.nodes[leader - 1]
        async with trial.striking():
            node.kill()
            await trial.wait(_DOWN_SECONDS)
            node.start()
            await asyncio.to_thread(node.wait_up)
        await eventually(lambda: _in_step(trial), _ALONE_SECONDS, "the copies to be in step again")
        await trial.wait(_DOWN_SECONDS)


def unwritable(topic: Topic) -> Callable[[Trial], Awaitable[None]]:
    """A topic takes no records for half a minute: all three copies are asked for, and one broker is away."""

    async def inject(trial: Trial) -> None:
        copies, away = len(trial.cluster.nodes), trial.cluster.nodes[-1]
        while trial.goes_on:
            async with trial.striking():
                await _ask_for_copies(trial, topic, copies)
                # In good order, so that its partitions are led by others at once: nothing but the topic is to fail.
                await asyncio.to_thread(away.stop, _STOP_SECONDS)
                began = time.time()
                await trial.wait(_UNWRITABLE_SECONDS)
                # What was about to be committed before may be seen later: its end needs the topic too.
                since = {name for name, at in trial.load.sent.items() if at >= began}
                silent = len(since & trial.watch.seen.keys())
                await _ask_for_copies(trial, topic, copies - 1)
            if silent:
                trial.problems.append(f"{silent} decisions were made while {topic} took no records: no fault at all")
            away.start()
            await asyncio.to_thread(away.wait_up)
            await eventually(lambda: _in_step(trial), _ALONE_SECONDS, "the copies to be in step again")

    return inject


async def full(trial: Trial) -> None:
    """The disk of the broker fills up until the broker gives up; then there is room again, and it is started."""
    node = trial.cluster.nodes[0]
    filler = trial.cluster.folders[0] / "data" / "filler"
    while trial.goes_on:
        async with trial.striking():
            await asyncio.to_thread(_fill, filler)
            await eventually(lambda: not node.runs, _FULL_SECONDS, "the broker to give up")
            filler.unlink()
            node.start()
            await asyncio.to_thread(node.wait_up)
        await trial.wait(_APART_SECONDS)


async def unreachable(trial: Trial) -> None:
    """For a minute no worker reaches the broker, which lives on."""
    while trial.goes_on:
        async with trial.striking():
            trial.network.refuse()
            await trial.wait(_UNREACHABLE_SECONDS)
            trial.network.heal()
        await trial.wait(_APART_SECONDS)


async def half_open(trial: Trial) -> None:
    """Connections stay open and nothing is answered on them any more; new ones are as silent, for a while."""
    while trial.goes_on:
        async with trial.striking():
            trial.network.mute()
            await trial.wait(_HALF_OPEN_SECONDS)
            trial.network.heal()
        await trial.wait(_APART_SECONDS)


async def slow_and_broken(trial: Trial) -> None:
    """Every request takes half a second longer, and one in a hundred breaks its connection."""
    async with trial.striking():
        trial.network.latency_seconds = _LATENCY_SECONDS
        trial.network.reset_share = _RESETS
        while trial.goes_on:
            await trial.wait(1)
        trial.network.heal()
    trial.figures["connections_reset"] = trial.network.resets


async def _admin(trial: Trial) -> Any:  # noqa: ANN401 - aiokafka carries no types
    return await trial.made.clients.start(trial.made.clients.admin())


async def _describe(trial: Trial, topic: Topic) -> list[dict[str, Any]]:
    admin = await _admin(trial)
    try:
        found: list[dict[str, Any]] = (await admin.describe_topics([trial.made.names[topic]]))[0]["partitions"]
        return sorted(found, key=lambda one: int(one["partition"]))
    finally:
        await admin.close()


async def _in_step(trial: Trial) -> bool:
    nodes = len(trial.cluster.nodes)
    for topic in Topic:
        if any(len(partition["isr"]) < nodes for partition in await _describe(trial, topic)):
            return False
    return True


async def _ask_for_copies(trial: Trial, topic: Topic, copies: int) -> None:
    admin = await _admin(trial)
    # What is not named here would go back to its default.
    settings = trial.made.settings
    configs = options(topic, settings.retention_days, settings.delivery) | {"min.insync.replicas": str(copies)}
    try:
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, trial.made.names[topic], configs)])
    finally:
        await admin.close()


def _fill(filler: Path) -> None:
    with filler.open("wb", buffering=0) as out:
        try:
            while out.write(_CHUNK):
                pass
        except OSError:
            return
