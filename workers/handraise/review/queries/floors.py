"""What large enquiries were about: the quantity or the sum that made each of them large, and whether it was one."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from handraise.detection.amounts import amounts_in, quantities_in
from handraise.events import DecisionResult, Escalation, Verdict
from handraise.review.queries.scope import Scope
from handraise.review.tables import DecisionRow, EscalationRow, RevisionRow

TRIGGER: Final = "high_value"
_ESCALATION: Final = msgspec.json.Decoder(Escalation)
_BY_QUANTITY: Final = "a quantity of at least "
_BY_AMOUNT: Final = "an amount of at least "


class Large(Struct, frozen=True, kw_only=True):
    """A judged escalation that a floor of the policy raised."""

    escalation_id: str
    needed: bool
    currency: str | None
    """None where it is about a quantity."""
    floor: float
    """As it was."""
    value: float
    """What was asked for."""


def large_enquiries(session: Session, scope: Scope) -> list[Large]:
    """The judged escalations of a period that a quantity or a sum raised, and no words alone."""
    row, decision, raised = EscalationRow, DecisionRow, RevisionRow
    statement = (
        select(row.escalation_id, row.verdict, decision.because, raised.event)
        .join(
            decision,
            and_(
                decision.business_id == row.business_id,
                decision.conversation_id == row.conversation_id,
                decision.escalation_id == row.escalation_id,
            ),
        )
        .join(raised, and_(raised.escalation_id == row.escalation_id, raised.revision == 0))
        .where(
            row.trigger == TRIGGER,
            row.verdict.is_not(None),
            *scope.of(row.business_id, row.raised_at),
            decision.trigger == TRIGGER,
            decision.result == DecisionResult.FIRED,
            or_(decision.because.contains(_BY_QUANTITY), decision.because.contains(_BY_AMOUNT)),
        )
        .order_by(decision.decision_id)
    )
    found: dict[str, Large] = {}
    for escalation_id, verdict, because, event in session.execute(statement):
        large = _large(escalation_id, because, _ESCALATION.decode(event), verdict)
        if large is not None:
            # The first time that it fired is what raised it.
            found.setdefault(escalation_id, large)
    return list(found.values())


def _large(escalation_id: str, because: str, event: Escalation, verdict: str | None) -> Large | None:
    words = [one.text for one in event.evidence if one.signal == TRIGGER]
    needed = verdict != Verdict.UNNECESSARY
    if _BY_QUANTITY in because:
        floor = _number(because.partition(_BY_QUANTITY)[2].split()[0])
        values = [found.value for text in words for found in quantities_in(text, ())]
        currency = None
    else:
        written, currency = because.partition(_BY_AMOUNT)[2].split()[:2]
        floor, currency = _number(written), currency.strip(",;")
        values = [found.value for text in words for found in amounts_in(text) if found.currency == currency]
    if floor is None or not values or max(values) < floor:
        return None
    return Large(escalation_id=escalation_id, needed=needed, currency=currency, floor=floor, value=max(values))


def _number(written: str) -> float | None:
    try:
        return float(written.replace(",", "").strip(".;"))
    except ValueError:
        return None
