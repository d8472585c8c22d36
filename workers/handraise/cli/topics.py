"""`handraise topics`."""

from __future__ import annotations

import asyncio
from typing import Final

import typer

from handraise.cli.configured import configured
from handraise.cli.errors import UserError
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError
from handraise.engine.topics import PARTITIONS, TopicReport, create_topics

app: Final = typer.Typer(help="The Kafka topics of an installation.", no_args_is_help=True)


@app.callback()
def _topics() -> None:
    """Keep `create` a command of its own while it is the only one."""


@app.command()
def create() -> None:
    """Make every topic that is missing; what exists is left as it is, and told where it differs.

    It fails where the number of partitions differs, which no option mends.

    Prefix, partitions, copies and retention come from the settings (`HANDRAISE_TOPIC_PREFIX` and so on).
    """
    settings = configured()
    try:
        reports = asyncio.run(create_topics(settings, Clients(settings)))
    except EngineError as error:
        raise UserError(str(error)) from None
    for report in reports:
        typer.echo(_line(report))
    if any(one.option == PARTITIONS for report in reports for one in report.differences):
        raise typer.Exit(1)


def _line(report: TopicReport) -> str:
    if report.created:
        return f"{report.name}: created"
    if not report.differences:
        return f"{report.name}: exists"
    told = "; ".join(f"{one.option} is {one.found}, not {one.wanted}" for one in report.differences)
    count = next((one.found for one in report.differences if one.option == PARTITIONS), None)
    mend = "change it with Kafka's own tools, or change the settings"
    if count is not None:
        # Kafka's tools can add partitions, and then messages of a conversation no longer come to where its state is.
        mend = f"set HANDRAISE_PARTITIONS={count}, since the number cannot change once there are messages"
    return f"{report.name}: exists and differs ({told}); {mend}"
