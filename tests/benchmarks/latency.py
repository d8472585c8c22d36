"""How long a message takes to its decision, while messages come at a steady rate."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import msgspec
from aiokafka import TopicPartition
from msgspec import Struct

from handraise.engine.topics import Topic
from handraise.settings import Delivery
from tests.benchmarks.steady import Steady, place_of
from tests.support.brokers import ROOT, Broker
from tests.support.installation import WORKER, Installation, WorkerProcess, installed

WARM_UP: Final = 5.0
"""Seconds at the beginning that do not count: what is loaded when it is first needed."""
_DRAINS: Final = 2.0


class _Decided(Struct):
    message_id: str


_DECISION: Final = msgspec.json.Decoder(_Decided)


class Latency(Struct, frozen=True, kw_only=True):
    """From when a message was due to be sent to when a read_committed reader had its decision: milliseconds."""

    rate: float
    decisions: int
    p50: float
    p99: float
    batch: float
    """Records in a batch, on average."""


def latency(broker: Broker, folder: Path, *, rate: float, seconds: float) -> Latency:
    """Measure it under exactly-once, at so many messages a second. Only messages that bring a decision about count."""
    with installed(broker, folder, delivery=Delivery.EXACTLY_ONCE) as to:
        worker = to.worker(WORKER).wait_ready()
        steady = Steady(servers=broker.servers, topic=to.names[Topic.MESSAGES], rate=rate, seconds=WARM_UP + seconds)
        told = to.folder / "began"
        with told.open("wb") as out:
            publishing = subprocess.Popen(
                [sys.executable, "-m", "tests.benchmarks.steady", msgspec.json.encode(steady).decode()],
                env=to.environment(),
                cwd=ROOT,
                stdout=out,
            )
        try:
            decided = asyncio.run(_decided(to, lambda: publishing.poll() is not None))
        finally:
            publishing.kill()
            publishing.wait()
        batch = _mean_batch(worker)
    began = float(told.read_text())
    delays = []
    for at, value in decided:
        due = steady.due(place_of(_DECISION.decode(value).message_id))
        if due >= WARM_UP:
            delays.append(1_000 * (at - began - due))
    cuts = statistics.quantiles(delays, n=100)
    return Latency(rate=rate, decisions=len(delays), p50=cuts[49], p99=cuts[98], batch=batch)


async def _decided(to: Installation, published: Callable[[], bool]) -> list[tuple[float, bytes]]:
    """When each decision was there, and the decision; until some time after everything is published."""
    name = to.names[Topic.DECISIONS]
    reader: Any = await to.clients.start(to.clients.reader())
    reader.assign([TopicPartition(name, partition) for partition in range(to.settings.partitions)])
    await reader.seek_to_beginning()
    seen: list[tuple[float, bytes]] = []
    until = None
    while until is None or time.monotonic() < until:
        for records in (await reader.getmany(timeout_ms=20)).values():
            now = time.monotonic()
            seen += [(now, record.value) for record in records]
        if until is None and published():
            until = time.monotonic() + _DRAINS
    await reader.stop()
    return seen


def _mean_batch(worker: WorkerProcess) -> float:
    values = dict(line.rsplit(" ", 1) for line in worker.get("/metrics")[1].splitlines() if not line.startswith("#"))
    return float(values["handraise_batch_records_sum"]) / float(values["handraise_batch_records_count"])
