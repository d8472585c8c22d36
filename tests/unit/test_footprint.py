"""The bytes of a message, topic by topic, are those that a worker would publish."""

from __future__ import annotations

import json
from pathlib import Path

from handraise.detection import detect_fast
from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Sender, encode
from tests.benchmarks.footprint import footprint
from tests.benchmarks.traffic import Made


def said(conversation: str, number: int, text: str) -> Made:
    """A message of a customer."""
    message = ChatMessage(
        message_id=f"m-{number}",
        conversation_id=conversation,
        business_id="benchmark",
        sender=Sender.CUSTOMER,
        sent_at=number * 1_000,
        text=text,
    )
    return Made(conversation.encode(), encode(message))


def test_a_request_for_a_person_becomes_a_state_a_decision_an_escalation_and_a_control() -> None:
    made = [said("c-1", 1, "Hello"), said("c-1", 2, "Can I talk to a person?"), said("c-2", 3, "Thanks")]
    found = footprint(made, detect_fast)
    assert (found.events, found.conversations) == (3, 2)
    assert found.bytes_by_topic[Topic.MESSAGES] == sum(len(one.key) + len(one.value) for one in made)
    records = {topic: found.records_by_topic[topic] for topic in (Topic.STATE, Topic.DECISIONS, Topic.ESCALATIONS)}
    assert records == {Topic.STATE: 3, Topic.DECISIONS: 1, Topic.ESCALATIONS: 1}
    assert json.loads(found.as_json())["messages_per_conversation"] == 1.5
    assert f"| `chat.messages` | {found.bytes_a_message(Topic.MESSAGES):,.1f} | 1.000 |" in found.report(Path("x"))
