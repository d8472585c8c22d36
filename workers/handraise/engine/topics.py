"""The topics: their names, how they are made, and the check that they fit before a worker starts."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any, Final, NamedTuple

from aiokafka.admin import NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    NodeNotReadyError,
    TopicAlreadyExistsError,
    TopicAuthorizationFailedError,
    for_code,
)
from aiokafka.protocol.metadata import MetadataRequest

from handraise.engine.clients import Clients
from handraise.engine.errors import BrokerUnreachableError, EngineError, NotAuthorizedError, TopicsNotFitError
from handraise.settings import Delivery, Settings

_COPIES: Final = 3
_IN_STEP: Final = "min.insync.replicas"
_COPIES_IN_STEP: Final = 2
"""Of three copies or more. With Kafka's one, a leader whose followers are behind says by itself that a transaction is
committed; with its disk, the state and the escalations would be gone while the offsets say that all is done."""
_DAY_MS: Final = 86_400_000
_COMPACTION_LAG_MS: Final = 3_600_000
"""For an hour the newest value does not yet displace those before it: a reader that was away sees each step, and under
at-least-once a restore within it finds the newer state before the late write of a worker that was stalled, and keeps
that. After it such a write could bring back what is over: decision 3."""
_STATE_SEGMENT_BYTES: Final = 32 * 1_048_576
"""The file that a partition of the changelog is writing to is never compacted, and is read whole at every restore; with
Kafka's gigabyte, restoring would take as long as the traffic was heavy, however few conversations there are."""
_LONGEST_COMPACTION_LAG_MS: Final = 7 * _DAY_MS
"""Without it, nothing says when what was replaced or erased is gone: a quiet partition is not compacted for long."""


class Topic(StrEnum):
    """Every topic, by its name without the prefix."""

    MESSAGES = "chat.messages"
    OUTCOMES = "chat.outcomes"
    POLICIES = "chat.policies"
    STATE = "chat.state"
    ESCALATIONS = "chat.escalations"
    CONTROL = "chat.control"
    DECISIONS = "chat.decisions"
    DEAD_LETTERS = "chat.dead-letters"


SOURCES: Final = (Topic.MESSAGES, Topic.OUTCOMES, Topic.POLICIES)
"""What the consumer group reads: one worker has partition n of them all."""
CO_PARTITIONED: Final = (*SOURCES, Topic.STATE)
"""Partition n of these belongs together, so they must have equally many."""


PARTITIONS: Final = "partitions"
"""How a difference in their number is called, among the options of topics."""


class TopicNames:
    """The names of the topics with the prefix of the settings."""

    def __init__(self, prefix: str) -> None:
        self._names = {topic: prefix + topic.value for topic in Topic}
        self._topics = {name: topic for topic, name in self._names.items()}

    def __getitem__(self, topic: Topic) -> str:
        return self._names[topic]

    def topic(self, name: str) -> Topic:
        """The topic that has this full name. Raises KeyError for any other name."""
        return self._topics[name]


class _Found(NamedTuple):
    """A topic that is there."""

    partitions: int
    copies: int
    """Of the partition that has the fewest."""


class Difference(NamedTuple):
    """An option of a topic that is there already, and is set otherwise than `topics create` would."""

    option: str
    found: str
    wanted: str


class TopicReport(NamedTuple):
    """What `topics create` did about one topic."""

    name: str
    created: bool
    differences: tuple[Difference, ...]


def options(
    topic: Topic, retention_days: int, delivery: Delivery = Delivery.EXACTLY_ONCE, copies: int = 1
) -> dict[str, str]:
    """The options that a topic is made with, of which there are so many copies.

    Under exactly-once the changelog is compacted without a lag: a stalled worker is fenced, so the last write of a
    conversation's state is its newest.
    """
    in_step = {_IN_STEP: str(_COPIES_IN_STEP)} if copies >= _COPIES else {}
    return _kept(topic, retention_days, delivery) | in_step


