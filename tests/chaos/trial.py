"""One trial of a fault: what it needs, what it can get at, and what it tells of itself."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final

from tests.chaos.crew import Crew
from tests.chaos.load import Load
from tests.chaos.oracle import SameState, same_bytes
from tests.chaos.watch import Watch
from tests.support.cluster import Cluster
from tests.support.installation import Installation
from tests.support.proxy import Proxy

LONG_SECONDS: Final = 60.0
"""How long a fault lasts at least in the long form."""
SHORT_SECONDS: Final = 15.0


@dataclass(frozen=True)
class Plan:
    """How long and how hard a trial is."""

    seconds: float
    """How long the fault lasts, at least."""
    rate: float = 200.0
    """Messages a second."""
    seed: int = 1


@dataclass(frozen=True)
class Setup:
    """What a fault needs to be there."""

    workers: int = 2
    nodes: int = 1
    partitions: int = 6
    session_seconds: float = 3.0
    properties: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    proxied: bool = False
    """Whether the workers reach the broker by a network that can be made bad. There is one broker then."""
    disk_megabytes: int = 0
    """The size of the broker's disk; 0 for the machine's own."""
    conversations: int | None = None
    """How many there are at most; then the same ones go on."""
    with_outcomes: bool = True
    numbered: bool = False
    """Whether no text comes twice."""
    same_state: SameState = same_bytes
    counted: bool = False
    """Whether the workers live to the end, so that what they have counted can be compared."""


@dataclass
class Trial:
    """What a fault can get at, and what it tells of itself."""

    plan: Plan
    setup: Setup
    made: Installation
    cluster: Cluster
    network: Proxy
    """Between the workers and the broker, if the fault asks for that."""
    crew: Crew
    load: Load
    watch: Watch
    rng: Random
    strikes: list[tuple[float, float]] = field(default_factory=list)
    """When each blow of the fault began and when it was over: the machine's clock, in seconds."""
    published: list[bytes] = field(default_factory=list)
    """The policies that the fault has published."""
    figures: dict[str, float] = field(default_factory=dict)
    """What the fault has measured besides."""
    problems: list[str] = field(default_factory=list)
    """What the fault has seen that must not be."""
    measured_from: float = 0.0
    """When what is sent began to count for latency and progress: the machine's clock, in seconds."""
    ended_at: float = 0.0
    """When the fault was over: the machine's clock, in seconds."""
    _until: float = 0.0

    def begin(self) -> None:
        """The fault begins now."""
        self._until = time.monotonic() + self.plan.seconds

    def end(self) -> None:
        """The fault is over."""
        self.ended_at = time.time()

    @property
    def goes_on(self) -> bool:
        """Whether the fault has not lasted long enough yet."""
        return time.monotonic() < self._until

    def struck(self) -> None:
        """A blow that takes no time: a kill."""
        now = time.time()
        self.strikes.append((now, now))

    @asynccontextmanager
    async def striking(self) -> AsyncIterator[None]:
        """A blow that lasts."""
        began = time.time()
        self.strikes.append((began, began))
        try:
            yield
        finally:
            self.strikes[-1] = (began, time.time())

    async def wait(self, least: float, most: float | None = None) -> None:
        """The rhythm of the fault: nothing is waited for but time."""
        await asyncio.sleep(least if most is None else self.rng.uniform(least, most))


Inject = Callable[[Trial], Awaitable[None]]
