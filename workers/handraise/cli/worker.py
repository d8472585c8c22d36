"""`handraise worker`."""

from __future__ import annotations

import typer

from handraise.app import create_app, run
from handraise.cli.configured import configured, warn_of_unknown_settings
from handraise.cli.errors import UserError
from handraise.engine.errors import EngineError
from handraise.logs import set_up_logs


def worker() -> None:
    """Watch the conversations and publish escalations, until a signal ends it.

    Every option is an environment variable, `HANDRAISE_…`; the README lists them. Workers that share
    `HANDRAISE_GROUP` share the load. SIGTERM and Ctrl-C finish the batch in hand and leave within five seconds.
    """
    settings = configured()
    set_up_logs(settings.log_level, settings.log_format, quiet_errors=(EngineError,))
    warn_of_unknown_settings()
    try:
        app = create_app(settings)
    except EngineError as error:
        raise UserError(str(error)) from None
    raise typer.Exit(run(app))
