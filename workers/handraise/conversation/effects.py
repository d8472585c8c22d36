"""What folding one event brings about, besides the new state."""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct, field

from handraise.detection.signals import Span
from handraise.events import Control, Decision, Escalation, EscalationType, Priority


class Fact(StrEnum):
    """Something that operations count. `label` in a `Note` is given for the facts that say so."""

    CONVERSATION_STARTED = "conversation_started"
    DUPLICATE = "duplicate"
    LATE = "late"
    TAKEOVER_UNPROMPTED = "takeover_unprompted"
    AI_SPOKE_WHILE_HUMAN = "ai_spoke_while_human"
    PROMISE_BROKEN = "promise_broken"
    """The AI promised that a person follows up, with no escalation open."""
    PROMISE_KEPT = "promise_kept"
    """A human answered by the due time of the escalation; label: the trigger, with the priority"""
    PROMISE_MISSED = "promise_missed"
    """The due time passed and no human had; label: the trigger, with the priority that it had until then"""
    CUSTOMER_UNANSWERED = "customer_unanswered"
    """A human holds the conversation and leaves the customer without an answer for longer than was promised."""
    PROBABLE_MISS = "probable_miss"
    """label: a member of `Miss`"""
    REPLY_FELL_BACK = "reply_fell_back"
    """label: the trigger"""
    RAISED_AT_TURN = "raised_at_turn"
    """label: the trigger; value: which turn of the conversation it was, from 1"""
    SUPPRESSED = "suppressed"
    """label: a member of `Suppression`"""
    OFFER_ACCEPTED = "offer_accepted"
    OFFER_LAPSED = "offer_lapsed"
    ESCALATION_OPENED = "escalation_opened"
    """label: the trigger that is now open"""
    ESCALATION_ENDED = "escalation_ended"
    """label: the trigger that was open"""


class Suppression(StrEnum):
    """Why a trigger that held was not acted on."""

    OPEN = "open"
    """An escalation that is at least as urgent is open."""
    HUMAN_HOLDS = "human_holds"
    COOLDOWN = "cooldown"
    OFFERED = "offered"
    """A human is on offer for it and the customer has not answered yet."""
    OUTRANKED = "outranked"
    """A more urgent trigger fired on the same message."""


class Miss(StrEnum):
    """What tells that a human was needed and nothing had been raised."""

    TAKEOVER = "takeover"
    """A human took over, and nobody had asked for one."""
    ASKED_AGAIN = "asked_again"
    """The customer asks again what was asked before."""
    REOPENED = "reopened"
    """The customer comes back soon after it was resolved."""


class Note(Struct, frozen=True):
    """One fact to be counted once the events are committed."""

    fact: Fact
    label: str = ""
    value: float = 1.0
    priority: Priority = Priority.NORMAL
    """Of the escalation, for the facts that say so."""


class Assessment(Struct, frozen=True, kw_only=True):
    """What one trigger scores on one message, and why."""

    trigger: str
    trigger_class: str | None = None
    score: float
    signs: tuple[str, ...] = ()
    """What stands behind the score besides the words, in words."""
    spans: tuple[Span, ...] = ()
    aside: str = ""
    """What was seen and does not count, in words."""
    said: str = ""
    """What made it hold, as it is quoted, where that was said before the message in hand."""


class Effects(Struct, kw_only=True):
    """The events that go out, in order, and the facts to count."""

    escalations: list[Escalation] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)
    decisions: list[Decision] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    assessments: list[Assessment] = field(default_factory=list)
    """What every trigger scored, for those who want to know why nothing happened; published nowhere."""
    came_too_late: bool = False
    """The event is an outcome that cannot be used, since its timers ended the conversation before.

    What went out is of them alone.
    """
    forgets: bool = False
    """The conversation's record in the control topic is to go, as its state goes."""

    def escalation_of(self, decision: Decision) -> Escalation | None:
        """What a decision raised or updated. Timers that fired before the event may have done the like to others."""
        made_of = (decision.message_id, decision.trigger, decision.occurred_at)
        return next(
            (
                event
                for event in self.escalations
                if (event.caused_by, event.trigger, event.occurred_at) == made_of
                and event.type is not EscalationType.CLOSED
            ),
            None,
        )
