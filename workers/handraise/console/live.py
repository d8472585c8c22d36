"""Tells every open page that the log has something new."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Final

from sqlalchemy.exc import SQLAlchemyError
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from handraise.review.errors import LogError

_LOOK_SECONDS: Final = 0.5
_PING_SECONDS: Final = 15
"""A proxy may take a connection that says nothing for one that is dead."""


class Live:
    """Looks at the log while somebody watches, once for all who do.

    Args:
        pulse: names how far the log is. It may block, and fail as the log does.
    """

    def __init__(self, pulse: Callable[[], str]) -> None:
        self._pulse = pulse
        self._seen = ""
        self._news = asyncio.Condition()
        self._watchers = 0
        self._looking: asyncio.Task[None] | None = None

    async def changes(self) -> AsyncIterator[str]:
        """How far the log is, first now and then whenever it has come further."""
        self._watchers += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look())
        told = ""
        try:
            while True:
                async with self._news:
                    while self._seen in ("", told):
                        await self._news.wait()
                    told = self._seen
                yield told
        finally:
            self._watchers -= 1
            if not self._watchers and self._looking is not None:
                self._looking.cancel()
                self._looking = None

    async def _look(self) -> None:
        while True:
            try:
                pulse = await asyncio.to_thread(self._pulse)
            except (LogError, SQLAlchemyError):
                pulse = "away"
            if pulse != self._seen:
                async with self._news:
                    self._seen = pulse
                    self._news.notify_all()
            await asyncio.sleep(_LOOK_SECONDS)


async def stream(request: Request) -> Response:
    """Events named `changed`, for as long as the page is open."""
    live = request.app.state.services.live

    async def events() -> AsyncIterator[ServerSentEvent]:
        async for change in live.changes():
            yield ServerSentEvent(data=change, event="changed")

    return EventSourceResponse(events(), ping=_PING_SECONDS)


routes = [Route("/live", stream)]
