"""How well detection does on labelled messages: precision, recall, F1 with intervals, calibration, false alarms."""

from __future__ import annotations

import codecs
import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from msgspec import Struct

from handraise.detection.sentiment import NEGATIVE, POSITIVE
from handraise.detection.signals import Intent, Signals
from handraise.events import InvalidEventError, Sender, decode
from handraise.intervals import share

CUSTOMER: Final = ("human_request", "complaint", "high_value", "distress", "crisis", "thanks", "affirm")
ASSISTANT: Final = ("admission", "promise", "deferral", "asks_detail", "offers_human", "fault")
ALARMS: Final = CUSTOMER[:5]
"""The signals that pull a trigger by themselves."""

SENTIMENTS: Final = ("negative", "neutral", "positive")
THRESHOLD: Final = 0.5
_BINS: Final = 10
_DRAWS: Final = 1_000
FEW: Final = 30
"""Fewer right, false and missed rows than these are too few to draw from."""


class Row(Struct, frozen=True):
    """One labelled message; see `detection/corpus/README.md`. A row with `known` was judged for those labels alone."""

    text: str
    language: str = "und"
    sender: Sender = Sender.CUSTOMER
    labels: tuple[str, ...] = ()
    writer: str = ""
    sentiment: str | None = None
    intent: Intent | None = None
    known: tuple[str, ...] | None = None
    before: tuple[str, ...] = ()
    """The turns before it, the oldest first, as far as they are given; the last two are read with it."""

    def knows(self, label: str) -> bool:
        """Whether the row says if the label holds."""
        if self.known is not None:
            return label in self.known
        return label in (ASSISTANT if self.sender is Sender.ASSISTANT else CUSTOMER)


class RowError(ValueError):
    """A line that is no labelled message."""


class NoRowsError(RowError):
    """No line is one."""


class _Given(Struct, frozen=True):
    """What a line says at all, where a row has defaults."""

    labels: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    message_id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_DECODER: Final = msgspec.json.Decoder(Row)
_GIVEN: Final = msgspec.json.Decoder(_Given)
_FORM: Final = 'one JSON object a line, {"text": "…", "labels": []} or with the labels that hold'


def read_rows(paths: Iterable[Path]) -> list[Row]:
    """The rows of JSON Lines files, in order.

    Raises:
        NoRowsError: there are lines, and none of them is a row.
        RowError: a line is no row, or its labels are none of those that are measured: a wrong name would count as a
            message without a label, and nobody would see it. The error says which line and why, and quotes nothing of
            it.
    """
    rows = []
    first: str | None = None
    for path in paths:
        for number, line in enumerate(path.read_bytes().removeprefix(codecs.BOM_UTF8).splitlines(), 1):
            if not line.strip():
                continue
            try:
                rows.append(_row(line))
            except RowError as error:
                first = first or f"{path}:{number}: this is no labelled message{error}"
    if first is not None:
        raise RowError(first) if rows else NoRowsError(first)
    return rows


def _row(line: bytes) -> Row:
    """The row of a line; the message of an error goes on where a sentence about the line has begun."""
    if not line.lstrip().startswith(b"{"):
        raise RowError(f": the file must hold {_FORM}; turn a CSV into that first")
    try:
        row = decode(line, _DECODER)
        given = None if row.labels else _GIVEN.decode(line)
    except InvalidEventError as error:
        place = "" if error.path == "$" else f", at {error.path}"
        raise RowError(f"{place}: {error.reason[:1].lower()}{error.reason[1:]}") from None
    if given is not None and given.labels is msgspec.UNSET:
        chat = " (it is a message of a chat, as `handraise detect` reads them)" if given.message_id else ""
        raise RowError(f": it has no `labels`{chat}, which must be [] if none holds")
    _check_names(row)
    return row


def _check_names(row: Row) -> None:
    """Refuse a label, or a sentiment, that is never measured."""
    measured = ASSISTANT if row.sender is Sender.ASSISTANT else CUSTOMER
    for field, names, allowed in (
        ("known", row.known or (), measured),
        ("labels", row.labels, measured if row.known is None else row.known),
        ("sentiment", (row.sentiment,) if row.sentiment else (), SENTIMENTS),
    ):
        for index, name in enumerate(names):
            if name not in allowed:
                place = field if field == "sentiment" else f"{field}[{index}]"
                near = next(iter(difflib.get_close_matches(name, allowed, n=1)), None)
                mend = f"did you mean {near}?" if near else f"it can be {', '.join(allowed)}"
                raise RowError(f", at $.{place}: {mend}")


class Counts(Struct, frozen=True):
    """How often a label was found rightly, wrongly, and not."""

    right: int = 0
    false: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of what was found that holds; 0 if nothing was."""
        return self.right / (self.right + self.false) if self.right + self.false else 0.0

    @property
    def recall(self) -> float:
        """The share of what holds that was found; 0 if nothing holds."""
        return self.right / (self.right + self.missed) if self.right + self.missed else 0.0

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / (2 * self.right + self.false + self.missed) if self.right else 0.0


class Measured(Struct, frozen=True):
    """One label on one set of rows."""

    label: str
    rows: int
    counts: Counts
    low: float
    high: float
    """The 95 % interval of F1: see `interval`."""
    calibration_error: float
    """Expected calibration error: the mean gap between score and share that holds, over ten bins of scores."""


class Evaluation(Struct, frozen=True):
    """What came of a set of rows."""

    rows: int
    measured: tuple[Measured, ...]
    quiet: int
    """Customers' rows that are known to hold none of the signals that pull a trigger."""
    alarms: int
    """How many of those pulled one."""
    sentiment: float | None
    """The share of rows whose sentiment (negative, neutral, positive) was told rightly."""
    intent: float | None
    confusion: Mapping[str, Counter[str]]
    """By the signal that holds (or `none`), the signals that were found (or `none`)."""
    worst: tuple[tuple[int, str, float], ...]
    """The mistakes in which the detector was surest: the row's index, the label, its score."""

    @property
    def alarms_per_thousand(self) -> float:
        """False alarms, all triggers together, for each thousand quiet rows."""
        return 1_000 * self.alarms / self.quiet if self.quiet else 0.0


