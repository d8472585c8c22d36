"""Conversations for the tests of the fold: short to write, with signals given by hand instead of detected."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from handraise.conversation import Conversation, Effects, fold
from handraise.conversation.weights import Sign
from handraise.detection.signals import Intent, Signals
from handraise.events import (
    Assistant,
    ChatMessage,
    Control,
    Customer,
    Escalation,
    Outcome,
    OutcomeKind,
    Sender,
    Verdict,
)
from handraise.policy import default_policy
from handraise.policy.model import BusinessPolicy

START = 1_772_442_000_000
"""Monday 2026-03-02 09:00 UTC."""
MINUTE = 60_000
HOUR = 60 * MINUTE


def said(intent: Intent = Intent.OTHER, *, sentiment: float = 0.0, **scores: object) -> Signals:
    """Signals of an English text."""
    fields: dict[str, object] = {"language": "en", "sentiment": sentiment, "intent": intent, **scores}
    return Signals(**fields)  # type: ignore[arg-type]  # the tests name fields of several types


ASKS = said(Intent.QUESTION, question=True, fingerprint=(1, 2, 3))
NEUTRAL = said()


@dataclass
class Chat:
    """A conversation that is folded as it is written. `minute` is the time of the next event after the start."""

    policy: BusinessPolicy = field(default_factory=lambda: default_policy("shop"))
    state: Conversation | None = None
    minute: float = 0.0
    count: int = 0
    escalations: list[Escalation] = field(default_factory=list)
    controls: list[Control] = field(default_factory=list)

    def say(
        self,
        sender: Sender,
        signals: Signals,
        text: str = "it is a lamp",
        *,
        message_id: str | None = None,
        reply_id: str | None = None,
        assistant: Assistant | None = None,
        **more: Any,  # noqa: ANN401 - further fields of the message
    ) -> Effects:
        """Fold one message; `who` is its customer, or `segment` all that is known of them."""
        self.count += 1
        who = Customer(segment=more.pop("segment")) if "segment" in more else more.pop("who", None)
        message = ChatMessage(
            message_id=message_id or f"m{self.count}",
            conversation_id="c1",
            business_id="shop",
            sender=sender,
            sent_at=int(START + self.minute * MINUTE),
            text=text,
            reply_id=reply_id,
            assistant=assistant,
            customer=who,
            **more,
        )
        return self._fold(message, signals)

    def customer(self, signals: Signals, text: str = "it is a lamp", **more: Any) -> Effects:  # noqa: ANN401 - as `say`
        """Fold a customer's message."""
        return self.say(Sender.CUSTOMER, signals, text, **more)

    def ai(self, signals: Signals = NEUTRAL, text: str = "an answer", **assistant: object) -> Effects:
        """Fold an AI turn, with what the producer says of it."""
        said_of_it = Assistant(**assistant) if assistant else None  # type: ignore[arg-type]  # as `said`
        return self.say(Sender.ASSISTANT, signals, text, assistant=said_of_it)

    def human(self) -> Effects:
        """Fold a human's message."""
        return self.say(Sender.HUMAN, NEUTRAL)

    def outcome(self, kind: OutcomeKind, *, escalation_id: str | None = None, outcome_id: str | None = None) -> Effects:
        """Fold an outcome."""
        self.count += 1
        outcome = Outcome(
            outcome_id=outcome_id or f"o{self.count}",
            conversation_id="c1",
            business_id="shop",
            kind=kind,
            at=int(START + self.minute * MINUTE),
            escalation_id=escalation_id,
            verdict=Verdict.APPROPRIATE if kind is OutcomeKind.VERDICT else None,
        )
        return self._fold(outcome, NEUTRAL)

    def wait(self, minutes: float) -> None:
        """Let so many minutes pass before the next event."""
        self.minute += minutes

    def _fold(self, event: ChatMessage | Outcome, signals: Signals) -> Effects:
        self.state, effects = fold(self.state, event, signals, self.policy, "rules-test")
        self.escalations += effects.escalations
        self.controls += effects.controls
        self.minute += 0.5
        return effects


def talks_past(effects: Effects) -> bool:
    """Whether a message was found to say that the AI talks past the customer."""
    return any(one.signs == (Sign.TALKED_PAST,) for one in effects.assessments)


def last_correction(chat: Chat) -> int:
    """Which customer turn told last that an answer was beside the point; 0 if none did."""
    assert chat.state is not None
    return chat.state.corrected
