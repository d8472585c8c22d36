"""`handraise analyse`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer
from rich.table import Table
from rich.text import Text

from handraise.cli.names import tell_unknown_business
from handraise.cli.period import Business, Since, Until, reading_the_log, scope_of
from handraise.cli.tables import table_console
from handraise.intervals import Share
from handraise.review.advice import Advice, advise
from handraise.review.queries import Figures, PromiseFigures, TriggerFigures, figures, promise_figures
from handraise.terminal import printable


def analyse(
    *,
    business: Business = None,
    since: Since = "30 days",
    until: Until = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """What each trigger did, how much of it was needed, what was missed, which promises were kept, and advice.

    Precision is the share of the judged escalations that a human was needed for. Shares come with their 95 % interval,
    which says how little or much stands behind them. An escalation counts once, under the trigger that it has come to,
    as its verdict does; the metric `handraise_escalations_total` counts it under the one that raised it.
    What is older than the decisions that the log keeps is left out of every figure, and that is said.
    """
    now = datetime.now(UTC)
    scope, shortened = scope_of(business, since, until, now)
    with reading_the_log() as session:
        tell_unknown_business(session, business)
        found = figures(session, scope, now=now)
        promises = promise_figures(session, scope, now=now)
        advice = advise(session, found)
    if shortened is not None:
        typer.echo(shortened, err=json)
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode(_report(found, promises, advice)), indent=2))
        return
    console = table_console()
    console.print(Text(_summary(found)), soft_wrap=True)
    if found.triggers:
        console.print()
        console.print(_triggers(found))
    if promises:
        console.print()
        console.print(_owners(promises))
    for piece in advice:
        console.print()
        console.print(Text.assemble((piece.trigger, "bold"), ": ", piece.text), soft_wrap=True)


def _summary(found: Figures) -> str:
    period = f"{found.scope.since:%Y-%m-%d %H:%M} to {found.scope.until:%Y-%m-%d %H:%M} UTC"
    told = f"{period}: {found.conversations} conversations, {found.escalations} escalations"
    if found.escalated is None or found.missed is None:
        return told
    return (
        f"{told}. Conversations with an escalation: {_share(found.escalated)};"
        f" in which a human was probably missed: {_share(found.missed)}."
        f"{_times('The AI talked over a human', found.talked_over)}"
        f"{_times('The AI promised a person, and nobody had been told,', found.broken_promises)}"
    )


def _times(what: str, times: int) -> str:
    return f" {what} {times} {'time' if times == 1 else 'times'}." if times else ""


def _triggers(found: Figures) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("trigger", no_wrap=True)
    for name in ("raised", "of conversations", "precision", "judged", "near", "suppressed", "shadow", "missed", "kept"):
        table.add_column(name, justify="right")
    for one in found.triggers:
        kept = one.promises.share_kept if one.promises else None
        table.add_row(
            one.trigger,
            _number(one.escalations),
            _share(one.share),
            _share(one.precision),
            _number(one.judged),
            _number(one.near),
            _number(one.suppressed),
            _number(one.fired_in_shadow),
            _number(one.missed),
            "·" if kept is None else f"{kept.count} of {kept.of}",
        )
    return table


def _owners(promises: list[PromiseFigures]) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("promises of", "for"):
        table.add_column(name)
    for name in ("kept", "broken", "waiting", "replaced", "share kept"):
        table.add_column(name, justify="right")
    for one in promises:
        numbers = (one.kept, one.broken, one.waiting, one.replaced)
        table.add_row(printable(one.owner), one.trigger, *map(_number, numbers), _share(one.share_kept))
    return table


def _number(number: int) -> str:
    return str(number) if number else "·"


def _share(found: Share | None) -> str:
    if found is None:
        return "·"
    return f"{found.value:.1%} ({found.low:.1%}-{found.high:.1%})"


def _report(found: Figures, promises: list[PromiseFigures], advice: list[Advice]) -> dict[str, Any]:
    return {
        "since": found.scope.since,
        "until": found.scope.until,
        "business": found.scope.business,
        "conversations": found.conversations,
        "escalations": found.escalations,
        "escalated": _plain(found.escalated),
        "missed": _plain(found.missed),
        "talked_over": found.talked_over,
        "broken_promises": found.broken_promises,
        "triggers": [_trigger(one) for one in found.triggers],
        "promises": [msgspec.to_builtins(one) | {"share_kept": _plain(one.share_kept)} for one in promises],
        "advice": advice,
    }


def _trigger(one: TriggerFigures) -> dict[str, Any]:
    return {
        "trigger": one.trigger,
        "escalations": one.escalations,
        "conversations": one.conversations,
        "share": _plain(one.share),
        "judged": one.judged,
        "verdicts": one.verdicts,
        "precision": _plain(one.precision),
        "near": one.near,
        "suppressed": one.suppressed,
        "fired_in_shadow": one.fired_in_shadow,
        "missed": one.missed,
        "near_then_missed": one.near_then_missed,
        "promises": one.promises,
        "promises_kept": _plain(one.promises.share_kept if one.promises else None),
    }


def _plain(found: Share | None) -> dict[str, float] | None:
    if found is None:
        return None
    return {"count": found.count, "of": found.of, "value": found.value, "low": found.low, "high": found.high}
