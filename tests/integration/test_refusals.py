"""A worker that cannot do its work says why and how to mend it, and `topics create` makes what it needs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import NewTopic, RecordsToDelete

from handraise.engine.topics import Topic, options
from handraise.settings import Delivery
from tests.support.brokers import Broker, kafka_cluster
from tests.support.installation import Installation, message

TOPICS: Final = ("-m", "handraise", "topics", "create")


@pytest.fixture
def bare(broker: Broker, tmp_path: Path) -> Iterator[Installation]:
    """An installation without topics."""
    made = Installation(broker, tmp_path)
    try:
        yield made
    finally:
        made.close()


def create_topics(installation: Installation, *, ends: int = 0, **environment: str) -> str:
    """Run the command; what it prints."""
    done = run(installation, *TOPICS, **environment)
    assert done.returncode == ends, done.stderr
    return done.stdout


def run(installation: Installation, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, *arguments],
        env=installation.environment(**environment),
        cwd=installation.folder,
        capture_output=True,
        text=True,
        check=False,
    )


def refusal(installation: Installation, **environment: str) -> str:
    """What a worker says that ends by itself."""
    worker = installation.worker(**environment)
    assert worker.wait(30) != 0
    return worker.log.read_text().splitlines()[-1]


def test_topics_are_made_once_and_a_second_run_changes_nothing(bare: Installation) -> None:
    """All eight, under the prefix."""
    first = create_topics(bare).splitlines()
    assert sorted(first) == sorted(f"{bare.names[topic]}: created" for topic in Topic)
    assert sorted(create_topics(bare).splitlines()) == sorted(f"{bare.names[topic]}: exists" for topic in Topic)


def test_a_worker_without_topics_names_them_and_the_command_that_makes_them(bare: Installation) -> None:
    """The last line is for people."""
    said = refusal(bare)
    assert said.startswith("handraise: missing on")
    assert bare.names[Topic.DEAD_LETTERS] in said
    assert "handraise topics create" in said


def test_what_is_published_goes_to_topics_that_exist_and_makes_none(bare: Installation) -> None:
    """Some brokers make a topic that is written to, with a number of partitions and options of their own."""
    policy = bare.folder / "policy.yaml"
    policy.write_text("business_id: shop\nowner: Rosa\n", encoding="utf-8")
    for arguments in (
        ("policy", "push", str(policy)),
        ("erase", "--conversation", "shop/c1"),
        ("erase", "--customer", "someone"),
    ):
        done = run(bare, "-m", "handraise", *arguments)
        assert done.returncode == 1
        assert done.stderr.startswith("handraise: missing on")
        assert "handraise topics create" in done.stderr
    assert sorted(create_topics(bare).splitlines()) == sorted(f"{bare.names[topic]}: created" for topic in Topic)


def test_a_worker_refuses_topics_that_differ_in_their_partitions(bare: Installation) -> None:
    """An outcome would be folded apart from the messages it belongs to."""

    async def make_outcomes_with_three() -> None:
        admin = await bare.clients.start(bare.clients.admin())
        await admin.create_topics([NewTopic(bare.names[Topic.OUTCOMES], 3, 1)])
        await admin.close()

    asyncio.run(make_outcomes_with_three())
    printed = create_topics(bare, ends=1)
    assert f"{bare.names[Topic.OUTCOMES]}: exists and differs (partitions is 3, not 4" in printed
    said = refusal(bare)
    assert f"{bare.names[Topic.OUTCOMES]} has 3" in said
    assert "HANDRAISE_PARTITIONS" in said


@pytest.mark.kafka
def test_topics_are_made_with_their_options_and_differences_are_told(kafka_installation: Installation) -> None:
    """Retention in days, compaction for what is looked up by key."""
    made = kafka_installation
    told = create_topics(made, HANDRAISE_RETENTION_DAYS="7").splitlines()
    differing = {line.split(":")[0] for line in told if "retention.ms is 2592000000, not 604800000" in line}
    compacted = {Topic.CONTROL, Topic.POLICIES, Topic.STATE}
    assert differing == {made.names[topic] for topic in Topic if topic not in compacted}
    assert f"{made.names[Topic.STATE]}: exists" in told


@pytest.mark.parametrize("delivery", list(Delivery))
def test_no_state_is_removed_for_its_age(delivery: Delivery) -> None:
    """A conversation may be idle, or a promise open, for longer than messages are kept."""
    of_state = options(Topic.STATE, 30, delivery)
    assert of_state["cleanup.policy"] == "compact"
    assert "retention.ms" not in of_state


@pytest.mark.kafka
def test_a_state_keeps_the_time_that_it_was_written_with(kafka_jars: None, tmp_path: Path) -> None:
    """Time goes on from there after a restart; with the broker's own in its place, timers would be put off."""
    del kafka_jars
    at_ms = 1_764_000_000_000

    async def written(made: Installation) -> list[int]:
        state = TopicPartition(made.names[Topic.STATE], 0)
        producer = await made.clients.start(made.clients.producer())
        await producer.send_and_wait(state.topic, b"state", key=b"acme/c1", partition=0, timestamp_ms=at_ms)
        await producer.stop()
        return [record.timestamp for record in await made.everything(Topic.STATE)]

    with kafka_cluster(tmp_path, properties={"log.message.timestamp.type": "LogAppendTime"}) as cluster:
        made = Installation(Broker("kafka", cluster.servers, transactions=True), tmp_path)
        made.create_topics()
        assert asyncio.run(written(made)) == [at_ms]
        made.close()


