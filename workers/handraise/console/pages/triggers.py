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
from handraise.review.advice import Advice, advise
from handraise.review.queries import (
    Day,
    Figures,
    Scope,
    ScoreHistogram,
    TriggerFigures,
    businesses,
    days,
    figures,
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
    businesses: list[str]


async def show(request: Request) -> Response:
    """Every trigger that did anything in the period."""
    services, period, now = services_of(request), _period(request), datetime.now(UTC)
    scope = _scope(request, now)
    kept = services.settings.log_decision_days
    found = await run_in_threadpool(_read, services, scope, now)
    order = {name: place for place, name in enumerate(BUILTIN_TRIGGERS)}
    triggers = sorted(found.figures.triggers, key=lambda one: (order.get(one.trigger, len(order)), one.trigger))
    return services.renderer.page(
        request,
        "triggers.html",
        found=found,
        cards=[_card(one, found) for one in triggers],
        business=scope.business,
        period=period,
        kept=kept if kept < period else None,
        periods=PERIODS,
    )


async def show_advice(request: Request) -> Response:
    """What the figures suggest; asked for by the page once it is there, for it takes longer than the figures."""
    services, now = services_of(request), datetime.now(UTC)
    scope = _scope(request, now)

    def read() -> list[Advice]:
        with services.log.reading() as session:
            return advise(session, figures(session, scope, now=now))

    found = await run_in_threadpool(read)
    return services.renderer.page(request, "triggers_advice.html", advice=found, business=scope.business)


def _period(request: Request) -> int:
    chosen = request.query_params.get("days", "")
    return int(chosen) if chosen in {str(period) for period in PERIODS} else _PERIOD


def _scope(request: Request, now: datetime) -> Scope:
    business = request.query_params.get("business") or None
    asked = Scope(since=now - timedelta(days=_period(request)), until=now, business=business)
    return asked.last(timedelta(days=services_of(request).settings.log_decision_days), now)


def _read(services: Services, scope: Scope, now: datetime) -> _Found:
    with services.log.reading() as session:
        counted = figures(session, scope, now=now)
        return _Found(
            figures=counted,
            days=days(session, scope),
            histograms=score_histograms(session, scope),
            businesses=businesses(session),
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


routes = [Route("/triggers", show), Route("/triggers/advice", show_advice)]
