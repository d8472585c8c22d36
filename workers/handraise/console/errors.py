"""What keeps the console from starting."""

from __future__ import annotations


class ConsoleError(Exception):
    """The console cannot start; the message says why and what to change."""
