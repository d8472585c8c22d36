"""Which part of the log a question is about."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute


class Scope(Struct, frozen=True, kw_only=True):
    """A period, and one business or all."""

    since: datetime
    until: datetime
    business: str | None = None

    def last(self, kept: timedelta, now: datetime) -> Scope:
        """The part of it for which something is still kept; it may end before it begins.

        Figures that set decisions against escalations or conversations, which the log keeps longer, need both.
        """
        return replace(self, since=max(self.since, now - kept))

    def of(
        self, business: InstrumentedAttribute[str], at: InstrumentedAttribute[datetime]
    ) -> list[ColumnElement[bool]]:
        """The conditions on a table's columns."""
        period = [at >= self.since, at < self.until]
        return period if self.business is None else [business == self.business, *period]
