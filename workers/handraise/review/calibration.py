"""The threshold that a price for misses implies, from what people judged; a proposal, never applied by itself.

A miss costs so many times what a needless escalation costs. For each threshold, the costs of what is known are added
up: conversations that needed a human and would score below it, and those that needed none and would score above. Each
judged escalation stands for those that nobody judged. A conversation that only came near counts as needing nobody
unless something tells of a miss, so that the proposal errs towards fewer escalations. How sure that is, is told by
drawing the conversations anew, with replacement (the bootstrap of Efron, Ann. Statist. 7 (1979) 1).
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

import numpy as np
from msgspec import Struct
from numpy.typing import NDArray

from handraise.review.queries.labels import STEPS, Label, Labelled

LEAST_KNOWN: Final = 20
"""Judged or missed conversations under which nothing is proposed."""
LEAST_OF_A_KIND: Final = 5
"""To raise a threshold, so many must have been unnecessary; to lower it, so many missed."""
_DRAWS: Final = 2_000
_STEP: Final = 10
"""Thresholds are proposed in hundredths."""
_SEED: Final = 20_260_302
"""The same data give the same interval."""


class Proposal(StrEnum):
    """What the data say of a threshold."""

    RAISE = "raise"
    LOWER = "lower"
    KEEP = "keep"
    TOO_LITTLE = "not enough data"
    ALIKE = "scores do not differ"


class Calibration(Struct, frozen=True, kw_only=True):
    """What the data say of the threshold of one trigger."""

    trigger: str
    proposal: Proposal
    because: str
    threshold: float
    """As it is."""
    proposed: float
    """The same unless something else is proposed."""
    low: float | None
    """Of the 95 % interval of the cheapest threshold; none where there is too little to tell."""
    high: float | None
    judged: int
    unnecessary: int
    missed: int
    unproven: int
    out_of_reach: int
    escalated: int
    saved: float | None
    """The share of the costs that the proposal would have saved."""


def calibrate(found: Labelled, miss_costs: float) -> Calibration:
    """What the data say of a trigger's threshold.

    Args:
        found: the trigger's conversations.
        miss_costs: how many needless escalations one miss is worth; above 0.
    """
    proposal, because = _enough(found)
    if proposal is not None:
        return _calibration(found, proposal, because, found.threshold)
    costs = _Costs(found, miss_costs)
    cheapest = costs.cheapest(costs.counts[np.newaxis, :])[0]
    draws = np.random.default_rng(_SEED).multinomial(costs.counts.sum(), costs.counts / costs.counts.sum(), size=_DRAWS)
    low, high = np.quantile(costs.cheapest(draws), [0.025, 0.975], method="nearest")
    saved = costs.saved(cheapest)
    if low <= found.threshold <= high:
        return _calibration(
            found,
            Proposal.KEEP,
            f"the cheapest threshold lies between {low:g} and {high:g}, and this one does",
            found.threshold,
            (low, high),
        )
    proposal = Proposal.RAISE if cheapest > found.threshold else Proposal.LOWER
    too_few = _too_few(found, proposal)
    if too_few is not None:
        return _calibration(found, Proposal.TOO_LITTLE, too_few, found.threshold)
    because = f"at {miss_costs:g} to 1, {cheapest:g} would have cost {saved:.0%} less"
    if all(scored.score < cheapest * STEPS for scored in found.counts):
        because += "; nothing that is known would fire then, so consider shadow or notify instead"
    return _calibration(found, proposal, because, cheapest, (low, high), saved)


def _enough(found: Labelled) -> tuple[Proposal | None, str]:
    known = found.judged + found.total(Label.MISSED)
    if known < LEAST_KNOWN:
        return (
            Proposal.TOO_LITTLE,
            f"{found.judged} judged and {found.total(Label.MISSED)} missed: {LEAST_KNOWN} are the least",
        )
    if len({scored.score for scored in found.counts}) == 1:
        return Proposal.ALIKE, "every score is the same, so no threshold can tell them apart"
    return None, ""


def _too_few(found: Labelled, proposal: Proposal) -> str | None:
    label = Label.UNNECESSARY if proposal is Proposal.RAISE else Label.MISSED
    number = found.total(label)
    if number >= LEAST_OF_A_KIND:
        return None
    return f"only {number} {label.value}: to {proposal.value} it, {LEAST_OF_A_KIND} are the least"


class _Costs:
    """What each threshold would have cost, for any number of conversations of each score and label."""

    def __init__(self, found: Labelled, miss_costs: float) -> None:
        cells = sorted(found.counts)
        self.counts: Final = np.array([found.counts[cell] for cell in cells], dtype=np.int64)
        current = round(found.threshold * STEPS)
        every = {current, *range(-(-round(found.lowest * STEPS) // _STEP) * _STEP, STEPS + 1, _STEP)}
        # Of equally cheap ones, the first wins: the nearest to what there is.
        self._thresholds: Final = np.array(sorted(every, key=lambda one: (abs(one - current), one)))
        scores = np.array([cell.score for cell in cells])
        fires = scores[:, np.newaxis] >= self._thresholds[np.newaxis, :]
        needed = np.array([cell.label in {Label.NEEDED, Label.MISSED} for cell in cells])[:, np.newaxis]
        judged = np.array([cell.label in {Label.NEEDED, Label.UNNECESSARY} for cell in cells])[:, np.newaxis]
        times = np.where(judged, found.times, 1.0)
        self._costs: Final[NDArray[np.float64]] = times * np.where(
            needed, np.where(fires, 0.0, miss_costs), np.where(fires, 1.0, 0.0)
        )

    def cheapest(self, draws: NDArray[np.int64]) -> NDArray[np.float64]:
        """The cheapest threshold for each draw of counts."""
        return np.asarray(self._thresholds[np.argmin(draws @ self._costs, axis=1)] / STEPS)

    def saved(self, threshold: float) -> float:
        """The share of today's costs that another threshold would not have caused."""
        totals = self.counts @ self._costs
        now = float(totals[0])
        then = float(totals[int(np.flatnonzero(self._thresholds == round(threshold * STEPS))[0])])
        return (now - then) / now if now else 0.0


def _calibration(
    found: Labelled,
    proposal: Proposal,
    because: str,
    proposed: float,
    interval: tuple[float, float] | None = None,
    saved: float | None = None,
) -> Calibration:
    return Calibration(
        trigger=found.trigger,
        proposal=proposal,
        because=because,
        threshold=found.threshold,
        proposed=float(proposed),
        low=None if interval is None else float(interval[0]),
        high=None if interval is None else float(interval[1]),
        judged=found.judged,
        unnecessary=found.total(Label.UNNECESSARY),
        missed=found.total(Label.MISSED),
        unproven=found.total(Label.UNPROVEN),
        out_of_reach=found.out_of_reach,
        escalated=found.escalated,
        saved=saved,
    )
