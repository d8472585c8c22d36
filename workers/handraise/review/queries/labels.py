"""What people's verdicts, and probable misses, say of the scores of a trigger."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple

from msgspec import Struct
from sqlalchemy import ColumnElement, and_, case, func, select
from sqlalchemy.orm import Session

from handraise.conversation.weights import NEAR
from handraise.events import Action, DecisionResult, Verdict
from handraise.review.queries.scope import Scope
from handraise.review.tables import DecisionRow, EscalationRow

STEPS: Final = 1_000
"""Scores have three decimals."""


class Label(StrEnum):
    """What is known of one conversation in which a trigger held, or nearly held."""

    NEEDED = "needed"
    """Escalated, and judged: a human was needed, be it late or by the wrong owner."""
    UNNECESSARY = "unnecessary"
    """Escalated, and judged: no human was needed."""
    MISSED = "missed"
    """It only came near, or held in shadow, and then a human was probably missed."""
    UNPROVEN = "unproven"
    """It only came near, or held in shadow, and nothing tells that a human was missed."""


class Scored(NamedTuple):
    """A highest score, in thousandths, and its label."""

    score: int
    label: Label


class Labelled(Struct, frozen=True, kw_only=True):
    """The conversations of one trigger. Those that another trigger escalated, or a human held, tell nothing of it."""

    trigger: str
    threshold: float
    """In force when it last held, or nearly held."""
    lowest: float
    """What scored less was not logged, at least at times."""
    counts: Counter[Scored]
    """Conversations by their highest score and label."""
    escalated: int
    """Conversations that it escalated, judged or not."""
    out_of_reach: int
    """Probable misses with its name that scored less than is logged: no threshold would have caught them."""

    def total(self, *labels: Label) -> int:
        """Conversations with any of these labels."""
        return sum(count for scored, count in self.counts.items() if scored.label in labels)

    @property
    def judged(self) -> int:
        """Conversations that it escalated, with a verdict."""
        return self.total(Label.NEEDED, Label.UNNECESSARY)

    @property
    def times(self) -> float:
        """How many escalated conversations each judged one stands for."""
        return self.escalated / self.judged if self.judged else 1.0

    def scores(self, label: Label) -> list[float]:
        """The scores with a label, ascending, each as often as it was met."""
        found = sorted((scored.score, count) for scored, count in self.counts.items() if scored.label is label)
        return [score / STEPS for score, count in found for _ in range(count)]


def labelled(session: Session, scope: Scope) -> list[Labelled]:
    """Every trigger with what is known of its conversations in a period, by name."""
    thresholds = _thresholds(session, scope)
    escalated = _escalated(session, scope)
    missed = _missed(session, scope)
    counts: dict[str, Counter[Scored]] = defaultdict(Counter)
    caught: set[_Unit] = set()
    for unit, highest, near, near_since in _units(session, scope):
        trigger, business, conversation = unit
        if unit in escalated:
            verdict = escalated[unit]
            caught.add(unit)
            if verdict is not None:
                label = Label.UNNECESSARY if verdict == Verdict.UNNECESSARY else Label.NEEDED
                counts[trigger][Scored(round(highest * STEPS), label)] += 1
        elif highest:
            caught.add(unit)
        elif near_since is not None:
            told = any(at >= near_since for at, _ in missed.get((business, conversation), ()))
            if told:
                caught.add(unit)
            counts[trigger][Scored(round(near * STEPS), Label.MISSED if told else Label.UNPROVEN)] += 1
    lost = Counter(
        trigger
        for (business, conversation), misses in missed.items()
        for trigger in {trigger for _, trigger in misses}
        if (trigger, business, conversation) not in caught
    )
    raised = Counter(trigger for trigger, _, _ in escalated)
    return [
        Labelled(
            trigger=trigger,
            threshold=current,
            lowest=round(NEAR * highest, 3),
            counts=counts[trigger],
            escalated=raised[trigger],
            out_of_reach=lost[trigger],
        )
        for trigger, (current, highest) in sorted(thresholds.items())
    ]


_Unit = tuple[str, str, str]
"""trigger, business_id and conversation_id"""


def _thresholds(session: Session, scope: Scope) -> dict[str, tuple[float, float]]:
    """The newest threshold of each trigger, and the highest of the period."""
    row = DecisionRow
    newest = func.max(row.decision_id)
    statement = (
        select(row.trigger, row.threshold)
        .where(*scope.of(row.business_id, row.occurred_at))
        .group_by(row.trigger, row.threshold)
        .order_by(newest.desc())
    )
    found: dict[str, tuple[float, float]] = {}
    for trigger, threshold in session.execute(statement):
        current, highest = found.get(trigger, (threshold, threshold))
        found[trigger] = (current, max(highest, threshold))
    return found


def _units(session: Session, scope: Scope) -> Iterator[tuple[_Unit, float, float, datetime | None]]:
    """Each trigger and conversation: its highest score that held, its highest that did not, and since when."""
    row = DecisionRow
    acted = and_(row.result.in_((DecisionResult.FIRED, DecisionResult.SUPPRESSED)), row.action != Action.SHADOW)
    only_near: ColumnElement[bool] = (row.result == DecisionResult.NEAR) | (
        row.result.in_((DecisionResult.FIRED, DecisionResult.SUPPRESSED)) & (row.action == Action.SHADOW)
    )
    statement = (
        select(
            row.trigger,
            row.business_id,
            row.conversation_id,
            func.max(case((acted, row.score))),
            func.max(case((only_near, row.score))),
            func.min(case((only_near, row.occurred_at))),
        )
        .where(row.result != DecisionResult.MISSED, *scope.of(row.business_id, row.occurred_at))
        .group_by(row.trigger, row.business_id, row.conversation_id)
        .execution_options(yield_per=5_000)
    )
    for trigger, business, conversation, held, near, since in session.execute(statement):
        yield (trigger, business, conversation), held or 0.0, near or 0.0, since


def _escalated(session: Session, scope: Scope) -> dict[_Unit, str | None]:
    """Each trigger and conversation with an escalation, and the newest verdict on one."""
    row = EscalationRow
    statement = (
        select(row.trigger, row.business_id, row.conversation_id, row.verdict)
        .where(*scope.of(row.business_id, row.raised_at))
        .order_by(row.raised_at, row.escalation_id)
    )
    found: dict[_Unit, str | None] = {}
    for trigger, business, conversation, verdict in session.execute(statement):
        unit = (trigger, business, conversation)
        found[unit] = verdict or found.get(unit)
    return found


def _missed(session: Session, scope: Scope) -> dict[tuple[str, str], list[tuple[datetime, str]]]:
    """When a human was probably missed in each conversation, and by which trigger most likely."""
    row = DecisionRow
    statement = select(row.business_id, row.conversation_id, row.occurred_at, row.trigger).where(
        row.result == DecisionResult.MISSED, *scope.of(row.business_id, row.occurred_at)
    )
    found: dict[tuple[str, str], list[tuple[datetime, str]]] = defaultdict(list)
    for business, conversation, at, trigger in session.execute(statement):
        found[business, conversation].append((at, trigger))
    return found
