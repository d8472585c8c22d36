"""The console as an ASGI application: every page, what they work with, and what is answered when something fails."""

from __future__ import annotations

import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Final

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp

from handraise.console import live
from handraise.console.guard import Guard
from handraise.console.pages import conversation, escalation, log, now, policy, sign_in, trial, triggers
from handraise.console.rendering import STATIC
from handraise.console.services import Services, services_of
from handraise.review.errors import LogError

_FOR_EVER = "public, max-age=31536000, immutable"

logger = structlog.get_logger(__name__)


class _Assets(StaticFiles):
    """The address of an asset names its content, so a browser need not ask again."""

    def file_response(self, *arguments: object, **options: object) -> Response:
        answer = super().file_response(*arguments, **options)  # type: ignore[arg-type]  # handed on as they came
        answer.headers["Cache-Control"] = _FOR_EVER
        return answer


def create_console(services: Services) -> ASGIApp:
    """The application, which closes its services at its end.

    The guard stands around all of it, so that no answer goes out without its headers.
    """

    @asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await services.trials.close()
            services.log.close()

    app = Starlette(
        routes=ROUTES,
        exception_handlers={
            HTTPException: _refused,
            LogError: _log_away,
            SQLAlchemyError: _log_away,
            Exception: _failed,
        },
        lifespan=running,
    )
    app.state.services = services
    return Guard(app, services.access, services.place)


async def _home(_: Request) -> Response:
    return RedirectResponse("/now", 303)


async def _alive(_: Request) -> Response:
    return PlainTextResponse("alive\n")


async def _refused(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        raise error
    code = error.status_code
    return services_of(request).renderer.page(
        request, "refused.html", code, reason=error.detail, is_missing=code == HTTPStatus.NOT_FOUND
    )


async def _log_away(request: Request, error: Exception) -> Response:
    """The database is missing or does not answer: a state that people meet, not a defect."""
    # The driver's own message may quote what was asked for.
    said = str(error) if isinstance(error, LogError) else "The log's database does not answer."
    logger.warning("log_away", path=request.url.path, error=type(error).__name__)
    return services_of(request).renderer.page(request, "log_away.html", 503, said=said)


async def _failed(request: Request, error: Exception) -> Response:
    # The message of an exception nobody foresaw may quote a conversation, so only its place is told.
    place = traceback.extract_tb(error.__traceback__)[-1]
    logger.error(
        "page_failed", path=request.url.path, error=type(error).__name__, file=place.filename, line=place.lineno
    )
    return services_of(request).renderer.page(request, "failed.html", 500)


ROUTES: Final[Sequence[BaseRoute]] = (
    Route("/", _home),
    Route("/healthz", _alive),
    Mount("/static", _Assets(directory=STATIC)),
    *sign_in.routes,
    *live.routes,
    *now.routes,
    *escalation.routes,
    *log.routes,
    *conversation.routes,
    *triggers.routes,
    *policy.routes,
    *trial.routes,
)
