"""What holds where a policy says nothing."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from handraise.events import Action, Policy, Priority
from handraise.policy.model import CRISIS
from handraise.policy.wording import DEFAULT_OWNER

THRESHOLD: Final = 0.5
COOLDOWN: Final = "10 minutes"
ACTION: Final = Action.ESCALATE

QUANTITY: Final = 20.0
"""From here an enquiry is more than a household buys at once: two dozen cakes, twenty licences, a coach of guests."""

AMOUNTS: Final = {
    "AED": 4_000.0,
    "AUD": 1_500.0,
    "BRL": 5_000.0,
    "CAD": 1_500.0,
    "CHF": 1_000.0,
    "EUR": 1_000.0,
    "GBP": 1_000.0,
    "INR": 100_000.0,
    "JPY": 150_000.0,
    "MXN": 20_000.0,
    "SAR": 4_000.0,
    "USD": 1_000.0,
}
"""About a thousand euros in each: past most single purchases of a private customer, within those that a salesperson
would want to see. Amounts in other currencies say nothing until the policy names a floor for them."""


class TriggerDefaults(Struct, frozen=True):
    """How a trigger starts out."""

    priority: Priority
    urgency: int


BUILTIN: Final = {
    CRISIS: TriggerDefaults(Priority.CRITICAL, 0),
    "human_request": TriggerDefaults(Priority.HIGH, 2),
    "distress": TriggerDefaults(Priority.HIGH, 3),
    "complaint": TriggerDefaults(Priority.HIGH, 5),
    "broken_promise": TriggerDefaults(Priority.HIGH, 6),
    "high_value": TriggerDefaults(Priority.HIGH, 7),
    "knowledge_gap": TriggerDefaults(Priority.NORMAL, 9),
    "ai_failure": TriggerDefaults(Priority.NORMAL, 10),
}
"""Each built-in trigger has a place of its own in the order of urgency, whatever priority a business gives it."""

OWN_URGENCY: Final = {Priority.CRITICAL: 1, Priority.HIGH: 4, Priority.NORMAL: 8, Priority.LOW: 11}
"""Own triggers stand after the built-in ones that matter as much: one of high priority after distress, before a
complaint."""


def default_document(business_id: str) -> Policy:
    """The policy of a business that has none: our team, within one business day, Monday to Friday 09:00-17:00 UTC."""
    return Policy(business_id=business_id, owner=DEFAULT_OWNER)
