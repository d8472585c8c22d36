"""The fast learned model: linear over n-grams, scored by adding up what each word is worth.

The model is linear, so what a word and the characters in it add to every score is one row of numbers that is worked out
once and remembered; a text costs one look-up a word and a sum. Weights are whole numbers, and so are the sums: a text
scores the same on every machine and whatever it is batched with.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np

from handraise.detection.features import (
    FIRST,
    LAST,
    SIZE,
    features_of,
    hash_of_word,
    is_shouted,
    pairs,
    weight_of_one,
    word_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

_FILE: Final = "ngrams.npz"
_END_MARKS: Final = frozenset(".!?…؟۔।")
_MOST_WORDS: Final = 60_000
"""How many tokens are remembered at most."""


class NgramModel:
    """Weights by feature and head, and what is worked out from them.

    Attributes:
        heads: the names of the scores, in the order of the columns.
    """

    def __init__(
        self,
        heads: Sequence[str],
        numbers: npt.NDArray[np.uint32],
        weights: npt.NDArray[np.int8],
        scales: npt.NDArray[np.float64],
        offsets: npt.NDArray[np.float64],
    ) -> None:
        """A model of the weights (features by heads), the features' `numbers`, and each head's scale and offset."""
        self.heads: Final = tuple(heads)
        self._weights: Final = np.zeros((SIZE, len(heads)), dtype=np.int8)
        self._weights[numbers] = weights
        self._scales: Final = scales
        self._offsets: Final = offsets
        self._words: Final = _Words(self._weights)
        self._lock: Final = threading.Lock()

    @classmethod
    def load(cls, path: Path | None = None) -> NgramModel:
        """Read a model that `save` wrote, by default the one of the package."""
        with (resources.files("handraise.detection") / "models" / _FILE if path is None else path).open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            return cls(
                [str(name) for name in stored["heads"]],
                stored["numbers"],
                stored["weights"],
                stored["scales"],
                stored["offsets"],
            )

    def save(self, path: Path) -> None:
        """Write the model; the same model gives the same bytes."""
        numbers = np.flatnonzero(self._weights.any(axis=1)).astype(np.uint32)
        np.savez_compressed(
            path,
            heads=np.array(self.heads),
            numbers=numbers,
            weights=self._weights[numbers],
            scales=self._scales,
            offsets=self._offsets,
        )

    def logits(self, texts: Iterable[Iterable[str]]) -> npt.NDArray[np.float64]:
        """The log-odds of every head for each text, given as its tokens: texts by heads."""
        with self._lock:
            return self._logits(texts)

    def most(self, texts: Sequence[Sequence[str]], whole: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """The highest log-odds of every head for any sentence of each text; of a single sentence, as of the `whole`.

        A wish at the end of a long account is the same wish, but among all the words it weighs little.
        """
        result = whole.copy()
        parts = [sentences(text) for text in texts]
        several = [at for at, one in enumerate(parts) if len(one) > 1]
        if several:
            begin = np.cumsum([0, *(len(parts[at]) for at in several[:-1])])
            scored = self.logits([sentence for at in several for sentence in parts[at]])
            result[several] = np.maximum.reduceat(scored, begin, axis=0)
        return result

    def _logits(self, texts: Iterable[Iterable[str]]) -> npt.NDArray[np.float64]:
        words = self._words
        words.make_room()
        first, last = words[FIRST], words[LAST]
        rows = list[int]()
        starts = list[int]()
        for tokens in texts:
            starts.append(len(rows))
            rows.append(first)
            rows += [row for token in tokens if (row := words[token]) >= 0]
            rows.append(last)
        if not starts:
            return np.zeros((0, len(self.heads)))
        at = np.array(rows)
        begin = np.array(starts)
        hashes = words.hashes[at]
        worth = words.worth[at]
        after = self._weights[pairs(hashes[:-1], hashes[1:])].astype(np.int32)
        after[begin[1:] - 1] = 0
        worth[:-1] += after
        counts = np.add.reduceat(words.counts[at], begin) + np.diff(begin, append=len(at)) - 1
        sums = np.add.reduceat(worth, begin, axis=0)
        result: npt.NDArray[np.float64] = sums * self._scales * weight_of_one(counts)[:, None] + self._offsets
        return result

    def worth(self, tokens: Sequence[str], head: str) -> list[float]:
        """What each token of a text adds to a head's log-odds; half of each pair goes to either of its words."""
        column = self.heads.index(head)
        with self._lock:
            self._words.make_room()
            return self._worth(tokens, column)

    def _worth(self, tokens: Sequence[str], column: int) -> list[float]:
        read = [(i, row) for i, token in enumerate(tokens) if (row := self._words[token]) >= 0]
        at = np.array([self._words[FIRST], *(row for _, row in read), self._words[LAST]])
        hashes, counts = self._words.hashes[at], self._words.counts[at]
        halves = self._weights[pairs(hashes[:-1], hashes[1:]), column] / 2.0
        own = self._words.worth[at, column].astype(np.float64)
        own[:-1] += halves
        own[1:] += halves
        factor = self._scales[column] * weight_of_one(np.array([counts.sum() + len(at) - 1]))[0]
        shares = [0.0] * len(tokens)
        for (i, _), share in zip(read, (own[1:-1] * factor).tolist(), strict=True):
            shares[i] = share
        return shares


def sentences(tokens: Sequence[str]) -> list[Sequence[str]]:
    """The tokens by sentence, each with its mark; what has no words is left out."""
    ends = [at for at, token in enumerate(tokens, 1) if token[0] in _END_MARKS or "\n" in token]
    if not ends or ends[0] == len(tokens):
        return [tokens]
    cuts = [0, *ends, len(tokens)]
    found = [tokens[begin:end] for begin, end in pairwise(cuts)]
    return [one for one in found if any(token[0].isalpha() for token in one)]


class _Words(dict[str, int]):
    """The row of each token, or -1 for one that is no word; and by row its hash, its features' sum and number."""

    def __init__(self, weights: npt.NDArray[np.int8]) -> None:
        super().__init__()
        self._weights = weights
        self._rows: Final[dict[tuple[str, bool], int]] = {}
        """By word and whether it is shouted: tokens that the model reads as one share a row, as most numbers do."""
        room = 4_096
        self.hashes = np.zeros(room, dtype=np.uint32)
        self.counts = np.zeros(room, dtype=np.int64)
        self.worth = np.zeros((room, weights.shape[1]), dtype=np.int32)

    def make_room(self) -> None:
        """Forget everything when there is too much; rows given out before no longer hold."""
        if len(self) >= _MOST_WORDS:
            self.clear()
            self._rows.clear()

    def __missing__(self, token: str) -> int:
        word = word_of(token)
        if not word:
            self[token] = -1
            return -1
        spoken = (word, is_shouted(token))
        row = self._rows.get(spoken)
        if row is None:
            row = self._rows[spoken] = len(self._rows)
            self._work_out(row, token, word)
        self[token] = row
        return row

    def _work_out(self, row: int, token: str, word: str) -> None:
        if row == len(self.hashes):
            self.hashes = np.concatenate([self.hashes, np.zeros_like(self.hashes)])
            self.counts = np.concatenate([self.counts, np.zeros_like(self.counts)])
            self.worth = np.concatenate([self.worth, np.zeros_like(self.worth)])
        numbers = features_of(token, word)
        self.hashes[row] = hash_of_word(word)
        self.counts[row] = len(numbers)
        self.worth[row] = self._weights[numbers].sum(axis=0, dtype=np.int32)


@cache
def default_ngrams() -> NgramModel:
    """The model of the package, loaded once in a process."""
    return NgramModel.load()
