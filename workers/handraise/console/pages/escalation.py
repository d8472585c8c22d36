"""One escalation, and what people do about it in one click: claim, resolve, and say whether it was right."""

from __future__ import annotations

import asyncio
import secrets
import time
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from handraise.console.guard import checked, form_of, session_of
from handraise.console.handover import Handover, handover
from handraise.console.publisher import BrokerAwayError, confirmed
from handraise.console.rendering import is_partial
from handraise.console.services import Services, services_of
from handraise.events import Outcome, OutcomeKind, Verdict
from handraise.review.publishing import publish_outcome
from handraise.review.queries import escalation_history
from handraise.review.queries.watching import has_outcome
from handraise.review.tables import EscalationRow

_SEEN_SECONDS: Final = 2.0
"""The page waits this long for the log to have read what was sent, before it says that it is on its way."""
_LOOK_SECONDS: Final = 0.1
_MOST_NOTE: Final = 2_000
_MOST_NONCE: Final = 40
_KINDS: Final = {"claim": OutcomeKind.ACCEPTED, "resolve": OutcomeKind.RESOLVED}


async def show(request: Request) -> Response:
    """One escalation on a page of its own, or for htmx what has changed of it."""
    escalation_id = request.path_params["escalation_id"]
    if is_partial(request):
        return await part(request, escalation_id)
    services = services_of(request)
    return services.renderer.page(request, "escalation.html", **values(await read(services, escalation_id)))


async def part(request: Request, escalation_id: str) -> Response:
    """One escalation without the page around it; nothing if it is as the reader has it already."""
    found = await read(services_of(request), escalation_id)
    if found.mark == request.query_params.get("seen"):
        return Response(status_code=204)
    return _answer(request, found)


async def act(request: Request) -> Response:
    """Publish what the reader did."""
    services, form = services_of(request), await form_of(request)
    found = await read(services, request.path_params["escalation_id"])
    outcome = _outcome(form, found.standing, session_of(request).name)
    try:
        await confirmed(publish_outcome(services.settings, outcome))
    except BrokerAwayError as error:
        # With the same nonce, so that a second click sends the same outcome again.
        return _answer(request, found, 503, problem=str(error), nonce=_text(form, "nonce"), note=outcome.note or "")
    seen = await _seen(services, outcome)
    if not is_partial(request):
        return RedirectResponse(f"/escalations/{found.standing.escalation_id}", 303)
    return _answer(request, await read(services, found.standing.escalation_id), waiting=not seen)


async def read(services: Services, escalation_id: str) -> Handover:
    """An escalation of the log.

    Raises:
        HTTPException: there is none of this id.
    """

    def find() -> Handover | None:
        with services.log.reading() as session:
            history = escalation_history(session, escalation_id)
            return None if history is None else handover(history, escalation_id)

    found = await run_in_threadpool(find)
    if found is None:
        raise HTTPException(404, "The log has no such escalation. It may have been erased, or be older than it keeps.")
    return found


def values(
    found: Handover, *, problem: str = "", waiting: bool = False, nonce: str = "", note: str = ""
) -> dict[str, Any]:
    """What the template of an escalation names."""
    return {
        "detail": found,
        "problem": problem,
        "waiting": waiting,
        "nonce": nonce or secrets.token_urlsafe(12),
        "note": note,
    }


def _answer(request: Request, found: Handover, status: int = 200, **more: Any) -> Response:  # noqa: ANN401  # as `values` has them
    template = "handover.html" if is_partial(request) else "escalation.html"
    answer = services_of(request).renderer.page(request, template, status, **values(found, **more))
    # The list beside it marks the one that is shown.
    answer.headers["HX-Trigger-After-Swap"] = "shown"
    return answer


def _outcome(form: FormData, standing: EscalationRow, name: str) -> Outcome:
    """What was clicked, as an event; the same click has the same id however often it is sent."""
    wish, nonce = _text(form, "do"), _text(form, "nonce")
    verdict = Verdict(wish) if wish in {one.value for one in Verdict} else None
    kind = OutcomeKind.VERDICT if verdict else _KINDS.get(wish)
    if kind is None or not 0 < len(nonce) <= _MOST_NONCE:
        raise HTTPException(400, "This is nothing that can be done to an escalation.")
    return Outcome(
        outcome_id=f"console-{nonce}-{wish}",
        conversation_id=standing.conversation_id,
        business_id=standing.business_id,
        escalation_id=standing.escalation_id,
        kind=kind,
        verdict=verdict,
        by=name,
        note=_text(form, "note")[:_MOST_NOTE] or None,
        at=time.time_ns() // 1_000_000,
    )


async def _seen(services: Services, outcome: Outcome) -> bool:
    """Whether the log has read the outcome within the time that a person waits for."""

    def look() -> bool:
        with services.log.reading() as session:
            return has_outcome(session, outcome.business_id, outcome.conversation_id, outcome.outcome_id)

    deadline = time.monotonic() + _SEEN_SECONDS
    while time.monotonic() < deadline:
        if await run_in_threadpool(look):
            return True
        await asyncio.sleep(_LOOK_SECONDS)
    return False


def _text(form: FormData, name: str) -> str:
    value = form.get(name)
    return value.strip() if isinstance(value, str) else ""


routes = [
    Route("/escalations/{escalation_id}", show),
    Route("/escalations/{escalation_id}", checked(act), methods=["POST"]),
]
