"""What the log suggests about each trigger, in plain words with the numbers behind them, or nothing.

A sentence is only there where the numbers carry it: shares count by the lower or upper end of their 95 % interval.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Final

from msgspec import Struct
from sqlalchemy.orm import Session

from handraise.detection.amounts import number_text
from handraise.events import Verdict
from handraise.intervals import share
from handraise.policy.defaults import BUILTIN
from handraise.review.queries.figures import Figures, TriggerFigures
from handraise.review.queries.floors import TRIGGER as HIGH_VALUE
from handraise.review.queries.floors import Large, large_enquiries
from handraise.review.queries.labels import Label, Labelled, labelled
from handraise.review.queries.promises import PromiseFigures

MOSTLY: Final = 0.5
"""A share whose interval lies above this is said to be most of them."""
OFTEN: Final = 0.25
SELDOM: Final = 0.8
"""Promises are kept too seldom if the interval of the share that was kept lies below this."""
LEAST_MISSES: Final = 5
LEAST_NEAR: Final = 10
_ROUND: Final = (1, 2, 3, 5)


class Kind(StrEnum):
    """What a piece of advice is about."""

    RAISE_FLOOR = "raise_floor"
    RAISE_THRESHOLD = "raise_threshold"
    NARROW = "narrow"
    LOWER_THRESHOLD = "lower_threshold"
    OTHER_OWNER = "other_owner"
    TOO_LATE = "too_late"
    PROMISE_LONGER = "promise_longer"
    JUDGE_SOME = "judge_some"


class Advice(Struct, frozen=True, kw_only=True):
    """One suggestion; a question, since people decide."""

    trigger: str
    kind: Kind
    text: str
    count: int
    of: int
    setting: str | None = None
    """Where in the policy: `triggers.high_value.quantity`."""
    now: float | None = None
    proposed: float | None = None


def advise(session: Session, figures: Figures) -> list[Advice]:
    """What the figures of a period suggest, trigger by trigger."""
    conversations = {found.trigger: found for found in labelled(session, figures.scope)}
    large = large_enquiries(session, figures.scope)
    return [
        piece
        for trigger in figures.triggers
        for piece in of_trigger(trigger, conversations.get(trigger.trigger), large, _period(figures))
    ]


def of_trigger(
    figures: TriggerFigures, scores: Labelled | None, large: Sequence[Large], period: str
) -> Iterator[Advice]:
    """What one trigger's figures suggest.

    Args:
        figures: what it did.
        scores: its conversations; none if it has no decision.
        large: judged enquiries that a floor raised.
        period: "this week", "in 30 days".
    """
    yield from _unnecessary(figures, scores, large, period)
    if scores is not None:
        yield from _missed(figures, scores, period)
    yield from _misplaced(figures, period)
    if figures.promises is not None:
        yield from _promises(figures.trigger, figures.promises, period)
    if figures.escalations >= 2 * LEAST_NEAR and figures.judged < LEAST_MISSES:
        yield Advice(
            trigger=figures.trigger,
            kind=Kind.JUDGE_SOME,
            text=f"{figures.escalations:,} escalations {period} and {figures.judged:,} judged: judge some, for nobody"
            " knows how many were needed.",
            count=figures.judged,
            of=figures.escalations,
        )


def _unnecessary(
    figures: TriggerFigures, scores: Labelled | None, large: Sequence[Large], period: str
) -> Iterator[Advice]:
    """Most of what was judged was not needed."""
    count, of = figures.verdicts.get(Verdict.UNNECESSARY, 0), figures.judged
    found = share(count, of)
    if found is None or found.low <= MOSTLY:
        return
    said = f"{count:,} of {of:,} judged unnecessary {period}"
    if figures.trigger == HIGH_VALUE and (floor := _floor(figures.trigger, said, count, of, large)) is not None:
        yield floor
        return
    proposed = None if scores is None else _threshold_above(scores)
    if scores is not None and proposed is not None:
        dropped = sum(score < proposed for score in scores.scores(Label.UNNECESSARY))
        yield Advice(
            trigger=figures.trigger,
            kind=Kind.RAISE_THRESHOLD,
            text=f"{said}, {dropped:,} of them below every one that was needed: raise the threshold from"
            f" {scores.threshold:g} to {proposed:g}?",
            count=count,
            of=of,
            setting=_setting(figures.trigger, "threshold"),
            now=scores.threshold,
            proposed=proposed,
        )
        return
    yield Advice(
        trigger=figures.trigger,
        kind=Kind.NARROW,
        text=f"{said}, and their scores are no lower than those of the others: narrow it, or let it notify instead?",
        count=count,
        of=of,
    )


def _floor(trigger: str, said: str, count: int, of: int, large: Sequence[Large]) -> Advice | None:
    """All that was unnecessary is about one floor, and a higher one would have told it from what was needed."""
    needless = [one for one in large if not one.needed]
    kinds = {(one.currency, one.floor) for one in needless}
    if len(needless) < count or len(kinds) != 1:
        return None
    currency, floor = kinds.pop()
    needed = [one.value for one in large if one.needed and one.currency == currency]
    proposed = _round_above(sorted(one.value for one in needless), min(needed, default=math.inf))
    if proposed is None or proposed <= floor:
        return None
    what = "quantity" if currency is None else f"sums in {currency}"
    return Advice(
        trigger=trigger,
        kind=Kind.RAISE_FLOOR,
        text=f"{said}, all on {what}: raise the floor from {number_text(floor)} to {number_text(proposed)}?",
        count=count,
        of=of,
        setting=_setting(trigger, "quantity" if currency is None else f"amounts.{currency}"),
        now=floor,
        proposed=proposed,
    )


def _missed(figures: TriggerFigures, scores: Labelled, period: str) -> Iterator[Advice]:
    """It came near, and then people took over, or customers came back."""
    missed, unproven = scores.scores(Label.MISSED), scores.total(Label.UNPROVEN)
    near = len(missed) + unproven
    if len(missed) < LEAST_MISSES or near < LEAST_NEAR:
        return
    # Half of the misses are worth a threshold that would have caught them, and no lower than what is logged.
    proposed = math.floor(100 * missed[len(missed) // 2]) / 100
    if not scores.lowest <= proposed < scores.threshold:
        return
    caught = sum(score >= proposed for score in missed)
    fired = f"fired {figures.escalations:,} times" if figures.escalations else "never fired"
    yield Advice(
        trigger=figures.trigger,
        kind=Kind.LOWER_THRESHOLD,
        text=f"{fired} {period}; of {near:,} conversations that came near, {len(missed):,} were probably missed: lower"
        f" the threshold from {scores.threshold:g} to {proposed:g}, which would have caught {caught:,}?",
        count=len(missed),
        of=near,
        setting=_setting(figures.trigger, "threshold"),
        now=scores.threshold,
        proposed=proposed,
    )


def _misplaced(figures: TriggerFigures, period: str) -> Iterator[Advice]:
    """Needed, but by somebody else, or earlier."""
    for verdict, kind, told, question in (
        (Verdict.WRONG_OWNER, Kind.OTHER_OWNER, "with the wrong owner", "name another owner?"),
        (Verdict.TOO_LATE, Kind.TOO_LATE, "too late", "lower the threshold, so that it fires earlier?"),
    ):
        count = figures.verdicts.get(verdict, 0)
        found = share(count, figures.judged)
        if found is not None and count >= LEAST_MISSES and found.low > OFTEN:
            yield Advice(
                trigger=figures.trigger,
                kind=kind,
                text=f"{count:,} of {figures.judged:,} judged {told} {period}: {question}",
                count=count,
                of=figures.judged,
                setting=_setting(figures.trigger, "owner" if kind is Kind.OTHER_OWNER else "threshold"),
            )


def _promises(trigger: str, promises: PromiseFigures, period: str) -> Iterator[Advice]:
    kept = promises.share_kept
    if kept is not None and kept.high < SELDOM:
        yield Advice(
            trigger=trigger,
            kind=Kind.PROMISE_LONGER,
            text=f"{kept.count:,} of {kept.of:,} promises kept {period}: promise a longer time, or name more people?",
            count=kept.count,
            of=kept.of,
            setting=_setting(trigger, "within"),
        )


def _threshold_above(scores: Labelled) -> float | None:
    """The threshold, in hundredths, that drops half of what was unnecessary or more, and nothing that was needed."""
    needless, needed = scores.scores(Label.UNNECESSARY), scores.scores(Label.NEEDED)
    if not needless:
        return None
    proposed = math.floor(100 * needed[0]) / 100 if needed else math.floor(100 * needless[-1] + 1) / 100
    dropped = sum(score < proposed for score in needless)
    return proposed if proposed > scores.threshold and proposed < 1 and 2 * dropped >= len(needless) else None


def _round_above(needless: list[float], below: float) -> float | None:
    """A round number above half of what was unnecessary or more, and not above what was needed."""
    middle = needless[len(needless) // 2]
    power = 10 ** max(0, math.floor(math.log10(max(middle, 1))))
    for factor in (*_ROUND, *(10 * one for one in _ROUND)):
        candidate = float(factor * power)
        if candidate > middle:
            return candidate if candidate <= below else None
    return None


def _setting(trigger: str, name: str) -> str:
    return f"{'triggers' if trigger in BUILTIN else 'own_triggers'}.{trigger}.{name}"


def _period(figures: Figures) -> str:
    length = figures.scope.until - figures.scope.since
    days = round(length / timedelta(days=1))
    return "this week" if days == 7 else f"in {days} days"  # noqa: PLR2004 - a week
