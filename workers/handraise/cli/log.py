"""`handraise log`."""

from __future__ import annotations

import asyncio

from handraise.cli.configured import configured, warn_of_unknown_settings
from handraise.cli.errors import UserError
from handraise.engine.errors import EngineError
from handraise.logs import set_up_logs
from handraise.review.app import run_log
from handraise.review.errors import LogError


def log_command() -> None:
    """Write decisions, escalations, outcomes and policies into the escalation log's database, until a signal ends it.

    Every option is an environment variable, `HANDRAISE_LOG_…`; the README lists them. One process is enough, and one
    only may write to a database. SIGTERM and Ctrl-C finish the batch in hand.
    """
    settings = configured()
    set_up_logs(settings.log_level, settings.log_format, quiet_errors=(EngineError, LogError))
    warn_of_unknown_settings()
    try:
        asyncio.run(run_log(settings))
    except (EngineError, LogError) as error:
        raise UserError(str(error)) from error
