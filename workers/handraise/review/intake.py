"""From records as Kafka gives them to rows as the database takes them. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final, NamedTuple, TypeVar

import msgspec
from msgspec import Struct, field

from handraise.engine.record import Record
from handraise.engine.topics import Topic, TopicNames
from handraise.events import (
    MESSAGES,
    OUTCOMES,
    Control,
    DeadLetterReason,
    Decision,
    Escalation,
    InvalidEventError,
    OutcomeKind,
    Sender,
    decode,
    encode,
    milliseconds,
    utc,
)
from handraise.policy import PolicyError, parse_draft
from handraise.policy.written import draft_to_yaml
from handraise.review.keys import customer_key, event_key
from handraise.review.masked import Masker
from handraise.review.publishing import BY, DOCUMENT, NOTE, version_in_history

READ: Final = (
    Topic.MESSAGES,
    Topic.DECISIONS,
    Topic.ESCALATIONS,
    Topic.CONTROL,
    Topic.OUTCOMES,
    Topic.POLICIES,
)
"""The topics that the log reads. Of the messages it keeps when they came, and never a text."""

TextT = TypeVar("TextT", str, str | None)
Row = dict[str, Any]
Place = tuple[str, int]
"""A topic by its full name, and a partition."""

_DECISIONS: Final = msgspec.json.Decoder(Decision)
_ESCALATIONS: Final = msgspec.json.Decoder(Escalation)
_CONTROLS: Final = msgspec.json.Decoder(Control)


class Unreadable(Struct, frozen=True):
    """A record that could not be used: where it stands, and why, without a value of it."""

    topic: str
    partition: int
    offset: int
    reason: str


class Entry(NamedTuple):
    """A row of a conversation, and the earlier of when it happened and when Kafka got it: epoch milliseconds."""

    at: int
    row: Row


class Erasure(NamedTuple):
    """That a conversation is to be forgotten: what the log has of it, and what it will read that is dated up to a time.

    The time is in epoch milliseconds.
    """

    business_id: str
    conversation_id: str
    at: int


class Rows(Struct, kw_only=True):
    """What a run of records comes to, table by table, and up to where they were read."""

    messages: list[Entry] = field(default_factory=list)
    answers: list[Entry] = field(default_factory=list)
    customers: list[Entry] = field(default_factory=list)
    decisions: list[Entry] = field(default_factory=list)
    revisions: list[Entry] = field(default_factory=list)
    controls: list[Entry] = field(default_factory=list)
    outcomes: list[Entry] = field(default_factory=list)
    policies: list[Row] = field(default_factory=list)
    erasures: list[Erasure] = field(default_factory=list)
    read: dict[Place, int] = field(default_factory=dict)
    """Behind the last record of each partition."""
    records: Counter[Topic] = field(default_factory=Counter)
    unreadable: list[Unreadable] = field(default_factory=list)


class Intake:
    """Turns records into rows.

    Args:
        names: the topics.
        masker: masks what people wrote.
    """

    def __init__(self, names: TopicNames, masker: Masker) -> None:
        self._names = names
        self._masker = masker

    def take(self, records: Iterable[Record]) -> Rows:
        """The rows of a run of records, those of each partition in their order."""
        rows = Rows()
        for record in records:
            rows.read[record.topic, record.partition] = record.offset + 1
            topic = self._names.topic(record.topic)
            rows.records[topic] += 1
            try:
                self._take(rows, topic, record)
            except (InvalidEventError, PolicyError) as error:
                rows.unreadable.append(Unreadable(record.topic, record.partition, record.offset, str(error)))
        return rows

    def _take(self, rows: Rows, topic: Topic, record: Record) -> None:
        match topic:
            case Topic.MESSAGES:
                _message(rows, record)
            case Topic.DECISIONS:
                self._decision(rows, record)
            case Topic.ESCALATIONS:
                self._escalation(rows, record)
            case Topic.CONTROL if record.value is not None:
                self._control(rows, record)
            case Topic.OUTCOMES:
                self._outcome(rows, record)
            case Topic.POLICIES:
                _policy(rows, record)
            case _:
                pass  # a conversation whose control was deleted has nothing to log

    def _decision(self, rows: Rows, record: Record) -> None:
        value = record.value or b""
        event = decode(value, _DECISIONS)
        row = {
            "decision_id": event_key(event.occurred_at, value),
            "business_id": _plain(event.business_id),
            "conversation_id": _plain(event.conversation_id),
            "message_id": _plain(event.message_id),
            "trigger": _plain(event.trigger),
            "result": event.result.value,
            "because": _plain(self._masker.text(event.because)),
            "score": event.score,
            "threshold": event.threshold,
            "action": event.action.value,
            "escalation_id": _plain(event.escalation_id),
            "policy_version": _plain(event.policy_version),
            "detector_version": _plain(event.detector_version),
            "occurred_at": event.occurred_at,
        }
        rows.decisions.append(_entry(record, event.occurred_at, row))

    def _escalation(self, rows: Rows, record: Record) -> None:
        event = decode(record.value or b"", _ESCALATIONS)
        row = {
            "escalation_id": _plain(event.escalation_id),
            "revision": event.revision,
            "business_id": _plain(event.business_id),
            "conversation_id": _plain(event.conversation_id),
            "occurred_at": event.occurred_at,
            "event": encode(self._masker.escalation(event)).decode(),
        }
        rows.revisions.append(_entry(record, event.occurred_at, row))

    def _control(self, rows: Rows, record: Record) -> None:
        value = record.value or b""
        event = decode(value, _CONTROLS)
        reply = self._masker.reply(event.reply)
        row = {
            "control_id": event_key(event.since, value),
            "business_id": _plain(event.business_id),
            "conversation_id": _plain(event.conversation_id),
            "state": event.state.value,
            "escalation_id": _plain(event.escalation_id),
            "since": event.since,
            "reply": None if reply is None else encode(reply).decode(),
        }
        rows.controls.append(_entry(record, event.since, row))

    def _outcome(self, rows: Rows, record: Record) -> None:
        event = decode(record.value or b"", OUTCOMES)
        at = utc(milliseconds(event.at))
        if event.kind is OutcomeKind.ERASED:
            until = max(milliseconds(event.at), record.timestamp)
            rows.erasures.append(Erasure(_plain(event.business_id), _plain(event.conversation_id), until))
            return
        row = {
            "business_id": _plain(event.business_id),
            "conversation_id": _plain(event.conversation_id),
            "outcome_id": _plain(event.outcome_id),
            "kind": event.kind.value,
            "escalation_id": _plain(event.escalation_id),
            "verdict": None if event.verdict is None else event.verdict.value,
            "by": _plain(event.by),
            "note": _plain(self._masker.text(event.note)),
            "at": at,
        }
        rows.outcomes.append(_entry(record, at, row))


def _message(rows: Rows, record: Record) -> None:
    event = decode(record.value or b"", MESSAGES)
    at = utc(milliseconds(event.sent_at))
    conversation = {"business_id": _plain(event.business_id), "conversation_id": _plain(event.conversation_id)}
    rows.messages.append(_entry(record, at, conversation | {"first_at": at, "last_at": at}))
    if event.sender is Sender.HUMAN:
        rows.answers.append(_entry(record, at, conversation | {"at": at}))
    if event.customer is not None and event.customer.id is not None:
        customer = customer_key(event.business_id, event.customer.id)
        rows.customers.append(_entry(record, at, conversation | {"customer": customer}))


def _policy(rows: Rows, record: Record) -> None:
    business = (record.key or b"").decode(errors="replace")
    version, document = "", None
    if record.value:
        draft = parse_draft(record.value)
        if draft.business_id != business:
            raise InvalidEventError(DeadLetterReason.REJECTED_POLICY, "$.business_id", "the record has another key")
        version = version_in_history(draft)
        document = _header(record, DOCUMENT) or draft_to_yaml(draft)
    rows.policies.append(
        {
            "business_id": _plain(business),
            "published_at": utc(max(0, record.timestamp)),
            "version": version,
            "document": _plain(document),
            "by": _plain(_header(record, BY)),
            "note": _plain(_header(record, NOTE)),
        }
    )


def _header(record: Record, name: str) -> str | None:
    value = next((value for found, value in reversed(record.headers) if found == name), None)
    return None if value is None else value.decode(errors="replace")


def _entry(record: Record, at: datetime, row: Row) -> Entry:
    happened = milliseconds(at)
    return Entry(min(happened, record.timestamp) if record.timestamp > 0 else happened, row)


def _plain(text: TextT) -> TextT:
    """Without the one character that PostgreSQL has no place for."""
    return text.replace("\0", "\ufffd") if text and "\0" in text else text
