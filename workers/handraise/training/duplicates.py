"""How many rows of the corpus nearly repeat another: `python -m handraise.training.duplicates`.

Two texts are near duplicates when the cosine of their n-grams (each counted once) is at least 0.9.
"""

from __future__ import annotations

import sys
from typing import Final

import numpy as np
from scipy import sparse

from handraise.training.corpus import corpus_rows
from handraise.training.linear import matrix

NEAR: Final = 0.9
_CHUNK: Final = 1_000
_SHORT: Final = 3
"""Texts of so many words repeat each other by nature."""


def main() -> None:
    """Print how many rows of either split have a near duplicate before them, or in the training split."""
    train, held = (
        [row for row in corpus_rows(split) if not row.writer.startswith("public-")] for split in ("train", "heldout")
    )
    known = _unit([row.text for row in train])
    within = _nearest(known, known, before=True)
    across = _nearest(_unit([row.text for row in held]), known, before=False)
    short = np.array([len(row.text.split()) <= _SHORT for row in held])
    sys.stdout.write(
        f"train: {np.mean(within >= NEAR):.2%} of {len(train)} rows nearly repeat one before them\n"
        f"heldout: {np.mean(across >= NEAR):.2%} of {len(held)} rows nearly repeat one of train,"
        f" {np.mean(across[~short] >= NEAR):.2%} of those longer than three words\n"
    )


def _unit(texts: list[str]) -> sparse.csr_matrix:
    found = matrix(texts)
    found.data[:] = 1.0
    lengths = np.sqrt(np.asarray(found.sum(axis=1)).ravel())
    return sparse.diags(1.0 / lengths) @ found


def _nearest(rows: sparse.csr_matrix, known: sparse.csr_matrix, *, before: bool) -> np.ndarray:
    """For each row, its cosine with the nearest of `known`, or of those before it."""
    nearest = np.zeros(rows.shape[0])
    for start in range(0, rows.shape[0], _CHUNK):
        chunk = rows[start : start + _CHUNK]
        alike = (chunk @ (known[: start + _CHUNK] if before else known).T).tocsr()
        if before:
            alike = sparse.tril(alike, k=start - 1, format="csr")
        nearest[start : start + chunk.shape[0]] = alike.max(axis=1).toarray().ravel()
    return nearest


if __name__ == "__main__":
    main()
