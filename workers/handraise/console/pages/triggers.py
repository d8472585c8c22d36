"""Triggers: how often each fires, what people made of it, how its scores lie, and what may be worth a change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from markupsafe import Markup
from msgspec import Struct
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handraise.console import charts
from handraise.console.services import Services, services_of
from handraise.policy.model import BUILTIN_TRIGGERS
from handraise.review.queries import (
    Day,
    Figures,
    Names,
    Scope,
    ScoreHistogram,
    TriggerFigures,
    days,
    figures,
    names,
    score_histograms,
)

PERIODS: Final = {7: "7 days", 30: "30 days", 90: "90 days"}
_PERIOD: Final = 30


class Card(Struct, frozen=True, kw_only=True):
    """What is shown of one trigger."""

    figures: TriggerFigures
    rate: Markup
    scores: Markup | None
    precision: Markup | None


class _Found(Struct, frozen=True, kw_only=True):
    """What the log says."""

    figures: Figures
    days: list[Day]
    histograms: dict[str, ScoreHistogram]
    names: Names


async def show(request: Request) -> Response:
    """Every trigger that did anything in the period."""
    services = services_of(request)
    business = request.query_params.get("business") or None
    chosen = request.query_params.get("days", "")
    period = int(chosen) if chosen in {str(period) for period in PERIODS} else _PERIOD
    now = datetime.now(UTC)
    scope = Scope(since=now - timedelta(days=period), until=now, business=business)
    found = await run_in_threadpool(_read, services, scope, now)
    order = {name: place for place, name in enumerate(BUILTIN_TRIGGERS)}
    triggers = sorted(found.figures.triggers, key=lambda one: (order.get(one.trigger, len(order)), one.trigger))
    return services.renderer.page(
        request,
        "triggers.html",
        found=found,
        cards=[_card(one, found) for one in triggers],
        business=business,
        period=period,
        periods=PERIODS,
    )


def _read(services: Services, scope: Scope, now: datetime) -> _Found:
    with services.log.reading() as session:
        counted = figures(session, scope, now=now)
        return _Found(
            figures=counted,
            days=days(session, scope),
            histograms=score_histograms(session, scope),
            names=names(session),
        )


def _card(one: TriggerFigures, found: _Found) -> Card:
    first, last = found.days[0].day, found.days[-1].day
    return Card(
        figures=one,
        rate=charts.rate(
            [day.escalations.get(one.trigger, 0) for day in found.days],
            f"{first.day} {first:%b}",
            f"{last.day} {last:%b}",
            "handover",
        ),
        scores=charts.scores(found.histograms[one.trigger]) if one.trigger in found.histograms else None,
        precision=charts.interval(one.precision) if one.precision else None,
    )


routes = [Route("/triggers", show)]
