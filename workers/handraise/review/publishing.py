"""What the page and the commands say to the workers, through Kafka: verdicts and other outcomes, and policies.

Nothing here writes to the log's database; the log reads the same topics.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Final

import msgspec
from aiokafka import TopicPartition
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from sqlalchemy.orm import Session

from handraise.engine.clients import Clients, stop_client
from handraise.engine.errors import EngineError, explaining
from handraise.engine.topics import Topic, TopicNames, check_present
from handraise.events import Outcome, OutcomeKind, Policy, encode
from handraise.policy import Draft, compile_policy
from handraise.policy.drafts import complete
from handraise.policy.inheritance import nothing
from handraise.review.errors import LogError
from handraise.review.queries import read_up_to
from handraise.settings import Settings

BY: Final = "handraise.by"
"""The header of a published policy that says who published it."""
NOTE: Final = "handraise.note"
"""The header that says why."""
DOCUMENT: Final = "handraise.document"
"""The header with the policy as it was written: YAML, with its comments."""
MOST_DOCUMENT_BYTES: Final = 300_000
"""A longer document is not sent along, and the log writes the policy anew."""
UNREAD_SECONDS: Final = 5.0
"""Whoever cannot see within this time whether something newer is published, publishes nothing."""
_LOOK: Final = "look before you repeat it"
_POLL_MS: Final = 200
_ERASE_AGAIN: Final = "the workers may have been told some already; to run the same again is safe"

Header = tuple[str, bytes]
ReadTo = Mapping[int, int]
"""The offset of each partition of `chat.policies` up to which somebody knows it."""


class NotPublishedError(LogError):
    """The broker did not confirm it, and may have taken it all the same; the message says what to do."""


class UnreadPolicyError(LogError):
    """A newer policy of the business is in Kafka than the log has read."""


async def publish_outcome(settings: Settings, outcome: Outcome) -> None:
    """Tell the workers what a person did, or thinks of an escalation.

    Raises:
        EngineError: no broker answers, or the topic is missing.
        NotPublishedError: it did not confirm the record, and may have taken it.
    """
    await _publish_outcome(settings, outcome, _LOOK)


async def publish_erasures(settings: Settings, conversations: Iterable[tuple[str, str]], now: datetime) -> None:
    """Tell the workers to forget conversations: their state, and what `chat.control` says of them. The log forgets too.

    Args:
        settings: where the topics are.
        conversations: business_id and conversation_id of each.
        now: up to when.

    Raises:
        EngineError: no broker answers, or the topic is missing.
        NotPublishedError: it did not confirm a record; those before it were taken.
    """
    for business_id, conversation_id in conversations:
        outcome = Outcome(
            outcome_id=f"erase-{uuid.uuid4().hex}",
            conversation_id=conversation_id,
            business_id=business_id,
            kind=OutcomeKind.ERASED,
            at=now,
        )
        await _publish_outcome(settings, outcome, _ERASE_AGAIN)


async def publish_policy(
    settings: Settings,
    policy: Policy | Draft,
    *,
    document: str | None = None,
    by: str | None = None,
    note: str | None = None,
    read_to: ReadTo | None = None,
) -> None:
    """Put a policy into force. It is to have passed `handraise.policy.parse` or `examine`: a worker refuses any other.

    Args:
        settings: where the topics are.
        policy: what is to hold; one that inherits goes out as it was written.
        document: the same as it was written, kept for people to read.
        by: who publishes it.
        note: why.
        read_to: how far whoever decided on it knew what is published; without it, nobody looks at what is newer.

    Raises:
        EngineError: no broker answers, the topic is missing or cannot be read, or the policy is too long; nothing was
            sent.
        UnreadPolicyError: something newer is published for the business; nothing was sent.
        NotPublishedError: it did not confirm the record, and may have taken it.
    """
    if read_to is not None:
        await _check_read(settings, policy.business_id, read_to)
    headers = _headers(by, note)
    if document is not None and len(written := document.encode()) <= MOST_DOCUMENT_BYTES:
        headers.append((DOCUMENT, written))
    value = msgspec.json.encode(policy.value) if isinstance(policy, Draft) else encode(policy)
    await _publish(settings, Topic.POLICIES, policy.business_id.encode(), value, headers, _LOOK)


async def withdraw_policy(
    settings: Settings, business: str, *, by: str | None = None, note: str | None = None, read_to: ReadTo
) -> None:
    """Take a business's published policy back, so that the one of the workers' file holds, or a default.

    Raises:
        EngineError: no broker answers, or the topic is missing or cannot be read; nothing was sent.
        UnreadPolicyError: something newer is published for the business; nothing was sent.
        NotPublishedError: it did not confirm the record, and may have taken it.
    """
    await _check_read(settings, business, read_to)
    await _publish(settings, Topic.POLICIES, business.encode(), None, _headers(by, note), _LOOK)


def policies_read_to(session: Session, settings: Settings) -> ReadTo:
    """How far the log has read the policies, for `publish_policy`."""
    return read_up_to(session, TopicNames(settings.topic_prefix)[Topic.POLICIES])


def version_in_history(draft: Draft) -> str:
    """The version by which the log knows a published policy.

    Of one that inherits, as it would be without what it inherits: that may change, and this may not.

    Raises:
        PolicyError: it is no policy, even without what it inherits.
    """
    return compile_policy(complete(draft, nothing)).version


def _headers(by: str | None, note: str | None) -> list[Header]:
    return [(name, value.encode()) for name, value in ((BY, by), (NOTE, note)) if value]


async def _check_read(settings: Settings, business: str, read_to: ReadTo) -> None:
    clients, name = Clients(settings), TopicNames(settings.topic_prefix)[Topic.POLICIES]
    counts = await check_present(settings, clients, [Topic.POLICIES])
    sources = [TopicPartition(name, partition) for partition in range(counts[name])]
    reader: Any = await clients.start(clients.reader())
    try:
        with explaining("Read"):
            async with asyncio.timeout(UNREAD_SECONDS):
                is_unread = await _has_unread(reader, sources, business.encode(), read_to)
    except (KafkaError, TimeoutError) as error:
        raise EngineError(f"{name} cannot be read ({type(error).__name__}), so nothing was published") from error
    finally:
        await stop_client(reader, "the reader of what is newer to stop")
    if is_unread:
        raise UnreadPolicyError(
            f"a newer policy of {business} is published than the log has read, so nothing was published: wait until"
            " `handraise log` has caught up, and look at it"
        )


async def _has_unread(
    reader: Any,  # noqa: ANN401 - aiokafka carries no types
    sources: list[TopicPartition],
    key: bytes,
    read_to: ReadTo,
) -> bool:
    """Whether a record with the key is behind what has been read; only what is there now is looked at."""
    reader.assign(sources)
    begins, ends = await reader.beginning_offsets(sources), await reader.end_offsets(sources)
    left = set()
    for source in sources:
        offset = read_to.get(source.partition, 0)
        # A topic that was made anew ends before what was read of the one before it.
        offset = offset if begins[source] <= offset <= ends[source] else begins[source]
        reader.seek(source, offset)
        if offset < ends[source]:
            left.add(source)
    while left:
        fetched = await reader.getmany(*left, timeout_ms=_POLL_MS)
        if any(record.key == key for records in fetched.values() for record in records):
            return True
        left = {source for source in left if await reader.position(source) < ends[source]}
    return False


async def _publish_outcome(settings: Settings, outcome: Outcome, advice: str) -> None:
    await _publish(settings, Topic.OUTCOMES, outcome.conversation_id.encode(), encode(outcome), [], advice)


async def _publish(
    settings: Settings, topic: Topic, key: bytes, value: bytes | None, headers: list[Header], advice: str
) -> None:
    clients = Clients(settings)
    await check_present(settings, clients, [topic])
    producer: Any = await clients.start(clients.producer())
    name = TopicNames(settings.topic_prefix)[topic]
    try:
        with explaining("Write"):
            await producer.send_and_wait(name, value, key=key, headers=headers)
    except MessageSizeTooLargeError as error:
        raise EngineError(
            f"the record of {key.decode()} is longer than {name} takes, so it was not published: make it shorter; of a"
            " policy, long lists of words may stand in one that it inherits from"
        ) from error
    except KafkaError as error:
        raise NotPublishedError(
            f"{name} did not confirm the record ({type(error).__name__}), so it may not have been taken: {advice}"
        ) from error
    finally:
        await producer.stop()
