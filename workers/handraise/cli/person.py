"""Who does something, as the log will tell it."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer


def _whoever_is_logged_in() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # A container whose user has no name.
        return "unknown"


By = Annotated[
    str,
    typer.Option(
        "--by", metavar="NAME", default_factory=_whoever_is_logged_in, show_default=False, help="Who; you by default."
    ),
]