def _kept(topic: Topic, retention_days: int, delivery: Delivery) -> dict[str, str]:
    """For how long a topic keeps what is written to it."""
    retention = str(retention_days * _DAY_MS)
    lags = {
        "min.compaction.lag.ms": str(_COMPACTION_LAG_MS),
        "max.compaction.lag.ms": str(_LONGEST_COMPACTION_LAG_MS),
    }
    if topic is Topic.STATE:
        # Compaction keeps the newest state of a conversation, however old it is; one that is over leaves a tombstone.
        # Retention would remove the state of one that lives longer, with its open escalation and its timers.
        if delivery is Delivery.EXACTLY_ONCE:
            lags["min.compaction.lag.ms"] = "0"
        return {
            "cleanup.policy": "compact",
            # From the time of its record, time goes on for a conversation after a restart. A broker may be set to put
            # its own in the place of that, which is later: timers would be put off.
            "message.timestamp.type": "CreateTime",
            "segment.bytes": str(_STATE_SEGMENT_BYTES),
            **lags,
        }
    if topic in {Topic.CONTROL, Topic.POLICIES}:
        return {"cleanup.policy": "compact", **lags}
    return {"cleanup.policy": "delete", "retention.ms": retention}


async def create_topics(settings: Settings, clients: Clients) -> list[TopicReport]:
    """Make the topics that are missing, and report on those that are there; nothing that exists is changed.

    Raises:
        EngineError: the broker is not there, or refuses a topic.
    """
    names = TopicNames(settings.topic_prefix)
    admin = await clients.start(clients.admin())
    try:
        found = await _found(admin, [names[topic] for topic in Topic])
        created = {topic for topic in Topic if names[topic] not in found}
        if created:
            await _create(admin, settings, names, created)
        return [
            TopicReport(
                names[topic],
                topic in created,
                () if topic in created else await _differences(admin, settings, names[topic], topic, found),
            )
            for topic in Topic
        ]
    finally:
        await admin.close()


async def options_of(settings: Settings, clients: Clients, topics: Iterable[Topic]) -> dict[Topic, dict[str, str]]:
    """The options that topics have now, as the broker tells them; the embedded one tells few or none.

    Raises:
        EngineError: no broker answers.
    """
    names = TopicNames(settings.topic_prefix)
    admin = await clients.start(clients.admin())
    try:
        return {topic: await _options_of(admin, names[topic]) for topic in topics}
    finally:
        await admin.close()


async def check_present(settings: Settings, clients: Clients, topics: Iterable[Topic]) -> dict[str, int]:
    """See that topics are there, and make none; how many partitions each has, by its full name.

    Whoever only writes to one asks first: a broker that makes topics by itself would make it with options of its own.

    Raises:
        TopicsNotFitError: topics are missing; the message names the mend.
        NotAuthorizedError: they may be there, and this user may not see them.
    """
    names = TopicNames(settings.topic_prefix)
    wanted = [names[topic] for topic in topics]
    admin = await clients.start(clients.admin())
    try:
        found = await _found(admin, wanted)
        missing = [name for name in wanted if name not in found]
        hidden = await _hidden(admin, missing) if missing else []
    finally:
        await admin.close()
    if hidden:
        raise NotAuthorizedError(
            f"Kafka does not let this user see {', '.join(hidden)} on {settings.brokers}: give it the ACL Describe on"
            " those topics, which Read and Write bring with them. Those that are not there yet, `handraise topics"
            " create` makes, with a user who may"
        )
    if missing:
        raise TopicsNotFitError(
            f"missing on {settings.brokers}: {', '.join(missing)}. Run `handraise topics create`, with the same"
            " settings as the worker"
        )
    return {name: one.partitions for name, one in found.items()}


async def check_topics(settings: Settings, clients: Clients) -> int:
    """See that every topic is there and that those which belong together fit; their number of partitions.

    Raises:
        TopicsNotFitError: topics are missing or do not fit; the message names the mend.
    """
    names = TopicNames(settings.topic_prefix)
    counts = await check_present(settings, clients, Topic)
    together = {names[topic]: counts[names[topic]] for topic in CO_PARTITIONED}
    if len(set(together.values())) != 1:
        found = ", ".join(f"{name} has {count}" for name, count in together.items())
        raise TopicsNotFitError(
            f"topics that belong together differ in their number of partitions: {found}. Delete the ones that are"
            " wrong and empty and run `handraise topics create` with HANDRAISE_PARTITIONS set to the others' number, or"
            " choose another HANDRAISE_TOPIC_PREFIX and move the messages there"
        )
    return counts[names[Topic.MESSAGES]]


