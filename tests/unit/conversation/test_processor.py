"""What the processor remembers from one batch to the next."""

from __future__ import annotations

import pytest

from handraise.conversation import Processor, processor
from handraise.conversation.state import Conversation, decode_state, state_key
from handraise.detection import detect_fast
from handraise.events import ChatMessage, Sender
from handraise.policy import default_policy


def test_conversations_of_a_partition_that_goes_are_forgotten_and_others_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is remembered needs not be decoded again."""
    decoded: list[str] = []

    def decode(stored: bytes) -> Conversation:
        state = decode_state(stored)
        decoded.append(state.conversation_id)
        return state

    monkeypatch.setattr(processor, "decode_state", decode)
    step = Processor(default_policy, detect_fast)
    states: dict[bytes, bytes] = {}
    say(step, states, 1)
    say(step, states, 2)
    assert decoded == []
    gone = state_key("shop", "goes")
    step.forget({gone: states[gone]}.get)
    say(step, states, 3)
    assert decoded == ["goes"]


def say(step: Processor, states: dict[bytes, bytes], turn: int) -> None:
    """A message in each of two conversations."""
    messages = [
        ChatMessage(
            message_id=f"{conversation}-{turn}",
            conversation_id=conversation,
            business_id="shop",
            sender=Sender.CUSTOMER,
            sent_at=turn,
            text="Hello",
        )
        for conversation in ("goes", "stays")
    ]
    for done in step.process(messages, states.get):
        assert done.state is not None
        states[done.key] = done.state
