"""What a condition is asked about, and what it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from msgspec import Struct

from handraise.detection.signals import Signals, Span
from handraise.events import ChatMessage, Sender
from handraise.policy.keywords import KeywordFind
from handraise.policy.model import ConversationFacts, Memory

SENDERS: Final = tuple(Sender)


class Held(Struct, frozen=True):
    """A condition that holds."""

    because: tuple[str, ...]
    spans: tuple[Span, ...] = ()


class Noted(Struct, frozen=True):
    """What is remembered of one condition, the message in hand included."""

    hits: tuple[int, ...]
    """As `Memory.held` has them."""
    turn: int
    """Which message of those whom the condition is about this one is; the last of them if it is none."""
    now: Held | None = None
    """The condition holds for the message in hand."""
    since: tuple[int, int] | None = None
    """Turn and time of the first message of a sequence that this message completes."""


class Case(Struct, frozen=True):
    """A message, and what is known of its conversation."""

    message: ChatMessage
    signals: Signals
    facts: ConversationFacts
    keywords: dict[int, list[KeywordFind]]
    turns: tuple[int, ...] = (0, 0, 0, 0)
    """Messages so far by sender, this one included."""
    noted: dict[bytes, Noted] = {}
    """By condition that is remembered; filled before any trigger is asked, the inner conditions first."""

    @property
    def elapsed_ms(self) -> int:
        """Milliseconds since the conversation began."""
        return self.facts.at_ms - self.facts.began_ms


Check = Callable[[Case], Held | None]


def counted(memory: Memory | None, sender: Sender) -> tuple[int, ...]:
    """The messages by sender, with one more of this sender."""
    before = (memory or Memory()).turns
    return tuple(count + (one is sender) for one, count in zip(SENDERS, before, strict=True))
