"""What keeps the log from being written or read."""

from __future__ import annotations


class LogError(Exception):
    """The log cannot be used; the message says why and what to change."""


class NoLogError(LogError):
    """There is no file where the log would be."""


class LogBusyError(LogError):
    """Something else writes the same database."""
