"""`handraise dead-letters`."""

from __future__ import annotations

import asyncio
from collections import Counter
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
import typer

from handraise.cli.configured import configured
from handraise.cli.errors import UserError
from handraise.cli.period import time_of
from handraise.engine.errors import EngineError
from handraise.engine.letterbox import Wanted
from handraise.engine.resending import Fate, Judged, Unusable, look_through
from handraise.engine.topics import Topic
from handraise.events import DeadLetterReason

app: Final = typer.Typer(help="Records that could not be used.", no_args_is_help=True)

_FATES: Final = {
    Fate.PUBLISH: "can be replayed",
    Fate.REPLAYED: "replayed before",
    Fate.UNUSABLE: "still unusable",
    Fate.CUT: "not whole",
    Fate.POLICY: "a policy",
    Fate.ELSEWHERE: "from another installation, or a partition that is no more",
}


class Source(StrEnum):
    """A topic that dead letters come from."""

    MESSAGES = Topic.MESSAGES.value
    OUTCOMES = Topic.OUTCOMES.value
    POLICIES = Topic.POLICIES.value


Partition = Annotated[
    int | None, typer.Option("--partition", min=0, metavar="N", help="Only this partition of the dead letters.")
]
First = Annotated[int, typer.Option("--from", min=0, metavar="OFFSET", help="The first offset there.")]
Last = Annotated[int | None, typer.Option("--to", min=0, metavar="OFFSET", help="The last offset there.")]
Reason = Annotated[
    list[DeadLetterReason] | None,
    typer.Option("--reason", metavar="REASON", help=f"Only this one: {', '.join(DeadLetterReason)}; can be repeated."),
]
From = Annotated[
    Source | None, typer.Option("--topic", metavar="TOPIC", help=f"Only those from one of {', '.join(Source)}.")
]
Since = Annotated[
    str | None,
    typer.Option("--since", metavar="TIME", help="A date, a time in RFC 3339, or how long ago: `7 days`, `12 hours`."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="The same; without it, now.")]
Json = Annotated[bool, typer.Option("--json", help="For programs: one object a line.")]


@app.command("list")
def list_letters(
    *,
    partition: Partition = None,
    first: First = 0,
    last: Last = None,
    reason: Reason = None,
    topic: From = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, metavar="N", help="Show so many, the oldest first.")
    ] = 50,
    json: Json = False,
) -> None:
    """Show which records could not be used, and why, and whether they can be replayed; never what they say."""
    wanted = _wanted(partition, first, last, reason, topic, since, until)
    _run(wanted, limit, json=json, publish=False, unusable=Unusable.LEAVE, count_all=True)


@app.command()
def replay(
    *,
    partition: Partition = None,
    first: First = 0,
    last: Last = None,
    reason: Reason = None,
    topic: From = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[
        int, typer.Option("--limit", min=1, max=100_000, metavar="N", help="Replay so many, the oldest first.")
    ] = 100,
    unusable: Annotated[
        Unusable,
        typer.Option("--unusable", help="What to do with letters that this version cannot read either."),
    ] = Unusable.LEAVE,
    publish: Annotated[
        bool, typer.Option("--publish", help="Do it. Without this, only say what would be done.")
    ] = False,
    json: Json = False,
) -> None:
    """Send dead letters back to the topic that they come from, with key, value and headers as they were.

    Each goes out once: what was replayed before, by whomever, is passed over. A policy is not replayed, since it could
    take the place of a newer one, and neither is a letter that had to be cut.
    """
    wanted = _wanted(partition, first, last, reason, topic, since, until)
    _run(wanted, limit, json=json, publish=publish, unusable=unusable, count_all=False)


def _wanted(
    partition: int | None,
    first: int,
    last: int | None,
    reasons: list[DeadLetterReason] | None,
    topic: Source | None,
    since: str | None,
    until: str | None,
) -> Wanted:
    if partition is None and (first or last is not None):
        raise typer.BadParameter("offsets are of one partition: give --partition too", param_hint="--from, --to")
    now = datetime.now(UTC)
    begin = None if since is None else time_of(since, now)
    end = None if until is None else time_of(until, now)
    if begin is not None and begin >= (end or now):
        raise typer.BadParameter("it does not begin before its end", param_hint="--since")
    return Wanted(
        reasons=frozenset(reasons or ()),
        topic=None if topic is None else Topic(topic.value),
        partition=partition,
        first=first,
        last=last,
        # Kafka knows no time before 1970.
        since_ms=0 if begin is None else max(0, round(begin.timestamp() * 1_000)),
        until_ms=None if end is None else round(end.timestamp() * 1_000),
    )


def _run(wanted: Wanted, limit: int, *, json: bool, publish: bool, unusable: Unusable, count_all: bool) -> None:
    settings = configured()
    counts: Counter[Fate] = Counter()
    shown = 0

    def tell(judged: Judged) -> None:
        nonlocal shown
        counts[judged.fate] += 1
        if count_all and shown >= limit:
            return
        shown += 1
        typer.echo(_as_json(judged) if json else _line(judged))

    try:
        done = asyncio.run(
            look_through(settings, wanted, tell, publish=publish, unusable=unusable, most=None if count_all else limit)
        )
    except EngineError as error:
        raise UserError(str(error)) from error
    if not json:
        typer.echo(_summary(counts, shown, done, publish=publish, replays=not count_all))


def _line(judged: Judged) -> str:
    (record, described), fate, why = judged
    at = datetime.fromtimestamp(record.timestamp / 1_000, UTC)
    place = f"{record.partition}:{record.offset}"
    source = f"{described.source_topic} {described.source_partition}:{described.source_offset}"
    told = _FATES[fate] + (f" ({why})" if why and fate is not Fate.UNUSABLE else "")
    return f"{place:<12} {at:%Y-%m-%d %H:%M:%S}  {described.reason.value:<21} {source}  {told}\n    {described.error}"


def _as_json(judged: Judged) -> bytes:
    (record, described), fate, why = judged
    report = {
        "partition": record.partition,
        "offset": record.offset,
        "at": datetime.fromtimestamp(record.timestamp / 1_000, UTC),
        **msgspec.structs.asdict(described),
        "fate": fate,
        "why": why or None,
    }
    return msgspec.json.encode(report)


def _summary(counts: Counter[Fate], shown: int, done: int, *, publish: bool, replays: bool) -> str:
    total = counts.total()
    if not total:
        return "There are none."
    told = ", ".join(f"{count} {_FATES[fate]}" for fate, count in counts.items())
    letters = "1 dead letter" if total == 1 else f"{total} dead letters"
    if not replays:
        return f"{letters}{f', the first {shown} are shown' if shown < total else ''}: {told}."
    if publish:
        return f"{done} replayed. {letters} looked at: {told}."
    return f"Nothing was done; --publish replays {counts[Fate.PUBLISH]}. {letters} looked at: {told}."
