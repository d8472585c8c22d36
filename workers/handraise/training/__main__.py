"""Train the shipped models from the corpus. Progress goes to stderr.

The n-grams and the mixture take minutes, and so does what the reader says of an AI's turns, which is learned anew where
that is asked for (`--answers`). The reader is tuned anew only with `--reader`: nine minutes on an H200, where a script
that did the same tuned the teachers side by side; here they come one after the other, and on two cores it is more than
a day. On rows that it does not know it is tuned further with `--further`, in half an hour on two cores. The reader that
is shipped was tuned, then tuned further, and then learned what an AI says, which is to be learned anew after either.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from handraise.detection.evaluation import Row
from handraise.detection.heads import ASSISTANT_SIGNALS
from handraise.detection.mixture import GROUPS, evidence
from handraise.detection.ngrams import NgramModel
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.reader import Reader
from handraise.detection.tokens import tokens_of
from handraise.events import Sender
from handraise.training import acceptance, linear, mixing
from handraise.training.corpus import corpus_rows, is_for_tuning, joined, shouted, targets, with_turns

MODELS: Final = Path(__file__).parents[1] / "detection" / "models"
_AFTER_TURNS: Final = 4.0
"""What a row after the turns before it counts where the models are weighed: in the corpus most messages stand alone, in
life few do."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Fit the n-grams, tune the reader if asked to, then weigh both with the phrases on the writers set aside."""
    parser = argparse.ArgumentParser(prog="python -m handraise.training", description=__doc__)
    parser.add_argument("--to", type=Path, default=MODELS, help="the folder to write the models to")
    parser.add_argument("--reader", action="store_true", help="tune the reader anew, too; without, that of the folder")
    parser.add_argument(
        "--further",
        nargs="+",
        metavar="WAVE",
        default=[],
        help="tune the reader further on these waves of the corpus, twice on one that is named twice",
    )
    parser.add_argument("--way", type=float, help="how far the reader's weights go where it is tuned further, 0 to 1")
    parser.add_argument("--answers", action="store_true", help="have the reader learn anew what an AI says, no more")
    options = parser.parse_args(arguments)
    rows = corpus_rows("train")
    if unknown := set(options.further).difference(map(_wave, rows)):
        parser.error(f"no such wave in the corpus: {', '.join(sorted(unknown))}")
    options.to.mkdir(parents=True, exist_ok=True)
    if options.reader:
        from handraise.training import base, reader  # noqa: PLC0415 - need packages that nothing else does

        base.package()
    elif not options.answers:
        Reader.load(options.to)
    learned = [row for row in rows if not is_for_tuning(row)]
    tuning = [row for row in rows if is_for_tuning(row)]
    learned, tuning = learned + joined(learned), tuning + joined(tuning) + shouted(tuning)
    _say(f"{len(learned)} rows to learn from, {len(tuning)} to tune on")
    spoken = learned + shouted(learned)
    ngrams = linear.fit([row.text for row in spoken], *targets(spoken))
    ngrams.save(options.to / "ngrams.npz")
    _say("fitted the n-grams")
    acceptance.fit(rows).save(options.to / "acceptance.npz")
    _say("fitted the answers to offers")
    if options.reader:
        both = with_turns(learned)
        tokens, before = [tokens_of(row.text) for row in both], [_turns(row) for row in both]
        reader.tune_and_write(tokens, before, *targets(both), options.to)
        _say("tuned the reader")
    if options.further:
        tune_further(with_turns(learned), options.further, options.to, options.way)
        _say("tuned the reader further")
    if options.answers:
        learn_answers(with_turns(learned), options.to)
        _say("had the reader learn what an AI says")
    weigh(with_turns(tuning), ngrams, options.to)
    _say("weighed them")


def tune_further(rows: Sequence[Row], waves: Sequence[str], folder: Path, way: float | None = None) -> None:
    """Tune the reader further on those rows whose writers are of some waves, and again on some of the others."""
    from handraise.training import further  # noqa: PLC0415 - needs packages that nothing else does

    further.tune_further(
        [tokens_of(row.text) for row in rows],
        [_turns(row) for row in rows],
        *targets(rows),
        [waves.count(_wave(row)) for row in rows],
        folder,
        further.WAY if way is None else way,
    )


def learn_answers(rows: Sequence[Row], folder: Path) -> None:
    """Have the reader learn anew what an AI says, with its layers as they are."""
    from handraise.training import answers  # noqa: PLC0415 - needs packages that nothing else does

    turns = [row for row in rows if row.sender is Sender.ASSISTANT]
    holds, _ = targets(turns)
    answers.learn_and_write(
        [tokens_of(row.text) for row in turns],
        [_turns(row) for row in turns],
        holds[:, -len(ASSISTANT_SIGNALS) :],
        folder,
    )


def weigh(rows: Sequence[Row], ngrams: NgramModel, folder: Path) -> None:
    """Fit the mixture on rows that no model has learned from; the reader reads each after the turns before it."""
    phrases = default_phrases()
    found = [phrases.read(row.text, row.sender, None) for row in rows]
    signals = [one for one, _ in found]
    tokens = [words for _, words in found]
    groups = np.array([GROUPS[one.language] for one in signals])
    holds, known = targets(rows)
    logits, reader = ngrams.logits(tokens), Reader.load(folder)
    read = np.array([[*reader.read(words, _turns(row))] for words, row in zip(tokens, rows, strict=True)])
    weighed = evidence(signals, logits, ngrams.most(tokens, logits), None)
    counts = np.array([_AFTER_TURNS if row.before else 1.0 for row in rows])
    mixing.fit(weighed, read, groups, holds, known, counts).save(folder / "mixture.npz")


def _wave(row: Row) -> str:
    return row.writer.partition("/")[0]


def _turns(row: Row) -> list[list[str]]:
    """The tokens of the turns before a row."""
    return [tokens_of(turn) for turn in row.before]


def _say(text: str) -> None:
    sys.stderr.write(f"{time.process_time():7.0f} s  {text}\n")


if __name__ == "__main__":
    main()
