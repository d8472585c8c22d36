"""The conversations that the workers remember of a customer, as the changelog of their state has them."""

from __future__ import annotations

from typing import Any, Final

from aiokafka import TopicPartition

from handraise.conversation.state import decode_state
from handraise.engine.clients import Clients
from handraise.engine.topics import Topic, TopicNames
from handraise.review.erasure import Conversation
from handraise.settings import Settings

_POLL_MS: Final = 500


async def remembered(
    settings: Settings, clients: Clients, customer_id: str, business_id: str | None = None
) -> list[Conversation]:
    """The conversations in which a customer is named by this id, with one business or with all.

    One that a later record forgets is not among them. It reads the whole changelog, which is compacted, so this takes
    as long as the restore of a worker that has every partition.

    Raises:
        EngineError: no broker answers.
        UnknownStateVersionError: a state is of a newer version than this one.
    """
    reader = await clients.start(clients.reader())
    found: dict[bytes, Conversation] = {}
    try:
        partitions = await _partitions(reader, TopicNames(settings.topic_prefix)[Topic.STATE])
        ends = await reader.end_offsets(partitions)
        await reader.seek_to_beginning(*partitions)
        while left := [one for one in partitions if await reader.position(one) < ends[one]]:
            for records in (await reader.getmany(*left, timeout_ms=_POLL_MS)).values():
                for record in records:
                    named = record.value and _named(record.value, customer_id, business_id)
                    if named:
                        found[record.key] = named
                    elif record.value is None:
                        found.pop(record.key, None)
    finally:
        await reader.stop()
    return sorted(found.values())


async def _partitions(reader: Any, topic: str) -> list[TopicPartition]:  # noqa: ANN401  # aiokafka carries no types
    """Every partition of a topic, assigned to the reader."""
    first = TopicPartition(topic, 0)
    # The client learns of a topic's partitions when it is asked for one of them.
    reader.assign([first])
    await reader.end_offsets([first])
    partitions = [TopicPartition(topic, partition) for partition in sorted(reader.partitions_for_topic(topic))]
    reader.assign(partitions)
    return partitions


def _named(value: bytes, customer_id: str, business_id: str | None) -> Conversation | None:
    """Which conversation a state is of, if it names the customer."""
    # MessagePack keeps a text as it is, so most states need not be decoded.
    if customer_id.encode() not in value:
        return None
    state = decode_state(value)
    if state.customer is None or state.customer.id != customer_id or business_id not in {None, state.business_id}:
        return None
    return state.business_id, state.conversation_id
