"""The settings for a command."""

from __future__ import annotations

from typing import Final

import typer

from handraise.settings import Settings, SettingsError, load_settings

EXIT_USAGE: Final = 2


def configured() -> Settings:
    """The settings, or the end of the program with what is wrong with them."""
    try:
        return load_settings()
    except SettingsError as error:
        for line in str(error).splitlines():
            typer.echo(f"handraise: {line}", err=True)
        raise typer.Exit(EXIT_USAGE) from None
