"""What the conversation needs to know of a business's policy, once it is compiled."""

from __future__ import annotations

from typing import Final, Protocol

from msgspec import Struct

from handraise.detection.signals import Signals, Span
from handraise.events import Action, ChatMessage, Priority, Sender
from handraise.policy.wording import Wording

CRISIS: Final = "crisis"
"""The class of `distress` that is about life and safety; its rule is `rule("distress", CRISIS)`."""

BUILTIN_TRIGGERS: Final = (
    "human_request",
    "distress",
    "complaint",
    "broken_promise",
    "high_value",
    "knowledge_gap",
    "ai_failure",
)
"""The built-in triggers, the most urgent first; distress of class crisis stands before them all."""

STRENGTH: Final = {Action.ESCALATE: 0, Action.NOTIFY: 1, Action.OFFER: 2, Action.SHADOW: 3}
"""Of triggers that hold on one message, what hands over goes before what is more urgent."""


class Rule(Struct, frozen=True, kw_only=True):
    """One trigger as a business has set it. Times are milliseconds."""

    trigger: str
    builtin: bool
    enabled: bool
    action: Action
    threshold: float
    cooldown_ms: int
    owner: str
    queue: str
    priority: Priority
    urgency: int
    """Place in the one order of urgency, 0 the most urgent; own triggers of one priority share a place."""


class ReplyText(Struct, frozen=True, kw_only=True):
    """A reply with every placeholder filled in."""

    text: str
    language: str
    fell_back: bool
    """True when the business's own text did not resolve and the built-in one serves."""


class Memory(Struct, frozen=True, array_like=True):
    """What the conditions of own triggers remember of a conversation. The policy writes it, and the state keeps it."""

    turns: tuple[int, ...] = (0, 0, 0, 0)
    """Messages so far by sender, in the order of `Sender`."""
    held: dict[bytes, tuple[int, ...]] = {}
    """By condition, the messages for which it held: turn, and milliseconds since the conversation began, in pairs."""
    silences: dict[bytes, int] = {}
    """By trigger, when a silence will have lasted long enough, in epoch milliseconds."""
    began: dict[bytes, int] = {}
    """By trigger, when that silence began."""


class ConversationFacts(Struct, frozen=True, kw_only=True):
    """What conditions of own triggers may ask of the conversation, the message in hand included."""

    sentiment_mean: float
    negative_streak: int
    customer_turns: int
    at_ms: int = 0
    """When the message was sent, epoch milliseconds."""
    began_ms: int = 0
    """When the conversation began."""
    wants_answer: bool = False
    """The message is one of the customer's that asks for something."""
    memory: Memory | None = None
    """What the conditions remember of the messages before."""
    channel: str | None = None
    """The channel that the conversation was last said to be on."""
    language: str | None = None
    """The language that the customer was last heard to speak."""


class OwnMatch(Struct, frozen=True, kw_only=True):
    """An own trigger whose condition holds for a message."""

    trigger: str
    score: float
    because: str
    """Which part of the condition held, in words; never the message's text."""
    spans: tuple[Span, ...]


class OwnMatches(Struct, frozen=True):
    """The own triggers that hold for a message, in the order of the policy, and what is remembered from now on."""

    found: list[OwnMatch]
    memory: Memory | None = None


class HighValue(Struct, frozen=True, kw_only=True):
    """How strongly a message speaks of a large enquiry, by the business's own floors."""

    score: float
    spans: tuple[Span, ...]
    because: str
    """What reached a floor, in words; empty when the detector's score alone stands."""
    aside: str = ""
    """Why what reached a floor does not count, in words; empty when it counts, or nothing reached one."""


class BusinessPolicy(Protocol):
    """A business's policy, checked and compiled: pure, and quick enough to be asked at every message."""

    business_id: str
    version: str
    """Names the exact content: two policies with the same effect have the same version."""
    business_name: str
    wording: Wording
    """What is told to the owner, in their language: the first of the policy."""
    fallback_owner: str
    idle_after_ms: int
    """An escalation, and the state of a conversation, end after this long without an event (default 24 h)."""
    reply_valid_ms: int
    """A reply is not to be sent later than this after it was made (default 10 minutes)."""
    ai_answers_within_ms: int | None
    """An AI that is silent for longer after a customer's question has failed; None: its silence says nothing."""

    def in_scope(self, channel: str | None, segment: str | None) -> BusinessPolicy:
        """The same policy as its overrides make it on a channel and for a segment of customers."""
        ...

    @property
    def has_own_triggers(self) -> bool:
        """Whether there is anything to ask of `own_matches`."""
        ...

    def rule(self, trigger: str, trigger_class: str | None = None) -> Rule:
        """The rule of a built-in or own trigger. Raises KeyError for a trigger that the policy does not have."""
        ...

    def own_matches(self, message: ChatMessage, signals: Signals, facts: ConversationFacts) -> OwnMatches:
        """The own triggers that hold for this message; to be asked once for every message, in their order."""
        ...

    def spoken(self, memory: Memory | None, sender: Sender) -> Memory | None:
        """What is remembered once somebody has said something of which no condition is asked."""
        ...

    def silent(self, memory: Memory | None, at_ms: int) -> OwnMatches:
        """The own triggers whose silence has lasted long enough at a time, and what is remembered from then on."""
        ...

    def high_value_score(self, signals: Signals) -> HighValue:
        """The detector's `high_value`, raised by quantities and amounts that reach the business's floors."""
        ...

    def due_at(self, rule: Rule, at_ms: int) -> int:
        """When a human has answered at the latest, as the business's hours allow: epoch milliseconds, after `at_ms`."""
        ...

    def reply(
        self,
        rule: Rule,
        trigger_class: str | None,
        *,
        language: str | None,
        at_ms: int,
        due_ms: int,
        customer_name: str | None,
        delayed: bool = False,
    ) -> ReplyText:
        """What the customer is told when this rule fires; for the action `offer`, whether a person is wanted.

        `delayed` where the promise that was made has passed: an apology, and a new one.
        """
        ...
