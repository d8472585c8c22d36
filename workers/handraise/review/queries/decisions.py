"""Decisions: everything that fired, was suppressed, came near, or was probably missed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from handraise.events import Action, DecisionResult
from handraise.review.queries.pages import MOST, Page
from handraise.review.tables import DecisionRow


class DecisionFilter(Struct, frozen=True, kw_only=True):
    """What the decisions of a list have in common; what is absent does not matter."""

    business: str | None = None
    trigger: str | None = None
    result: DecisionResult | None = None
    action: Action | None = None
    conversation: str | None = None
    policy_version: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def decision_page(
    session: Session, wanted: DecisionFilter, *, after: str | None = None, limit: int = 50
) -> Page[DecisionRow]:
    """Decisions, the newest first."""
    limit = min(limit, MOST)
    row = DecisionRow
    conditions: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (row.business_id, wanted.business),
            (row.trigger, wanted.trigger),
            (row.result, wanted.result),
            (row.action, wanted.action),
            (row.conversation_id, wanted.conversation),
            (row.policy_version, wanted.policy_version),
        )
        if value is not None
    ]
    if wanted.since is not None:
        conditions.append(row.occurred_at >= wanted.since)
    if wanted.until is not None:
        conditions.append(row.occurred_at < wanted.until)
    if after is not None:
        conditions.append(row.decision_id < after)
    # The ids sort by time.
    statement = select(row).where(*conditions).order_by(row.decision_id.desc()).limit(limit + 1)
    rows = list(session.scalars(statement))
    return Page(rows[:limit], rows[limit - 1].decision_id if len(rows) > limit else None)
