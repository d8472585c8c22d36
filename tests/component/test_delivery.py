"""What is written without transactions, and in which order its offsets are committed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import KafkaTimeoutError, ProducerClosed

from handraise.engine.delivery import AtLeastOnce
from handraise.engine.topics import TopicNames

SOURCE = TopicPartition("chat.messages", 0)


class Clients:
    """Gives out a producer that only ends."""

    def producer(self) -> Clients:
        """Itself."""
        return self

    async def stop(self) -> None:
        """Nothing is left to do."""


class Member:
    """A member of the group whose first commit fails; something is noted while it is on its way."""

    def __init__(self) -> None:
        self.committed: list[dict[TopicPartition, tuple[int, str]]] = []
        self.meanwhile: Any = None

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, str]]) -> None:
        """Fail once."""
        if self.meanwhile is not None:
            meanwhile, self.meanwhile = self.meanwhile, None
            await meanwhile
            raise KafkaTimeoutError
        self.committed.append(dict(offsets))


def delivery(member: Member) -> AtLeastOnce:
    """One that writes nothing."""
    clients: Any = Clients()
    return AtLeastOnce(clients, TopicNames(""), member, 0)


def test_offsets_whose_commit_failed_take_nothing_back_of_what_was_noted_meanwhile() -> None:
    async def run() -> list[dict[TopicPartition, tuple[int, str]]]:
        member = Member()
        writes = delivery(member)
        await writes.commit((), {}, {SOURCE: (5, "")})
        member.meanwhile = writes.commit((), {}, {SOURCE: (9, "")})
        with pytest.raises(KafkaTimeoutError):
            await writes.flush()
        await writes.flush()
        return member.committed

    assert asyncio.run(run()) == [{SOURCE: (9, "")}]


def test_a_partition_that_was_handed_back_meanwhile_gets_no_states() -> None:
    """The next owner has read them already."""

    async def run() -> None:
        writes = delivery(Member())
        await writes.close()
        with pytest.raises(ProducerClosed):
            await writes.commit((), {}, {SOURCE: (5, "")})

    asyncio.run(run())
