"""The versions of a business's policy, as they were published."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from handraise.review.tables import OffsetRow, PolicyRow


def policy_history(session: Session, business: str, *, limit: int = 100) -> list[PolicyRow]:
    """What was published for a business, the newest first: that is the one in force, unless it gave its policy up."""
    statement = select(PolicyRow).where(PolicyRow.business_id == business)
    return list(session.scalars(statement.order_by(PolicyRow.published_at.desc(), PolicyRow.version).limit(limit)))


def policy_version(session: Session, business: str, version: str) -> PolicyRow | None:
    """The newest publication of a version, named by its first characters; None if none begins so, or several do."""
    statement = select(PolicyRow).where(
        PolicyRow.business_id == business, PolicyRow.version.startswith(version, autoescape=True)
    )
    found = list(session.scalars(statement.order_by(PolicyRow.published_at.desc())))
    return found[0] if len({row.version for row in found}) == 1 else None


def read_up_to(session: Session, topic: str) -> dict[int, int]:
    """The offset of each partition of a topic up to which the log has read it, by the topic's full name."""
    statement = select(OffsetRow.partition, OffsetRow.next_offset).where(OffsetRow.topic == topic)
    return {row.partition: row.next_offset for row in session.execute(statement)}
