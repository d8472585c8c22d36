"""Decisions: everything that fired, was suppressed, came near, or was probably missed."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from handraise.events import Action, DecisionResult, Verdict
from handraise.review.queries.escalations import EscalationFilter, Judged, conditions_of
from handraise.review.queries.pages import MOST, Page
from handraise.review.tables import DecisionRow, EscalationRow


class DecisionFilter(Struct, frozen=True, kw_only=True):
    """What the decisions of a list have in common; what is absent does not matter."""

    business: str | None = None
    trigger: str | None = None
    result: DecisionResult | None = None
    action: Action | None = None
    conversation: str | None = None
    policy_version: str | None = None
    owner: str | None = None
    """Of the escalation that it is about."""
    verdict: Verdict | Judged | None = None
    """On the escalation that it is about."""
    text: str | None = None
    """Part of why, of the conversation's id, or of what `EscalationFilter` searches in what it is about."""
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
    about = conditions_of(EscalationFilter(owner=wanted.owner, verdict=wanted.verdict))
    if about:
        conditions.append(_about(about))
    if wanted.text:
        searched = [column.icontains(wanted.text, autoescape=True) for column in (row.because, row.conversation_id)]
        conditions.append(or_(*searched, _about(conditions_of(EscalationFilter(text=wanted.text)))))
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


def _about(escalations: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """Of decisions that raised such an escalation, or were made while it was open."""
    return DecisionRow.escalation_id.in_(select(EscalationRow.escalation_id).where(*escalations))
