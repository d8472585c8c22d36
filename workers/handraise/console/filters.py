"""What a reader looks for in the log, as the address of the page says it."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta, tzinfo
from enum import StrEnum
from typing import Final, TypeVar
from urllib.parse import urlencode

from msgspec import Struct
from starlette.datastructures import QueryParams

from handraise.events import Action, DecisionResult, Verdict
from handraise.review.queries import DecisionFilter, EscalationFilter
from handraise.review.queries.escalations import Judged

_MOST_TEXT: Final = 200
_Choice = TypeVar("_Choice", bound=StrEnum)


class Filter(Struct, frozen=True, kw_only=True):
    """What is absent does not matter; what cannot be read is as good as absent."""

    business: str | None = None
    trigger: str | None = None
    owner: str | None = None
    verdict: Verdict | Judged | None = None
    action: Action | None = None
    result: DecisionResult | None = None
    text: str | None = None
    since: date | None = None
    until: date | None = None
    """Itself included."""

    @property
    def is_empty(self) -> bool:
        """Whether everything fits."""
        return self == Filter()

    def query(self, **more: str | None) -> str:
        """The part of an address that says the same, and more."""
        chosen = {name: getattr(self, name) for name in self.__struct_fields__} | more
        return urlencode({name: str(value) for name, value in chosen.items() if value})

    def escalations(self, zone: tzinfo) -> EscalationFilter:
        """The same, for escalations; days are those of the reader's zone."""
        return EscalationFilter(
            business=self.business,
            trigger=self.trigger,
            owner=self.owner,
            verdict=self.verdict,
            action=self.action,
            text=self.text,
            since=_begin(self.since, zone),
            until=_end(self.until, zone),
        )

    def decisions(self, zone: tzinfo) -> DecisionFilter:
        """The same, for decisions."""
        return DecisionFilter(
            business=self.business,
            trigger=self.trigger,
            action=self.action,
            result=self.result,
            owner=self.owner,
            verdict=self.verdict,
            text=self.text,
            since=_begin(self.since, zone),
            until=_end(self.until, zone),
        )


def filter_of(query: QueryParams) -> Filter:
    """Read it from an address."""
    # A name is what it is, with all of its spaces; what one writes oneself is not.
    given = {name: value[:_MOST_TEXT] or None for name, value in query.items()}
    return Filter(
        business=given.get("business"),
        trigger=given.get("trigger"),
        owner=given.get("owner"),
        verdict=_member(Verdict, given.get("verdict")) or _member(Judged, given.get("verdict")),
        action=_member(Action, given.get("action")),
        result=_member(DecisionResult, given.get("result")),
        text=(given.get("text") or "").strip() or None,
        since=_day(given.get("since")),
        until=_day(given.get("until")),
    )


def _member(kind: type[_Choice], value: str | None) -> _Choice | None:
    try:
        return kind(value) if value else None
    except ValueError:
        return None


def _day(value: str | None) -> date | None:
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        return None


def _begin(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None else datetime.combine(day, time(), zone)


def _end(day: date | None, zone: tzinfo) -> datetime | None:
    return None if day is None or day == date.max else _begin(day + timedelta(days=1), zone)
