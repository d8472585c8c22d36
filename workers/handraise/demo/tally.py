"""What is counted and measured while the demo plays."""

from __future__ import annotations

from collections import Counter
from statistics import quantiles
from typing import NamedTuple

from handraise.events import ChatMessage, Control, Escalation, EscalationType, Holder

Key = tuple[str, str]
"""business_id and conversation_id"""


class Rate(NamedTuple):
    """How often a trigger has fired."""

    trigger: str
    raised: int
    updated: int
    """Escalations that were open already when this trigger, a more urgent one, fired."""
    share: float
    """Escalations raised per conversation."""


class Delay(NamedTuple):
    """Seconds from a message produced to its escalation consumed."""

    median: float
    p95: float


class Tally:
    """Counts the messages that were produced and what was consumed for them."""

    def __init__(self) -> None:
        self.messages = 0
        self._conversations: set[Key] = set()
        self._handed_over: set[Key] = set()
        self._with_human: set[Key] = set()
        self._raised: Counter[str] = Counter()
        self._updated: Counter[str] = Counter()
        self._seconds: list[float] = []

    def produced(self, message: ChatMessage) -> None:
        """A message was published."""
        self.messages += 1
        self._conversations.add((message.business_id, message.conversation_id))

    def escalated(self, escalation: Escalation, seconds: float | None) -> None:
        """An escalation event was consumed, so many seconds after the message that caused it was published."""
        if escalation.type is EscalationType.CLOSED:
            return
        if escalation.type is EscalationType.RAISED:
            self._raised[escalation.trigger] += 1
        else:
            self._updated[escalation.trigger] += 1
        self._handed_over.add((escalation.business_id, escalation.conversation_id))
        if seconds is not None:
            self._seconds.append(seconds)

    def controlled(self, control: Control) -> None:
        """It was said who holds a conversation."""
        key = (control.business_id, control.conversation_id)
        if control.holder is Holder.HUMAN:
            self._with_human.add(key)
        else:
            self._with_human.discard(key)

    def is_with_human(self, key: Key) -> bool:
        """Whether a human holds the conversation."""
        return key in self._with_human

    @property
    def conversations(self) -> int:
        """Conversations with at least one message."""
        return len(self._conversations)

    @property
    def with_human(self) -> int:
        """Conversations that a human holds now."""
        return len(self._with_human)

    @property
    def needed_nobody(self) -> int:
        """Conversations for which no escalation was raised."""
        return self.conversations - len(self._handed_over)

    def rates(self) -> list[Rate]:
        """Each trigger that has fired, the most frequent first."""
        triggers = sorted(self._raised | self._updated, key=lambda name: (-self._raised[name], name))
        return [
            Rate(name, self._raised[name], self._updated[name], self._raised[name] / max(1, self.conversations))
            for name in triggers
        ]

    def delay(self) -> Delay | None:
        """The delay of the escalations; None where there are too few to tell."""
        if len(self._seconds) <= 1:
            return None
        cuts = quantiles(self._seconds, n=20, method="inclusive")
        return Delay(cuts[9], cuts[18])
