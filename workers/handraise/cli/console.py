"""`handraise console`."""

from __future__ import annotations

import typer

from handraise.cli.configured import configured
from handraise.cli.errors import UserError
from handraise.console.errors import ConsoleError
from handraise.console.serving import serve
from handraise.logs import set_up_logs
from handraise.review.errors import LogError


def console() -> None:
    """Serve the page for those who run the business: what is open, what was raised, and what to change.

    It reads the log that `handraise log` writes, and sends what people do to Kafka. The address with the token to sign
    in with is printed once.
    """
    settings = configured()
    set_up_logs(settings.log_level, settings.log_format)
    try:
        serve(settings, typer.echo)
    except (ConsoleError, LogError) as error:
        raise UserError(str(error)) from None
