"""Conversations: the fold that decides when a human must take over, and the state that it keeps. Pure."""

from handraise.conversation.effects import Assessment, Effects, Fact, Note, Suppression
from handraise.conversation.fold import UnknownConversationError, advance, fold
from handraise.conversation.processor import Processed, Processor
from handraise.conversation.state import (
    Conversation,
    StateHead,
    UnknownStateVersionError,
    decode_state,
    encode_state,
    head_of,
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
    "StateHead",
    "Suppression",
    "UnknownConversationError",
    "UnknownStateVersionError",
    "advance",
    "decode_state",
    "encode_state",
    "fold",
    "head_of",
    "state_key",
]
