"""A shop that promises an answer within two hours, and what comes of its chats as time passes."""

from __future__ import annotations

from handraise.conversation import Effects, Fact, advance
from handraise.events import BuiltinTriggers, Policy, Priority, TriggerPolicy
from handraise.policy import CompiledPolicy
from tests.support.chats import MINUTE, START, Chat

SHOP = Policy(
    business_id="shop",
    owner="Rosa",
    fallback_owner="Ben",
    within="2 hours",
    ai_answers_within="10 minutes",
    triggers=BuiltinTriggers(knowledge_gap=TriggerPolicy(priority=Priority.NORMAL)),
)


def shop(policy: Policy = SHOP) -> Chat:
    """A chat with a business that promises an answer within two hours, Monday to Friday from nine to five."""
    return Chat(policy=CompiledPolicy(policy))


def pass_time(chat: Chat, minutes: float) -> Effects:
    """What the sweep does when nothing happens for so long."""
    assert chat.state is not None
    chat.minute += minutes
    chat.state, effects = advance(chat.state, int(START + chat.minute * MINUTE), chat.policy, "rules-test")
    chat.escalations += effects.escalations
    chat.controls += effects.controls
    return effects


def facts(effects: Effects) -> list[tuple[Fact, str]]:
    """What is counted."""
    return [(note.fact, note.label) for note in effects.notes]
