"""Train the shipped models from the corpus: 23 minutes on two cores. Progress goes to stderr."""

from __future__ import annotations

import argparse
import sys
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from handraise.detection.evaluation import Row
from handraise.detection.mixture import GROUPS, evidence
from handraise.detection.ngrams import NgramModel
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.readers import english_reader, multilingual_reader
from handraise.training import linear, mixing
from handraise.training.corpus import corpus_rows, is_for_tuning, joined, shouted, targets

MODELS: Final = Path(__file__).parents[1] / "detection" / "models"


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit the n-grams, tune the reader, then weigh both with the phrases on the writers set aside."""
    parser = argparse.ArgumentParser(prog="python -m handraise.training", description=__doc__)
    parser.add_argument("--to", type=Path, default=MODELS, help="the folder to write the models to")
    parser.add_argument("--keep-readers", action="store_true", help="take the readers that are in the folder")
    options = parser.parse_args(arguments)
    options.to.mkdir(parents=True, exist_ok=True)
    rows = corpus_rows("train")
    learned = [row for row in rows if not is_for_tuning(row)]
    tuning = [row for row in rows if is_for_tuning(row)]
    learned, tuning = learned + joined(learned), tuning + joined(tuning) + shouted(tuning)
    _say(f"{len(learned)} rows to learn from, {len(tuning)} to tune on")
    spoken = learned + shouted(learned)
    ngrams = linear.fit([row.text for row in spoken], *targets(spoken))
    ngrams.save(options.to / "ngrams.npz")
    _say("fitted the n-grams")
    if not options.keep_readers:
        from handraise.training import english, multilingual  # noqa: PLC0415 - slow to import

        holds, known = targets(learned)
        for train, is_read in ((english.tune_and_write, _is_english), (multilingual.tune_and_write, _is_other)):
            at = [i for i, row in enumerate(learned) if is_read(row)]
            train([learned[i].text for i in at], holds[at], known[at], options.to)
            _say(f"tuned a reader on {len(at)} rows")
    weigh(tuning, ngrams, options.to)
    _say("weighed them")


def weigh(rows: Sequence[Row], ngrams: NgramModel, folder: Path) -> None:
    """Fit the mixture on rows that no model has learned from."""
    phrases = default_phrases()
    found = [phrases.read(row.text, row.sender, None) for row in rows]
    signals = [one for one, _ in found]
    tokens = [words for _, words in found]
    texts = [row.text for row in rows]
    groups = np.array([GROUPS[one.language] for one in signals])
    english, others = english_reader(folder).logits(texts, tokens), multilingual_reader(folder).logits(texts, tokens)
    read = np.where((groups == "en")[:, None], english, others)
    holds, known = targets(rows)
    logits = ngrams.logits(tokens)
    weighed = evidence(signals, logits, ngrams.most(tokens, logits), read)
    mixing.fit(weighed, groups, holds, known).save(folder / "mixture.npz")


def _is_english(row: Row) -> bool:
    return row.language == "en"


def _is_other(row: Row) -> bool:
    """Every other language, and of English a share, since what it teaches carries over."""
    return row.language != "en" or zlib.crc32(row.text.encode()) % 3 == 0


def _say(text: str) -> None:
    sys.stderr.write(f"{time.process_time():7.0f} s  {text}\n")


if __name__ == "__main__":
    main()
