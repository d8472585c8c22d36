"""What each of the fold's weights is worth: `python -m tests.support.ablation FILE…` plays conversations without it.

Detection runs once for each text, so a variant costs as little as folding does.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from unittest.mock import patch

from handraise.conversation import weights
from handraise.conversation.weights import Sign
from handraise.demo.samples import Sample, load_samples
from handraise.detection import Signals, detect
from handraise.events import Sender
from tests.support.scoring import Totals


class Remembering:
    """Detection that remembers what it has said of a text after the turns before it."""

    def __init__(self) -> None:
        self._known = dict[tuple[str, Sender, str | None, tuple[str, ...]], Signals]()

    def __call__(
        self,
        texts: Sequence[str],
        *,
        senders: Sequence[Sender],
        languages: Sequence[str | None],
        before: Sequence[Sequence[str]],
    ) -> list[Signals]:
        """The same as `detect`."""
        keys = list(zip(texts, senders, languages, map(tuple, before), strict=True))
        new = [key for key in dict.fromkeys(keys) if key not in self._known]
        found = detect(
            [text for text, _, _, _ in new],
            senders=[sender for _, sender, _, _ in new],
            languages=[language for _, _, language, _ in new],
            before=[turns for _, _, _, turns in new],
        )
        self._known.update(zip(new, found, strict=True))
        return [self._known[key] for key in keys]


@contextmanager
def _without(sign: Sign) -> Iterator[None]:
    """The fold without one sign, for whatever trigger it speaks."""
    corroboration = {
        trigger: {other: weight for other, weight in signs.items() if other is not sign}
        for trigger, signs in weights.CORROBORATION.items()
    }
    gap = {other: 0.0 if other is sign else weight for other, weight in weights.GAP.items()}
    with patch.object(weights, "CORROBORATION", corroboration), patch.object(weights, "GAP", gap):
        yield


@contextmanager
def _set(name: str, value: object) -> Iterator[None]:
    with patch.object(weights, name, value):
        yield


_WEIGHED: Final = sorted({*weights.GAP, *(sign for signs in weights.CORROBORATION.values() for sign in signs)})
"""The signs that have a weight; the others say of one thing, known for certain, why it counts."""
VARIANTS: Final[dict[str, Callable[[], object]]] = {
    "as it is": lambda: _set("STRONG", weights.STRONG),
    **{f"without `{sign}`": (lambda sign=sign: _without(sign)) for sign in _WEIGHED},  # type: ignore[misc]  # a default binds it
    "without any corroboration": lambda: _set("CORROBORATION", {name: {} for name in weights.CORROBORATION}),
    "weak evidence needs no tone": lambda: _set("NEEDS_A_TONE", frozenset[str]()),
    "without the AI's confidence": lambda: _set("CONFIDENCE_FLOOR", -1.0),
    "without repetition of the AI": lambda: _set("SAME_ANSWER", 2.0),
    "without repetition of the customer": lambda: _set("SAME_QUESTION", 2.0),
}
"""Each variant, as what makes a context in which it holds."""


def main(names: Sequence[str]) -> None:
    """Print a table, a row for each variant and a column for each file."""
    detector = Remembering()
    files = {name: load_samples([Path(name)]) for name in names}
    sys.stdout.write(f"| variant | {' | '.join(Path(name).stem for name in files)} |\n|---{'|---' * len(files)}|\n")
    for variant, context in VARIANTS.items():
        with context():  # type: ignore[attr-defined]  # every one of them makes a context
            cells = [_cell(samples, detector) for samples in files.values()]
        sys.stdout.write(f"| {variant} | {' | '.join(cells)} |\n")


def _cell(samples: Sequence[Sample], detector: Remembering) -> str:
    totals = Totals.of(samples, detector)
    return f"{totals.wholly_right}, {totals.false_alarms} false, {totals.missed} missed"


if __name__ == "__main__":
    main(sys.argv[1:])
