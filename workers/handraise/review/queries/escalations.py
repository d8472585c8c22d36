"""Escalations: the open ones by when they are due, and all of them, filtered."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, or_, select, tuple_
from sqlalchemy.orm import Session

from handraise.events import Action, Priority, Verdict, milliseconds, utc
from handraise.review.queries.pages import MOST, InvalidCursorError, Page
from handraise.review.tables import EscalationRow


class Judged(StrEnum):
    """Whether a human has given a verdict at all."""

    YES = "judged"
    NO = "unjudged"


class EscalationFilter(Struct, frozen=True, kw_only=True):
    """What the escalations of a list have in common; what is absent does not matter."""

    business: str | None = None
    trigger: str | None = None
    owner: str | None = None
    priority: Priority | None = None
    action: Action | None = None
    verdict: Verdict | Judged | None = None
    open: bool | None = None
    claimed: bool | None = None
    since: datetime | None = None
    until: datetime | None = None
    text: str | None = None
    """Part of the reason, the summary, a note, or the conversation's id, whatever the case of the letters a to z."""


def open_escalations(
    session: Session,
    *,
    business: str | None = None,
    owner: str | None = None,
    claimed: bool | None = None,
    limit: int = MOST,
) -> list[EscalationRow]:
    """Those that are not closed, the first due first."""
    wanted = EscalationFilter(business=business, owner=owner, claimed=claimed, open=True)
    statement = _select(wanted).order_by(EscalationRow.due_at, EscalationRow.escalation_id).limit(limit)
    return list(session.scalars(statement))


def escalation_page(
    session: Session, wanted: EscalationFilter, *, after: str | None = None, limit: int = 50
) -> Page[EscalationRow]:
    """Escalations by when they were raised, the newest first.

    Raises:
        InvalidCursorError: `after` is not the `next` of a page.
    """
    limit = min(limit, MOST)
    statement = _select(wanted)
    place = tuple_(EscalationRow.raised_at, EscalationRow.escalation_id)
    if after is not None:
        statement = statement.where(place < _place(after))
    newest_first = (EscalationRow.raised_at.desc(), EscalationRow.escalation_id.desc())
    rows = list(session.scalars(statement.order_by(*newest_first).limit(limit + 1)))
    last = rows[limit - 1] if len(rows) > limit else None
    return Page(rows[:limit], None if last is None else f"{milliseconds(last.raised_at)}-{last.escalation_id}")


def _place(cursor: str) -> tuple[datetime, str]:
    raised_at, _, escalation_id = cursor.partition("-")
    when: datetime | None
    try:
        when = utc(int(raised_at))
    except (ValueError, OverflowError, OSError):
        when = None
    if when is None or not escalation_id:
        raise InvalidCursorError("this is no place in the list: start from its beginning")
    return when, escalation_id


def _select(wanted: EscalationFilter) -> Select[EscalationRow]:
    return select(EscalationRow).where(*conditions_of(wanted))


def conditions_of(wanted: EscalationFilter) -> list[ColumnElement[bool]]:
    """What the rows that are wanted fulfil; nothing if every row is wanted."""
    row = EscalationRow
    conditions: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (row.business_id, wanted.business),
            (row.trigger, wanted.trigger),
            (row.owner, wanted.owner),
            (row.priority, wanted.priority),
            (row.action, wanted.action),
        )
        if value is not None
    ]
    if isinstance(wanted.verdict, Judged):
        conditions.append(row.verdict.is_not(None) if wanted.verdict is Judged.YES else row.verdict.is_(None))
    elif wanted.verdict is not None:
        conditions.append(row.verdict == wanted.verdict)
    if wanted.open is not None:
        conditions.append(row.closed_at.is_(None) if wanted.open else row.closed_at.is_not(None))
    if wanted.claimed is not None:
        conditions.append(row.claimed_at.is_not(None) if wanted.claimed else row.claimed_at.is_(None))
    if wanted.since is not None:
        conditions.append(row.raised_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(row.raised_at < wanted.until)
    if wanted.text:
        searched = (row.reason, row.summary, row.verdict_note, row.conversation_id)
        conditions.append(or_(*(column.icontains(wanted.text, autoescape=True) for column in searched)))
    return conditions
