"""The trials of a console: one runs at a time, and the last few are kept to be looked at."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Final

import structlog

from handraise.console.trial.job import Failure, Order, Report, Step, start
from handraise.settings import Settings

KEPT: Final = 20
_STOP_SECONDS: Final = 5.0

log = structlog.get_logger(__name__)


class BusyError(Exception):
    """Somebody else's trial runs; the message says whose."""


class Trial:
    """One trial: what was asked for, and what is known of it by now."""

    def __init__(self, by: str, business: str, document: str, days: int) -> None:
        self.id: Final = secrets.token_urlsafe(9)
        self.by: Final = by
        self.business: Final = business
        self.document: Final = document
        self.days: Final = days
        self.began_at: Final = datetime.now(UTC)
        self.report: Report = Step("reading", 0, 0)

    @property
    def is_over(self) -> bool:
        """Whether nothing more comes."""
        return not isinstance(self.report, Step)


class Trials:
    """Starts them, follows them, and ends them.

    Args:
        settings: handed to the process of each.
        begin: starts the process.
    """

    def __init__(
        self, settings: Settings, begin: Callable[[Settings, Order], tuple[BaseProcess, Connection]] = start
    ) -> None:
        self._settings = settings
        self._begin = begin
        self._kept: dict[str, Trial] = {}
        self._running: Trial | None = None
        self._process: BaseProcess | None = None
        self._following: asyncio.Task[None] | None = None

    def get(self, trial_id: str) -> Trial | None:
        """A trial that is still kept."""
        return self._kept.get(trial_id)

    async def begin(self, trial: Trial, order: Order) -> None:
        """Start a trial, in place of an earlier one of the same person that still runs.

        Raises:
            BusyError: one of somebody else runs.
        """
        before = self._running
        if before is not None and not before.is_over:
            if before.by != trial.by:
                raise BusyError(f"{before.by} tries something at the moment. One trial runs at a time.")
            await self.stop(before)
        self._kept[trial.id] = self._running = trial
        while len(self._kept) > KEPT:
            del self._kept[next(iter(self._kept))]
        process, reports = await asyncio.to_thread(self._begin, self._settings, order)
        self._process = process
        self._following = asyncio.create_task(self._follow(trial, process, reports))

    async def stop(self, trial: Trial) -> None:
        """End a trial that runs."""
        if self._running is trial and not trial.is_over:
            trial.report = Failure("Stopped.")
            await self._end()

    async def close(self) -> None:
        """End whatever runs."""
        if self._running is not None:
            await self.stop(self._running)

    async def _follow(self, trial: Trial, process: BaseProcess, reports: Connection) -> None:
        """Take the reports of a process until its last."""
        with reports:
            while not trial.is_over:
                try:
                    report = await asyncio.to_thread(reports.recv)
                except (EOFError, OSError):
                    report = Failure("The trial has ended without a result. Try fewer days.")
                    log.warning("trial_ended", exit_code=process.exitcode)
                if not trial.is_over:
                    trial.report = report
        await asyncio.to_thread(process.join, _STOP_SECONDS)

    async def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            await asyncio.to_thread(self._process.join, _STOP_SECONDS)
        if self._following is not None:
            await self._following
