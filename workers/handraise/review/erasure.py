"""Takes conversations out of the log for good, also where the topics that hold them are read again."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import Connection, Select, delete, select, tuple_

from handraise.review.chunks import chunks
from handraise.review.database import LogDatabase
from handraise.review.inserting import greatest, insert_into
from handraise.review.keys import conversation_key, customer_key
from handraise.review.tables import (
    AnswerRow,
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

Conversation = tuple[str, str]
"""business_id and conversation_id"""
_TABLES: Final = (
    DecisionRow,
    RevisionRow,
    ControlRow,
    OutcomeRow,
    AnswerRow,
    PromiseRow,
    EscalationRow,
    CustomerRow,
    ConversationRow,
)


class Erased(Struct, frozen=True):
    """What an erasure took out of the log."""

    conversations: list[Conversation]
    """Those that were asked for."""
    rows: int
    overwritten: bool
    """Whether the database's files hold nothing of them any more: not while somebody reads what was there before."""


def conversations_of(database: LogDatabase, customer_id: str, business_id: str | None = None) -> list[Conversation]:
    """The conversations in which a customer is named by this id, with one business or with all."""
    with database.reading() as session:
        businesses = [business_id] if business_id is not None else session.scalars(_businesses())
        keys = [(business, customer_key(business, customer_id)) for business in businesses]
        found: list[Conversation] = []
        for some in chunks(keys):
            row = CustomerRow
            statement = select(row.business_id, row.conversation_id).where(
                tuple_(row.business_id, row.customer).in_(some)
            )
            found += [(business, conversation) for business, conversation in session.execute(statement)]
        return sorted(found)


def erase(database: LogDatabase, conversations: list[Conversation], *, now: datetime, held_until: datetime) -> Erased:
    """Take conversations out of the log, whether or not it has any of them.

    Args:
        database: the log.
        conversations: business_id and conversation_id of each.
        now: what is there goes, and what happened up to this time stays out from now on.
        held_until: when the last topic will have dropped what it holds; until then the log knows, by a hash, what it
            must not take in again.
    """
    with database.writing() as connection:
        rows = forget(connection, [(conversation, now) for conversation in conversations], held_until)
    return Erased(conversations, rows, database.forget_freed_pages())


def forget(connection: Connection, erasures: list[tuple[Conversation, datetime]], held_until: datetime) -> int:
    """Take conversations out, each with all that is there, and remember to keep out what is dated up to a time.

    Also what is there with a later time goes: a row has the time that its producer claims, not when Kafka got it, so
    one from a clock that is ahead would outlive its erasure. A log that reads an erasure late loses what it had read of
    the time after it, with the first and last time of the conversation; what it reads from then on stays.

    One that was erased up to this time or a later one already keeps its rows: what is there of it is new. The time for
    which it is remembered never gets shorter: `handraise erase` asks the brokers, a running log knows its settings.

    Returns:
        How many rows that took out.
    """
    rows = 0
    newest: dict[Conversation, datetime] = {}
    for conversation, at in erasures:
        newest[conversation] = max(at, newest.get(conversation, at))
    for some in chunks(list(newest.items())):
        known = {row.conversation: row.erased_at for row in connection.execute(_known([one for one, _ in some]))}
        new = [
            conversation
            for conversation, at in some
            if (before := known.get(conversation_key(*conversation))) is None or before < at
        ]
        if new:
            rows += _delete(connection, new)
        _remember(connection, some, held_until)
    return rows


def _remember(connection: Connection, erasures: list[tuple[Conversation, datetime]], held_until: datetime) -> None:
    statement = insert_into(connection, ErasureRow)
    latest = {
        name: greatest(connection, ErasureRow.__table__.columns[name], statement.excluded[name])
        for name in ("erased_at", "held_until")
    }
    connection.execute(
        statement.on_conflict_do_update(index_elements=["conversation"], set_=latest),
        [
            {"conversation": conversation_key(*conversation), "erased_at": at, "held_until": held_until}
            for conversation, at in erasures
        ],
    )


def _known(conversations: list[Conversation]) -> Select[str, datetime]:
    keys = [conversation_key(*conversation) for conversation in conversations]
    return select(ErasureRow.conversation, ErasureRow.erased_at).where(ErasureRow.conversation.in_(keys))


def _businesses() -> Select[str]:
    return select(CustomerRow.business_id).distinct()


def _delete(connection: Connection, conversations: list[Conversation]) -> int:
    return sum(
        connection.execute(
            delete(table).where(tuple_(table.business_id, table.conversation_id).in_(conversations))
        ).rowcount
        for table in _TABLES
    )
