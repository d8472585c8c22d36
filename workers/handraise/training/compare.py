"""The candidates side by side on the held-out writers: `python -m handraise.training.compare`.

Each line of the table is one way to score a text: its F1 by signal, with 95 % intervals for the two most frequent ones,
its false alarms on neutral turns of real customers (MultiDoGO's media domain), and what it costs in microseconds of
processor time a message, so that other work on the machine counts little. All are cut at a probability of a half.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from handraise.detection.detector import Detector
from handraise.detection.evaluation import ALARMS, THRESHOLD, Row, counts, interval, read_rows
from handraise.detection.heads import HEADS
from handraise.detection.mixture import default_mixture, evidence
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.reader import PARTS, Reader
from handraise.detection.signals import Signals
from handraise.events import Sender
from handraise.training.candidates import Score, Scores, held, in_batches, learn_candidates
from handraise.training.corpus import CORPUS

_OTHERS: Final = ("es", "pt", "fr", "de", "hi", "hi_latn", "ar")
_WITH_INTERVALS: Final = ("human_request", "complaint")


def main() -> None:
    """Print the table, as Markdown."""
    held_out = CORPUS / "heldout"
    sets = {
        "English": read_rows(sorted(held_out.glob("en-*.jsonl"))),
        "others": read_rows(file for name in _OTHERS for file in _files(held_out, name)),
    }
    neutral = read_rows([held_out / "public-multidogo-media.jsonl"])
    heads = [f"{name} {language}" for language in sets for name in ALARMS]
    sys.stdout.write(f"| candidate | {' | '.join(heads)} | false alarms per 1,000 | microseconds |\n")
    sys.stdout.write("|---" * (len(heads) + 3) + "|\n")
    for candidates in (_models(), learn_candidates()):
        for name, score in candidates:
            cells, spent = [], 0.0
            for rows in sets.values():
                found, seconds = _timed(score, rows)
                spent += seconds
                cells += _quality(rows, found)
            found, seconds = _timed(score, neutral)
            alarms = 1_000 * np.mean((found >= THRESHOLD).any(axis=1))
            micros = 1e6 * spent / sum(len(rows) for rows in sets.values())
            cost = f"{1e6 * seconds / len(neutral):.0f} neutral, {micros:.0f} held-out"
            sys.stdout.write(f"| {name} | {' | '.join(cells)} | {alarms:.1f} | {cost} |\n")
            sys.stdout.flush()


def _files(folder: Path, language: str) -> list[Path]:
    return [folder / f"{language}.jsonl", *sorted(folder.glob(f"{language}-*.jsonl"))]


def _models() -> Iterator[tuple[str, Score]]:
    """The shipped models and what can be made of them, each with a reader that remembers no text of the one before."""
    phrases, ngrams, mixture = default_phrases(), default_ngrams(), default_mixture()
    own = [HEADS.index(name) for name in ALARMS]

    def read(texts: Sequence[str]) -> tuple[list[Signals], list[list[str]]]:
        found = [phrases.read(text, Sender.CUSTOMER, None) for text in texts]
        return [signals for signals, _ in found], [tokens for _, tokens in found]

    def by_phrases(texts: Sequence[str]) -> Scores:
        return _scores(read(texts)[0])

    def by_ngrams(texts: Sequence[str]) -> Scores:
        return _probabilities(ngrams.logits(read(texts)[1]))[:, own]

    def by_reader(reader: Reader) -> Score:
        return lambda texts: _probabilities(reader.logits(read(texts)[1]))[:, own]

    def mixed(reader: Reader | None) -> Score:
        def score(texts: Sequence[str]) -> Scores:
            signals, tokens = read(texts)
            logits = ngrams.logits(tokens)
            said = None if reader is None else reader.logits(tokens)
            weighed = evidence(signals, logits, ngrams.most(tokens, logits), said)
            languages = [one.language for one in signals]
            return mixture.probabilities(weighed, languages, words=0 if reader is None else PARTS)[:, own]

        return score

    def cascade(texts: Sequence[str]) -> Scores:
        return _scores(detector(texts))

    yield "phrases (rules and lexicons)", by_phrases
    yield "hashed n-grams, linear", by_ngrams
    yield "the reader", by_reader(Reader.load())
    yield "phrases and n-grams, mixed", mixed(None)
    yield "phrases, n-grams and the reader, mixed", mixed(Reader.load())
    detector = Detector(phrases, ngrams, mixture, Reader.load())
    yield "the same, the reader in doubt only (shipped)", cascade


def _scores(found: Sequence[Signals]) -> Scores:
    return np.array([[getattr(one, name) for name in ALARMS] for one in found], dtype=np.float64)


def _probabilities(logits: Scores) -> Scores:
    result: Scores = 1.0 / (1.0 + np.exp(-logits))
    return result


def _timed(score: Score, rows: Sequence[Row]) -> tuple[Scores, float]:
    score([rows[0].text])  # so that what is loaded or compiled at first use is not counted
    began = time.process_time()
    found = [score(texts) for texts in in_batches([row.text for row in rows])]
    return np.vstack(found), time.process_time() - began


def _quality(rows: Sequence[Row], found: Scores) -> list[str]:
    """F1 by signal, with its interval where that is wanted."""
    cells = []
    for signal, holds, scores in zip(ALARMS, held(rows).T, found.T, strict=True):
        pairs = [(bool(held_), float(score)) for held_, score in zip(holds, scores, strict=True)]
        cell = f"{counts(pairs).f1:.2f}"
        if signal in _WITH_INTERVALS:
            cell += " ({:.2f}–{:.2f})".format(*interval(pairs))
        cells.append(cell)
    return cells


if __name__ == "__main__":
    main()