def evaluate(rows: Sequence[Row], found: Sequence[Signals], worst: int = 20) -> Evaluation:
    """Compare what was found with what holds."""
    measured, mistakes = [], list[tuple[int, str, float]]()
    for label in (*CUSTOMER, *ASSISTANT):
        judged = [(i, label in row.labels, _score(found[i], label)) for i, row in enumerate(rows) if row.knows(label)]
        if not any(holds for _, holds, _ in judged):
            continue
        pairs = [(holds, score) for _, holds, score in judged]
        low, high = interval(pairs)
        measured.append(Measured(label, len(pairs), counts(pairs), low, high, _calibration_error(pairs)))
        mistakes += [(i, label, score) for i, holds, score in judged if (score >= THRESHOLD) != holds]
    mistakes.sort(key=lambda mistake: (-abs(mistake[2] - THRESHOLD), mistake[0], mistake[1]))
    quiet = [i for i, row in enumerate(rows) if row.sender is Sender.CUSTOMER and _is_quiet(row)]
    return Evaluation(
        rows=len(rows),
        measured=tuple(measured),
        quiet=len(quiet),
        alarms=sum(any(_score(found[i], label) >= THRESHOLD for label in ALARMS) for i in quiet),
        sentiment=_share(
            row.sentiment == sentiment_of(one) for row, one in zip(rows, found, strict=True) if row.sentiment
        ),
        intent=_share(row.intent is one.intent for row, one in zip(rows, found, strict=True) if row.intent),
        confusion=_confusion(rows, found),
        worst=tuple(mistakes[:worst]),
    )


def sentiment_of(signals: Signals) -> str:
    """The word for a text's sentiment."""
    if signals.sentiment <= NEGATIVE:
        return "negative"
    return "positive" if signals.sentiment >= POSITIVE else "neutral"


def _score(signals: Signals, label: str) -> float:
    return float(getattr(signals, label))


def _is_quiet(row: Row) -> bool:
    return all(row.knows(label) for label in ALARMS) and not any(label in row.labels for label in ALARMS)


def counts(pairs: Iterable[tuple[bool, float]]) -> Counts:
    """What came of scores cut at `THRESHOLD`; each pair says whether the label holds, and its score."""
    seen = Counter((holds, score >= THRESHOLD) for holds, score in pairs)
    return Counts(right=seen[True, True], false=seen[False, True], missed=seen[True, False])


def interval(pairs: Sequence[tuple[bool, float]]) -> tuple[float, float]:
    """The 95 % interval of F1: percentiles over draws with replacement; only right, false and missed rows matter.

    Where fewer than `FEW` rows matter, or all of them or none are right, draws from them would repeat what was seen and
    make four of four look certain. There it is Wilson's. Of the rows that matter a share J = right / (right + false +
    missed) is right, which is binomial, and F1 = 2 J / (1 + J) grows with J, so the ends of the interval of J are those
    of F1 (Jaccard's index and Dice's; Wilson as in `handraise.intervals`).
    """
    seen = counts(pairs)
    matter = seen.right + seen.false + seen.missed
    few = share(seen.right, matter)
    if few is None:
        return 0.0, 0.0
    if matter < FEW or seen.right in {0, matter}:
        return 2 * few.low / (1 + few.low), 2 * few.high / (1 + few.high)
    shares = np.array([seen.right, seen.false, seen.missed, len(pairs) - matter]) / len(pairs)
    drawn = np.random.default_rng(0).multinomial(len(pairs), shares, size=_DRAWS)
    right, wrong = drawn[:, 0], drawn[:, 1] + drawn[:, 2]
    low, high = np.percentile(2 * right / np.maximum(2 * right + wrong, 1), [2.5, 97.5])
    return float(low), float(high)


def _calibration_error(pairs: Sequence[tuple[bool, float]]) -> float:
    bins = dict[int, list[tuple[bool, float]]]()
    for holds, score in pairs:
        bins.setdefault(min(int(score * _BINS), _BINS - 1), []).append((holds, score))
    gaps = (abs(sum(holds for holds, _ in some) - sum(score for _, score in some)) for some in bins.values())
    return sum(gaps) / len(pairs)


def _share(right: Iterable[bool]) -> float | None:
    every = list(right)
    return sum(every) / len(every) if every else None


def _confusion(rows: Sequence[Row], found: Sequence[Signals]) -> dict[str, Counter[str]]:
    confusion = dict[str, Counter[str]]()
    for row, one in zip(rows, found, strict=True):
        if row.sender is not Sender.CUSTOMER or not all(row.knows(label) for label in ALARMS):
            continue
        hold: list[str] = [label for label in ALARMS if label in row.labels]
        came: list[str] = [label for label in ALARMS if _score(one, label) >= THRESHOLD]
        for label in hold or ["none"]:
            confusion.setdefault(label, Counter()).update(came or ["none"])
    return confusion
