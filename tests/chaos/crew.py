"""The workers of a trial: started as a supervisor would, and started again when one ends by itself."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Mapping, Sequence
from typing import Final

import structlog

from tests.support.installation import WORKER, Installation, WorkerProcess
from tests.support.waiting import eventually

log = structlog.get_logger(__name__)

_READY_SECONDS: Final = 180.0
_EXIT_SECONDS: Final = 20.0
_WATCH_SECONDS: Final = 0.5


class Crew:
    """Real workers by their place; each place has one at a time.

    Args:
        made: the installation that they work for.
        places: how many there are.
        environment: more variables, for all of them.
    """

    def __init__(self, made: Installation, places: int, environment: Mapping[str, str]) -> None:
        self._made = made
        self._environment = dict(environment)
        self._arguments: dict[int, Sequence[str]] = {}
        self._own: dict[int, Mapping[str, str]] = {}
        self.members: dict[int, WorkerProcess] = {}
        self.places = range(places)
        self.crashes: list[str] = []
        """Workers that ended by themselves, with the last line of their log."""
        self.bad_exits: list[str] = []
        """Workers that were asked to stop, and did not end with status 0 in time."""

    def start(self, place: int, arguments: Sequence[str] = WORKER, **own: str) -> WorkerProcess:
        """Start the worker of a place; what it is started with is kept for the next start."""
        self._arguments[place], self._own[place] = arguments, own
        return self.restart(place)

    def restart(self, place: int) -> WorkerProcess:
        """Start the worker of a place as it was started last."""
        started = self._made.worker(self._arguments[place], **{**self._environment, **self._own[place]})
        self.members[place] = started
        return started

    def kill(self, place: int) -> None:
        """SIGKILL."""
        self.members.pop(place).kill()

    async def terminate(self, place: int) -> None:
        """SIGTERM, and wait for the end, which has to be a good one."""
        worker = self.members.pop(place)
        runs = bool(worker.events("listening"))
        worker.terminate()
        try:
            status = await asyncio.to_thread(worker.wait, _EXIT_SECONDS)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker did not end
            self.bad_exits.append(f"{worker.log.name}: {error!r}")
            worker.kill()
            return
        # One that has not got so far as to handle the signal is ended by it.
        if status and (runs or status != -signal.SIGTERM):
            self.bad_exits.append(f"{worker.log.name}: status {status}")

    async def all_ready(self, seconds: float = _READY_SECONDS) -> None:
        """Wait until each worker says that it is ready."""

        async def ready() -> bool:
            try:
                return all([await asyncio.to_thread(worker.is_ready) for worker in self.members.values()])
            except (OSError, IndexError):
                return False

        await eventually(ready, seconds, "the workers to be ready")

    async def supervise(self) -> None:
        """Start again who ends by itself, until cancelled."""
        while True:
            for place, worker in list(self.members.items()):
                if worker.process.poll() is not None:
                    self.crashes.append(
                        f"{worker.log.name} (status {worker.process.returncode}): {_last_words(worker)}"
                    )
                    log.warning("worker_ended_by_itself", crash=self.crashes[-1])
                    self.restart(place)
            await asyncio.sleep(_WATCH_SECONDS)

    async def count(self, metric: str) -> float:
        """The sum of a counter over all workers and labels, from their own pages."""
        total = 0.0
        for worker in self.members.values():
            _, page = await asyncio.to_thread(worker.get, "/metrics")
            lines = [line for line in page.splitlines() if line.startswith((f"{metric} ", f"{metric}{{"))]
            total += sum(float(line.rsplit(" ", 1)[1]) for line in lines)
        return total


def _last_words(worker: WorkerProcess) -> str:
    lines = [line for line in worker.log.read_text(errors="replace").splitlines() if line.strip()]
    said = [line for line in lines if line.startswith("handraise: ")]
    return (said or lines or ["nothing"])[-1][:500]
