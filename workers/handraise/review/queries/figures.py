"""What the triggers did in a period, and what people made of it."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from msgspec import Struct
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, aliased

from handraise.events import Action, DecisionResult, Verdict
from handraise.intervals import Share, share
from handraise.review.queries.conduct import broken_promises, talked_over
from handraise.review.queries.promises import PromiseFigures, promise_figures, together
from handraise.review.queries.scope import Scope
from handraise.review.tables import ConversationRow, DecisionRow, EscalationRow


class TriggerFigures(Struct, frozen=True, kw_only=True):
    """What one trigger did in a period."""

    trigger: str
    escalations: int
    """Raised in the period, by the trigger that they have come to, as their verdicts are.

    `handraise_escalations_total` counts them by the trigger that raised them.
    """
    conversations: int
    """In how many conversations."""
    share: Share | None
    """Of all the conversations of the period."""
    fired_in_shadow: int
    suppressed: int
    near: int
    """Decisions near the threshold."""
    verdicts: dict[Verdict, int]
    """On the escalations of the period."""
    missed: int
    """Probable misses that carry this trigger's name."""
    near_then_missed: int
    """Conversations in which it came near, and in which a human was probably missed then."""
    promises: PromiseFigures | None

    @property
    def judged(self) -> int:
        """Escalations with a verdict."""
        return sum(self.verdicts.values())

    @property
    def precision(self) -> Share | None:
        """The share of the judged escalations that a human was needed for, be it late or by the wrong owner."""
        return share(self.judged - self.verdicts.get(Verdict.UNNECESSARY, 0), self.judged)


class Figures(Struct, frozen=True, kw_only=True):
    """What all triggers did in a period."""

    scope: Scope
    conversations: int
    """With a message in the period."""
    escalations: int
    escalated: Share | None
    """The share of the conversations in which one was raised."""
    missed: Share | None
    """The share of the conversations in which a human was probably missed."""
    talked_over: int
    """Times that the AI spoke between two turns of a human."""
    broken_promises: int
    """Times that the AI promised that a person follows up, and no escalation was open."""
    triggers: list[TriggerFigures]
    """Each that did anything, by name."""


def figures(session: Session, scope: Scope, *, now: datetime) -> Figures:
    """What the triggers did in a period; `now` tells which promises are overdue."""
    conversations = _conversations(session, scope)
    escalations = _escalations(session, scope)
    decisions = _decisions(session, scope)
    verdicts = _verdicts(session, scope)
    promised = together(promise_figures(session, scope, now=now), lambda one: one.trigger)
    after_near = _near_then_missed(session, scope)
    triggers = []
    for trigger in sorted(escalations.keys() | {name for name, _ in decisions}):
        raised, within = escalations.get(trigger, (0, 0))
        triggers.append(
            TriggerFigures(
                trigger=trigger,
                escalations=raised,
                conversations=within,
                share=share(min(within, conversations), conversations),
                fired_in_shadow=decisions.get((trigger, _SHADOW), 0),
                suppressed=decisions.get((trigger, DecisionResult.SUPPRESSED), 0),
                near=decisions.get((trigger, DecisionResult.NEAR), 0),
                verdicts=verdicts.get(trigger, {}),
                missed=decisions.get((trigger, DecisionResult.MISSED), 0),
                near_then_missed=after_near.get(trigger, 0),
                promises=promised.get(trigger),
            )
        )
    return Figures(
        scope=scope,
        conversations=conversations,
        escalations=sum(raised for raised, _ in escalations.values()),
        escalated=share(min(_escalated(session, scope), conversations), conversations),
        missed=share(min(_missed(session, scope), conversations), conversations),
        talked_over=talked_over(session, scope),
        broken_promises=broken_promises(session, scope),
        triggers=triggers,
    )


_SHADOW: Final = "fired in shadow"


def _conversations(session: Session, scope: Scope) -> int:
    row = ConversationRow
    conditions = [row.last_at >= scope.since, row.first_at < scope.until]
    if scope.business is not None:
        conditions.append(row.business_id == scope.business)
    return session.scalar(select(func.count()).select_from(row).where(*conditions)) or 0


def _escalations(session: Session, scope: Scope) -> dict[str, tuple[int, int]]:
    """By trigger: escalations, and conversations that had one."""
    row = EscalationRow
    where = scope.of(row.business_id, row.raised_at)
    each = (
        select(row.trigger, row.business_id, row.conversation_id, func.count().label("raised"))
        .where(*where)
        .group_by(row.trigger, row.business_id, row.conversation_id)
        .subquery()
    )
    statement = select(each.c.trigger, func.sum(each.c.raised), func.count()).group_by(each.c.trigger)
    return {trigger: (int(raised), within) for trigger, raised, within in session.execute(statement)}


def _escalated(session: Session, scope: Scope) -> int:
    row = EscalationRow
    each = select(row.business_id, row.conversation_id).where(*scope.of(row.business_id, row.raised_at)).distinct()
    return session.scalar(select(func.count()).select_from(each.subquery())) or 0


def _missed(session: Session, scope: Scope) -> int:
    row = DecisionRow
    where = [row.result == DecisionResult.MISSED, *scope.of(row.business_id, row.occurred_at)]
    each = select(row.business_id, row.conversation_id).where(*where).distinct()
    return session.scalar(select(func.count()).select_from(each.subquery())) or 0


def _decisions(session: Session, scope: Scope) -> dict[tuple[str, str], int]:
    """By trigger and result."""
    row = DecisionRow
    fired_in_shadow = (row.result == DecisionResult.FIRED) & (row.action == Action.SHADOW)
    result = case((fired_in_shadow, _SHADOW), else_=row.result)
    statement = (
        select(row.trigger, result, func.count())
        .where(*scope.of(row.business_id, row.occurred_at))
        .group_by(row.trigger, result)
    )
    return {(trigger, found): count for trigger, found, count in session.execute(statement)}


def _verdicts(session: Session, scope: Scope) -> dict[str, dict[Verdict, int]]:
    row = EscalationRow
    statement = (
        select(row.trigger, row.verdict, func.count())
        .where(row.verdict.is_not(None), *scope.of(row.business_id, row.raised_at))
        .group_by(row.trigger, row.verdict)
    )
    found: dict[str, dict[Verdict, int]] = {}
    for trigger, verdict, count in session.execute(statement):
        found.setdefault(trigger, {})[Verdict(verdict or "")] = count
    return found


def _near_then_missed(session: Session, scope: Scope) -> dict[str, int]:
    near, missed = aliased(DecisionRow), aliased(DecisionRow)
    each = (
        select(near.trigger, near.business_id, near.conversation_id)
        .join(
            missed,
            (missed.business_id == near.business_id)
            & (missed.conversation_id == near.conversation_id)
            & (missed.occurred_at >= near.occurred_at),
        )
        .where(
            near.result == DecisionResult.NEAR,
            missed.result == DecisionResult.MISSED,
            *scope.of(missed.business_id, missed.occurred_at),
        )
        .distinct()
        .subquery()
    )
    statement = select(each.c.trigger, func.count().label("conversations")).group_by(each.c.trigger)
    return {row.trigger: row.conversations for row in session.execute(statement)}
