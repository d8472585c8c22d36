"""Where tables are printed."""

from __future__ import annotations

import os
from typing import Final

from rich.console import Console

_WIDE: Final = 200
"""Columns that every table fits into."""


def table_console() -> Console:
    """Standard output: as wide as the terminal, or as a table needs where there is none, so that nothing is cut off.

    What people write may hold brackets; they are shown as they are.
    """
    console = Console(highlight=False, markup=False, emoji=False)
    if not console.is_terminal and "COLUMNS" not in os.environ:
        console.width = _WIDE
    return console
