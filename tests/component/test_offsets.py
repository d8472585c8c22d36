"""What a group has committed: an error of its coordinator is never taken for "nothing yet"."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import OffsetAndMetadata

from handraise.engine.errors import may_begin_again
from handraise.engine.offsets import committed_offsets

MESSAGES, OUTCOMES = TopicPartition("chat.messages", 0), TopicPartition("chat.outcomes", 0)


class AdminThatAnswers:
    """An admin client whose coordinator answers this."""

    def __init__(self, answer: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
        self._answer = answer
        self.closed = False

    async def list_consumer_group_offsets(
        self, _: str, partitions: Sequence[TopicPartition]
    ) -> Mapping[TopicPartition, OffsetAndMetadata]:
        """The answer, whatever is asked."""
        assert partitions == [MESSAGES, OUTCOMES]
        return self._answer

    async def close(self) -> None:
        """Note it."""
        self.closed = True


class ClientsOf:
    """Hands out one admin client."""

    def __init__(self, admin: AdminThatAnswers) -> None:
        self._admin = admin

    def admin(self) -> AdminThatAnswers:
        """The one."""
        return self._admin

    async def start(self, client: AdminThatAnswers) -> AdminThatAnswers:
        """It has no connection to make."""
        return client


def asked(answer: Mapping[TopicPartition, OffsetAndMetadata]) -> dict[TopicPartition, OffsetAndMetadata]:
    """What is understood of an answer."""
    admin = AdminThatAnswers(answer)
    try:
        return asyncio.run(committed_offsets(ClientsOf(admin), "handraise", [MESSAGES, OUTCOMES]))  # type: ignore[arg-type]  # as far as it is used
    finally:
        assert admin.closed


def test_a_topic_of_which_nothing_was_committed_is_left_out() -> None:
    noted = OffsetAndMetadata(7, "note")
    assert asked({MESSAGES: noted, OUTCOMES: OffsetAndMetadata(-1, "")}) == {MESSAGES: noted}


@pytest.mark.parametrize("answer", [{}, {MESSAGES: OffsetAndMetadata(7, "")}])
def test_a_coordinator_that_does_not_say_is_asked_again(answer: Mapping[TopicPartition, OffsetAndMetadata]) -> None:
    """While its coordinator loads, an answer names no partition: to begin at the beginning would fold all twice."""
    with pytest.raises(GroupCoordinatorNotAvailableError) as raised:
        asked(answer)
    assert may_begin_again(raised.value)
