"""A log as a business has it after some days: every kind of decision, verdict and outcome, in several languages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from handraise.conversation import Processor
from handraise.demo.samples import load_samples, shifted_to
from handraise.detection import detection
from handraise.events import Outcome, OutcomeKind, Verdict, encode
from handraise.policy import PolicyBook, examine_text
from tests.support.logged import Event, Log
from tests.support.records import FakeRecord

_VERDICTS = [*Verdict, Verdict.APPROPRIATE, Verdict.APPROPRIATE]


def fill(*logs: Log, conversations: int = 90) -> None:
    """Write what the sample conversations bring about, spread over the last days, the newest a moment ago.

    Several logs get the very same.
    """
    now = datetime.now(UTC)
    processor = Processor(PolicyBook().__getitem__, *detection(fast=True))
    events: list[Event] = []
    samples = load_samples()[:conversations]
    for number, sample in enumerate(samples):
        at = now - timedelta(hours=2.2 * number)
        messages = shifted_to(sample.messages, int(at.timestamp() * 1_000))
        raised = []
        for processed in processor.process(messages, lambda _: None):
            effects = processed.effects
            events += [*effects.decisions, *effects.escalations, *effects.controls]
            raised += effects.escalations
        events += messages
        if raised and number % 3:
            events.append(
                _outcome(raised[0].escalation_id, number, messages[0].business_id, sample.conversation.id, at)
            )
    for log in logs:
        log.add(*events)
        publish(
            log, "hotel-seven-lamps", "business_id: hotel-seven-lamps\nowner: Rosa   # at the desk\n", "Rosa is back"
        )


def publish(log: Log, business: str, document: str, note: str, offset: int = 0) -> None:
    """A policy, as the log reads it from its topic."""
    value = encode_policy(document)
    headers = [("handraise.by", b"Marco"), ("handraise.note", note.encode()), ("handraise.document", document.encode())]
    now = int(datetime.now(UTC).timestamp() * 1_000)
    log.add_records(
        [FakeRecord(value, topic="chat.policies", offset=offset, timestamp=now, key=business.encode(), headers=headers)]
    )


def encode_policy(document: str) -> bytes:
    """A policy of YAML as the JSON of its topic."""
    (policy,) = examine_text(document, "policy").policies
    return encode(policy)


def _outcome(escalation: str, number: int, business: str, conversation: str, at: datetime) -> Outcome:
    return Outcome(
        outcome_id=f"o{number}",
        conversation_id=conversation,
        business_id=business,
        escalation_id=escalation,
        kind=OutcomeKind.VERDICT if number % 2 else OutcomeKind.RESOLVED,
        verdict=_VERDICTS[number % len(_VERDICTS)] if number % 2 else None,
        by="Rosa",
        at=int((at + timedelta(minutes=9)).timestamp() * 1_000),
        note="As it should be." if number % 5 == 0 else None,
    )
