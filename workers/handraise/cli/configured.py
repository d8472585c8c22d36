"""The settings for a command."""

from __future__ import annotations

import structlog

from handraise.cli.errors import UserError
from handraise.settings import Settings, SettingsError, load_settings, unknown_settings

log = structlog.get_logger(__name__)


def configured() -> Settings:
    """The settings, or the end of the program with what is wrong with them."""
    try:
        return load_settings()
    except SettingsError as error:
        raise UserError(str(error)) from None


def warn_of_unknown_settings() -> None:
    """Say in the log what looks like a setting and is ignored: a slip of the pen must not silently be a default."""
    for name, place, near in unknown_settings():
        log.warning("unknown_setting", variable=name, found_in=place, meant=near, effect="it is ignored")
