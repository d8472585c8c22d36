"""Events as the log may keep them: secrets masked, and contact details too unless the settings say otherwise."""

from __future__ import annotations

from typing import TypeVar

from msgspec.structs import replace

from handraise.conversation.masking import mask_contacts, mask_secrets
from handraise.events import Customer, Escalation, Reply

TextT = TypeVar("TextT", str, str | None)


class Masker:
    """Masks texts; what is masked keeps its length, so offsets into it still hold.

    Args:
        contacts: whether e-mail addresses and phone numbers are masked too.
    """

    def __init__(self, *, contacts: bool = True) -> None:
        self._contacts = contacts

    def text(self, text: TextT) -> TextT:
        """One text."""
        if not text:
            return text
        masked = mask_secrets(text)
        return mask_contacts(masked) if self._contacts else masked

    def reply(self, reply: Reply | None) -> Reply | None:
        """What a customer is told."""
        return None if reply is None else replace(reply, text=self.text(reply.text))

    def escalation(self, event: Escalation) -> Escalation:
        """Everything in an escalation that people wrote."""
        turns = [replace(turn, text=self.text(turn.text)) for turn in event.transcript.turns]
        return replace(
            event,
            reply=self.reply(event.reply),
            reason=self.text(event.reason),
            evidence=[replace(one, text=self.text(one.text)) for one in event.evidence],
            summary=self.text(event.summary),
            transcript=replace(event.transcript, turns=turns),
            attempts=[replace(attempt, text=self.text(attempt.text)) for attempt in event.attempts],
            customer=self._customer(event.customer),
        )

    def _customer(self, customer: Customer | None) -> Customer | None:
        """A customer's id can be a phone number."""
        if customer is None:
            return None
        return replace(customer, id=self.text(customer.id), name=self.text(customer.name))
