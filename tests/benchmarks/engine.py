"""Measures the worker on a broker of its own: events a second from a backlog, and the latency of a steady stream.

    .venv/bin/python -m tests.benchmarks.engine [--events 100000] [--rate 500] [--seconds 20]

Once with a step that only counts, which is the engine alone, and once with detection and the fold; with each delivery.
The figures are those of one machine on one day: compare the ratios.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka import TopicPartition

from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Sender, encode
from handraise.settings import Delivery
from tests.support.brokers import ROOT, apache_kafka
from tests.support.installation import COUNTING, WORKER, Installation, WorkerProcess, installed
from tests.support.waiting import eventually

SAMPLES: Final = ROOT / "workers" / "handraise" / "demo" / "conversations"
CONVERSATIONS: Final = 5_000


class Result(NamedTuple):
    """One line of the table."""

    step: str
    delivery: Delivery
    events_a_second: float
    p50_ms: float
    p99_ms: float


def texts() -> list[tuple[Sender, str]]:
    """Senders and texts of the sample conversations, or one of each if there are none."""
    found = []
    for file in sorted(SAMPLES.rglob("*.jsonl*")):
        data = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        for line in data.splitlines():
            turn = json.loads(line)
            if isinstance(turn.get("text"), str) and turn.get("sender") in set(Sender):
                found.append((Sender(turn["sender"]), turn["text"]))
    return found or [(Sender.CUSTOMER, "Where is my order?")]


def messages(number: int, begin: int = 0) -> list[tuple[bytes, bytes]]:
    """Key and value of so many messages."""
    samples = texts()
    made = []
    for place in range(begin, begin + number):
        sender, text = samples[place % len(samples)]
        conversation = f"conversation-{place % CONVERSATIONS}"
        event = ChatMessage(
            message_id=f"message-{place}",
            conversation_id=conversation,
            business_id="acme",
            sender=sender,
            sent_at=int(time.time() * 1_000),
            text=text,
        )
        made.append((conversation.encode(), encode(event)))
    return made


async def throughput(made: Installation, arguments: Sequence[str], events: int) -> float:
    """Publish a backlog, start a worker, and time it from its first commit to its last."""
    topic = made.names[Topic.MESSAGES]
    async with made.producer() as producer:
        for begin in range(0, events, 5_000):
            chunk = messages(min(5_000, events - begin), begin)
            await asyncio.gather(*[await producer.send(topic, value, key=key) for key, value in chunk])
    worker = made.worker(arguments)
    sources = [TopicPartition(topic, partition) for partition in range(made.settings.partitions)]
    member = await made.clients.start(made.clients.member())
    member.assign(sources)
    ends: dict[TopicPartition, int] = await member.end_offsets(sources)
    first: list[tuple[float, int]] = []

    async def all_committed() -> bool:
        if worker.process.poll() is not None:
            raise RuntimeError(worker.log.read_text()[-2_000:])
        done = sum([await member.committed(source) or 0 for source in sources])
        if done and not first:
            first.append((time.perf_counter(), done))
        return done >= sum(ends.values())

    await eventually(all_committed, 600, "the backlog to be done")
    (began, done), ended = first[0], time.perf_counter()
    await member.stop()
    await asyncio.to_thread(_end, worker)
    return (events - done) / (ended - began)


async def latency(made: Installation, arguments: Sequence[str], rate: int, seconds: int) -> tuple[float, float]:
    """Publish steadily; milliseconds from a send to its first result at a read_committed reader, p50 and p99.

    With the counting step each message has a decision; with the other, only messages that bring one about count.
    """
    worker = made.worker(arguments)
    await asyncio.to_thread(worker.wait_ready)
    sent_at: dict[str, float] = {}
    delays: list[float] = []
    stop = asyncio.Event()

    async def read() -> None:
        name = made.names[Topic.DECISIONS]
        sources = [TopicPartition(name, partition) for partition in range(made.settings.partitions)]
        reader: Any = await made.clients.start(made.clients.reader())
        reader.assign(sources)
        await reader.seek_to_end(*sources)
        while not stop.is_set():
            for records in (await reader.getmany(timeout_ms=100)).values():
                now = time.perf_counter()
                for record in records:
                    began = sent_at.pop(msgspec.json.decode(record.value)["message_id"], None)
                    if began is not None:
                        delays.append((now - began) * 1_000)
        await reader.stop()

    reading = asyncio.create_task(read())
    begin = 10_000_000
    async with made.producer() as producer:
        started = time.perf_counter()
        for place, (key, value) in enumerate(messages(rate * seconds, begin)):
            await asyncio.sleep(max(0.0, started + place / rate - time.perf_counter()))
            sent_at[f"message-{begin + place}"] = time.perf_counter()
            await producer.send(made.names[Topic.MESSAGES], value, key=key)
    await asyncio.sleep(1)
    stop.set()
    await reading
    await asyncio.to_thread(_end, worker)
    cuts = statistics.quantiles(delays, n=100)
    return cuts[49], cuts[98]


def _end(worker: WorkerProcess) -> None:
    worker.terminate()
    worker.wait(15)


def measure(folder: Path, events: int, rate: int, seconds: int) -> list[Result]:
    """Every combination, each on topics of its own."""
    results = []
    with apache_kafka(folder) as broker:
        for step, arguments, number in (("counting", COUNTING, events * 2), ("detection and fold", WORKER, events)):
            for delivery in Delivery:
                with installed(broker, folder, delivery=delivery) as made:
                    a_second = asyncio.run(throughput(made, arguments, number))
                with installed(broker, folder, delivery=delivery) as made:
                    p50, p99 = asyncio.run(latency(made, arguments, rate, seconds))
                results.append(Result(step, delivery, a_second, p50, p99))
                print(results[-1], flush=True)  # noqa: T201 - a program for the terminal
    return results


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="in the backlog; twice as many for counting")
    parser.add_argument("--rate", type=int, default=500, help="events a second of the steady stream")
    parser.add_argument("--seconds", type=int, default=20, help="of the steady stream")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), given.events, given.rate, given.seconds)
    print("| step | delivery | events/s | p50 ms | p99 ms |\n|---|---|---|---|---|")  # noqa: T201 - a program for the terminal
    for step, delivery, a_second, p50, p99 in results:
        print(f"| {step} | {delivery} | {a_second:,.0f} | {p50:.1f} | {p99:.1f} |")  # noqa: T201 - a program for the terminal


if __name__ == "__main__":
    main()
