"""Pages of a long list. Each says where the next begins, so that what comes in meanwhile moves nothing."""

from __future__ import annotations

from typing import Final, Generic, TypeVar

from msgspec import Struct

RowT = TypeVar("RowT")
MOST: Final = 500
"""The longest page."""


class InvalidCursorError(ValueError):
    """A text that no page has given as where the next begins."""


class Page(Struct, Generic[RowT], frozen=True):
    """Some rows, the newest first."""

    rows: list[RowT]
    next: str | None
    """To be handed in as `after` for the page that follows; None on the last."""
