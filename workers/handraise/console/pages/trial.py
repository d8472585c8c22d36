"""Trying a changed policy on the past: started, followed, stopped, and read example by example."""

from __future__ import annotations

import time
from typing import Any

from msgspec.structs import replace
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handraise.console.guard import checked, form_of, session_of
from handraise.console.pages.policy import address, text_of
from handraise.console.policies import InForce, Policies, Proposal
from handraise.console.rendering import is_partial
from handraise.console.services import Services, services_of
from handraise.console.trial.job import Order, Result
from handraise.console.trial.trials import BusyError, Trial
from handraise.events import utc
from handraise.review.diff import Example
from handraise.review.queries import erasures

_DAY_MS = 86_400_000
_MOST_DAYS = 365


async def begin(request: Request) -> Response:
    """Start a trial of the text that is in the editor."""
    services, form = services_of(request), await form_of(request)
    business, document = str(request.path_params["business"]), text_of(form, "document")
    wanted = text_of(form, "days")
    days = min(_MOST_DAYS, max(1, int(wanted[:3]))) if wanted.isdecimal() else 1
    proposal, in_force = await run_in_threadpool(_read, services, business, document)
    if proposal.compiled is None:
        return _refused(request, 422, "This cannot be tried before it is mended.")
    if proposal.version == in_force.version:
        return _refused(request, 422, "This does the very same as what holds now: change something first.")
    trial = Trial(session_of(request).name, business, document, days)
    order = Order(
        business=business,
        before=in_force.family,
        after=proposal.family,
        since_ms=time.time_ns() // 1_000_000 - days * _DAY_MS,
        idle_ms=max(proposal.compiled.idle_after_ms, in_force.compiled.idle_after_ms),
    )
    try:
        await services.trials.begin(trial, order)
    except BusyError as error:
        return _refused(request, 409, str(error))
    return await _shown(request, trial)


async def show(request: Request) -> Response:
    """How far it is, or what came out."""
    trial = _trial(request)
    if is_partial(request):
        return await _shown(request, trial)
    return services_of(request).renderer.page(request, "trial_page.html", **await _values(request, trial))


async def stop(request: Request) -> Response:
    """End it."""
    trial = _trial(request)
    await services_of(request).trials.stop(trial)
    return await _shown(request, trial)


async def _shown(request: Request, trial: Trial) -> Response:
    if not is_partial(request):
        return RedirectResponse(f"{address(trial.business)}/trials/{trial.id}", 303)
    return services_of(request).renderer.page(request, "trial.html", **await _values(request, trial))


async def _values(request: Request, trial: Trial) -> dict[str, Any]:
    report = trial.report
    result = None
    if isinstance(report, Result):
        result = await run_in_threadpool(_without_erased, services_of(request), trial, report)
    since = None if result is None or result.since_ms is None else utc(result.since_ms)
    return {"trial": trial, "report": report, "result": result, "since": since, "address": address(trial.business)}


def _without_erased(services: Services, trial: Trial, result: Result) -> Result:
    """A result without the examples of what was erased since; it stays in the counts, which tell of nobody."""
    diff = result.diff
    every = (*diff.added, *diff.dropped, *diff.changed, *diff.followed)
    with services.log.reading() as session:
        erased = erasures(session, {(example.business_id, example.conversation_id) for example in every})

    def is_erased(example: Example) -> bool:
        until = erased.get((example.business_id, example.conversation_id))
        if until is None:
            return False
        # Who wrote by a clock that is ahead may have acts that are later than their erasure.
        acts = (example.before, example.after)
        return until >= trial.began_at or any(act is not None and act.at <= until for act in acts)

    def kept(examples: list[Example]) -> list[Example]:
        return [example for example in examples if not is_erased(example)]

    left = replace(
        diff,
        added=kept(diff.added),
        dropped=kept(diff.dropped),
        changed=kept(diff.changed),
        followed=kept(diff.followed),
    )
    return replace(result, diff=left)


def _refused(request: Request, status: int, problem: str) -> Response:
    if not is_partial(request):
        raise HTTPException(status, problem)
    return services_of(request).renderer.page(request, "trial_refused.html", status, problem=problem)


def _trial(request: Request) -> Trial:
    trial = services_of(request).trials.get(request.path_params["trial_id"])
    if trial is None or trial.business != request.path_params["business"]:
        raise HTTPException(404, "This trial is not kept any more. Start it again.")
    return trial


def _read(services: Services, business: str, document: str) -> tuple[Proposal, InForce]:
    with services.log.reading() as session:
        policies = Policies(session, services.settings)
        return policies.propose(business, document), policies.in_force(business)


routes = [
    Route("/try/{business}/trials", checked(begin), methods=["POST"]),
    Route("/try/{business}/trials/{trial_id}", show),
    Route("/try/{business}/trials/{trial_id}/stop", checked(stop), methods=["POST"]),
]
