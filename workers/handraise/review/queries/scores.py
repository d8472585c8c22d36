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
    return _histograms(session, scope, trigger, bars).get(trigger) or _empty(trigger, bars)


def score_histograms(session: Session, scope: Scope, *, bars: int = 50) -> dict[str, ScoreHistogram]:
    """The same of every trigger that decided anything in the period, by its name, in one look at the decisions."""
    return _histograms(session, scope, None, bars)


def _histograms(session: Session, scope: Scope, trigger: str | None, bars: int) -> dict[str, ScoreHistogram]:
    row = DecisionRow
    where = scope.of(row.business_id, row.occurred_at)
    if trigger is not None:
        where.append(row.trigger == trigger)
    made: dict[str, ScoreHistogram] = {}
    thresholds: dict[str, dict[float, str]] = {}
    counted = (
        select(row.trigger, row.score, row.threshold, row.result, func.count(), func.max(row.decision_id))
        .where(*where)
        .group_by(row.trigger, row.score, row.threshold, row.result)
    )
    for name, score, threshold, result, count, newest in session.execute(counted):
        histogram = made.get(name) or made.setdefault(name, _empty(name, bars))
        # In whole thousandths, since 0.29 * 100 is less than 29.
        _add(histogram.bars[min(bars - 1, round(score * _STEPS) * bars // _STEPS)], result, count)
        known = thresholds.setdefault(name, {})
        known[threshold] = max(newest, known.get(threshold, ""))
    for name, known in thresholds.items():
        made[name].thresholds.extend(sorted(known, key=lambda threshold: known[threshold], reverse=True))
    return made


def _empty(trigger: str, bars: int) -> ScoreHistogram:
    return ScoreHistogram(
        trigger=trigger,
        bars=[Bar(low=number / bars, high=(number + 1) / bars) for number in range(bars)],
        thresholds=[],
    )


def _add(bar: Bar, result: str, count: int) -> None:
    match result:
        case DecisionResult.FIRED:
            bar.fired += count
        case DecisionResult.SUPPRESSED:
            bar.suppressed += count
        case DecisionResult.NEAR:
            bar.near += count
        case DecisionResult.MISSED:
            bar.missed += count
