"""Who does something, as the log will tell it."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from handraise.events import MAX_NAME


def _whoever_is_logged_in() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container whose user has no name.
        return "unknown"


def _name(given: str) -> str:
    if not given.strip():
        raise typer.BadParameter("it is blank: give a name, or leave the option out")
    if len(given) > MAX_NAME:
        raise typer.BadParameter(f"it has {len(given):,} characters: {MAX_NAME} are allowed")
    return given


By = Annotated[
    str,
    typer.Option(
        "--by",
        metavar="NAME",
        default_factory=_whoever_is_logged_in,
        callback=_name,
        show_default=False,
        help="Who; you by default.",
    ),
]
