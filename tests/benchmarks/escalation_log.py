"""Measures `handraise log` on one core: decisions a second from a backlog, with all that comes beside them.

    .venv/bin/python -m tests.benchmarks.escalation_log [--decisions 100000] [--database sqlite|postgresql]

For each decision there are three messages; for every tenth an escalation that is raised and closed, with who held the
conversation and what a person did. The process is held to one core; the broker, and PostgreSQL, have the others. The
figures are those of one machine on one day.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final, NamedTuple

import psutil
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from handraise.events import ClosedBecause, DecisionResult, OutcomeKind, encode
from handraise.review import queries
from handraise.review.advice import advise
from handraise.review.database import LogDatabase
from handraise.review.queries import DecisionFilter, EscalationFilter, Scope
from handraise.review.tables import DecisionRow, OffsetRow
from tests.support.brokers import apache_kafka
from tests.support.installation import Installation, installed
from tests.support.logged import (
    START,
    Event,
    a_closing,
    a_control,
    a_decision,
    a_message,
    an_escalation,
    an_outcome,
    at,
    topic_of,
)
from tests.support.postgresql import postgresql
from tests.support.waiting import until

LOG: Final = ("-m", "handraise", "log")
_CHUNK: Final = 2_000
_SECONDS: Final = 900.0


class Result(NamedTuple):
    """What was measured."""

    decisions: int
    records: int
    seconds: float
    cpu_seconds: float
    megabytes: float
    questions: dict[str, float]
    """What the page and the commands ask, each with its seconds."""


def events(decisions: int) -> Iterator[Event]:
    """A backlog of the last hours."""
    now = datetime.now(UTC)
    begin = (now - START).total_seconds() / 60 - 600
    for number in range(decisions):
        conversation = number // 3
        here: dict[str, Any] = {
            "conversation_id": f"conversation-{conversation}",
            "business_id": f"business-{conversation % 50}",
        }
        minute = begin + number * 500 / decisions
        for turn in range(3):
            yield a_message(minute, message_id=f"m{number}-{turn}", **here)
        yield a_decision(minute, message_id=f"m{number}-2", **here)
        if number % 10 == 0:
            named = here | {"escalation_id": f"escalation-{number}"}
            yield an_escalation(minute, due=minute + 120, **named)
            yield a_control(minute + 5, **named)
            yield an_outcome(minute + 5, OutcomeKind.ACCEPTED, **named)
            yield a_closing(minute + 30, 1, ClosedBecause.RESOLVED, due_at=at(minute + 120), **named)


async def publish(made: Installation, decisions: int) -> int:
    """Publish the backlog; how many records that was."""
    records = 0
    async with made.producer() as producer:
        pending = []
        for event in events(decisions):
            key = event.conversation_id.encode()
            pending.append(await producer.send(made.names[topic_of(event)], encode(event), key=key))
            records += 1
            if len(pending) >= _CHUNK:
                await asyncio.gather(*pending)
                pending.clear()
        await asyncio.gather(*pending)
    return records


def measure(made: Installation, url: str, decisions: int) -> Result:
    """Time a log over the backlog, from when it is ready to when it has written everything."""
    records = asyncio.run(publish(made, decisions))
    process = made.worker(LOG, HANDRAISE_LOG_DATABASE_URL=url, HANDRAISE_LOG_HTTP_PORT="0")
    one_core(process.process.pid)
    process.wait_ready()
    watched = psutil.Process(process.process.pid)
    with LogDatabase(url) as database:
        began, cpu, first = time.perf_counter(), sum(watched.cpu_times()[:2]), written(database)
        until(lambda: written(database) >= records, _SECONDS, "the backlog to be written")
        seconds, used = time.perf_counter() - began, sum(watched.cpu_times()[:2]) - cpu
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(DecisionRow)) == decisions
        questions = asked(database)
    share = (records - first) / records
    return Result(int(decisions * share), records - first, seconds, used, watched.memory_info().rss / 2**20, questions)


def asked(database: LogDatabase) -> dict[str, float]:
    """Ask everything once, of all that is there."""
    now = datetime.now(UTC)
    scope = Scope(since=now - timedelta(days=30), until=now + timedelta(days=1))
    near = DecisionFilter(result=DecisionResult.NEAR)
    questions: dict[str, Callable[[Session], object]] = {
        "open escalations": queries.open_escalations,
        "a page of escalations": lambda session: queries.escalation_page(session, EscalationFilter()),
        "a page that searches texts": lambda session: queries.escalation_page(session, EscalationFilter(text="zebra")),
        "a page of near misses": lambda session: queries.decision_page(session, near),
        "one conversation": lambda session: queries.escalation_history(session, "escalation-0"),
        "figures": lambda session: queries.figures(session, scope, now=now),
        "days": lambda session: queries.days(session, scope),
        "histograms": lambda session: queries.score_histograms(session, scope),
        "advice": lambda session: advise(session, queries.figures(session, scope, now=now)),
    }
    found = {}
    for name, ask in questions.items():
        with database.reading() as session:
            began = time.perf_counter()
            ask(session)
            found[name] = time.perf_counter() - began
    return found


def written(database: LogDatabase) -> int:
    """How many records are in the database: nobody writes transactions here, so offsets count records."""
    with database.reading() as session:
        return int(session.scalar(select(func.sum(OffsetRow.next_offset))) or 0)


def one_core(pid: int) -> None:
    """Hold a process to the last core."""
    os.sched_setaffinity(pid, {max(os.sched_getaffinity(0))})


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--decisions", type=int, default=100_000)
    parser.add_argument("--database", choices=["sqlite", "postgresql"], default="sqlite")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handraise-bench-")))
        broker = stack.enter_context(apache_kafka(folder))
        made = stack.enter_context(installed(broker, folder))
        url = (
            f"sqlite:///{folder / 'log.sqlite3'}"
            if arguments.database == "sqlite"
            else stack.enter_context(postgresql()).database()
        )
        found = measure(made, url, arguments.decisions)
    print(  # noqa: T201 - what the command is for
        f"{arguments.database}: {found.decisions} decisions among {found.records} records in"
        f" {found.seconds:.1f} s: {found.decisions / found.seconds:,.0f} decisions/s,"
        f" {found.records / found.seconds:,.0f} records/s; {found.cpu_seconds:.1f} s of CPU,"
        f" {1e6 * found.cpu_seconds / found.records:.0f} µs a record; {found.megabytes:.0f} MB"
    )
    for name, seconds in found.questions.items():
        print(f"  {name}: {1_000 * seconds:,.0f} ms")  # noqa: T201 - the same


if __name__ == "__main__":
    main()
