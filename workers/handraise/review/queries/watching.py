"""What a page looks at while it is open: whether anything is new, how much is open, whether what was sent has come."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from handraise.review.tables import EscalationRow, OffsetRow, OutcomeRow


class OpenCounts(Struct, frozen=True, kw_only=True):
    """How many escalations are open."""

    open: int
    unclaimed: int
    late: int
    """Unclaimed, and due by now."""


def pulse(session: Session) -> str:
    """Names how far the log is: it changes whenever something is read into it."""
    return str(session.scalar(select(func.sum(OffsetRow.next_offset))) or 0)


def open_counts(session: Session, *, business: str | None, now: datetime) -> OpenCounts:
    """Counts over the open escalations of one business or of all."""
    unclaimed = EscalationRow.claimed_at.is_(None)
    statement = select(
        func.count(), func.count().filter(unclaimed), func.count().filter(unclaimed, EscalationRow.due_at < now)
    ).where(EscalationRow.closed_at.is_(None))
    if business is not None:
        statement = statement.where(EscalationRow.business_id == business)
    every, not_claimed, late = session.execute(statement).one()
    return OpenCounts(open=every, unclaimed=not_claimed, late=late)


def has_outcome(session: Session, business: str, conversation: str, outcome_id: str) -> bool:
    """Whether an outcome has been read."""
    return session.get(OutcomeRow, (business, conversation, outcome_id)) is not None
