"""What a business's customers wrote in the past, read from Kafka as far as retention and a limit allow."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from aiokafka import TopicPartition
from msgspec import Struct

from handraise.engine.clients import Clients
from handraise.engine.placement import place
from handraise.engine.record import Record
from handraise.engine.topics import Topic, TopicNames
from handraise.events import (
    MESSAGES,
    OUTCOMES,
    ChatMessage,
    InvalidEventError,
    Outcome,
    OutcomeKind,
    decode,
    milliseconds,
)

Event = ChatMessage | Outcome
EventT = TypeVar("EventT", bound=Event)
_POLL_MS: Final = 500
_RECORDS: Final = 2_000


class Past(Struct, frozen=True, kw_only=True):
    """Whole conversations of one business."""

    events: list[Event]
    """In the order in which a worker folds them, partition by partition."""
    conversations: int
    since_ms: int | None
    """The time of the earliest event; None where there is none."""
    cut: int
    """Conversations that were left out since their beginning was not read."""
    is_limited: bool
    """Whether the limit, and not the time that was asked for, decided where reading began."""


class Talk(Struct, frozen=True):
    """What Kafka holds of one conversation."""

    messages: list[ChatMessage]
    is_cut: bool
    """Whether reading ended at the limit: later messages of it may not have been met."""


class _Read(NamedTuple, Generic[EventT]):
    """An event, and when Kafka got it: epoch milliseconds."""

    at: int
    event: EventT


class _Start(Struct, frozen=True):
    """Where the reading of a partition begins."""

    offset: int
    end: int
    from_ms: int | None
    """All that was written from this time on is read; None where only the first message tells the time."""

    @property
    def is_first(self) -> bool:
        """Whether nothing has ever been before it."""
        return self.offset == 0


async def read_past(
    clients: Clients,
    names: TopicNames,
    business: str,
    *,
    since_ms: int,
    idle_ms: int,
    limit: int,
    told: Callable[[int, int], None],
) -> Past:
    """Read the messages and outcomes of one business.

    Reading begins an idle time before `since_ms`: a conversation that is first met an idle time after that, or later,
    has either begun there, or has begun anew.

    Args:
        clients: for the brokers.
        names: of the topics.
        business: whose conversations.
        since_ms: epoch milliseconds.
        idle_ms: after so long without an event a conversation ends.
        limit: the most records of the message topic that are read, the newest.
        told: gets how many records were read, and of how many.

    Raises:
        EngineError: no broker answers.
    """
    reader = await clients.start(clients.reader())
    try:
        sources = await _sources(reader, names)
        starts, is_limited = await _starts(reader, sources, names, since_ms - idle_ms, limit)
        records = await _records(reader, starts, told)
    finally:
        await reader.stop()
    events: list[Event] = []
    cut = 0
    for partition in sorted({source.partition for source in sources}):
        ours = [source for source in sources if source.partition == partition]
        start = next(starts[source] for source in ours if source.topic == names[Topic.MESSAGES])
        found, left_out = _whole(_merged([records[source] for source in ours]), start, business, idle_ms)
        events += found
        cut += left_out
    times = [_sent_ms(event) for event in events]
    return Past(
        events=events,
        conversations=len({event.conversation_id for event in events}),
        since_ms=min(times, default=None),
        cut=cut,
        is_limited=is_limited,
    )


async def read_conversation(
    clients: Clients,
    names: TopicNames,
    business: str,
    conversation: str,
    *,
    since_ms: int,
    erased_ms: int | None,
    limit: int,
) -> Talk:
    """The messages of one conversation, from the one partition that holds it.

    Args:
        clients: for the brokers.
        names: of the topics.
        business: whose conversation it is.
        conversation: its id, which is the key of its records.
        since_ms: epoch milliseconds; what was written before is not looked for.
        erased_ms: up to when the conversation was erased, if it was; nothing from before that comes out.
        limit: the most records that are read, of all conversations of the partition, from that time on.

    Raises:
        EngineError: no broker answers.
    """
    reader = await clients.start(clients.reader())
    try:
        sources = await _sources(reader, names)
        messages = [source for source in sources if source.topic == names[Topic.MESSAGES]]
        source = messages[place(conversation.encode(), len(messages))]
        starts, _ = await _starts(reader, [source], names, since_ms, None)
        start = starts[source]
        end = min(start.end, start.offset + limit)
        records = await _records(reader, {source: _Start(start.offset, end, start.from_ms)}, _tell_nobody)
    finally:
        await reader.stop()
    found = [
        _Read(record.timestamp, event)
        for record in records[source]
        if isinstance(event := _event(record), ChatMessage)
        and (event.business_id, event.conversation_id) == (business, conversation)
    ]
    messages = [one.event for one in found if erased_ms is None or _earlier(one) > erased_ms]
    return Talk(messages, is_cut=end < start.end)


def _tell_nobody(done: int, total: int) -> None:
    del done, total


async def _sources(reader: Any, names: TopicNames) -> list[TopicPartition]:  # noqa: ANN401  # aiokafka carries no types
    """Every partition of messages and outcomes."""
    first = [TopicPartition(names[topic], 0) for topic in (Topic.MESSAGES, Topic.OUTCOMES)]
    # The client learns of a topic's partitions when it is asked for one of them.
    reader.assign(first)
    await reader.end_offsets(first)
    sources = [
        TopicPartition(source.topic, partition)
        for source in first
        for partition in sorted(reader.partitions_for_topic(source.topic))
    ]
    reader.assign(sources)
    return sources


async def _starts(
    reader: Any,  # noqa: ANN401  # aiokafka carries no types
    sources: Sequence[TopicPartition],
    names: TopicNames,
    from_ms: int,
    limit: int | None,
) -> tuple[dict[TopicPartition, _Start], bool]:
    """Where to begin in each partition, and whether the limit, if there is one, decided it for any."""
    beginnings, ends = await reader.beginning_offsets(sources), await reader.end_offsets(sources)
    at = await reader.offsets_for_times(dict.fromkeys(sources, max(0, from_ms)))
    messages = [source for source in sources if source.topic == names[Topic.MESSAGES]]
    most = None if limit is None else max(1, limit // len(messages))
    starts: dict[TopicPartition, _Start] = {}
    is_limited = False
    for source in sources:
        found = at.get(source)
        # A broker answers with no offset, or with a time of -1, where nothing is as late as that.
        offset = ends[source] if found is None or found.timestamp < 0 else found.offset
        # Where retention has just removed what came before, it may have been as late as that too.
        whole_from = from_ms if offset > beginnings[source] else None
        offset = max(beginnings[source], offset)
        if most is not None and source in messages and ends[source] - offset > most:
            offset, whole_from, is_limited = ends[source] - most, None, True
        starts[source] = _Start(offset, ends[source], whole_from)
    return starts, is_limited


async def _records(
    reader: Any,  # noqa: ANN401  # aiokafka carries no types
    starts: dict[TopicPartition, _Start],
    told: Callable[[int, int], None],
) -> dict[TopicPartition, list[Record]]:
    """The records of every partition from its start up to the end that it had."""
    records: dict[TopicPartition, list[Record]] = {source: [] for source in starts}
    total = sum(start.end - start.offset for start in starts.values())
    for source, start in starts.items():
        reader.seek(source, start.offset)
    left = {source for source, start in starts.items() if start.offset < start.end}
    while left:
        fetched = await reader.getmany(*left, timeout_ms=_POLL_MS, max_records=_RECORDS)
        for source, found in fetched.items():
            records[source] += [record for record in found if record.offset < starts[source].end]
        # The position passes over the markers of transactions, which the last record's offset does not.
        places = {source: await reader.position(source) for source in left}
        left = {source for source, place in places.items() if place < starts[source].end}
        waiting = sum(starts[source].end - places[source] for source in left)
        told(total - waiting, total)
    return records


def _merged(topics: Sequence[list[Record]]) -> Iterator[Record]:
    """The records of one partition of several topics as a worker takes them: each topic in order, the earlier first."""
    return heapq.merge(*topics, key=lambda record: record.timestamp)


def _whole(records: Iterator[Record], start: _Start, business: str, idle_ms: int) -> tuple[list[Event], int]:
    """The events of the conversations whose beginning was read, and how many others there were."""
    begins_ms = start.from_ms
    found: list[_Read[Event]] = []
    for record in records:
        # The outcomes reach further back: a conversation that one of them is met of may have begun in what is not read.
        if begins_ms is None and Topic.MESSAGES.value in record.topic:
            begins_ms = record.timestamp
        event = _event(record)
        if event is not None and event.business_id == business:
            found.append(_Read(record.timestamp, event))
    kept = _without_erased(found)
    events = [one.event for one in kept]
    if start.is_first:
        return events, 0
    first_met: dict[str, int] = {}
    for at, event in kept:
        first_met.setdefault(event.conversation_id, at)
    whole = {
        conversation for conversation, met in first_met.items() if begins_ms is not None and met >= begins_ms + idle_ms
    }
    return [event for event in events if event.conversation_id in whole], len(first_met) - len(whole)


def _without_erased(found: list[_Read[Event]]) -> list[_Read[Event]]:
    """What the log would still have: an erasure takes everything up to it, whatever the order in which it is met."""
    erased: dict[str, int] = {}
    for at, event in found:
        if isinstance(event, Outcome) and event.kind is OutcomeKind.ERASED:
            until = max(at, _sent_ms(event))
            erased[event.conversation_id] = max(until, erased.get(event.conversation_id, until))
    return [one for one in found if _earlier(one) > erased.get(one.event.conversation_id, -1)]


def _earlier(read: _Read[EventT]) -> int:
    """The earlier of when it happened and when Kafka got it, as the log has it."""
    happened = _sent_ms(read.event)
    return min(happened, read.at) if read.at > 0 else happened


def _event(record: Record) -> Event | None:
    """What a worker would fold; nothing of a record that it would put aside."""
    if record.value is None:
        return None
    try:
        if Topic.OUTCOMES.value in record.topic:
            return decode(record.value, OUTCOMES)
        return decode(record.value, MESSAGES)
    except InvalidEventError:
        return None


def _sent_ms(event: Event) -> int:
    return milliseconds(event.at if isinstance(event, Outcome) else event.sent_at)
