"""Which errors only make a partition begin again, and which stop the worker."""

from __future__ import annotations

import pytest
from aiokafka.errors import (
    GroupAuthorizationFailedError,
    InvalidTimestampError,
    InvalidTopicError,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    NotEnoughReplicasError,
    ProducerFenced,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    for_code,
)

from handraise.engine.errors import (
    BrokerUnreachableError,
    EngineError,
    NotAuthorizedError,
    TooManyBadRecordsError,
    explained,
    may_begin_again,
)


def wrapped(inner: BaseException | None) -> KafkaError:
    """As the client's sender raises what it did not expect."""
    error = KafkaError("Unexpected error during batch delivery")
    error.__cause__ = inner
    return error


@pytest.mark.parametrize(
    ("error", "begins_again"),
    [
        (ProducerFenced(), True),
        (NotEnoughReplicasError(), True),
        (KafkaConnectionError("closed"), True),
        (TimeoutError(), True),
        (KafkaTimeoutError("Failed to get offsets by times in 15000 ms"), True),
        (wrapped(KafkaTimeoutError()), True),
        (BrokerUnreachableError("no broker answers"), True),
        (wrapped(KafkaConnectionError("closed")), True),
        (wrapped(for_code(90)()), True),
        (wrapped(wrapped(KafkaConnectionError("closed"))), True),
        (wrapped(TopicAuthorizationFailedError()), False),
        (wrapped(ValueError()), False),
        (wrapped(None), False),
        (InvalidTopicError(), False),
        (TooManyBadRecordsError("stop"), False),
        (ValueError(), False),
    ],
)
def test_what_the_broker_or_the_network_may_get_over_is_tried_again(error: Exception, begins_again: bool) -> None:
    """Also where the client wraps it into an error that says nothing."""
    assert may_begin_again(error) is begins_again


def test_a_clock_that_is_wrong_is_said_to_be() -> None:
    """The client says only that a time is out of range, and not whose or of what."""
    clear = explained(InvalidTimestampError())
    assert isinstance(clear, EngineError)
    assert "set both clocks right" in str(clear)
    assert not may_begin_again(clear)
    fenced = ProducerFenced()
    assert explained(fenced) is fenced


@pytest.mark.parametrize(
    ("error", "operation", "told"),
    [
        (TopicAuthorizationFailedError("chat.messages"), "Read", "read topic chat.messages: give it the ACL Read"),
        (TopicAuthorizationFailedError({"b", "a"}), "Write", "write topics a, b: give it the ACL Write"),
        (TopicAuthorizationFailedError(), "Write", "write one of its topics: give it the ACL Write"),
        (wrapped(TopicAuthorizationFailedError("a")), "Write", "write topic a: give it the ACL Write"),
        (GroupAuthorizationFailedError("handraise"), "Read", "group of HANDRAISE_GROUP: give it the ACL Read"),
        (TransactionalIdAuthorizationFailed(), "Write", "ACLs Write and Describe on transactional ids"),
    ],
)
def test_a_right_that_is_missing_is_named(error: KafkaError, operation: str, told: str) -> None:
    """With what it is missing for; the worker does not try again what it may not do."""
    clear = explained(error, operation)
    assert isinstance(clear, NotAuthorizedError)
    assert told in str(clear)
    assert not may_begin_again(clear)
