"""How much happened day by day."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final

from msgspec import Struct, field
from sqlalchemy import BigInteger, ColumnElement, func, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from handraise.review.queries.scope import Scope
from handraise.review.tables import ConversationRow, EscalationRow

_DAY_MS: Final = 86_400_000
_FIRST_DAY: Final = date(1970, 1, 1)


class Day(Struct, kw_only=True):
    """One day in UTC."""

    day: date
    conversations: int = 0
    """That began on it."""
    escalations: dict[str, int] = field(default_factory=dict)
    """By trigger; those that raised none are not there."""


def days(session: Session, scope: Scope) -> list[Day]:
    """Every day of a period, also those on which nothing happened."""
    found = {day: Day(day=day) for day in _calendar(scope.since, scope.until)}
    began = _day(ConversationRow.first_at)
    conversations = scope.of(ConversationRow.business_id, ConversationRow.first_at)
    for number, count in session.execute(select(began, func.count()).where(*conversations).group_by(began)):
        found[_date(number)].conversations = count
    raised = _day(EscalationRow.raised_at)
    escalations = scope.of(EscalationRow.business_id, EscalationRow.raised_at)
    by_trigger = (
        select(raised, EscalationRow.trigger, func.count()).where(*escalations).group_by(raised, EscalationRow.trigger)
    )
    for number, trigger, count in session.execute(by_trigger):
        found[_date(number)].escalations[trigger] = count
    return list(found.values())


def _day(column: InstrumentedAttribute[datetime]) -> ColumnElement[int]:
    return type_coerce(column, BigInteger) // _DAY_MS


def _date(number: int) -> date:
    return _FIRST_DAY + timedelta(days=int(number))


def _calendar(since: datetime, until: datetime) -> list[date]:
    first = since.astimezone(UTC).date()
    last = (until.astimezone(UTC) - timedelta(milliseconds=1)).date()
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]
