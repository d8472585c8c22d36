"""`handraise verdict`."""

from __future__ import annotations

import asyncio
import uuid
from datetime import UTC, datetime
from typing import Annotated

import typer

from handraise.cli.configured import configured
from handraise.cli.errors import UserError
from handraise.cli.period import reading_the_log
from handraise.cli.person import By
from handraise.engine.errors import EngineError
from handraise.events import MAX_SHORT_TEXT, Outcome, OutcomeKind, Verdict
from handraise.review.errors import LogError
from handraise.review.publishing import publish_outcome
from handraise.review.tables import EscalationRow


def _note(given: str | None) -> str | None:
    if given is not None and len(given) > MAX_SHORT_TEXT:
        raise typer.BadParameter(f"it has {len(given):,} characters: {MAX_SHORT_TEXT:,} are allowed")
    return given


def verdict_command(
    escalation_id: Annotated[str, typer.Argument(metavar="ESCALATION_ID", help="As the log and the topic name it.")],
    verdict: Annotated[Verdict, typer.Argument(metavar="VERDICT", help="What you think of it.")],
    *,
    note: Annotated[str | None, typer.Option("--note", metavar="TEXT", callback=_note, help="Why.")] = None,
    by: By,
) -> None:
    """Say whether an escalation was right. The verdict goes out on chat.outcomes, where the log reads it too."""
    settings = configured()
    with reading_the_log() as session:
        row = session.get(EscalationRow, escalation_id)
        if row is None:
            raise UserError(f"the log has no escalation {escalation_id}: see `handraise analyse`, or the console")
        outcome = Outcome(
            outcome_id=uuid.uuid4().hex,
            conversation_id=row.conversation_id,
            business_id=row.business_id,
            kind=OutcomeKind.VERDICT,
            at=datetime.now(UTC),
            escalation_id=escalation_id,
            verdict=verdict,
            by=by,
            note=note,
        )
    try:
        asyncio.run(publish_outcome(settings, outcome))
    except (EngineError, LogError) as error:
        raise UserError(str(error)) from error
    typer.echo(f"{outcome.business_id}/{outcome.conversation_id}: {verdict.value}, by {by}")
