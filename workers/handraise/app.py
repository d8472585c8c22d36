"""The application: the engine's services and the agents, wired into a Faust app."""

from __future__ import annotations

import asyncio
import gc
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final, NamedTuple, cast

import faust
from faust.app.base import BootStrategy
from faust.types import ChannelT, EventT
from mode import Service
from prometheus_client import CollectorRegistry

from handraise.agents import add_agents
from handraise.conversation import Processor, head_of
from handraise.detection import detector_for
from handraise.engine.batch import Batch
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError, explained
from handraise.engine.folding import Folding, PolicyCheck, Step
from handraise.engine.health import WORKER_WAITS, Health
from handraise.engine.http import HttpServer
from handraise.engine.memory import keep_large_blocks_apart
from handraise.engine.observer import Observer
from handraise.engine.policies import PolicyFollower, PolicyShelf
from handraise.engine.preflight import Preflight
from handraise.engine.shelf import BookShelf, check_policy
from handraise.engine.source import Source
from handraise.engine.state import HeadOf
from handraise.engine.topics import Topic, TopicNames
from handraise.logs import count_retries
from handraise.policy import Draft, PolicyError, load_drafts
from handraise.settings import DetectorKind, Settings
from handraise.step import WorkerStep
from handraise.telemetry import Metrics

_FAUST_ENVIRONMENT: Final = "HANDRAISE_FAUST_"
_SWITCH_SECONDS: Final = 0.0001
"""How long a thread that has read a text waits for Python's lock while batches are folded."""


class Parts(NamedTuple):
    """What the worker does with events, and who counts: the engine is the same for any of them."""

    step: Step
    head_of: HeadOf
    shelf: PolicyShelf
    check_policy: PolicyCheck
    observer: Observer
    registry: CollectorRegistry


class WithoutKafka(BootStrategy):
    """Starts agents, and nothing of Faust's own that talks to Kafka or listens for HTTP."""

    enable_kafka = False
    enable_web = False


class App(faust.App):
    """A Faust app that leaves Kafka to the engine's services."""

    BootStrategy = WithoutKafka
    engine: Sequence[Service] = ()
    """Started one after the other once the agents run, each when the one before is ready; stopped before the agents."""

    async def on_first_start(self) -> None:
        """Make no folders: without tables, Faust has nothing to put into them."""

    async def on_started_init_extra_services(self) -> None:
        """Start the engine."""
        await super().on_started_init_extra_services()
        # Faust opens its channels when its own consumer gets partitions, which this app does not have.
        self.flow_control.resume()
        for service in self.engine:
            await self.on_init_extra_service(service)


def create_app(settings: Settings) -> App:
    """The worker's app, as the settings say.

    Raises:
        EngineError: the local policies cannot be used.
    """
    return build_app(settings, worker_parts(settings))


def worker_parts(settings: Settings) -> Parts:
    """The worker's parts: detection and the fold, the policies, the metrics.

    Raises:
        EngineError: the local policies cannot be used.
    """
    shelf = BookShelf(_local_policies(settings))
    detector = detector_for(fast=settings.detector is DetectorKind.FAST)
    registry = CollectorRegistry()
    metrics = Metrics(
        registry,
        messages_topic=TopicNames(settings.topic_prefix)[Topic.MESSAGES],
        version=version("handraise"),
        detector_version=detector.version,
    )
    count_retries(metrics.broker_retried)
    # The first text is slower than the others, and must not be a customer's.
    detector.warm_up()
    processor = Processor(shelf.policy, detector, detector.version)
    step = WorkerStep(processor, detector, settings.reader_threads, metrics.detected)
    return Parts(step, head_of, shelf, check_policy, metrics, registry)


def build_app(settings: Settings, parts: Parts) -> App:
    """Wire an app out of its parts. Its services start one after the other, each when the one before is ready."""
    app = App(
        "handraise",
        broker=f"kafka://{settings.brokers}",
        # Faust's own variables are called APP_VERSION, BROKER_URL and the like, and would beat what is set here.
        env_prefix=_FAUST_ENVIRONMENT,
        web_enabled=False,
        topic_disable_leader=True,
        autodiscover=False,
        store="memory://",
    )
    batches = cast(ChannelT[Batch], app.channel(maxsize=settings.concurrency))
    clients = Clients(settings)
    health = Health(parts.observer.ready, WORKER_WAITS)
    names = TopicNames(settings.topic_prefix)
    folding = Folding(parts.step, names, parts.check_policy)
    add_agents(app, batches, folding, settings.concurrency)
    source = Source(
        settings=settings,
        clients=clients,
        observer=parts.observer,
        health=health,
        head_of=parts.head_of,
        submit=lambda batch: batches.put(cast(EventT[Batch], batch)),
        forget=parts.step.forget,
    )
    app.engine = [
        HttpServer(settings.http_host, settings.http_port, parts.registry, health),
        Preflight(settings, clients),
        PolicyFollower(names[Topic.POLICIES], clients, parts.shelf, parts.observer, health),
        source,
    ]
    return app


def run(app: App) -> int:
    """Run the app until a signal or an error ends it; the exit status."""
    _spare_the_collector()
    sys.setswitchinterval(_SWITCH_SECONDS)
    keep_large_blocks_apart()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    worker = faust.Worker(app, loop=loop, quiet=True, redirect_stdouts=False, override_logging=False)
    worker.spinner = None
    try:
        worker.execute_from_commandline()
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
        error = worker.crash_reason or app.crash_reason or end.__context__
        if error is not None and isinstance(error := explained(error), EngineError):
            sys.stderr.write(f"handraise: {error}\n")
        return status


def _spare_the_collector() -> None:
    """Keep the garbage collector away from what stays, and from batches, which end without its help.

    The lexicons and models are more than a hundred thousand objects. With Python's own thresholds, a batch of events
    sets a collection off every few records, and to walk over all of them took two fifths of the engine's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _local_policies(settings: Settings) -> list[Draft]:
    if settings.policy_path is None:
        return []
    try:
        return load_drafts(settings.policy_path)
    except (PolicyError, OSError) as error:
        raise EngineError(f"HANDRAISE_POLICY_PATH: {error}. `handraise policy check` tells every problem") from error
