"""Conversations: the fold that decides when a human must take over, and the state that it keeps. Pure."""

from handraise.conversation.effects import Assessment, Effects, Fact, Note, Suppression
from handraise.conversation.fold import UnknownConversationError, fold
from handraise.conversation.processor import Processed, Processor
from handraise.conversation.state import (
    Conversation,
    UnknownStateVersionError,
    decode_state,
    encode_state,
    open_trigger,
    state_key,
)

__all__ = [
    "Assessment",
    "Conversation",
    "Effects",
    "Fact",
    "Note",
    "Processed",
    "Processor",
    "Suppression",
    "UnknownConversationError",
    "UnknownStateVersionError",
    "decode_state",
    "encode_state",
    "fold",
    "open_trigger",
    "state_key",
]
