"""The mixture's weights and its calibration, fitted on the tuning writers."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from sklearn.linear_model import LogisticRegression

from handraise.detection.heads import HEADS
from handraise.detection.mixture import FEATURES, PHRASES, STAGES, STEPS, Mixture

_STRENGTH: Final = 0.3
_OTHERS: Final = 0.25
"""What a row of another group of languages counts: a group of few rows leans on the others."""


def fit(
    evidence: npt.NDArray[np.float64],
    read: npt.NDArray[np.float64],
    groups: npt.NDArray[np.str_],
    holds: npt.NDArray[np.float32],
    known: npt.NDArray[np.float32],
    counts: npt.NDArray[np.float64],
) -> Mixture:
    """Fit each head's weights of the n-grams' and the phrases' word on it, and of the reader's where it is asked.

    Args:
        evidence: see `handraise.detection.mixture.evidence` (rows by features); the reader's word is not looked at.
        read: the reader's words (rows by its parts by heads).
        groups: the group of languages of each row.
        holds: whether each head holds (rows by heads).
        known: whether that is known (rows by heads).
        counts: what each row counts.
    """
    weights = {}
    for stage in STAGES:
        group, _, words = stage.partition("/")
        weighed = evidence.copy()
        if int(words):
            weighed[:, -len(HEADS) :] = read[:, int(words) - 1]
        share = counts * np.where(groups == group, 1.0, _OTHERS)
        fitted = np.zeros((len(HEADS), FEATURES + 1))
        for j, head in enumerate(HEADS):
            used = _features_of(head, full=int(words) > 0)
            rows = np.flatnonzero(known[:, j] > 0)
            model = LogisticRegression(C=_STRENGTH, max_iter=2000)
            model.fit(weighed[np.ix_(rows, used)], holds[rows, j], sample_weight=share[rows])
            fitted[j, used] = model.coef_[0]
            fitted[j, -1] = model.intercept_[0]
        weights[stage] = fitted
    return Mixture(weights)


def _features_of(head: str, *, full: bool) -> npt.NDArray[np.int64]:
    """The columns of `evidence` that speak of a head."""
    own, heads, phrases = HEADS.index(head), len(HEADS), len(PHRASES)
    used = [own]
    if head in PHRASES:
        used += [heads + step * phrases + PHRASES.index(head) for step in range(STEPS)]
    used.append(heads + STEPS * phrases + own)
    if full:
        used.append(2 * heads + STEPS * phrases + own)
    return np.array(used)
