"""A sample of each event: one short conversation with a furniture shop, from the question to the close."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from handraise.events import (
    Action,
    Assistant,
    Attempt,
    BuiltinTriggers,
    ChatMessage,
    ClosedBecause,
    Condition,
    Control,
    ControlState,
    Customer,
    DeadLetter,
    DeadLetterReason,
    Decision,
    DecisionResult,
    Escalation,
    EscalationType,
    Evidence,
    HighValuePolicy,
    Holder,
    Hours,
    IntentState,
    Outcome,
    OutcomeKind,
    OwnTrigger,
    Policy,
    Priority,
    Reply,
    ReplyTexts,
    Sender,
    SentimentState,
    Transcript,
    Trend,
    TriggerPolicy,
    Turn,
    encode,
)
from handraise.reference.schemas import DEAD_LETTER_HEADERS, HEADER_PREFIX, as_json

_BEGUN: Final = datetime(2026, 11, 24, 14, 2, 10, tzinfo=UTC)
_BUSINESS: Final = "oakline"
_CONVERSATION: Final = "c-20931"
_CUSTOMER: Final = Customer(id="cust-5512", name="Priya", segment="gold")
_POLICY_VERSION: Final = "oakline-3f9a1c07"
_DETECTOR_VERSION: Final = "rules-1"


def _at(seconds: int) -> datetime:
    return _BEGUN + timedelta(seconds=seconds)


def _message(number: int, sender: Sender, text: str, assistant: Assistant | None = None) -> ChatMessage:
    return ChatMessage(
        message_id=f"m-{number}",
        conversation_id=_CONVERSATION,
        business_id=_BUSINESS,
        sender=sender,
        sent_at=_at((number - 1) * 35),
        text=text,
        channel="web",
        language="en",
        customer=_CUSTOMER if sender is Sender.CUSTOMER else None,
        assistant=assistant,
        attributes={"order_total": 1240.0, "order_id": "OL-88213"} if number == 1 else None,
    )


MESSAGES: Final = (
    _message(1, Sender.CUSTOMER, "Hi, my oak table OL-88213 came this morning."),
    _message(
        2,
        Sender.ASSISTANT,
        "Lovely to hear that your table has arrived! How can I help?",
        Assistant(answered=True, confidence=0.94, intent="delivery"),
    ),
    _message(
        3,
        Sender.CUSTOMER,
        "One leg is cracked right through and it wobbles. That is the second broken one you have sent me.",
    ),
)
_LAST: Final = MESSAGES[-1]
_QUOTE: Final = "One leg is cracked right through"

_REPLY: Final = Reply(
    reply_id="r-5f0c2d9a41b7",
    text="I'm sorry to hear about this. I've flagged your conversation for our team, and Rosa will reach out to you"
    " within 2 hours, to make sure it is resolved properly.",
    language="en",
    valid_until=_at(70 + 600),
)
_RAISED: Final = Escalation(
    type=EscalationType.RAISED,
    escalation_id="e-8c1f40d27b6e",
    revision=0,
    conversation_id=_CONVERSATION,
    business_id=_BUSINESS,
    trigger="complaint",
    trigger_class=None,
    also=[],
    action=Action.ESCALATE,
    priority=Priority.HIGH,
    owner="Rosa",
    queue="aftersales",
    due_at=_at(70 + 7_200),
    reply=_REPLY,
    reason=f"The customer complains: “{_LAST.text}”",
    evidence=[
        Evidence(message_id=_LAST.message_id, start=0, end=len(_QUOTE), text=_QUOTE, signal="complaint", score=0.9)
    ],
    summary="Priya's oak table OL-88213 came this morning. One leg is cracked right through and it wobbles; it is the"
    " second broken one.",
    transcript=Transcript(
        turns=[
            Turn(message_id=message.message_id, sender=message.sender, sent_at=_at(place * 35), text=message.text)
            for place, message in enumerate(MESSAGES)
        ]
    ),
    sentiment=SentimentState(now=-0.52, trend=Trend.FALLING, lowest=-0.7, streak=1),
    intent=IntentState(name="complaint", asked_again=0),
    attempts=[Attempt(message_id="m-2", text=MESSAGES[1].text)],
    customer=_CUSTOMER,
    channel="web",
    policy_version=_POLICY_VERSION,
    detector_version=_DETECTOR_VERSION,
    caused_by=_LAST.message_id,
    occurred_at=_at(70),
    emitted_at=_at(71),
)
_ACCEPTED: Final = Outcome(
    outcome_id="o-311",
    conversation_id=_CONVERSATION,
    business_id=_BUSINESS,
    kind=OutcomeKind.ACCEPTED,
    at=_at(300),
    escalation_id=_RAISED.escalation_id,
    by="rosa",
)
_POLICY: Final = Policy(
    business_id=_BUSINESS,
    name="Oakline",
    owner="Rosa",
    fallback_owner="the service desk",
    queue="aftersales",
    within="2 hours",
    hours=Hours(
        zone="Europe/London",
        days={"mon-fri": "09:00-18:00", "sat": "10:00-14:00"},
        holidays="GB-ENG",
        closed=["2026-12-24 to 2027-01-01"],
    ),
    languages=["en", "es"],
    triggers=BuiltinTriggers(
        complaint=TriggerPolicy(
            priority=Priority.HIGH,
            reply={
                "en": ReplyTexts(
                    open="I'm sorry to hear about this. ${owner} will reach out to you within ${timeframe}.",
                    closed="I'm sorry to hear about this. ${owner} will reach out to you by ${due_at}.",
                )
            },
        ),
        high_value=HighValuePolicy(quantity=10, amounts={"GBP": 5_000}),
    ),
    own_triggers={
        "damage_photo": OwnTrigger(
            action=Action.NOTIFY,
            within="1 business day",
            when=Condition(message_type=["image"], keywords=["broken", "crack*", "scratch*"]),
            channels=["web", "whatsapp"],
        )
    },
)

SAMPLES: Final[dict[str, Struct]] = {
    "chat-message": _LAST,
    "chat-message-assistant": MESSAGES[1],
    "escalation": _RAISED,
    "escalation-updated": msgspec.structs.replace(
        _RAISED,
        type=EscalationType.UPDATED,
        revision=1,
        trigger="human_request",
        also=["complaint"],
        reason="The customer asks for a person: “Can somebody please call me?”",
        evidence=[
            Evidence(
                message_id="m-4", start=4, end=27, text="somebody please call me", signal="human_request", score=0.97
            )
        ],
        reply=None,
        caused_by="m-4",
        occurred_at=_at(105),
        emitted_at=_at(106),
    ),
    "escalation-closed": msgspec.structs.replace(
        _RAISED,
        type=EscalationType.CLOSED,
        revision=2,
        reply=None,
        evidence=[],
        reason="The escalation is resolved.",
        caused_by="o-312",
        occurred_at=_at(5_400),
        emitted_at=_at(5_401),
        closed_because=ClosedBecause.RESOLVED,
    ),
    "control": Control(
        business_id=_BUSINESS,
        conversation_id=_CONVERSATION,
        holder=Holder.HUMAN,
        state=ControlState.ESCALATED,
        escalation_id=_RAISED.escalation_id,
        reply=_REPLY,
        since=_at(70),
    ),
    "outcome": _ACCEPTED,
    "outcome-resolved": msgspec.structs.replace(
        _ACCEPTED, outcome_id="o-312", kind=OutcomeKind.RESOLVED, at=_at(5_400), note="A new leg is on its way."
    ),
    "policy": _POLICY,
    "decision": Decision(
        conversation_id=_CONVERSATION,
        business_id=_BUSINESS,
        message_id=_LAST.message_id,
        trigger="complaint",
        result=DecisionResult.FIRED,
        because="says that something is broken",
        score=0.9,
        threshold=0.6,
        action=Action.ESCALATE,
        escalation_id=_RAISED.escalation_id,
        policy_version=_POLICY_VERSION,
        detector_version=_DETECTOR_VERSION,
        occurred_at=_at(70),
    ),
}
"""By the name of the file, which begins with the name of the event's schema."""

_DEAD_LETTER: Final = DeadLetter(
    reason=DeadLetterReason.INVALID,
    source_topic="chat.messages",
    source_partition=3,
    source_offset=18_822,
    error="$.assistant.confidence: Expected `float` <= 1.0",
)


def payload(name: str) -> object:
    """A sample as plain JSON data."""
    if name == DEAD_LETTER_HEADERS:
        return {HEADER_PREFIX + key: str(value) for key, value in msgspec.structs.asdict(_DEAD_LETTER).items()}
    return json.loads(encode(SAMPLES[name]))


def render(root: Path) -> dict[Path, str]:
    """The sample files: each event by itself, and the conversation as lines to publish or replay."""
    folder = root / "schemas" / "samples"
    written = {folder / f"{name}.json": as_json(payload(name)) for name in [*SAMPLES, DEAD_LETTER_HEADERS]}
    lines = "".join(encode(message).decode() + "\n" for message in MESSAGES)
    return written | {folder / "conversation.jsonl": lines}
