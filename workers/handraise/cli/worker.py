"""`handraise worker`."""

from __future__ import annotations

import os

import structlog
import typer

from handraise.app import create_app, run
from handraise.cli.configured import configured
from handraise.cli.errors import UserError
from handraise.engine.errors import EngineError
from handraise.logs import set_up_logs
from handraise.settings import unknown_variables

log = structlog.get_logger(__name__)


def worker() -> None:
    """Watch the conversations and publish escalations, until a signal ends it.

    Every option is an environment variable, `HANDRAISE_…`; the README lists them. Workers that share
    `HANDRAISE_GROUP` share the load. SIGTERM and Ctrl-C finish the batch in hand and leave within five seconds.
    """
    settings = configured()
    set_up_logs(settings.log_level, settings.log_format, quiet_errors=(EngineError,))
    for name, near in unknown_variables(os.environ).items():
        log.warning("unknown_setting", variable=name, meant=near, effect="it is ignored")
    try:
        app = create_app(settings)
    except EngineError as error:
        raise UserError(str(error)) from None
    raise typer.Exit(run(app))
