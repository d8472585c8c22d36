"""`handraise replay … --against`: what two policies would do differently with the same past."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from handraise.cli.errors import UnusableInputError
from handraise.cli.lines import Reader, policy_book, until_ms
from handraise.cli.progress import Progress
from handraise.detection import detection
from handraise.review.acts import Act
from handraise.review.diff import Comparison, Diff, Example
from handraise.terminal import harmless, printable

_TEXT: Final = 160
_SIGNS: Final = {"added": ("+", "green"), "dropped": ("-", "red"), "changed": ("~", "yellow")}


def compare(
    files: list[Path], *, policy: Path | None, against: Path, until: datetime | None, fast: bool, strict: bool
) -> Diff:
    """Fold files under two policies, and let time go on until a moment after them, if one is given.

    Raises:
        UserError: a policy is refused, a file cannot be read, or, where `strict`, a line cannot be used.
        UnusableInputError: there is nothing to compare the policies by.
    """
    progress = Progress(sys.stderr)
    reader = Reader(strict=strict, say=progress.say)
    before, after = policy_book(against), policy_book(policy)
    comparison = Comparison(before.__getitem__, after.__getitem__, *detection(fast=fast))
    try:
        for batch in reader.batches(files):
            comparison.fold([event for _, event in batch])
            for _ in batch:
                progress.advance()
        if until is not None:
            comparison.advance(until_ms(until))
    finally:
        progress.clear()
    for path, policies in ((against, before), (policy, after)):
        reader.tell_uncovered(path, policies, reader.businesses)
    reader.close()
    diff = comparison.diff()
    if not diff.conversations:
        raise UnusableInputError(f"{', '.join(map(str, files))}: no conversation in it to compare the policies by")
    return diff


def as_json(diff: Diff) -> bytes:
    """For programs."""
    return msgspec.json.format(msgspec.json.encode(diff), indent=2)


def show(diff: Diff, console: Console, examples: int) -> None:
    """For people: totals by trigger, and then so many examples of each kind."""
    console.print(Text(_summary(diff)))
    if diff.is_empty:
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("trigger")
    for name in ("before", "after", "added", "dropped", "changed"):
        table.add_column(name, justify="right")
    for one in diff.triggers:
        numbers = (one.before, one.after, one.added, one.dropped, one.changed)
        table.add_row(one.trigger, *(str(number) if number else "·" for number in numbers))
    console.print()
    console.print(table)
    for kind, found in (("added", diff.added), ("dropped", diff.dropped), ("changed", diff.changed)):
        for example in found[:examples]:
            console.print()
            _show_example(console, kind, example)
        if len(found) > examples:
            console.print(Text(f"\n… and {len(found) - examples} more that would be {kind}: --examples shows more"))
    for example in diff.followed[:examples]:
        console.print()
        _show_later(console, example)
    if len(diff.followed) > examples:
        console.print(Text(f"\n… and {len(diff.followed) - examples} more later on: --examples shows more"))


def _summary(diff: Diff) -> str:
    past = f"{diff.events} events of {diff.conversations} conversations"
    if diff.is_empty:
        return f"{past}: no difference"
    fired = (
        f"{past}: {len(diff.added)} would be added, {len(diff.dropped)} would be dropped,"
        f" {len(diff.changed)} would be changed"
    )
    return f"{fired}; {len(diff.followed)} would differ later on" if diff.followed else fired


def _show_later(console: Console, example: Example) -> None:
    """What happens later to an escalation, with what it came of."""
    act = example.after or example.before
    kind = "changed" if example.changes else "added" if example.after else "dropped"
    _show_example(console, kind, example, later=f" later, {act.message_id}" if act is not None else "")


def _show_example(console: Console, kind: str, example: Example, *, later: str = "") -> None:
    sign, colour = _SIGNS[kind]
    head = Text(harmless(f"{sign} {example.trigger}{later}"), style=f"bold {colour}")
    head.append(harmless(f"  {example.business_id}/{example.conversation_id}"), style="not bold default")
    console.print(head)
    if example.text:
        text = printable(example.text)
        console.print(Text(f"  “{text[:_TEXT]}{'…' if len(text) > _TEXT else ''}”", style="dim"))
    act = example.after or example.before
    if act is not None and not example.changes:
        console.print(Text(harmless(f"  {_told(act)}")))
    for change in example.changes:
        told = f"  {change.name.replace('_', ' ')}: {change.before or 'none'} → {change.after or 'none'}"
        console.print(Text(harmless(told)))


def _told(act: Act) -> str:
    owner = f" to {act.owner}, due {act.due_at:%Y-%m-%d %H:%M} UTC" if act.owner and act.due_at else ""
    return f"{act.action.value}{owner}; {act.because}"
