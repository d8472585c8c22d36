"""Running a trial: a cluster, workers, load and watch, the fault under load, and the verdict."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any, Final

import structlog
from aiokafka import TopicPartition

from handraise.engine.topics import Topic
from handraise.settings import Delivery
from tests.chaos.crew import Crew
from tests.chaos.load import Load
from tests.chaos.scripts import BUSINESSES, policy
from tests.chaos.trial import Inject, Plan, Setup, Trial
from tests.chaos.verdict import Verdict, judge
from tests.chaos.watch import Watch
from tests.support.brokers import Broker, BrokerUnavailableError, free_port, kafka_cluster
from tests.support.cluster import Cluster
from tests.support.installation import Installation
from tests.support.proxy import Proxy, behind
from tests.support.waiting import eventually

CALM_SECONDS: Final = 5.0
"""Load before the fault and after it."""
_CATCH_UP_SECONDS: Final = 240.0
_FIRST_SECONDS: Final = 60.0
_QUIET_SECONDS: Final = 1.0

log = structlog.get_logger(__name__)


async def run_trial(inject: Inject, setup: Setup, plan: Plan, delivery: Delivery, folder: Path) -> Verdict:
    """Run one fault under one guarantee, and judge it."""
    policies, data = folder / "policies", folder / "kafka"
    for place in (policies, data):
        place.mkdir(parents=True)
    for business in BUSINESSES:
        (policies / f"{business}.yaml").write_text(policy(business))
    network = Proxy(free_port(), free_port(), Random(plan.seed))  # noqa: S311 - to be repeated, not to be secret
    properties = {**setup.properties, **(behind(network) if setup.proxied else {})}
    with (
        _disk(data / "data", setup.disk_megabytes),
        kafka_cluster(data, nodes=setup.nodes, properties=properties) as cluster,
    ):
        made = await asyncio.to_thread(_installed, cluster, folder, setup, delivery, policies)
        await network.start()
        try:
            trial = _trial(setup, plan, made, cluster, network)
            unseen = await _run(inject, trial)
            return await judge(trial, unseen)
        finally:
            made.close()
            await network.stop()


@contextmanager
def _disk(place: Path, megabytes: int) -> Iterator[None]:
    """A disk of its own for the broker's data, in memory; making it takes root."""
    if not megabytes:
        yield
        return
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokerUnavailableError(f"a small disk cannot be made here: {done.stderr.strip()}; it takes root")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _installed(cluster: Cluster, folder: Path, setup: Setup, delivery: Delivery, policies: Path) -> Installation:
    settings: dict[str, Any] = {
        "delivery": delivery,
        "partitions": setup.partitions,
        "session_timeout_seconds": setup.session_seconds,
        "policy_path": policies,
        "detector": "fast",
        **setup.settings,
    }
    made = Installation(Broker("kafka", cluster.servers, transactions=True), folder, **settings)
    made.create_topics()
    return made


def _trial(setup: Setup, plan: Plan, made: Installation, cluster: Cluster, network: Proxy) -> Trial:
    reach = {"HANDRAISE_BROKERS": f"127.0.0.1:{network.port}"} if setup.proxied else {}
    rng = Random(plan.seed)  # noqa: S311 - to be repeated, not to be secret
    return Trial(
        plan,
        setup,
        made,
        cluster,
        network,
        Crew(made, setup.workers, {**setup.environment, **reach}),
        Load(
            cluster.servers,
            made.names,
            plan.rate,
            rng,
            with_outcomes=setup.with_outcomes,
            most_conversations=setup.conversations,
            numbered=setup.numbered,
        ),
        Watch(cluster.servers, made.names, setup.partitions),
        rng,
    )


async def _run(inject: Inject, trial: Trial) -> int:
    """Run the trial; how many records of the input are not worked on at its end."""
    crew, load, watch = trial.crew, trial.load, trial.watch
    for place in crew.places:
        crew.start(place)
    await crew.all_ready()
    loading = asyncio.create_task(load.run())
    background = [asyncio.create_task(crew.supervise()), asyncio.create_task(watch.run())]
    script = asyncio.create_task(_script(inject, trial, loading))
    try:
        # What runs in the background ends only with an error, which ends the trial.
        await asyncio.wait({script, *background}, return_when=asyncio.FIRST_COMPLETED)
        for ended in background:
            if ended.done():
                ended.result()
        unseen = await script
    finally:
        for task in (script, loading, *background):
            task.cancel()
        await asyncio.gather(script, loading, *background, return_exceptions=True)
    await asyncio.gather(*(crew.terminate(place) for place in list(crew.members)))
    return unseen


async def _script(inject: Inject, trial: Trial, loading: asyncio.Task[None]) -> int:
    watch = trial.watch
    await eventually(lambda: bool(watch.seen), _FIRST_SECONDS, "a first decision")
    await asyncio.sleep(CALM_SECONDS)
    trial.begin()
    await inject(trial)
    trial.end()
    await asyncio.sleep(CALM_SECONDS)
    trial.load.stop()
    await loading
    unseen = await _catch_up(trial.made)
    await eventually(lambda: watch.quiet_seconds > _QUIET_SECONDS, _CATCH_UP_SECONDS, "the last decisions to be seen")
    if trial.setup.counted:
        trial.figures["counted_late"] = await trial.crew.count("handraise_late_events_total")
        trial.figures["counted_duplicates"] = await trial.crew.count("handraise_duplicate_events_total")
    return unseen


async def _catch_up(made: Installation) -> int:
    """Wait until everything that is in the input is committed as read; what is not, in the end."""
    left = [0]

    async def caught_up() -> bool:
        left[0] = await _unread(made)
        return not left[0]

    try:
        await eventually(caught_up, _CATCH_UP_SECONDS, "the input to be worked on")
    except TimeoutError:
        log.warning("input_not_worked_on", records=left[0])
    return left[0]


async def _unread(made: Installation) -> int:
    sources = [
        TopicPartition(made.names[topic], partition)
        for topic in (Topic.MESSAGES, Topic.OUTCOMES)
        for partition in range(made.settings.partitions)
    ]
    reader = await made.clients.start(made.clients.member())
    try:
        reader.assign(sources)
        ends = await reader.end_offsets(sources)
        committed = {source: await reader.committed(source) or 0 for source in sources}
    finally:
        await reader.stop()
    return sum(max(0, ends[source] - committed[source]) for source in sources)
