"""`handraise evaluate`: how well detection does on labelled messages."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from handraise.cli.errors import UnusableInputError, UserError
from handraise.detection import Signals, detect
from handraise.detection.evaluation import Evaluation, NoRowsError, Row, RowError, evaluate, read_rows
from handraise.terminal import printable

_BATCH: Final = 400
_CUT: Final = 100


def command(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="FILE...",
            exists=True,
            dir_okay=False,
            help="Labelled messages as JSON Lines; without any, those held out of the corpus.",
        ),
    ] = None,
    *,
    each: Annotated[bool, typer.Option("--each", help="One table for each file, not one for all.")] = False,
    worst: Annotated[int, typer.Option(metavar="N", help="How many of the surest mistakes to list.", min=0)] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object for each table instead.")] = False,
) -> None:
    """Print precision, recall, F1 with its 95 % interval, calibration and false alarms, by label.

    A file holds one JSON object a line: {"text": "…", "labels": ["complaint"]}, where [] says that no label holds. A
    turn of the AI says "sender": "assistant"; "sentiment" and "intent" are measured where they are given; "before" may
    hold the turns before it, the oldest first. Labels of a customer: human_request, complaint, high_value, distress,
    crisis, thanks, affirm; of the AI: admission, promise, deferral, asks_detail, offers_human, fault.
    """
    paths = files or sorted((Path(__file__).parents[1] / "detection" / "corpus" / "heldout").glob("*.jsonl"))
    if not paths:
        raise UserError("no file given, and the corpus is not installed: name a file of labelled messages")
    for group in [[path] for path in paths] if each else [paths]:
        rows = _read(group)
        began = time.perf_counter()
        found = _detect(rows)
        seconds = time.perf_counter() - began
        name = group[0].name if len(group) == 1 else f"{len(group)} files"
        _show(name, rows, evaluate(rows, found, worst), 1e6 * seconds / len(rows), as_json=as_json)


def _read(paths: Sequence[Path]) -> list[Row]:
    try:
        rows = read_rows(paths)
    except NoRowsError as error:
        raise UnusableInputError(str(error)) from None
    except RowError as error:
        raise UserError(str(error)) from None
    if not rows:
        raise UnusableInputError(f"{', '.join(map(str, paths))}: no messages in it")
    return rows


def _detect(rows: Sequence[Row]) -> list[Signals]:
    found = list[Signals]()
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        found += detect(
            [row.text for row in batch],
            senders=[row.sender for row in batch],
            before=[row.before for row in batch],
        )
    return found


def _show(name: str, rows: Sequence[Row], result: Evaluation, micros: float, *, as_json: bool) -> None:
    if as_json:
        found = msgspec.to_builtins(result) | {"name": name, "microseconds": round(micros, 1)}
        typer.echo(msgspec.json.encode(found))
        return
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _CUT, highlight=False)
    table = Table(title=Text(f"{name}: {_messages(result.rows)}"), title_justify="left")
    for head in ("label", "holds", "precision", "recall", "F1", "95 %", "calibration error"):
        table.add_column(head, justify="left" if head == "label" else "right")
    for one in result.measured:
        counts = one.counts
        table.add_row(
            one.label,
            str(counts.right + counts.missed),
            f"{counts.precision:.2f}",
            f"{counts.recall:.2f}",
            f"{counts.f1:.2f}",
            f"{one.low:.2f} to {one.high:.2f}",
            f"{one.calibration_error:.3f}",
        )
    console.print(table)
    if result.sentiment is not None:
        console.print(f"sentiment right for {result.sentiment:.3f}", end="; " if result.intent is not None else "\n")
    if result.intent is not None:
        console.print(f"intent right for {result.intent:.3f}")
    if result.quiet:
        console.print(
            f"false alarms: {result.alarms} of {_messages(result.quiet, 'quiet ')}"
            f" ({result.alarms_per_thousand:.1f} per 1,000)"
        )
    console.print(f"{micros:.0f} microseconds a message, in batches of {_BATCH}, starting up included")
    for index, label, score in result.worst:
        holds = "missed" if label in rows[index].labels else "false"
        console.print(f"  {holds:6} {label:14} {score:.3f}  {printable(rows[index].text)[:_CUT]}", markup=False)


def _messages(number: int, kind: str = "") -> str:
    return f"{number} {kind}{'message' if number == 1 else 'messages'}"
