"""Writes what was read: the rows, what follows from them, and how far the log is, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select
from sqlalchemy.orm import Session

from handraise.events import ControlState, Escalation, milliseconds, utc
from handraise.review.chunks import chunks
from handraise.review.database import LogDatabase
from handraise.review.erasure import Conversation, forget
from handraise.review.errors import LogBusyError
from handraise.review.inserting import greatest, insert_into, least
from handraise.review.intake import Entry, Place, Row, Rows
from handraise.review.keys import conversation_key
from handraise.review.standing import Standing, standing
from handraise.review.tables import (
    AnswerRow,
    Base,
    ControlRow,
    ConversationRow,
    CustomerRow,
    DecisionRow,
    ErasureRow,
    EscalationRow,
    OffsetRow,
    OutcomeRow,
    PolicyRow,
    PromiseRow,
    RevisionRow,
)

_ESCALATION: Final = msgspec.json.Decoder(Escalation)


class Writer:
    """Writes runs of rows, each after the one before: it knows how far the log is, and is alone in moving it.

    Args:
        database: where they go.
        topics_hold: how long the topics hold a record at most: so long the log knows what it was told to forget.
    """

    def __init__(self, database: LogDatabase, topics_hold: timedelta) -> None:
        self._database = database
        self._topics_hold = topics_hold
        self._next: dict[Place, int] = {}
        # What an earlier process erased may be in the files still.
        self._overwritten = False

    def begin(self) -> Mapping[Place, int]:
        """Find out how far the log is: the next offset of each partition that was ever read."""
        with self._database.writing() as connection:
            self._next = _offsets(connection)
        return dict(self._next)

    def rewind(self, places: Mapping[Place, int]) -> None:
        """Let partitions go on elsewhere than where the log stopped; what is read twice changes nothing."""
        with self._database.writing() as connection:
            self._move(connection, places)
        self._next |= places

    def write(self, rows: Rows) -> None:
        """Write a run of rows, or nothing of it. To write it again does nothing.

        Raises:
            LogBusyError: something else has moved the log meanwhile.
        """
        with self._database.writing() as connection:
            if self._is_written(connection, rows.read):
                self._next |= rows.read
                return
            self._erase(connection, rows)
            _leave_out_erased(connection, rows)
            _insert(connection, rows)
            refresh(connection, _moved(rows))
            self._move(connection, rows.read)
        self._next |= rows.read
        if rows.erasures or not self._overwritten:
            # Where a reader has kept it from that once, the batches that follow are not to wait for the reader as well.
            self._overwritten = self._database.forget_freed_pages(wait=bool(rows.erasures))

    def _erase(self, connection: Connection, rows: Rows) -> None:
        erasures = [((business, conversation), utc(at)) for business, conversation, at in rows.erasures]
        if erasures:
            forget(connection, erasures, max(at for _, at in erasures) + self._topics_hold)

    def _is_written(self, connection: Connection, read: Mapping[Place, int]) -> bool:
        """Whether the commit that seemed to fail did not."""
        found = _offsets(connection)
        if all(found.get(place) == self._next.get(place) for place in read):
            return False
        if all(found.get(place) == offset for place, offset in read.items()):
            return True
        raise LogBusyError(
            f"another `handraise log` writes to {self._database.name}: stop one of them, or give each a database of its"
            " own with HANDRAISE_LOG_DATABASE_URL"
        )

    def _move(self, connection: Connection, places: Mapping[Place, int]) -> None:
        statement = insert_into(connection, OffsetRow)
        moved = [
            {"topic": topic, "partition": partition, "next_offset": offset}
            for (topic, partition), offset in places.items()
        ]
        if moved:
            update = {"next_offset": statement.excluded.next_offset}
            connection.execute(
                statement.on_conflict_do_update(index_elements=["topic", "partition"], set_=update), moved
            )


def refresh(connection: Connection, conversations: Iterable[Conversation]) -> None:
    """Compute anew where the escalations of some conversations stand."""
    by_business: dict[str, list[str]] = defaultdict(list)
    for business_id, conversation_id in sorted(conversations):
        by_business[business_id].append(conversation_id)
    for business_id, ids in by_business.items():
        for some in chunks(ids):
            found = _standings(connection, business_id, some)
            if found:
                _keep(connection, found)


def _standings(connection: Connection, business_id: str, conversation_ids: list[str]) -> list[Standing]:
    revisions: dict[str, list[Escalation]] = defaultdict(list)
    outcomes: dict[str, list[OutcomeRow]] = defaultdict(list)
    controls: dict[str, list[ControlRow]] = defaultdict(list)
    answers: dict[str, list[datetime]] = defaultdict(list)
    with Session(connection) as session:
        acted = select(OutcomeRow).where(*_of(OutcomeRow, business_id, conversation_ids))
        for outcome in session.scalars(acted):
            outcomes[outcome.conversation_id].append(outcome)
        held = select(ControlRow).where(*_of(ControlRow, business_id, conversation_ids))
        for control in session.scalars(held):
            controls[control.conversation_id].append(control)
        spoken = select(AnswerRow).where(*_of(AnswerRow, business_id, conversation_ids))
        for answer in session.scalars(spoken):
            answers[answer.conversation_id].append(answer.at)
        revised = select(RevisionRow).where(*_of(RevisionRow, business_id, conversation_ids))
        for revision in session.scalars(revised.order_by(RevisionRow.escalation_id, RevisionRow.revision)):
            revisions[revision.escalation_id].append(_ESCALATION.decode(revision.event))
        return [
            standing(events, outcomes[name], controls[name], answers[name])
            for events in revisions.values()
            for name in (events[0].conversation_id,)
        ]


def _of(
    table: type[OutcomeRow | ControlRow | AnswerRow | RevisionRow], business_id: str, conversation_ids: list[str]
) -> list[ColumnElement[bool]]:
    return [table.business_id == business_id, table.conversation_id.in_(conversation_ids)]


def _keep(connection: Connection, found: list[Standing]) -> None:
    statement = insert_into(connection, EscalationRow)
    columns = EscalationRow.__table__.columns.keys()
    update = {name: statement.excluded[name] for name in columns if name != "escalation_id"}
    connection.execute(
        statement.on_conflict_do_update(index_elements=["escalation_id"], set_=update),
        [one.escalation for one in found],
    )
    ids = [one.escalation["escalation_id"] for one in found]
    connection.execute(delete(PromiseRow).where(PromiseRow.escalation_id.in_(ids)))
    promises = [row for one in found for row in one.promises]
    if promises:
        connection.execute(insert_into(connection, PromiseRow), promises)


def _moved(rows: Rows) -> set[Conversation]:
    """The conversations whose escalations may stand elsewhere after these rows."""
    entries = [*rows.revisions, *rows.outcomes, *rows.answers]
    entries += [entry for entry in rows.controls if entry.row["state"] == ControlState.HUMAN]
    return {(entry.row["business_id"], entry.row["conversation_id"]) for entry in entries}


def _insert(connection: Connection, rows: Rows) -> None:
    """Insert what is not there yet."""
    every: tuple[tuple[type[Base], list[Row]], ...] = (
        (DecisionRow, _rows(rows.decisions)),
        (RevisionRow, _rows(rows.revisions)),
        (ControlRow, _rows(rows.controls)),
        (OutcomeRow, _rows(rows.outcomes)),
        (AnswerRow, _rows(rows.answers)),
        (CustomerRow, _rows(rows.customers)),
        (PolicyRow, rows.policies),
    )
    for table, new in every:
        if new:
            connection.execute(insert_into(connection, table).on_conflict_do_nothing(), new)
    if rows.messages:
        _insert_conversations(connection, rows.messages)


def _insert_conversations(connection: Connection, messages: list[Entry]) -> None:
    found: dict[Conversation, Row] = {}
    for _, row in messages:
        key = row["business_id"], row["conversation_id"]
        known = found.setdefault(key, dict(row))
        known["first_at"] = min(known["first_at"], row["first_at"])
        known["last_at"] = max(known["last_at"], row["last_at"])
    statement = insert_into(connection, ConversationRow)
    update = {
        "first_at": least(connection, ConversationRow.first_at, statement.excluded.first_at),
        "last_at": greatest(connection, ConversationRow.last_at, statement.excluded.last_at),
    }
    # In the order of the index, which costs the database least.
    new = [found[key] for key in sorted(found)]
    connection.execute(
        statement.on_conflict_do_update(index_elements=["business_id", "conversation_id"], set_=update), new
    )


def _leave_out_erased(connection: Connection, rows: Rows) -> None:
    """What is read again of a conversation that was erased stays out of the log."""
    if connection.scalar(select(ErasureRow.conversation).limit(1)) is None:
        return
    kinds = (
        rows.messages,
        rows.answers,
        rows.customers,
        rows.decisions,
        rows.revisions,
        rows.controls,
        rows.outcomes,
    )
    met = {(entry.row["business_id"], entry.row["conversation_id"]) for entries in kinds for entry in entries}
    keys = {conversation_key(*conversation): conversation for conversation in met}
    erased: dict[Conversation, int] = {}
    for some in chunks(list(keys)):
        statement = select(ErasureRow.conversation, ErasureRow.erased_at).where(ErasureRow.conversation.in_(some))
        for key, erased_at in connection.execute(statement):
            erased[keys[key]] = milliseconds(erased_at)
    if erased:
        for entries in kinds:
            entries[:] = [
                entry
                for entry in entries
                if entry.at > erased.get((entry.row["business_id"], entry.row["conversation_id"]), -1)
            ]


def _offsets(connection: Connection) -> dict[Place, int]:
    statement = select(OffsetRow.topic, OffsetRow.partition, OffsetRow.next_offset)
    return {(topic, partition): offset for topic, partition, offset in connection.execute(statement)}


def _rows(entries: list[Entry]) -> list[Row]:
    return [row for _, row in entries]
