"""How the scores of a trigger lie around its threshold."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from handraise.events import DecisionResult
from handraise.review.queries.scope import Scope
from handraise.review.tables import DecisionRow

_STEPS: Final = 1_000
"""Scores have three decimals."""


class Bar(Struct, kw_only=True):
    """The decisions whose score is at least `low`, and below `high` unless that is 1."""

    low: float
    high: float
    fired: int = 0
    suppressed: int = 0
    near: int = 0
    missed: int = 0


class ScoreHistogram(Struct, frozen=True, kw_only=True):
    """Scores that fired, were suppressed or came near; what scores less than 0.7 of the threshold is not logged."""

    trigger: str
    bars: list[Bar]
    """From 0 to 1, all equally wide."""
    thresholds: list[float]
    """Those in force in the period, the newest first."""


def score_histogram(session: Session, scope: Scope, trigger: str, *, bars: int = 50) -> ScoreHistogram:
    """The scores of one trigger in a period, in so many bars."""
    row = DecisionRow
    where = [row.trigger == trigger, *scope.of(row.business_id, row.occurred_at)]
    made = [Bar(low=number / bars, high=(number + 1) / bars) for number in range(bars)]
    by_score = select(row.score, row.result, func.count()).where(*where).group_by(row.score, row.result)
    for score, result, count in session.execute(by_score):
        # In whole thousandths, since 0.29 * 100 is less than 29.
        bar = made[min(bars - 1, round(score * _STEPS) * bars // _STEPS)]
        match result:
            case DecisionResult.FIRED:
                bar.fired += count
            case DecisionResult.SUPPRESSED:
                bar.suppressed += count
            case DecisionResult.NEAR:
                bar.near += count
            case DecisionResult.MISSED:
                bar.missed += count
    newest = func.max(row.decision_id)
    thresholds = select(row.threshold).where(*where).group_by(row.threshold).order_by(newest.desc())
    return ScoreHistogram(trigger=trigger, bars=made, thresholds=list(session.scalars(thresholds)))
