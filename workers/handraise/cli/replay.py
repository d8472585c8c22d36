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

from handraise.cli.against import as_json, compare, show
from handraise.cli.lines import Fast, Files, Reader, Run, Until, policy_book
from handraise.cli.progress import Progress
from handraise.conversation import Effects
from handraise.events import encode


class Output(StrEnum):
    """Which topic's events are printed."""

    ESCALATIONS = "escalations"
    DECISIONS = "decisions"
    CONTROL = "control"


def replay(
    files: Files,
    *,
    policy: Annotated[
        Path | None,
        typer.Option(
            "--policy", metavar="FILE|FOLDER", exists=True, help="Policies; without it, the built-in default."
        ),
    ] = None,
    output: Annotated[Output, typer.Option("--output", help="What to print.")] = Output.ESCALATIONS,
    until: Until = None,
    against: Annotated[
        Path | None,
        typer.Option(
            "--against",
            metavar="FILE|FOLDER",
            exists=True,
            help="Print what --policy would do otherwise than these policies, instead of events; exit 1 if anything.",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="With --against: the difference as JSON.")] = False,
    examples: Annotated[
        int, typer.Option("--examples", metavar="N", min=0, help="With --against: how many of each kind are shown.")
    ] = 5,
    fast: Fast = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")] = False,
) -> None:
    """Print what the worker would publish for files of events: one event a line, in the order processed.

    With --against, print what a changed policy would add, drop and change instead.
    """
    if against is not None:
        diff = compare(files, policy=policy, against=against, until=until, fast=fast, strict=strict)
        if json:
            typer.echo(as_json(diff))
        else:
            show(diff, Console(highlight=False, soft_wrap=True), examples)
        raise typer.Exit(0 if diff.is_empty else 1)
    progress = Progress(sys.stderr)
    reader = Reader(strict=strict, say=progress.say)
    policies = policy_book(policy)
    run = Run(policies, reader, fast=fast)
    out = sys.stdout.buffer
    try:
        for folded in run.fold(files):
            for event in _chosen(folded.processed.effects, output):
                progress.clear()
                out.write(encode(event) + b"\n")
                out.flush()
            progress.advance()
        for processed in run.advance(until):
            for event in _chosen(processed.effects, output):
                out.write(encode(event) + b"\n")
    except KeyboardInterrupt:
        # What is read live ends in no other way.
        reader.tell_uncovered(policy, policies, reader.businesses)
        reader.tell()
        raise
    finally:
        progress.clear()
    reader.tell_uncovered(policy, policies, reader.businesses)
    reader.close()


def _chosen(effects: Effects, output: Output) -> Sequence[Struct]:
    match output:
        case Output.ESCALATIONS:
            return effects.escalations
        case Output.DECISIONS:
            return effects.decisions
        case Output.CONTROL:
            return effects.controls
