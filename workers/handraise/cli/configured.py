"""The settings for a command."""

from __future__ import annotations

from handraise.cli.errors import UserError
from handraise.settings import Settings, SettingsError, load_settings


def configured() -> Settings:
    """The settings, or the end of the program with what is wrong with them."""
    try:
        return load_settings()
    except SettingsError as error:
        raise UserError(str(error)) from None
