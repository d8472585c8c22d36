"""What can stop the engine, and what only makes it begin a partition again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from aiokafka.errors import (
    CommitFailedError,
    GroupAuthorizationFailedError,
    IllegalGenerationError,
    IllegalOperation,
    IllegalStateError,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidSessionTimeoutError,
    InvalidTimestampError,
    InvalidTxnState,
    KafkaError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    RebalanceInProgressError,
    TopicAuthorizationFailedError,
    TransactionalIdAuthorizationFailed,
    UnknownError,
    UnknownMemberIdError,
    UnknownProducerId,
)


class EngineError(Exception):
    """The worker cannot go on; the message says why and what to change."""


class BrokerUnreachableError(EngineError):
    """No broker answers."""


class TopicsNotFitError(EngineError):
    """Topics are missing, or their partition counts differ."""


class TransactionsUnsupportedError(EngineError):
    """The broker has no transactions, and exactly-once was asked for."""


class TransactionsUnavailableError(EngineError):
    """The broker does not let a transaction begin, though it may have them."""


class TooManyBadRecordsError(EngineError):
    """A long run of records of a partition was unusable, to the last one."""


class LogTruncatedError(EngineError):
    """A topic ends before what was already read of it: it was made anew, or has lost its end."""


class OffsetsLostError(EngineError):
    """There is a state, and the group does not know any more how far it had read when that was made."""


class RecordUnreadableError(EngineError):
    """The client cannot unpack a record, so that nothing behind it can be read either."""


class ClockWrongError(EngineError):
    """The broker does not take records that carry the time of this machine."""


class SessionRefusedError(EngineError):
    """The broker does not take the session timeout of the settings."""


class NotAuthorizedError(EngineError):
    """The broker does not let this user do what is needed."""


class RebalanceFailedError(EngineError):
    """Taking over or handing back partitions went wrong."""


FENCED: Final = (
    ProducerFenced,
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    OutOfOrderSequenceNumber,
    UnknownProducerId,
)
"""Another worker writes for the partition now, or the broker has ended the transaction."""

LOST: Final = (
    *FENCED,
    CommitFailedError,
    IllegalGenerationError,
    # Said of a send by a producer that was fenced a moment before.
    IllegalOperation,
    IllegalStateError,
    ProducerClosed,
    RebalanceInProgressError,
    # What the client calls an answer that it has no name for: PRODUCER_FENCED (90), for one, as newer brokers say it.
    UnknownError,
    UnknownMemberIdError,
)
"""The partition may be somebody else's by now: what is in hand is dropped, and the log says how to go on."""


def may_begin_again(error: BaseException) -> bool:
    """Whether a partition can be begun anew from the log after this error; otherwise the worker must stop."""
    # The client's own timeout is neither Python's nor one of the errors that it calls retriable.
    if isinstance(error, (*LOST, BrokerUnreachableError, TimeoutError, KafkaTimeoutError)):
        return True
    if type(error) is KafkaError:
        # The client's word for an error that it did not expect: a connection that was lost at a bad moment, for one.
        why = error.__cause__ or error.__context__
        return why is not None and may_begin_again(why)
    return isinstance(error, KafkaError) and bool(error.retriable)


def explained(error: BaseException, operation: str = "Read") -> BaseException:
    """The error, or in its place one that says what to change, where the client's own words do not.

    Args:
        error: what came of a request.
        operation: what was being done to a topic, as Kafka's ACLs call it.
    """
    if type(error) is KafkaError and error.__cause__ is not None:
        clear = explained(error.__cause__, operation)
        return error if clear is error.__cause__ else clear
    if isinstance(error, InvalidTimestampError):
        return ClockWrongError(
            "the broker refuses records with the time of this machine, which is more than an hour ahead of its own"
            " (or than its message.timestamp.after.max.ms): set both clocks right; nothing of the batch is committed"
        )
    if isinstance(error, InvalidSessionTimeoutError):
        return SessionRefusedError(
            "HANDRAISE_SESSION_TIMEOUT_SECONDS is not within what the broker allows: set it to at least its"
            " group.min.session.timeout.ms (6 s, unless it was changed) and to no more than its"
            " group.max.session.timeout.ms"
        )
    if isinstance(error, TopicAuthorizationFailedError):
        return NotAuthorizedError(
            f"Kafka does not let this user {operation.lower()} {_topics_of(error)}: give it the ACL {operation} there"
        )
    if isinstance(error, GroupAuthorizationFailedError):
        return NotAuthorizedError(
            "Kafka does not let this user be in the consumer group of HANDRAISE_GROUP: give it the ACL Read on that"
            " group"
        )
    if isinstance(error, TransactionalIdAuthorizationFailed):
        return NotAuthorizedError(
            "Kafka does not let this user write transactions: give it the ACLs Write and Describe on transactional ids"
            " that begin with HANDRAISE_TOPIC_PREFIX and HANDRAISE_GROUP"
        )
    return error


@contextmanager
def explaining(operation: str) -> Iterator[None]:
    """Raise the clear error in place of one that is not."""
    try:
        yield
    except KafkaError as error:
        if (clear := explained(error, operation)) is not error:
            raise clear from error
        raise


def _topics_of(error: TopicAuthorizationFailedError) -> str:
    """The names of the topics, of which the client hands on one, several or none."""
    named = error.args[0] if error.args else ()
    names = [named] if isinstance(named, str) else sorted(named)
    return f"{'topics' if len(names) > 1 else 'topic'} {', '.join(names)}" if names else "one of its topics"
