"""The candidates side by side on the held-out writers: `python -m handraise.training.compare`.

Each line of the table is one way to score a text: its F1 by signal, its false alarms on neutral turns of real
customers (MultiDoGO's media domain), and what it costs. All are cut at a probability of a half.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Final

import numpy as np
import numpy.typing as npt

from handraise.detection.detector import Detector
from handraise.detection.evaluation import ALARMS, THRESHOLD, Row, read_rows
from handraise.detection.heads import CUSTOMER_SIGNALS, HEADS
from handraise.detection.mixture import GROUPS, default_mixture, evidence
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.readers import default_readers
from handraise.detection.signals import Signals
from handraise.events import Sender
from handraise.training.corpus import CORPUS

Scores = npt.NDArray[np.float64]
_BATCH: Final = 400
_OTHERS: Final = ("es", "pt", "fr", "de", "hi", "hi_latn", "ar")


def main() -> None:
    """Print the table, as Markdown."""
    held = CORPUS / "heldout"
    sets = {
        "English": read_rows(sorted(held.glob("en-*.jsonl"))),
        "others": [row for name in _OTHERS for row in read_rows([held / f"{name}.jsonl"])],
        "neutral": read_rows([held / "public-multidogo-media.jsonl"]),
    }
    heads = [f"{name} {language}" for language in ("English", "others") for name in ALARMS]
    sys.stdout.write(f"| candidate | {' | '.join(heads)} | false alarms per 1,000 | microseconds |\n")
    sys.stdout.write("|---" * (len(heads) + 3) + "|\n")
    for name, score in _candidates().items():
        cells, spent, rows = [], 0.0, 0
        for language in ("English", "others"):
            found, seconds = _timed(score, sets[language])
            spent, rows = spent + seconds, rows + len(found)
            cells += [f"{_f1(sets[language], found, signal):.2f}" for signal in ALARMS]
        found, seconds = _timed(score, sets["neutral"])
        alarms = np.mean((found[:, [CUSTOMER_SIGNALS.index(name) for name in ALARMS]] >= THRESHOLD).any(axis=1))
        micros = f"{1e6 * seconds / len(found):.0f} neutral, {1e6 * spent / rows:.0f} held-out"
        sys.stdout.write(f"| {name} | {' | '.join(cells)} | {1_000 * alarms:.1f} | {micros} |\n")


def _candidates() -> Mapping[str, Callable[[Sequence[str]], Scores]]:
    phrases, ngrams, mixture, readers = default_phrases(), default_ngrams(), default_mixture(), default_readers()
    own = [HEADS.index(name) for name in CUSTOMER_SIGNALS]

    def read(texts: Sequence[str]) -> tuple[list[Signals], list[list[str]]]:
        found = [phrases.read(text, Sender.CUSTOMER, None) for text in texts]
        return [signals for signals, _ in found], [tokens for _, tokens in found]

    def by_phrases(texts: Sequence[str]) -> Scores:
        return np.array([[getattr(one, name) for name in CUSTOMER_SIGNALS] for one in read(texts)[0]])

    def by_ngrams(texts: Sequence[str]) -> Scores:
        return _probabilities(ngrams.logits(read(texts)[1]))[:, own]

    def by_reader(group: str) -> Callable[[Sequence[str]], Scores]:
        return lambda texts: _probabilities(readers[group].logits(texts, read(texts)[1]))[:, own]

    def mixed(texts: Sequence[str], *, full: bool) -> Scores:
        signals, tokens = read(texts)
        languages = [one.language for one in signals]
        weighed = evidence(signals, ngrams.logits(tokens), None)
        scores = mixture.probabilities(weighed, languages, full=False)
        if full:
            groups = np.array([GROUPS[language] for language in languages])
            for group, reader in readers.items():
                rows = np.flatnonzero(groups == group).tolist()
                if rows:
                    read_ = reader.logits([texts[row] for row in rows], [tokens[row] for row in rows])
                    weighed[rows, -len(HEADS) :] = read_
                    spoken = [languages[row] for row in rows]
                    scores[rows] = mixture.probabilities(weighed[rows], spoken, full=True)
        return scores[:, own]

    def cascade(texts: Sequence[str]) -> Scores:
        found = detector.detect(texts, [Sender.CUSTOMER] * len(texts), [None] * len(texts))
        return np.array([[getattr(one, name) for name in CUSTOMER_SIGNALS] for one in found])

    detector = Detector(phrases, ngrams, mixture, readers)
    return {
        "phrases (rules and lexicons)": by_phrases,
        "hashed n-grams, linear": by_ngrams,
        "sentence encoder, tuned": by_reader("latin"),
        "MiniLM, tuned": by_reader("en"),
        "phrases and n-grams, mixed": lambda texts: mixed(texts, full=False),
        "phrases, n-grams and readers, mixed": lambda texts: mixed(texts, full=True),
        "the same, readers in doubt only (shipped)": cascade,
    }


def _probabilities(logits: Scores) -> Scores:
    result: Scores = 1.0 / (1.0 + np.exp(-logits))
    return result


def _timed(score: Callable[[Sequence[str]], Scores], rows: Sequence[Row]) -> tuple[Scores, float]:
    began, found, left = time.perf_counter(), [], iter(rows)
    while batch := list(islice(left, _BATCH)):
        found.append(score([row.text for row in batch]))
    return np.vstack(found), time.perf_counter() - began


def _f1(rows: Sequence[Row], found: Scores, signal: str) -> float:
    holds = np.array([signal in row.labels for row in rows])
    fired = found[:, CUSTOMER_SIGNALS.index(signal)] >= THRESHOLD
    right = np.sum(holds & fired)
    return float(2 * right / max(1, holds.sum() + fired.sum()))


if __name__ == "__main__":
    main()
