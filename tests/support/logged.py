"""Events for the escalation log, as records of their topics, and a log of them in SQLite."""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from handraise.engine.topics import Topic, TopicNames
from handraise.events import (
    ChatMessage,
    Control,
    Decision,
    Escalation,
    Outcome,
    encode,
)
from handraise.review.database import LogDatabase
from handraise.review.intake import Intake
from handraise.review.masked import Masker
from handraise.review.tables import Base, OffsetRow
from handraise.review.writer import Writer
from tests.support.made import (
    START,
    a_closing,
    a_control,
    a_decision,
    a_message,
    an_escalation,
    an_outcome,
    at,
)
from tests.support.records import FakeRecord

__all__ = [
    "START",
    "TOPICS_HOLD",
    "Event",
    "Log",
    "a_closing",
    "a_control",
    "a_decision",
    "a_message",
    "an_empty_log",
    "an_escalation",
    "an_outcome",
    "at",
    "topic_of",
]

TOPICS_HOLD: Final = timedelta(days=38)
Event = ChatMessage | Decision | Escalation | Control | Outcome
_TOPICS: Final[dict[type[Event], Topic]] = {
    ChatMessage: Topic.MESSAGES,
    Decision: Topic.DECISIONS,
    Escalation: Topic.ESCALATIONS,
    Control: Topic.CONTROL,
    Outcome: Topic.OUTCOMES,
}


def topic_of(event: Event) -> Topic:
    """Where it is published."""
    return _TOPICS[type(event)]


def dump(database: LogDatabase) -> dict[str, list[Sequence[Any]]]:
    """Everything in a log but the offsets."""
    with database.engine.connect() as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
            if table.name != OffsetRow.__tablename__
        }


class Log:
    """A log in a file, fed as Kafka would."""

    def __init__(self, database: LogDatabase, *, contacts: bool = True) -> None:
        self.database = database
        self.intake = Intake(TopicNames(""), Masker(contacts=contacts))
        self.writer = Writer(database, TOPICS_HOLD)
        self._offsets: dict[str, Iterator[int]] = {}
        self.writer.begin()

    @property
    def folder(self) -> Path:
        """Where its files are."""
        return Path(self.database.engine.url.database or "").parent

    def record(self, event: Event, timestamp: int = 0) -> FakeRecord:
        """An event as the next record of its topic."""
        topic = _TOPICS[type(event)].value
        offset = next(self._offsets.setdefault(topic, itertools.count()))
        key = event.conversation_id.encode()
        return FakeRecord(encode(event), topic=topic, offset=offset, timestamp=timestamp, key=key)

    def add(self, *events: Event) -> None:
        """Write events in one batch."""
        self.add_records([self.record(event) for event in events])

    def add_records(self, records: Iterable[FakeRecord]) -> None:
        """Write records in one batch."""
        self.writer.write(self.intake.take(records))

    def dump(self) -> dict[str, list[Sequence[Any]]]:
        """Everything in it but the offsets."""
        return dump(self.database)


@cache
def _template() -> Path:
    file = Path(tempfile.mkdtemp(prefix="handraise-log-")) / "empty.sqlite3"
    with LogDatabase(f"sqlite:///{file}") as database:
        database.migrate()
        with database.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    return file


@contextmanager
def an_empty_log(*, contacts: bool = True) -> Iterator[Log]:
    """A log of its own in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="handraise-log-") as folder:
        file = Path(folder) / "log.sqlite3"
        shutil.copy(_template(), file)
        with LogDatabase(f"sqlite:///{file}") as database:
            yield Log(database, contacts=contacts)