async def _create(admin: Any, settings: Settings, names: TopicNames, topics: Iterable[Topic]) -> None:  # noqa: ANN401 - aiokafka carries no types
    brokers = len((await admin.describe_cluster())["brokers"])
    copies = settings.replication_factor or min(_COPIES, brokers)
    wanted = [
        NewTopic(
            names[topic],
            settings.partitions,
            copies,
            topic_configs=options(topic, settings.retention_days, settings.delivery, copies),
        )
        for topic in topics
    ]
    response = await admin.create_topics(wanted)
    for name, code, *detail in response.topic_errors:
        error = for_code(code)
        if error in {TopicAuthorizationFailedError, ClusterAuthorizationFailedError}:
            raise NotAuthorizedError(
                f"Kafka does not let this user make the topic {name}: give it the ACL Create on that topic or on the"
                " cluster. If it is there already, give it Describe and DescribeConfigs, so that it is seen"
            )
        if code and error is not TopicAlreadyExistsError:
            why = next((text for text in detail if text), error.__name__)
            raise EngineError(f"the broker refuses to make the topic {name}: {why}")


async def _found(admin: Any, names: list[str]) -> dict[str, _Found]:  # noqa: ANN401 - aiokafka carries no types
    wanted = set(names)
    try:
        # Asking for topics by name would make some brokers create them.
        described = await admin.describe_topics()
    except NodeNotReadyError as error:
        raise BrokerUnreachableError(
            "Kafka answers, and names a broker of its own at an address that cannot be reached from here: see that its"
            " advertised.listeners are addresses that this machine can reach, and that every broker is up"
        ) from error
    return {
        found["topic"]: _Found(
            len(found["partitions"]), min((len(one["replicas"]) for one in found["partitions"]), default=0)
        )
        for found in described
        if found["topic"] in wanted and not found["error_code"]
    }


async def _hidden(admin: Any, names: list[str]) -> list[str]:  # noqa: ANN401 - aiokafka carries no types
    """Of topics that seem to be missing, those that this user may not see: Kafka leaves them out of the list of all."""
    request = MetadataRequest(names, allow_auto_topic_creation=False)
    try:
        answer = await admin._send_request(request)  # noqa: SLF001 - its own method lets the broker create the topics
    except NodeNotReadyError:
        # Another broker than the one that has just listed them.
        return []
    return sorted(
        found["topic"]
        for found in answer.to_object()["topics"]
        if for_code(found["error_code"]) is TopicAuthorizationFailedError
    )


async def _options_of(admin: Any, name: str) -> dict[str, str]:  # noqa: ANN401 - aiokafka carries no types
    found: dict[str, str] = {}
    for response in await admin.describe_configs([ConfigResource(ConfigResourceType.TOPIC, name)]):
        for resource in response.resources:
            found |= {entry[0]: entry[1] for entry in resource[4]}
    return found


async def _differences(
    admin: Any,  # noqa: ANN401 - aiokafka carries no types
    settings: Settings,
    name: str,
    topic: Topic,
    topics: dict[str, _Found],
) -> tuple[Difference, ...]:
    partitions, copies = topics[name]
    found = {PARTITIONS: str(partitions)}
    wanted = {PARTITIONS: str(settings.partitions)}
    wanted |= options(topic, settings.retention_days, settings.delivery, copies)
    found |= await _options_of(admin, name)
    return tuple(
        Difference(option, found[option], value)
        for option, value in wanted.items()
        # A broker that does not tell an option, such as the embedded one, leaves nothing to compare.
        if option in found and _differs(option, found[option], value)
    )


def _differs(option: str, found: str, wanted: str) -> bool:
    if option == _IN_STEP:
        # More of them is safer still.
        return int(found) < int(wanted)
    return found != wanted
