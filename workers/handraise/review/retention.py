"""What is older than the settings say leaves the log."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from sqlalchemy import ColumnElement, Connection, CursorResult, delete, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute

from handraise.review.chunks import SIZE
from handraise.review.database import LogDatabase
from handraise.review.keys import first_key
from handraise.review.tables import (
    AnswerRow,
    Base,
    ControlRow,
    ConversationRow,
    CustomerRow,
    DecisionRow,
    ErasureRow,
    EscalationRow,
    OutcomeRow,
    PromiseRow,
    RevisionRow,
)

Columns = tuple[InstrumentedAttribute[str] | InstrumentedAttribute[int], ...]


class Keeping(Struct, frozen=True, kw_only=True):
    """How long the log keeps what. Policies stay: they are the business's own."""

    decisions: timedelta
    escalations: timedelta
    """With their revisions, promises, outcomes and controls."""

    @property
    def conversations(self) -> timedelta:
        """As long as anything that is said of them."""
        return max(self.decisions, self.escalations)


def remove_expired(database: LogDatabase, keeping: Keeping, now: datetime) -> int:
    """Remove what is too old, in transactions short enough that what comes in need not wait; how many rows that was."""
    removed = 0
    while rows := _remove_some(database, keeping, now):
        removed += rows
    # Also what was erased while somebody read it, by this process or by a command.
    database.forget_freed_pages(wait=False)
    return removed


def _remove_some(database: LogDatabase, keeping: Keeping, now: datetime) -> int:
    escalations = now - keeping.escalations
    with database.writing() as connection:
        return (
            _remove(
                connection,
                DecisionRow,
                (DecisionRow.decision_id,),
                DecisionRow.decision_id < first_key(now - keeping.decisions),
            )
            + _remove_escalations(connection, escalations)
            + _remove(connection, ControlRow, (ControlRow.control_id,), ControlRow.control_id < first_key(escalations))
            + _remove(
                connection,
                OutcomeRow,
                (OutcomeRow.business_id, OutcomeRow.conversation_id, OutcomeRow.outcome_id),
                OutcomeRow.at < escalations,
            )
            + _remove_conversations(connection, now - keeping.conversations)
            + _remove(connection, ErasureRow, (ErasureRow.conversation,), ErasureRow.held_until < now)
        )


def _remove_escalations(connection: Connection, before: datetime) -> int:
    """An escalation leaves as a whole, counted from when it was raised; an open one stays."""
    row = EscalationRow
    old = select(row.escalation_id).where(row.raised_at < before, row.closed_at.is_not(None)).limit(SIZE)
    ids = list(connection.scalars(old))
    return sum(
        _count(connection.execute(delete(table).where(table.escalation_id.in_(ids))))
        for table in (RevisionRow, PromiseRow, EscalationRow)
        if ids
    )


def _remove_conversations(connection: Connection, before: datetime) -> int:
    row = ConversationRow
    old = select(row.business_id, row.conversation_id).where(row.last_at < before).limit(SIZE)
    keys = [(business_id, conversation_id) for business_id, conversation_id in connection.execute(old)]
    return sum(
        _count(connection.execute(delete(table).where(tuple_(table.business_id, table.conversation_id).in_(keys))))
        for table in (AnswerRow, CustomerRow, ConversationRow)
        if keys
    )


def _remove(connection: Connection, table: type[Base], key: Columns, expired: ColumnElement[bool]) -> int:
    some = select(*key).where(expired).limit(SIZE)
    return _count(connection.execute(delete(table).where(tuple_(*key).in_(some))))


def _count(done: CursorResult[tuple[()]]) -> int:
    return done.rowcount
