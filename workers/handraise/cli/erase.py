"""`handraise erase`."""

from __future__ import annotations

import asyncio
import shlex
from datetime import UTC, datetime
from typing import Annotated

import typer

from handraise.cli.configured import configured
from handraise.cli.errors import UserError
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError
from handraise.engine.topics import check_present
from handraise.review.database import LogDatabase, log_database
from handraise.review.erasure import Conversation, conversations_of
from handraise.review.erasure import erase as erase_from_log
from handraise.review.errors import LogError, NoLogError
from handraise.review.holding import FOREVER, HOLDING, Held, held_by_topics
from handraise.review.publishing import publish_erasures
from handraise.review.remembered import remembered
from handraise.settings import Settings


def _conversation(value: str) -> Conversation:
    business_id, found, conversation_id = value.partition("/")
    if not (found and business_id and conversation_id):
        raise typer.BadParameter("give BUSINESS/CONVERSATION, for example casa-lua/c-42")
    return business_id, conversation_id


def erase(
    *,
    conversation: Annotated[
        list[str] | None,
        typer.Option("--conversation", metavar="BUSINESS/ID", help="A conversation; can be given several times."),
    ] = None,
    customer: Annotated[
        str | None,
        typer.Option(
            "--customer", metavar="ID", help="Every conversation that the log or the workers know of a customer."
        ),
    ] = None,
    business: Annotated[
        str | None, typer.Option("--business", metavar="ID", help="With --customer: only those with this business.")
    ] = None,
) -> None:
    """Forget conversations: in the log, in the workers' state, in chat.control; and say what Kafka holds until when.

    What is read from the topics again does not come back into the log.
    """
    if (conversation is None) == (customer is None):
        raise typer.BadParameter("give --conversation, or --customer")
    if conversation is not None and business is not None:
        raise typer.BadParameter("it goes with --customer: a conversation names its own", param_hint="--business")
    settings = configured()
    now = datetime.now(UTC)
    named = [_conversation(one) for one in conversation or ()]
    try:
        asyncio.run(check_present(settings, Clients(settings), HOLDING))
        with log_database(settings) as database:
            wanted = named if customer is None else _of_customer(settings, database, customer, business)
            if not wanted:
                return
            held = asyncio.run(_tell_workers(settings, wanted, now))
            overwritten = _forget(database, wanted, now, held)
            name = database.name
    except (EngineError, LogError) as error:
        raise UserError(str(error)) from error
    typer.echo("Kafka itself deletes nothing before its time. At the latest, the last of it is gone:")
    for one in held:
        until = "never" if one.until is None else f"{one.until:%Y-%m-%d %H:%M} UTC"
        typer.echo(f"  {one.topic:<20} {until:<21} {one.because}")
    if not overwritten:
        again = shlex.join(["handraise", "erase", "--conversation", "/".join(wanted[0])])
        raise UserError(
            f"the files of {name} still hold what was erased, for somebody is reading what was there before: once"
            f" that reader is gone, run `{again}` again, which overwrites all of it"
        )


async def _tell_workers(settings: Settings, conversations: list[Conversation], now: datetime) -> list[Held]:
    """Ask the workers to put tombstones for state and control, through `chat.outcomes`."""
    held = await held_by_topics(settings, Clients(settings), now)
    await publish_erasures(settings, conversations, now)
    return held


def _of_customer(settings: Settings, database: LogDatabase, customer: str, business: str | None) -> list[Conversation]:
    """What the log knows, where one is kept, and what the workers remember; it says so if that is nothing."""
    asked = _can_be_asked(settings, database)
    found = set(conversations_of(database, customer, business)) if asked else set()
    found |= set(asyncio.run(remembered(settings, Clients(settings), customer, business)))
    if not found:
        know = "Neither the log nor the workers know a" if asked else "The workers know no"
        typer.echo(f"{know} conversation of this customer{f' with {business}' if business else ''}.")
    return sorted(found)


def _can_be_asked(settings: Settings, database: LogDatabase) -> bool:
    """Whether there is a log that can say which conversations are a customer's; that none is kept is told.

    Only where no setting names one and the default file is not there is none kept: a file or a server that was named
    and is not there may be away, with conversations that the workers no longer remember.

    Raises:
        UserError: the log that is kept cannot be asked.
    """
    try:
        database.check()
    except LogError as error:
        if isinstance(error, NoLogError) and settings.log_database_url is None:
            typer.echo(f"No log was asked: {error}.")
            return False
        raise UserError(
            f"{error}; nothing was erased, for the log may know conversations of a customer that the workers do not"
        ) from error
    return True


def _forget(database: LogDatabase, conversations: list[Conversation], now: datetime, held: list[Held]) -> bool:
    """Take them out of the log; whether its files hold nothing of them any more."""
    last = max((one.until or now + FOREVER for one in held), default=now)
    overwritten = True
    try:
        database.check()
    except LogError as error:
        typer.echo(f"Not in a log: {error}.")
    else:
        done = erase_from_log(database, conversations, now=now, held_until=last)
        # A `handraise log` that runs may have been faster, so a number of rows would say little.
        overwritten = done.overwritten
        left = "nothing is left" if overwritten else "no page and no query shows anything any more"
        typer.echo(f"{database.name}: {left} of {_count(len(done.conversations))}.")
    for business_id, conversation_id in conversations:
        typer.echo(f"{business_id}/{conversation_id}: the workers are told to forget it.")
    return overwritten


def _count(conversations: int) -> str:
    return "the conversation" if conversations == 1 else f"the {conversations} conversations"
