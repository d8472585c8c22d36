"""The loop of `handraise log`: take records, write them with their offsets in one transaction, and again."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import structlog
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from handraise.engine.topics import TopicNames
from handraise.review.database import LogDatabase
from handraise.review.errors import LogError
from handraise.review.intake import Intake, Place, Rows
from handraise.review.observer import LogObserver
from handraise.review.retention import Keeping, remove_expired
from handraise.review.topics import LogTopics
from handraise.review.writer import Writer

ResultT = TypeVar("ResultT")
_LONGEST_PAUSE_SECONDS: Final = 10.0
_LAG_SECONDS: Final = 2.0
_SWEEP_SECONDS: Final = 3_600.0
_SILENCE_SECONDS: Final = 60.0
"""Twice as long as SQLite waits for a reader or another writer."""
_DATABASE: Final = "database"
_NO_ANSWER: Final = "the database does not answer"
_READ_ONLY: Final = "25006"
"""The SQLSTATE of a write where only reading is allowed. To psycopg it is an internal error, and no operational one."""

log = structlog.get_logger(__name__)


class LogReader:
    """Reads until it is told to stop. A database that is away for a while is waited for; nothing is lost or doubled.

    Args:
        topics: where records come from.
        intake: makes rows of them.
        database: where they go; its tables are there.
        observer: counts.
        names: the topics' names.
        keeping: how long the log keeps what.
        topics_hold: how long the topics hold a record at most.
        batch_records: the most in one transaction.
    """

    def __init__(
        self,
        *,
        topics: LogTopics,
        intake: Intake,
        database: LogDatabase,
        observer: LogObserver,
        names: TopicNames,
        keeping: Keeping,
        topics_hold: timedelta,
        batch_records: int,
    ) -> None:
        self._topics = topics
        self._intake = intake
        self._database = database
        self._writer = Writer(database, topics_hold)
        self._observer = observer
        self._names = names
        self._keeping = keeping
        self._batch_records = batch_records

    async def run(self, stopping: asyncio.Event) -> None:
        """Read and write until `stopping` is set; the batch in hand is finished first.

        Raises:
            EngineError: no broker answers at the start.
            LogError: the database cannot be used, or something else writes to it.
        """
        tasks = []
        try:
            await self._topics.start()
            await self._begin(stopping)
            tasks = [asyncio.create_task(work) for work in (self._tell_lag(), self._sweep(stopping))]
            while not stopping.is_set():
                for task in tasks:
                    if task.done():
                        task.result()
                records = await self._topics.take(self._batch_records)
                if records is None:
                    await self._begin(stopping)
                elif records:
                    await self._write(self._intake.take(records), stopping)
        finally:
            self._observer.wait_for("stopping", "the log is stopping")
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._topics.stop()

    async def _begin(self, stopping: asyncio.Event) -> None:
        """Go to where the database says that the log is."""
        known: Mapping[Place, int] = await self._insist(self._writer.begin, stopping)
        moved = await self._topics.seek(known)
        if moved:
            await self._insist(lambda: self._writer.rewind(moved), stopping)
        log.info("reading", partitions=len(known), moved=len(moved), database=self._database.name)
        self._observer.done("start")

    async def _write(self, rows: Rows, stopping: asyncio.Event) -> None:
        began = time.perf_counter()
        await self._insist(lambda: self._writer.write(rows), stopping)
        self._observer.written(rows, time.perf_counter() - began)
        for bad in rows.unreadable:
            self._observer.unreadable(self._names.topic(bad.topic))
            log.warning(
                "record_unreadable", topic=bad.topic, partition=bad.partition, offset=bad.offset, problem=bad.reason
            )

    async def _insist(
        self, work: Callable[[], ResultT], stopping: asyncio.Event, *, takes_long: bool = False
    ) -> ResultT:
        """Do work with the database in a thread, again and again while the database does not answer.

        Raises:
            LogError: it did not answer, and there is no more time to wait for it.
        """
        pause = 0.1
        while True:
            try:
                done = await (asyncio.to_thread(work) if takes_long else self._worked(work))
            except DBAPIError as error:
                if _takes_no_writes(error):
                    # A connection stays so: a new one may find that it is over, or the server that has taken its place.
                    self._database.close()
                elif not _may_pass(error):
                    raise
                self._observer.retried()
                self._observer.wait_for(_DATABASE, _NO_ANSWER)
                # Nothing of the statement may be told: its parameters are rows.
                log.warning("database_away", error=type(error.orig).__name__, again_in_seconds=pause)
                if stopping.is_set():
                    raise LogError(
                        f"{self._database.name} did not answer, so what was in hand is not in it; it will be read again"
                    ) from error
            else:
                self._observer.done(_DATABASE)
                return done
            with suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def _worked(self, work: Callable[[], ResultT]) -> ResultT:
        """What the work comes to. A server that hangs says nothing, no error either, and its silence is told."""
        working = asyncio.create_task(asyncio.to_thread(work))
        try:
            done, _ = await asyncio.wait({working}, timeout=_SILENCE_SECONDS)
            if not done:
                self._observer.wait_for(_DATABASE, _NO_ANSWER)
                log.warning("database_silent", seconds=_SILENCE_SECONDS)
            return await working
        finally:
            working.cancel()

    async def _tell_lag(self) -> None:
        while True:
            self._observer.lag(await self._topics.lag())
            await asyncio.sleep(_LAG_SECONDS)

    async def _sweep(self, stopping: asyncio.Event) -> None:
        while True:
            rows = await self._insist(self._remove_expired, stopping, takes_long=True)
            if rows:
                self._observer.expired(rows)
                log.info("expired_rows_removed", rows=rows)
            await asyncio.sleep(_SWEEP_SECONDS)

    def _remove_expired(self) -> int:
        return remove_expired(self._database, self._keeping, datetime.now(UTC))


def _takes_no_writes(error: DBAPIError) -> bool:
    """Whether PostgreSQL is read-only: its disk is nearly full, say, or another server leads now."""
    return getattr(error.orig, "sqlstate", None) == _READ_ONLY


def _may_pass(error: DBAPIError) -> bool:
    """Whether it can be over in a while: the server restarts, the network or the disk is in trouble, a lock is held."""
    return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
