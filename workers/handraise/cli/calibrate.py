"""`handraise calibrate`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from handraise.cli.names import tell_unknown_business, tell_unknown_trigger
from handraise.cli.period import Business, Since, Until, reading_the_log, scope_of
from handraise.cli.tables import table_console
from handraise.review.calibration import Calibration, Proposal, calibrate
from handraise.review.queries.labels import labelled

_RATIO: Final = re.compile(r"(\d{1,6}(?:\.\d+)?)(?::(\d{1,6}(?:\.\d+)?))?")
_STYLES: Final = {Proposal.RAISE: "yellow", Proposal.LOWER: "yellow", Proposal.TOO_LITTLE: "dim", Proposal.ALIKE: "dim"}


def calibrate_command(
    *,
    cost: Annotated[
        str,
        typer.Option(
            "--cost", metavar="MISS:NEEDLESS", help="What a miss costs against a needless escalation: 10:1 by default."
        ),
    ] = "10:1",
    trigger: Annotated[str | None, typer.Option("--trigger", metavar="NAME", help="Only this trigger.")] = None,
    business: Business = None,
    since: Since = "90 days",
    until: Until = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """The threshold of each trigger that a price for misses implies, from verdicts and probable misses.

    It proposes and never changes anything: try a proposal with `handraise replay … --policy NEW --against OLD`, then
    publish it with `handraise policy push`. Where the data do not carry a proposal, it says so.
    What is older than the decisions that the log keeps is left out, and that is said.
    """
    price = _ratio(cost)
    scope, shortened = scope_of(business, since, until, datetime.now(UTC))
    with reading_the_log() as session:
        tell_unknown_business(session, business)
        tell_unknown_trigger(session, trigger)
        found = [calibrate(one, price) for one in labelled(session, scope) if trigger in (None, one.trigger)]
    if shortened is not None:
        typer.echo(shortened, err=json)
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(found), indent=2))
        return
    console = table_console()
    if not found:
        console.print(Text("no trigger has held, or nearly held, in this time"))
        return
    table = Table(box=None, pad_edge=False)
    table.add_column("trigger", no_wrap=True)
    for name in ("threshold", "proposed", "95 % interval", "judged", "unnecessary", "missed", "out of reach"):
        table.add_column(name, justify="right")
    table.add_column("because")
    for one in found:
        table.add_row(*_row(one), style=_STYLES.get(one.proposal))
    console.print(table)


def _row(one: Calibration) -> tuple[str, ...]:
    proposed = f"{one.proposed:g}" if one.proposal in {Proposal.RAISE, Proposal.LOWER} else one.proposal.value
    interval = "·" if one.low is None else f"{one.low:g} to {one.high:g}"
    numbers = (one.judged, one.unnecessary, one.missed, one.out_of_reach)
    return one.trigger, f"{one.threshold:g}", proposed, interval, *map(str, numbers), one.because


def _ratio(written: str) -> float:
    found = _RATIO.fullmatch(written.replace(" ", ""))
    if found is None or not float(found[1]) or (found[2] is not None and not float(found[2])):
        raise typer.BadParameter("give two numbers above 0, for example 10:1", param_hint="--cost")
    return float(found[1]) / float(found[2] or 1)
