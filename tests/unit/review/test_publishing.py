"""What is said when the broker does not confirm what was sent; the rest is tried in tests/integration."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest
from aiokafka.errors import KafkaError, KafkaTimeoutError, MessageSizeTooLargeError, TopicAuthorizationFailedError

from handraise.console.publisher import ANSWER_SECONDS, BrokerAwayError, confirmed
from handraise.engine.errors import BrokerUnreachableError, EngineError
from handraise.events import OutcomeKind, Policy
from handraise.review.publishing import (
    UNREAD_SECONDS,
    NotPublishedError,
    publish_erasures,
    publish_outcome,
    publish_policy,
)
from handraise.settings import load_settings
from tests.support.logged import an_outcome, at


class Broker:
    """Takes so many records, and confirms none of those after them, which it may have taken."""

    def __init__(self, confirms: int) -> None:
        self.left = confirms
        self.sent: list[bytes] = []

    async def start(self, client: object) -> object:
        """It is up."""
        return client

    def producer(self) -> Broker:
        """The one client it takes records from."""
        return self

    async def send_and_wait(self, _: str, value: bytes, **__: Any) -> None:  # noqa: ANN401 - as the client has it
        """Take it, and confirm it if enough are left."""
        self.sent.append(value)
        self.left -= 1
        if self.left < 0:
            raise KafkaTimeoutError

    async def stop(self) -> None:
        """Nothing is held."""


class LostReader:
    """Loses its broker while it reads, and is cancelled within its own stop, as aiokafka's may be."""

    def __init__(self) -> None:
        self._client = self

    async def close(self) -> None:
        """Nothing is held."""

    def assign(self, sources: object) -> None:
        """Nothing comes of it."""

    async def beginning_offsets(self, _: object) -> None:
        """The broker is gone."""
        raise KafkaError

    async def stop(self) -> None:
        """A task of its own was cancelled."""
        raise asyncio.CancelledError


def said(broker: Broker, publishing: Awaitable[None], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the error says of a record that was not confirmed."""

    async def present(*_: object) -> None:
        """Every topic is there."""

    async def publish() -> None:
        await publishing

    monkeypatch.setattr("handraise.review.publishing.check_present", present)
    monkeypatch.setattr("handraise.review.publishing.Clients", lambda _: broker)
    with pytest.raises(NotPublishedError) as error:
        asyncio.run(publish())
    return str(error.value)


@pytest.mark.parametrize(
    "publishing",
    [
        lambda: publish_outcome(load_settings(), an_outcome(0, OutcomeKind.ACCEPTED)),
        lambda: publish_policy(load_settings(), Policy(business_id="shop", owner="Rosa")),
    ],
)
def test_what_was_not_confirmed_may_have_been_taken(publishing: Any, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ANN401 - what a lambda gives
    message = said(Broker(0), publishing(), monkeypatch)
    assert "may not have been taken" in message
    assert "nothing was changed" not in message
    assert "KafkaTimeoutError" in message


def test_of_what_is_too_long_it_is_certain_that_it_was_not_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def present(*_: object) -> None:
        """Every topic is there."""

    async def refuse(*_: object, **__: object) -> None:
        raise MessageSizeTooLargeError

    broker = Broker(0)
    monkeypatch.setattr(broker, "send_and_wait", refuse)
    monkeypatch.setattr("handraise.review.publishing.check_present", present)
    monkeypatch.setattr("handraise.review.publishing.Clients", lambda _: broker)
    with pytest.raises(
        EngineError, match=r"the record of shop is longer than chat\.policies takes, so it was not published"
    ):
        asyncio.run(publish_policy(load_settings(), Policy(business_id="shop", owner="Rosa")))


def test_of_several_erasures_some_may_have_been_told_and_all_can_be_told_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = Broker(1)
    three = [("shop", "c1"), ("shop", "c2"), ("shop", "c3")]
    message = said(broker, publish_erasures(load_settings(), three, at(0)), monkeypatch)
    assert len(broker.sent) == 2
    assert "again is safe" in message
    assert "nothing was changed" not in message


def test_where_it_cannot_be_seen_whether_something_newer_is_there_the_error_says_that_nothing_was_published(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broker = Broker(0)
    monkeypatch.setattr(broker, "reader", LostReader, raising=False)

    async def present(*_: object) -> dict[str, int]:
        return {"chat.policies": 1}

    monkeypatch.setattr("handraise.review.publishing.check_present", present)
    monkeypatch.setattr("handraise.review.publishing.Clients", lambda _: broker)
    with pytest.raises(EngineError, match="so nothing was published"):
        asyncio.run(publish_policy(load_settings(), Policy(business_id="shop", owner="Rosa"), read_to={}))
    assert broker.sent == []


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BrokerUnreachableError("no broker answers"), "Kafka does not answer, so nothing was sent."),
        (EngineError("it cannot be read"), "Nothing was sent: it cannot be read."),
        (NotPublishedError("it was not confirmed"), "Kafka does not answer, so this may not have been sent."),
        (TimeoutError(), "Kafka does not answer, so this may not have been sent."),
    ],
)
def test_a_person_is_told_that_nothing_was_sent_only_where_that_is_certain(error: Exception, words: str) -> None:
    async def failing() -> None:
        raise error

    with pytest.raises(BrokerAwayError) as told:
        asyncio.run(confirmed(failing()))
    assert str(told.value).startswith(words)


def test_a_look_for_something_newer_ends_before_the_console_gives_up() -> None:
    """Otherwise a person would hear that it may have been sent."""
    assert UNREAD_SECONDS < ANSWER_SECONDS


def test_what_this_user_may_not_publish_is_told_by_the_right_that_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was taken, so there is nothing to look for."""

    async def refuse(*_: object, **__: object) -> None:
        raise TopicAuthorizationFailedError("chat.outcomes")

    broker = Broker(0)
    monkeypatch.setattr(broker, "send_and_wait", refuse)
    with pytest.raises(EngineError, match=r"write topic chat\.outcomes: give it the ACL Write"):
        said(broker, publish_outcome(load_settings(), an_outcome(0, OutcomeKind.ACCEPTED)), monkeypatch)
