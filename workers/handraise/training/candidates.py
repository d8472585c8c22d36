"""Ways to score a text that were considered and are not shipped, to be compared with those that are.

Each learns in place, in a minute or two, from the rows that the shipped models learn from. Their packages are in the
group `candidates` (with `train`, for the linear heads): a candidate whose package is missing is left out.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module, resources
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from handraise.detection.evaluation import ALARMS, Row
from handraise.detection.meaning import encoder
from handraise.detection.normalise import clip
from handraise.events import Sender
from handraise.training.corpus import corpus_rows, is_for_tuning, joined

Scores = npt.NDArray[np.float64]
Score = Callable[[Sequence[str]], Scores]
"""Texts to the probabilities of `ALARMS` (texts by signals)."""
Embed = Callable[[Sequence[str]], npt.NDArray[np.float32]]
"""Texts to vectors (texts by width)."""
Learn = Callable[[Sequence[str], npt.NDArray[np.bool_]], Score]
"""From texts, and which of `ALARMS` hold for each, to what scores others."""

_BATCH: Final = 400
_STRENGTH: Final = 1.0
"""Inverse of regularisation of the heads over vectors, of which each place is scaled to a spread of one."""
_HELP: Final = "uv sync --extra demo --group train --group candidates --inexact"


def learn_candidates() -> Iterator[tuple[str, Score]]:
    """Each candidate's name and the candidate, trained; stderr says which are left out, and how to get them."""
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # two of them cut texts on every core otherwise
    rows = [row for row in corpus_rows("train") if not is_for_tuning(row)]
    rows = [row for row in rows + joined(rows) if row.sender is Sender.CUSTOMER]
    texts, holds = [row.text for row in rows], held(rows)
    for name, learn in CANDIDATES.items():
        try:
            yield name, learn(texts, holds)
        except ModuleNotFoundError as error:
            sys.stderr.write(f"left out, since there is no {error.name}: {name}. To measure it as well: {_HELP}\n")


def in_batches(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    """Texts a few hundred at a time, in order, as a worker gets them."""
    return (texts[at : at + _BATCH] for at in range(0, len(texts), _BATCH))


def held(rows: Sequence[Row]) -> npt.NDArray[np.bool_]:
    """Which of `ALARMS` hold for each row (rows by signals)."""
    return np.array([[signal in row.labels for signal in ALARMS] for row in rows])


def _fasttext(texts: Sequence[str], holds: npt.NDArray[np.bool_]) -> Score:
    """Bags of words, pairs of words and parts of words (Joulin et al., 2017), one against all for each signal."""
    fasttext, tokens_of = import_module("fasttext"), import_module("handraise.detection.tokens").tokens_of

    def line(text: str) -> str:
        return " ".join(token for token in tokens_of(text) if not token.isspace())  # it reads a line at a time

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.txt"
        with path.open("w", encoding="utf-8") as file:
            for text, row in zip(texts, holds, strict=True):
                # It learns nothing from a row without a label, so one stands for none.
                labels = [signal for signal, holds_ in zip(ALARMS, row, strict=True) if holds_] or ["none"]
                file.write(f"{' '.join(f'__label__{label}' for label in labels)} {line(text)}\n")
        model = fasttext.train_supervised(
            str(path), loss="ova", dim=16, epoch=25, lr=0.3, wordNgrams=2, minn=2, maxn=5, bucket=500_000,
            thread=1, seed=0, verbose=0,
        )  # fmt: skip
    columns = {f"__label__{signal}": column for column, signal in enumerate(ALARMS)}

    def score(given: Sequence[str]) -> Scores:
        result = np.zeros((len(given), len(ALARMS)))
        found = model.predict([line(text) for text in given], k=-1)
        for row, (labels, probabilities) in enumerate(zip(*found, strict=True)):
            for label, probability in zip(labels, probabilities, strict=True):
                if label in columns:
                    result[row, columns[label]] = probability
        return result

    return score


def _heads_over(load: Callable[[], Embed]) -> Learn:
    """Vectors as they were published, under a logistic regression for each signal."""

    def learn(texts: Sequence[str], holds: npt.NDArray[np.bool_]) -> Score:
        regression = import_module("sklearn.linear_model").LogisticRegression
        embed = load()
        vectors = np.vstack([embed([clip(text) for text in some]) for some in in_batches(texts)])
        middle, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
        scaled = (vectors - middle) / spread
        fitted = [regression(C=_STRENGTH, max_iter=300).fit(scaled, holds[:, j]) for j in range(len(ALARMS))]
        weights = np.array([one.coef_[0] for one in fitted]).T / spread[:, None]
        offsets = np.array([one.intercept_[0] for one in fitted]) - middle @ weights

        def score(given: Sequence[str]) -> Scores:
            logits = embed([clip(text) for text in given]) @ weights + offsets
            result: Scores = 1.0 / (1.0 + np.exp(-logits))
            return result

        return score

    return learn


def _wordllama() -> Embed:
    """The vectors in the wheel of WordLlama, of 256 places."""
    # Its loader looks for the wheel's own tokenizer in a folder of another name, but finds it as if it were a cache.
    package = Path(str(resources.files("wordllama")))
    loaded = import_module("wordllama").WordLlama.load(cache_dir=package, disable_download=True)
    return lambda texts: np.asarray(loaded.embed(list(texts), norm=True), dtype=np.float32)


def _sentence_encoder() -> Embed:
    published = encoder()
    return lambda texts: np.asarray(published.encode(list(texts)), dtype=np.float32)


CANDIDATES: Final[Mapping[str, Learn]] = {
    "fastText": _fasttext,
    "WordLlama, linear": _heads_over(_wordllama),
    "Universal Sentence Encoder as published, linear": _heads_over(_sentence_encoder),
}
