"""What the loop of `handraise log` says while its database keeps it waiting."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, cast

import pytest
from prometheus_client import CollectorRegistry
from sqlalchemy import Connection

from handraise.engine.topics import TopicNames
from handraise.review import reader as reading
from handraise.review.database import LogDatabase
from handraise.review.intake import Intake
from handraise.review.masked import Masker
from handraise.review.observer import LogObserver
from handraise.review.reader import LogReader
from handraise.review.retention import Keeping
from handraise.review.topics import LogTopics
from tests.support.logged import an_empty_log
from tests.support.waiting import eventually


class FakeTopics:
    """Topics in which nothing comes."""

    async def start(self) -> None:
        """They are there."""

    async def stop(self) -> None:
        """Nothing is open."""

    async def seek(self, _: object) -> dict[tuple[str, int], int]:
        """There is nowhere to go."""
        return {}

    async def take(self, _: int) -> list[Any]:
        """None for now."""
        await asyncio.sleep(0.01)
        return []

    async def lag(self) -> dict[Any, int]:
        """None."""
        return {}


def test_a_database_that_hangs_makes_the_log_not_ready(monkeypatch: pytest.MonkeyPatch) -> None:
    """One whose server is stopped, or whose network drops what is sent, answers nothing, not even with an error."""
    monkeypatch.setattr(reading, "_SILENCE_SECONDS", 0.05)
    answers = threading.Event()
    registry = CollectorRegistry()
    observer = LogObserver(registry)
    names = TopicNames("")

    async def main(database: LogDatabase) -> None:
        stopping = asyncio.Event()
        log = LogReader(
            topics=cast(LogTopics, FakeTopics()),
            intake=Intake(names, Masker()),
            database=database,
            observer=observer,
            names=names,
            keeping=Keeping(decisions=timedelta(days=1), escalations=timedelta(days=1)),
            topics_hold=timedelta(days=1),
            batch_records=10,
        )
        run = asyncio.create_task(log.run(stopping))
        try:
            await eventually(lambda: "the database does not answer" in observer.waiting, 5, "the silence to be told")
            assert registry.get_sample_value("handraise_log_ready") == 0
            answers.set()
            await eventually(lambda: observer.ready, 5, "the log to be ready")
        finally:
            answers.set()
            stopping.set()
            await run

    with an_empty_log() as kept:
        writing = kept.database.writing

        @contextmanager
        def when_it_answers() -> Iterator[Connection]:
            answers.wait(10)
            with writing() as connection:
                yield connection

        monkeypatch.setattr(kept.database, "writing", when_it_answers)
        asyncio.run(main(kept.database))
