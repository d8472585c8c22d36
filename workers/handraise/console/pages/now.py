"""Now: what is open, by when somebody is due, beside the one that the reader looks at."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handraise.console.pages import escalation
from handraise.console.rendering import wants_part
from handraise.console.services import Services, services_of
from handraise.review.queries import businesses, open_escalations
from handraise.review.queries.watching import OpenCounts, open_counts
from handraise.review.tables import EscalationRow

ROWS: Final = 60
MOST_ROWS: Final = 480
_SOON: Final = timedelta(hours=1)


class _Choice(Struct, frozen=True, kw_only=True):
    """What the reader has chosen to see in the list."""

    business: str | None
    only_unclaimed: bool
    rows: int

    @property
    def more_href(self) -> str:
        """The same list with more of it."""
        query = {"business": self.business, "unclaimed": "1" if self.only_unclaimed else None, "rows": 2 * self.rows}
        return f"/now?{urlencode({name: value for name, value in query.items() if value})}"


class _List(Struct, frozen=True, kw_only=True):
    """The list as it is now."""

    rows: list[EscalationRow]
    counts: OpenCounts
    businesses: list[str]


async def show(request: Request) -> Response:
    """The whole page, with the most urgent escalation beside the list."""
    return await _page(request, None)


async def show_one(request: Request) -> Response:
    """One escalation: the whole page, or for htmx the part beside the list."""
    escalation_id = request.path_params["escalation_id"]
    return await (escalation.part(request, escalation_id) if wants_part(request) else _page(request, escalation_id))


async def show_list(request: Request) -> Response:
    """The list alone, to be put in place of the one that is shown."""
    services, choice = services_of(request), _choice(request)
    listed = await run_in_threadpool(_read, services, choice)
    shown = request.query_params.get("shown")
    return services.renderer.page(request, "now_list.html", **_listing(listed, choice, shown))


async def _page(request: Request, chosen: str | None) -> Response:
    services, choice = services_of(request), _choice(request)
    listed = await run_in_threadpool(_read, services, choice)
    shown = chosen or (listed.rows[0].escalation_id if listed.rows else None)
    found = await escalation.read(services, shown) if shown else None
    beside = {"detail": None} if found is None else escalation.values(found)
    return services.renderer.page(
        request, "now.html", **_listing(listed, choice, shown), **beside, chosen=chosen is not None
    )


def _choice(request: Request) -> _Choice:
    query = request.query_params
    rows = query.get("rows", "")
    return _Choice(
        business=query.get("business") or None,
        only_unclaimed=query.get("unclaimed") == "1",
        rows=min(MOST_ROWS, max(ROWS, int(rows[:4]))) if rows.isdecimal() else ROWS,
    )


def _read(services: Services, choice: _Choice) -> _List:
    with services.log.reading() as session:
        return _List(
            rows=open_escalations(
                session,
                business=choice.business,
                claimed=False if choice.only_unclaimed else None,
                limit=choice.rows,
            ),
            counts=open_counts(session, business=choice.business, now=datetime.now(UTC)),
            businesses=businesses(session),
        )


def _listing(listed: _List, choice: _Choice, shown: str | None) -> dict[str, Any]:
    """What the template of the list names."""
    behind = listed.counts.unclaimed if choice.only_unclaimed else listed.counts.open
    return {
        "groups": list(_groups(listed.rows, datetime.now(UTC))),
        "counts": listed.counts,
        "businesses": listed.businesses,
        "choice": choice,
        "shown": shown,
        "more": max(0, behind - len(listed.rows)),
        "can_show_more": choice.rows < MOST_ROWS,
    }


def _groups(rows: list[EscalationRow], now: datetime) -> Iterator[tuple[str, list[EscalationRow]]]:
    """The rows under the headings that the reader acts by; a claimed one is late no more."""
    late = [row for row in rows if row.due_at < now and row.claimed_at is None]
    overdue = {row.escalation_id for row in late}
    rest = [row for row in rows if row.escalation_id not in overdue]
    soon = [row for row in rest if row.due_at < now + _SOON]
    later = rest[len(soon) :]
    return ((name, found) for name, found in (("Late", late), ("Within the hour", soon), ("Later", later)) if found)


routes = [
    Route("/now", show),
    Route("/now/list", show_list),
    Route("/now/{escalation_id}", show_one),
]
