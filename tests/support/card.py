"""The tables of the model card, measured anew: `python -m tests.support.card` writes them into it.

A table of messages stands between `<!-- messages: PATTERN… -->` and `<!-- end -->`: the patterns name files of
`corpus/heldout`. One of conversations stands likewise behind `<!-- conversations: PATTERN… -->`, of files of
`tests/data/conversations`. Whatever stands around them is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from handraise.demo.samples import load_samples
from handraise.detection import Signals, detect
from handraise.detection.evaluation import Evaluation, evaluate, read_rows
from handraise.training.__main__ import MODELS
from handraise.training.corpus import CORPUS
from tests.support.scoring import Totals

CARD: Final = MODELS / "README.md"
CONVERSATIONS: Final = Path(__file__).parents[1] / "data" / "conversations"
TABLE: Final = re.compile(r"(<!-- (messages|conversations): ([^>]*?) -->\n).*?(?=<!-- end -->)", re.DOTALL)
_BATCH: Final = 400


def rewritten(card: str) -> str:
    """A model card with each of its tables as it is now.

    Raises:
        ValueError: a table's patterns name no file.
    """
    return TABLE.sub(_measured, card)


def _measured(found: re.Match[str]) -> str:
    opening, kind, patterns = found.groups()
    folder = CORPUS / "heldout" if kind == "messages" else CONVERSATIONS
    files = sorted({file for pattern in patterns.split() for file in folder.glob(f"{pattern}.jsonl")}, key=_in_order)
    if not files:
        raise ValueError(f"no file is meant by {patterns}")
    lines = of_messages(files) if kind == "messages" else of_conversations(files)
    return "\n".join([opening, *lines, "", ""])


def _in_order(file: Path) -> tuple[str, int]:
    """By name, the number at its end as a number."""
    name, _, number = file.stem.rpartition("-")
    return (name, int(number)) if number.isdigit() else (file.stem, 0)


def of_messages(files: Sequence[Path]) -> Iterator[str]:
    """The lines on files of labelled messages."""
    rows = read_rows(files)
    found = list[Signals]()
    for start in range(0, len(rows), _BATCH):
        some = rows[start : start + _BATCH]
        found += detect(
            [row.text for row in some],
            senders=[row.sender for row in some],
            before=[row.before for row in some],
        )
    result = evaluate(rows, found, 0)
    yield "| label | holds | precision | recall | F1 | 95 % | calibration error |"
    yield "|---|---|---|---|---|---|---|"
    for one in result.measured:
        yield (
            f"| {one.label} | {one.counts.right + one.counts.missed} | {one.counts.precision:.2f}"
            f" | {one.counts.recall:.2f} | {one.counts.f1:.2f} | {one.low:.2f} to {one.high:.2f}"
            f" | {one.calibration_error:.3f} |"
        )
    if said := "; ".join(_also(result)):
        yield ""
        yield f"{said}."


def _also(result: Evaluation) -> Iterator[str]:
    if result.sentiment is not None:
        yield f"sentiment right for {result.sentiment:.3f}"
    if result.intent is not None:
        yield f"intent right for {result.intent:.3f}"
    if result.quiet:
        yield (
            f"false alarms: {result.alarms} of {result.quiet:,} quiet messages"
            f" ({result.alarms_per_thousand:.1f} per 1,000)"
        )


def of_conversations(files: Sequence[Path]) -> Iterator[str]:
    """The lines on files of sample conversations."""
    yield "| file | wholly right | handovers at their turn | quiet ones raised | others never raised |"
    yield "|---|---|---|---|---|"
    for file in files:
        one = Totals.of(load_samples([file]))
        yield (
            f"| `{file.name}` | {one.wholly_right:,} of {one.conversations:,} | {one.right} of {one.expected}"
            f" | {one.false_alarms} of {one.quiet} | {one.missed} of {one.conversations - one.quiet} |"
        )


if __name__ == "__main__":
    CARD.write_text(rewritten(CARD.read_text(encoding="utf-8")), encoding="utf-8")
