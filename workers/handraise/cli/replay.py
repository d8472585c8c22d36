"""`handraise replay`: the very bytes that the worker would publish for a file of events, `emitted_at` aside."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from msgspec import Struct
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from handraise.cli.lines import Run, policy_book, report
from handraise.conversation import Effects
from handraise.events import encode


class Output(StrEnum):
    """Which topic's events are printed."""

    ESCALATIONS = "escalations"
    DECISIONS = "decisions"
    CONTROL = "control"


def replay(
    files: Annotated[
        list[Path],
        typer.Argument(metavar="FILE...", help="JSON lines of messages and outcomes, gzip too; - for stdin."),
    ],
    *,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", metavar="FILE|FOLDER", exists=True, help="Policies; without it, the built-in default."
        ),
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="What to print.")] = Output.ESCALATIONS,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")] = False,
) -> None:
    """Print what the worker would publish for files of events: one event a line, in the order processed."""
    run = Run(policy_book(policy), strict=strict)
    out = sys.stdout.buffer
    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed} events"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
    ) as progress:
        task = progress.add_task("replay", total=None)
        for folded in run.fold(files):
            for event in _chosen(folded.processed.effects, output):
                out.write(encode(event) + b"\n")
                out.flush()
            progress.advance(task)
    report(run.bad)


def _chosen(effects: Effects, output: Output) -> Sequence[Struct]:
    match output:
        case Output.ESCALATIONS:
            return effects.escalations
        case Output.DECISIONS:
            return effects.decisions
        case Output.CONTROL:
            return effects.controls
