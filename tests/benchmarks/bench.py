"""Measures Handraise beside what else there is, on a broker of its own and the same events. `make bench` runs it.

    .venv/bin/python -m tests.benchmarks.bench [--events 100000] [--rounds 3] [--only raw_aiokafka,…] [--report FILE]

As it is, it takes some twenty minutes on two cores that have nothing else to do. Each round measures every contender
once, so that what else the machine does meanwhile meets them all; the figures are medians over the rounds. They are
those of one machine on one day: compare the ratios, and the processor time.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final, NamedTuple

import msgspec
import psutil

from handraise.engine.topics import Topic
from handraise.settings import Delivery
from tests.benchmarks.filling import fill
from tests.benchmarks.job import Job, Took
from tests.benchmarks.latency import latency
from tests.benchmarks.report import Results
from tests.benchmarks.restoring import restoring
from tests.benchmarks.sharing import shared
from tests.benchmarks.traffic import Made, traffic
from tests.benchmarks.turns import by_turn
from tests.support.brokers import ROOT, Broker, apache_kafka
from tests.support.installation import Installation, installed
from tests.support.waiting import until

_CONTENDERS: Final = "tests.benchmarks.contenders."
_MOST_SECONDS: Final = 900.0
LIGHT: Final = (50.0, 200.0)
"""Messages a second of the light loads beside which the others are shown."""
HALF: Final = 0.5
HEAVY: Final = 0.8
"""Shares of what the whole path can do, exactly-once."""


class Contender(NamedTuple):
    """A program to be measured."""

    name: str
    program: str
    arguments: tuple[str, ...] = ()
    delivery: Delivery = Delivery.AT_LEAST_ONCE
    """For Handraise."""


CONTENDERS: Final = (
    Contender("raw_aiokafka", "raw_aiokafka"),
    Contender("engine_exactly_once", "handraise_worker", ("engine",), Delivery.EXACTLY_ONCE),
    Contender("engine_at_least_once", "handraise_worker", ("engine",)),
    Contender("handraise_exactly_once", "handraise_worker", (), Delivery.EXACTLY_ONCE),
    Contender("handraise_at_least_once", "handraise_worker"),
    Contender("quix_at_least_once", "quix", ("at-least-once",)),
    Contender("quix_exactly_once", "quix", ("exactly-once",)),
    Contender("stock_faust", "stock_faust"),
)


def measure(contender: Contender, broker: Broker, folder: Path, made: Sequence[Made]) -> Took:
    """Fill topics of its own, run it over them, and say what it took.

    Raises:
        RuntimeError: it ended, or did not get done in time; the message holds the end of its log.
    """
    with (
        tempfile.TemporaryDirectory(dir=folder) as own,
        installed(broker, Path(own), delivery=contender.delivery) as to,
    ):
        asyncio.run(fill(to, Topic.MESSAGES, made))
        job = Job(
            name=to.settings.group,
            servers=broker.servers,
            topic=to.names[Topic.MESSAGES],
            tells=to.names[Topic.DECISIONS],
            partitions=to.settings.partitions,
            events=len(made),
            folder=own,
            broker_pid=_pid_of(broker),
        )
        try:
            return _run(contender, job, to, Path(own))
        finally:
            asyncio.run(_clear(to, job.name))


def _run(contender: Contender, job: Job, to: Installation, folder: Path) -> Took:
    program = [sys.executable, "-m", _CONTENDERS + contender.program, msgspec.json.encode(job).decode()]
    log = folder / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*program, *contender.arguments], env=to.environment(), cwd=ROOT, stdout=out, stderr=subprocess.STDOUT
        )
    try:
        until(lambda: job.result.exists() or process.poll() is not None, _MOST_SECONDS, f"{contender.name} to be done")
    finally:
        process.kill()
        process.wait()
    if not job.result.exists():
        raise RuntimeError(f"{contender.name} ended with {process.returncode}: {log.read_text()[-2_000:]}")
    return msgspec.json.decode(job.result.read_bytes(), type=Took)


def _pid_of(broker: Broker) -> int:
    """The process that listens where the broker does, of those that this program started."""
    port = int(broker.servers.rpartition(":")[2])
    (found,) = [
        child.pid
        for child in psutil.Process().children()
        if any(one.status == psutil.CONN_LISTEN and one.laddr.port == port for one in child.net_connections("tcp"))
    ]
    return int(found)


async def _clear(to: Installation, name: str) -> None:
    """Delete the topics of a run, so that the broker's disk and memory stay as they were."""
    admin = await to.clients.start(to.clients.admin())
    try:
        prefix = to.settings.topic_prefix
        await admin.delete_topics([topic for topic in await admin.list_topics() if name in topic or prefix in topic])
    finally:
        await admin.close()


def main() -> None:
    """Measure, and print a table and a line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=100_000, help="in the topic that each contender reads")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    parser.add_argument("--only", default="", help="names of contenders, separated by commas")
    parser.add_argument("--seconds", type=int, default=30, help="of steady traffic at each of several loads")
    parser.add_argument("--restored", type=int, default=1_000_000, help="conversations to be restored; fewer as well")
    parser.add_argument("--backlog", type=int, default=60_000, help="events for one worker, and for two")
    parser.add_argument("--report", type=Path, help="file to write the report to, in Markdown")
    given = parser.parse_args()
    chosen = [one for one in CONTENDERS if not given.only or one.name in given.only.split(",")]
    began = time.monotonic()
    # So that the broker and the contender end with this program when it is told to end.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))
    # The broker answers so while it makes topics; the client tries again by itself.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    made = list(traffic(given.events))
    took: dict[str, list[Took]] = {one.name: [] for one in chosen}
    results = Results(events=given.events, rounds=given.rounds, took=took)
    with tempfile.TemporaryDirectory() as folder, apache_kafka(Path(folder)) as broker:
        for number in range(given.rounds):
            for contender in chosen:
                took[contender.name].append(measure(contender, broker, Path(folder), made))
                _progress(f"round {number + 1}: {contender.name} {took[contender.name][-1].a_second:,.0f} events/s")
        whole = results.a_second("handraise_exactly_once")
        if whole is not None and given.seconds:
            rates = (*LIGHT, HALF * whole, HEAVY * whole)
            results.latency = [latency(broker, Path(folder), rate=rate, seconds=given.seconds) for rate in rates]
            results.half_load = HALF * whole
        if given.restored:
            numbers = (max(1_000, given.restored // 1_000), max(1_000, given.restored // 30), given.restored)
            results.restores = restoring(broker, Path(folder), numbers)
            results.turns = by_turn()
        if given.backlog:
            backlog = list(traffic(given.backlog))
            results.shared = [shared(broker, _pid_of(broker), Path(folder), backlog, workers) for workers in (1, 2)]
    results.seconds = time.monotonic() - began
    sys.stdout.write(f"{results.table()}\n\n{results.rest()}\n\n")
    if given.report:
        results.write(given.report)
    sys.stdout.write(f"{results.as_json()}\n")


def _progress(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
