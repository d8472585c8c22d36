"""What there is to choose from."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import select, union
from sqlalchemy.orm import InstrumentedAttribute, Session

from handraise.review.tables import ConversationRow, DecisionRow, EscalationRow, PolicyRow


class Names(Struct, frozen=True, kw_only=True):
    """What the log has met, each by name."""

    businesses: list[str]
    triggers: list[str]
    owners: list[str]


def businesses(session: Session) -> list[str]:
    """Every business that the log has met."""
    every = union(*(select(table.business_id).distinct() for table in (ConversationRow, EscalationRow, PolicyRow)))
    return sorted(session.scalars(every))


def names(session: Session, *, business: str | None = None) -> Names:
    """Every business, and the triggers and owners of one of them or of all."""

    def of(*columns: InstrumentedAttribute[str]) -> list[str]:
        parts = [
            select(column).distinct()
            if business is None
            else select(column).where(column.class_.business_id == business).distinct()
            for column in columns
        ]
        return sorted(session.scalars(union(*parts)))

    return Names(
        businesses=businesses(session),
        triggers=of(DecisionRow.trigger, EscalationRow.trigger),
        owners=of(EscalationRow.owner),
    )