@pytest.mark.kafka
def test_a_changelog_that_forgets_by_age_is_told(kafka: Broker, tmp_path: Path) -> None:
    """One that was made otherwise is left as it is."""
    made = Installation(kafka, tmp_path)

    async def make_state() -> None:
        admin = await made.clients.start(made.clients.admin())
        configs = {"cleanup.policy": "compact,delete"}
        await admin.create_topics([NewTopic(made.names[Topic.STATE], 4, 1, topic_configs=configs)])
        await admin.close()

    try:
        asyncio.run(make_state())
        (told,) = (line for line in create_topics(made).splitlines() if line.startswith(made.names[Topic.STATE]))
    finally:
        made.close()
    assert "cleanup.policy is compact,delete, not compact" in told
    assert "change it with Kafka's own tools" in told


def test_only_under_at_least_once_does_the_changelog_wait_before_it_is_compacted() -> None:
    lags = {one: int(options(Topic.STATE, 30, one)["min.compaction.lag.ms"]) for one in Delivery}
    assert lags == {Delivery.EXACTLY_ONCE: 0, Delivery.AT_LEAST_ONCE: 3_600_000}
    assert all(int(options(Topic.CONTROL, 30, one)["min.compaction.lag.ms"]) for one in Delivery)


@pytest.mark.embedded
def test_exactly_once_is_refused_on_a_broker_without_transactions(embedded_broker: Broker, tmp_path: Path) -> None:
    """The weaker delivery must be asked for by name."""
    made = Installation(embedded_broker, tmp_path)
    made.create_topics()
    try:
        said = refusal(made, HANDRAISE_DELIVERY="exactly_once")
    finally:
        made.close()
    assert "no transactions" in said
    assert "HANDRAISE_DELIVERY=at_least_once" in said


def decided(made: Installation, messages: int) -> int:
    """Have a worker decide so many messages of a conversation, and end; returns the conversation's partition."""
    asyncio.run(made.produce([message(number, "c1") for number in range(messages)]))
    worker = made.worker().wait_ready()
    read = asyncio.run(made.read(Topic.DECISIONS, lambda records: len(records) >= messages))
    worker.terminate()
    assert worker.wait(10) == 0
    return int(read[0].partition)


@pytest.mark.kafka
def test_records_that_retention_removed_are_said_to_be_missed(kafka_installation: Installation) -> None:
    """The worker goes on with what is left, and does not pretend."""
    made = kafka_installation
    partition = decided(made, 10)
    asyncio.run(made.produce([message(number, "c1") for number in range(10, 20)]))
    asyncio.run(_delete_before(made, partition, 15))
    second = made.worker().wait_ready()
    decisions = asyncio.run(made.read(Topic.DECISIONS, lambda records: len(records) >= 15))
    assert len(decisions) == 15
    (missed,) = second.events("records_missed")
    assert (missed["from_offset"], missed["to_offset"], missed["records"]) == (10, 15, 5)


@pytest.mark.kafka
def test_a_topic_that_was_made_anew_stops_the_worker(kafka_installation: Installation) -> None:
    """Its offsets would not mean what the group's say: an operator decides where to go on."""
    made = kafka_installation
    partition = decided(made, 3)
    asyncio.run(_commit(made, partition, 1_000))
    said = refusal(made)
    assert "ends before offset 1000" in said
    assert "Reset the offsets" in said


@pytest.mark.kafka
def test_a_group_that_does_not_know_how_far_it_had_read_stops_the_worker(kafka_installation: Installation) -> None:
    """Kafka has forgotten it, or the group has another name now: everything would be decided a second time."""
    made = kafka_installation
    partition = decided(made, 3)
    said = refusal(made, HANDRAISE_GROUP=f"{made.settings.group}-2")
    assert f"decided in partition {partition}" in said
    assert "kafka-consumer-groups.sh --reset-offsets" in said
    asyncio.run(made.produce([message(3, "c1")]))
    made.worker().wait_ready()
    assert len(asyncio.run(made.read(Topic.DECISIONS, lambda records: len(records) >= 4))) == 4


async def _delete_before(made: Installation, partition: int, offset: int) -> None:
    admin = await made.clients.start(made.clients.admin())
    place = TopicPartition(made.names[Topic.MESSAGES], partition)
    await admin.delete_records({place: RecordsToDelete(before_offset=offset)})
    await admin.close()


async def _commit(made: Installation, partition: int, offset: int) -> None:
    consumer: Any = made.clients.member()
    await made.clients.start(consumer)
    place = TopicPartition(made.names[Topic.MESSAGES], partition)
    consumer.assign([place])
    await consumer.commit({place: offset})
    await consumer.stop()
