"""What large enquiries were about: the quantity or the sum that made each of them large, and whether it was one."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import select
from sqlalchemy.orm import Session

from handraise.detection.amounts import amounts_in, quantities_in
from handraise.events import DecisionResult, Escalation, Verdict
from handraise.review.chunks import chunks
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
    row = EscalationRow
    judged = select(row.escalation_id, row.verdict).where(
        row.trigger == TRIGGER, row.verdict.is_not(None), *scope.of(row.business_id, row.raised_at)
    )
    verdicts = {escalation_id: verdict for escalation_id, verdict in session.execute(judged)}  # noqa: C416 - typed rows
    found: list[Large] = []
    for some in chunks(sorted(verdicts)):
        because = _because(session, some)
        events = select(RevisionRow.escalation_id, RevisionRow.event).where(
            RevisionRow.escalation_id.in_(because), RevisionRow.revision == 0
        )
        for escalation_id, event in session.execute(events):
            large = _large(escalation_id, because[escalation_id], _ESCALATION.decode(event), verdicts[escalation_id])
            if large is not None:
                found.append(large)
    return found


def _because(session: Session, escalation_ids: list[str]) -> dict[str, str]:
    """Why each fired, in the words of the decision, where a floor was among them."""
    row = DecisionRow
    statement = (
        select(row.escalation_id, row.because)
        .where(row.escalation_id.in_(escalation_ids), row.trigger == TRIGGER, row.result == DecisionResult.FIRED)
        .order_by(row.decision_id.desc())
    )
    return {
        escalation_id: because
        for escalation_id, because in session.execute(statement)
        if escalation_id is not None and (_BY_QUANTITY in because or _BY_AMOUNT in because)
    }


def _large(escalation_id: str, because: str, event: Escalation, verdict: str | None) -> Large | None:
    words = [one.text for one in event.evidence if one.signal == TRIGGER]
    needed = verdict != Verdict.UNNECESSARY
    if _BY_QUANTITY in because:
        floor = _number(because.partition(_BY_QUANTITY)[2].split(",")[0].split()[0])
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
