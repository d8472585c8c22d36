"""The log: everything that was handed over, and every decision, filtered, the newest first."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

from sqlalchemy.orm import Session as Reading
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handraise.console.filters import Filter, filter_of
from handraise.console.guard import session_of
from handraise.console.rendering import wants_part
from handraise.console.services import services_of
from handraise.review.queries import InvalidCursorError, Page, decision_page, escalation_page, names

ROWS: Final = 50
RowT = TypeVar("RowT")


async def handovers(request: Request) -> Response:
    """What was handed over."""
    chosen, after = filter_of(request.query_params), request.query_params.get("after")
    wanted = chosen.escalations(session_of(request).timezone)
    return await _answer(
        request, "handovers", chosen, lambda reading: escalation_page(reading, wanted, after=after, limit=ROWS)
    )


async def decisions(request: Request) -> Response:
    """What fired, was held back, nearly fired, or was probably missed."""
    chosen, after = filter_of(request.query_params), request.query_params.get("after")
    wanted = chosen.decisions(session_of(request).timezone)
    return await _answer(
        request, "decisions", chosen, lambda reading: decision_page(reading, wanted, after=after, limit=ROWS)
    )


async def _answer(request: Request, kind: str, chosen: Filter, ask: Callable[[Reading], Page[RowT]]) -> Response:
    """The whole page; for htmx the rows alone, to replace those that are shown or to follow them."""
    services, is_part = services_of(request), wants_part(request)

    def read() -> dict[str, Any]:
        with services.log.reading() as reading:
            # The choices of the form stay as they are while htmx replaces what is below it.
            return {"page": ask(reading), "names": None if is_part else names(reading)}

    try:
        found = await run_in_threadpool(read)
    except InvalidCursorError as error:
        raise HTTPException(400, f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    follows = "after" in request.query_params
    template = f"log_{kind}_rows.html" if is_part else "log.html"
    return services.renderer.page(request, template, kind=kind, filter=chosen, follows=follows, part=is_part, **found)


routes = [Route("/log", handovers), Route("/log/decisions", decisions)]
