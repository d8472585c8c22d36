"""The linear heads over hashed n-grams: logistic regressions, fitted by scikit-learn's liblinear, then rounded."""

from __future__ import annotations

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from handraise.detection.features import SIZE, features, weight_of_one
from handraise.detection.heads import HEADS
from handraise.detection.ngrams import NgramModel
from handraise.detection.tokens import tokens_of

_STRENGTH: Final = 20.0
"""Inverse of regularisation; chosen on the tuning writers among 5, 20 and 80."""
_TOLERANCE: Final = 1e-3
"""Ten times liblinear's own: a sixth of the time less, and the same F1 on the held-out writers."""
_LARGEST: Final = 127


def matrix(texts: Sequence[str]) -> sparse.csr_matrix:
    """Each text's features: how often each occurs, by `weight_of_one` of so many (texts by `SIZE`)."""
    starts, columns, values = [0], [], []
    for text in texts:
        found = features(tokens_of(text))
        numbers, counts = np.unique(found, return_counts=True)
        columns.append(numbers)
        values.append(counts * weight_of_one(np.array([len(found)]))[0])
        starts.append(starts[-1] + len(numbers))
    return sparse.csr_matrix(
        (np.concatenate(values), np.concatenate(columns), np.array(starts)), shape=(len(texts), SIZE)
    )


def fit(
    texts: Sequence[str],
    holds: npt.NDArray[np.float32],
    known: npt.NDArray[np.float32],
    heads: Sequence[str] = HEADS,
) -> NgramModel:
    """Fit a head each on the rows for which it is known."""
    x = matrix(texts)

    def fitted(j: int) -> LogisticRegression:
        rows = np.flatnonzero(known[:, j])
        return LogisticRegression(C=_STRENGTH, solver="liblinear", random_state=0, tol=_TOLERANCE).fit(
            x[rows], holds[rows, j]
        )

    # Liblinear gives the interpreter's lock back, and draws no lots for a primal problem: threads change nothing but
    # the time.
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(fitted, range(len(heads))))
    weights = np.stack([head.coef_[0] for head in found], axis=1)
    offsets = np.array([head.intercept_[0] for head in found])
    scales = np.abs(weights).max(axis=0) / _LARGEST
    rounded = np.rint(weights / scales).astype(np.int8)
    numbers = np.flatnonzero(rounded.any(axis=1)).astype(np.uint32)
    return NgramModel(heads, numbers, rounded[numbers], scales, offsets)
