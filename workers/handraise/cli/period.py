"""Which part of the log a command looks at."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import typer
from sqlalchemy.orm import Session

from handraise.cli.configured import configured
from handraise.cli.errors import UserError
from handraise.review.database import log_database
from handraise.review.errors import LogError
from handraise.review.queries import Scope

_LATEST: Final = datetime.max.replace(tzinfo=UTC) - timedelta(days=2)
"""Queries look a day past the end of a period, and a zone may add another."""
_LENGTH: Final = re.compile(r"(\d{1,5}) ?(d|days?|h|hours?)")

Business = Annotated[str | None, typer.Option("--business", metavar="ID", help="Only this business.")]
Since = Annotated[
    str,
    typer.Option("--since", metavar="TIME", help="A date, a time in RFC 3339, or how long ago: `7 days`, `12 hours`."),
]
Until = Annotated[str | None, typer.Option("--until", metavar="TIME", help="The same; without it, now.")]


@contextmanager
def reading_the_log() -> Iterator[Session]:
    """A session on the log that the settings name, or the end of the program with what is wrong with it."""
    try:
        with log_database(configured()) as database:
            database.check()
            with database.reading() as session:
                yield session
    except LogError as error:
        raise UserError(str(error)) from error


def scope_of(business: str | None, since: str, until: str | None, now: datetime) -> tuple[Scope, str | None]:
    """The part of the log that the options name, for as long as decisions are kept; and what to say if that is less."""
    end = now if until is None else min(time_of(until, now), _LATEST)
    asked = Scope(since=time_of(since, now), until=end, business=business)
    if asked.since >= asked.until:
        raise typer.BadParameter("it does not begin before its end", param_hint="--since")
    days = configured().log_decision_days
    scope = asked.last(timedelta(days=days), now)
    if scope == asked:
        return scope, None
    kept = f"the log keeps decisions for {days} days (HANDRAISE_LOG_DECISION_DAYS)"
    if scope.since >= scope.until:
        raise typer.BadParameter(f"{kept}, and this ends before", param_hint="--until")
    return scope, f"{kept}: this is since {scope.since:%Y-%m-%d %H:%M} UTC"


def time_of(written: str, now: datetime) -> datetime:
    """A point in time, as an option names it."""
    length = _LENGTH.fullmatch(written.strip())
    if length is not None:
        number = int(length[1])
        return now - (timedelta(hours=number) if length[2].startswith("h") else timedelta(days=number))
    try:
        time = datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(f"`{written}` is neither a time nor a length: write 2026-03-02, or 7 days") from None
    return time if time.tzinfo else time.replace(tzinfo=UTC)
