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

import msgspec
from sqlalchemy import select

from handraise.engine.topics import Topic, TopicNames
from handraise.events import (
    Action,
    ChatMessage,
    ClosedBecause,
    Control,
    ControlState,
    Customer,
    Decision,
    DecisionResult,
    Escalation,
    EscalationType,
    Evidence,
    Holder,
    IntentState,
    Outcome,
    OutcomeKind,
    Priority,
    Reply,
    Sender,
    SentimentState,
    Transcript,
    Trend,
    Turn,
    encode,
    utc,
)
from handraise.review.database import LogDatabase
from handraise.review.intake import Intake
from handraise.review.masked import Masker
from handraise.review.tables import Base, OffsetRow
from handraise.review.writer import Writer
from tests.support.records import FakeRecord

START: Final = utc(1_772_445_600_000)
"""Monday, 2 March 2026, 10:00 UTC."""
TOPICS_HOLD: Final = timedelta(days=38)
Event = ChatMessage | Decision | Escalation | Control | Outcome
_TOPICS: Final[dict[type[Event], Topic]] = {
    ChatMessage: Topic.MESSAGES,
    Decision: Topic.DECISIONS,
    Escalation: Topic.ESCALATIONS,
    Control: Topic.CONTROL,
    Outcome: Topic.OUTCOMES,
}


def at(minutes: float) -> Any:  # noqa: ANN401 - a time, or what stands for one in a builder
    """So many minutes after the start."""
    return START + timedelta(minutes=minutes)


def a_message(minutes: float = 0, **fields: Any) -> ChatMessage:  # noqa: ANN401 - any field of the event
    """A customer's message."""
    made = ChatMessage(
        message_id=f"m{minutes:g}",
        conversation_id="c1",
        business_id="shop",
        sender=Sender.CUSTOMER,
        sent_at=at(minutes),
        text="The kettle is broken.",
    )
    return msgspec.structs.replace(made, **fields)


def a_decision(minutes: float = 0, **fields: Any) -> Decision:  # noqa: ANN401 - any field of the event
    """A complaint that fired."""
    made = Decision(
        conversation_id="c1",
        business_id="shop",
        message_id=f"m{minutes:g}",
        trigger="complaint",
        result=DecisionResult.FIRED,
        because="0.8 reaches the threshold 0.6",
        score=0.8,
        threshold=0.6,
        action=Action.ESCALATE,
        escalation_id="e1",
        policy_version="p1",
        detector_version="d1",
        occurred_at=at(minutes),
    )
    return msgspec.structs.replace(made, **fields)


def an_escalation(minutes: float = 0, revision: int = 0, due: float = 120, **fields: Any) -> Escalation:  # noqa: ANN401 - any field of the event
    """One event of an escalation for a complaint, due two hours after the start."""
    made = Escalation(
        type=EscalationType.UPDATED if revision else EscalationType.RAISED,
        escalation_id="e1",
        revision=revision,
        conversation_id="c1",
        business_id="shop",
        trigger="complaint",
        trigger_class=None,
        also=[],
        action=Action.ESCALATE,
        priority=Priority.NORMAL,
        owner="Rosa",
        queue="support",
        due_at=at(due),
        reply=Reply(reply_id="r1", text="Rosa will write to you.", language="en", valid_until=at(minutes + 10)),
        reason="The customer complains: “The kettle is broken.”",
        evidence=[Evidence(message_id="m0", start=11, end=17, text="broken", signal="complaint", score=0.8)],
        summary="Wants: a kettle that works.",
        transcript=Transcript(
            turns=[Turn(message_id="m0", sender=Sender.CUSTOMER, sent_at=at(0), text="The kettle is broken.")]
        ),
        sentiment=SentimentState(now=-0.4, trend=Trend.STEADY, lowest=-0.4, streak=1),
        intent=IntentState(name="complaint", asked_again=0),
        attempts=[],
        customer=Customer(id="k1", name="Ana"),
        channel="web",
        policy_version="p1",
        detector_version="d1",
        caused_by=f"m{minutes:g}",
        occurred_at=at(minutes),
        emitted_at=at(minutes),
    )
    return msgspec.structs.replace(made, **fields)


def a_closing(minutes: float, revision: int, because: ClosedBecause, **fields: Any) -> Escalation:  # noqa: ANN401 - any field of the event
    """The event that ends an escalation."""
    closing: dict[str, Any] = {
        "type": EscalationType.CLOSED,
        "closed_because": because,
        "reason": f"Closed: {because.value}.",
        "evidence": [],
        "reply": None,
    }
    return an_escalation(minutes, revision, **{**closing, **fields})


def a_control(minutes: float = 0, state: ControlState = ControlState.HUMAN, **fields: Any) -> Control:  # noqa: ANN401 - any field of the event
    """Who holds the conversation."""
    made = Control(
        business_id="shop",
        conversation_id="c1",
        holder=Holder.HUMAN if state in {ControlState.HUMAN, ControlState.ESCALATED} else Holder.AI,
        state=state,
        escalation_id="e1",
        reply=None,
        since=at(minutes),
    )
    return msgspec.structs.replace(made, **fields)


def an_outcome(minutes: float, kind: OutcomeKind, **fields: Any) -> Outcome:  # noqa: ANN401 - any field of the event
    """What a person did."""
    made = Outcome(
        outcome_id=f"o{minutes:g}-{kind.value}",
        conversation_id="c1",
        business_id="shop",
        kind=kind,
        at=at(minutes),
        escalation_id="e1",
        by="Rosa",
    )
    return msgspec.structs.replace(made, **fields)


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
