"""The corpus as rows, and as the targets of the heads."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from msgspec.structs import replace

from handraise.detection.evaluation import Row, read_rows
from handraise.detection.heads import ASSISTANT_SIGNALS, CUSTOMER_HEADS, CUSTOMER_SIGNALS, HEADS
from handraise.events import Sender

CORPUS: Final = Path(__file__).parents[1] / "detection" / "corpus"
_PER_JOINED: Final = 24
"""Of so many rows, one is made that joins several."""
_TELLING: Final = 0.6
"""The share of joined rows with a part that may hold something."""
_PER_SHOUTED: Final = 16
"""One row in so many is learned in capitals as well."""
_TUNING: Final = 7
"""One writer in so many is set aside to tune on."""


def corpus_rows(split: str) -> list[Row]:
    """The rows of `train` or `heldout`, sorted by file."""
    return read_rows(sorted((CORPUS / split).glob("*.jsonl")))


def is_for_tuning(row: Row) -> bool:
    """Whether a row of the training split is set aside, with all its writer's others, to mix and calibrate on.

    Public rows, which name no writers, are set aside one by one.
    """
    key = row.text if row.writer.startswith("public-") else row.writer
    return zlib.crc32(key.encode()) % _TUNING == 0


def joined(rows: Sequence[Row]) -> list[Row]:
    """Long messages: several of one language and sender, one after the other, that hold what any of them holds.

    People and their agents write longer than the writers of the corpus did; what is true of short texts must not turn
    into something else where there is more text. Nothing is said of their mood or aim.
    """
    groups = dict[tuple[str, Sender], list[Row]]()
    for row in rows:
        if row.known is None:
            groups.setdefault((row.language, row.sender), []).append(row)
    made = []
    for (language, sender), members in sorted(groups.items()):
        # Each language by itself, so that more rows of one change nothing in the others.
        random = np.random.default_rng(zlib.crc32(f"{language} {sender.value}".encode()))
        plain = [row for row in members if not row.labels]
        signals = ASSISTANT_SIGNALS if sender is Sender.ASSISTANT else CUSTOMER_SIGNALS
        for _ in range(len(members) // _PER_JOINED):
            parts = [plain[i] for i in random.integers(len(plain), size=random.integers(3, 9))]
            if random.random() < _TELLING:
                parts[random.integers(len(parts))] = members[random.integers(len(members))]
            labels = tuple(sorted({label for part in parts for label in part.labels}))
            text = " ".join(part.text if part.text[-1] in ".!?" else f"{part.text}." for part in parts)
            made.append(Row(text=text, language=language, sender=sender, labels=labels, writer="joined", known=signals))
    return made


def shouted(rows: Sequence[Row]) -> list[Row]:
    """Some customers' messages in capitals: what is wanted does not change, whether anger is meant nobody can say.

    Few writers of the corpus shout, and fewer of them in danger, so from them alone the n-grams learn that nobody who
    writes in capitals is.
    """
    signals = tuple(one for one in CUSTOMER_SIGNALS if one != "distress")
    return [
        Row(
            text=row.text.upper(),
            language=row.language,
            sender=row.sender,
            labels=tuple(label for label in row.labels if label in signals),
            writer=row.writer,
            known=signals,
        )
        for row in rows
        if row.known is None
        and row.sender is Sender.CUSTOMER
        and row.text.upper() != row.text
        and zlib.crc32(f"capitals {row.text}".encode()) % _PER_SHOUTED == 0
    ]


def with_turns(rows: Sequence[Row]) -> list[Row]:
    """Every row as if nothing stood before it, and after these, once more, those with turns before them."""
    return [*(replace(row, before=()) for row in rows), *(row for row in rows if row.before)]


def targets(rows: Sequence[Row]) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """For each row and head, whether it holds, and whether that is known (rows by heads, 0 or 1)."""
    holds = np.zeros((len(rows), len(HEADS)), dtype=np.float32)
    known = np.zeros_like(holds)
    for i, row in enumerate(rows):
        said = {*row.labels, row.sentiment or "", f"intent:{row.intent}"}
        for j, head in enumerate(HEADS):
            holds[i, j] = head in said
            known[i, j] = _is_known(row, head)
    return holds, known


def _is_known(row: Row, head: str) -> bool:
    if row.sender is Sender.ASSISTANT:
        return head in ASSISTANT_SIGNALS and (row.known is None or head in row.known)
    if head not in CUSTOMER_HEADS:
        return False
    if row.known is not None:
        return head in row.known
    return not head.startswith("intent:") or row.intent is not None
