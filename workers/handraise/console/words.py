"""What the console calls things: the words of the wire in those of people who run a business."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Final

from handraise.events import Action, ClosedBecause, DecisionResult, OutcomeKind, Priority, Sender, Verdict

TRIGGERS: Final = {
    "human_request": "Asks for a person",
    "distress": "In distress",
    "crisis": "In danger",
    "complaint": "Complaint",
    "broken_promise": "Promise without a person",
    "high_value": "Valuable enquiry",
    "knowledge_gap": "AI has no answer",
    "ai_failure": "AI fails",
}
"""The built-in triggers, `crisis` among them; an own trigger goes by the name that the business gave it."""

VERDICTS: Final = {
    Verdict.APPROPRIATE: "Right",
    Verdict.UNNECESSARY: "Not needed",
    Verdict.TOO_LATE: "Too late",
    Verdict.WRONG_OWNER: "Wrong person",
}
ACTIONS: Final = {
    Action.ESCALATE: "Hands over",
    Action.NOTIFY: "Tells a person",
    Action.OFFER: "Offers a person",
    Action.SHADOW: "Only counts",
}
RESULTS: Final = {
    DecisionResult.FIRED: "Fired",
    DecisionResult.SUPPRESSED: "Held back",
    DecisionResult.NEAR: "Nearly fired",
    DecisionResult.MISSED: "Probably missed",
}
PRIORITIES: Final = {
    Priority.CRITICAL: "Critical",
    Priority.HIGH: "High",
    Priority.NORMAL: "Normal",
    Priority.LOW: "Low",
}
SENDERS: Final = {
    Sender.CUSTOMER: "Customer",
    Sender.ASSISTANT: "AI",
    Sender.HUMAN: "Colleague",
    Sender.SYSTEM: "System",
}
OUTCOMES: Final = {
    OutcomeKind.ACCEPTED: "claimed it",
    OutcomeKind.REPLIED: "replied",
    OutcomeKind.RELEASED: "gave it back to the AI",
    OutcomeKind.RESOLVED: "resolved it",
    OutcomeKind.FAILED: "could not take it",
    OutcomeKind.VERDICT: "judged it",
    OutcomeKind.ERASED: "had it erased",
}
FIELDS: Final = {
    "message": "At the message",
    "at": "When",
    "action": "What it does",
    "priority": "Priority",
    "owner": "Owner",
    "queue": "Queue",
    "due_at": "Due",
    "reply": "Reply",
}
"""What can differ between what two policies do."""
CLOSINGS: Final = {
    ClosedBecause.RESOLVED: "Resolved",
    ClosedBecause.RELEASED: "Given back to the AI",
    ClosedBecause.HANDED_BACK: "The AI went on",
    ClosedBecause.IDLE: "Nobody wrote any more",
    ClosedBecause.ERASED: "Erased",
}

_FIGURES: Final = re.compile(r"^[\d.]+ (?:reaches|is near) the threshold [\d.]+(?:: )?")
"""How the worker begins; see `handraise.conversation.decide`."""
_NAMES: Final = re.compile(rf"\b(?:{'|'.join(TRIGGERS)})\b")
_MINUTE: Final = 60
_HOUR: Final = 3_600
_DAY: Final = 86_400
_SOON: Final = 3 * _HOUR
_MOMENT: Final = 10
_SMALL: Final = 0.01
"""A share that whole percents would round away."""


def trigger(name: str, trigger_class: str | None = None) -> str:
    """A trigger's name for people."""
    known = TRIGGERS.get(trigger_class or name) or TRIGGERS.get(name)
    if known is not None:
        return known
    words = name.replace("_", " ").replace("-", " ").strip()
    return words[:1].upper() + words[1:] if words else name


def because(text: str) -> str:
    """Why a decision was made, without the figures that stand beside it and with triggers by their names."""
    text = _FIGURES.sub("", text) or "by its words"
    return _NAMES.sub(lambda found: f"“{TRIGGERS[found[0]]}”", text)


def span(seconds: float) -> str:
    """A length of time in its largest unit that fits: `40 s`, `12 min`, `3 h`, `2 d`."""
    seconds = abs(seconds)
    if seconds < _MINUTE:
        return f"{int(seconds)} s"
    if seconds < _HOUR:
        return f"{int(seconds // _MINUTE)} min"
    if seconds < 2 * _DAY:
        hours, minutes = divmod(int(seconds // _MINUTE), 60)
        return f"{hours} h {minutes:02} min" if seconds < _SOON and minutes else f"{hours} h"
    return f"{int(seconds // _DAY)} d"


def ago(time: datetime, now: datetime) -> str:
    """How long ago something was."""
    seconds = (now - time).total_seconds()
    return "just now" if seconds < _MOMENT else f"{span(seconds)} ago"


def due(time: datetime, zone: tzinfo, now: datetime) -> str:
    """When somebody is due: how soon, or from some hours on the time of day; or how long they have been."""
    seconds = (time - now).total_seconds()
    if seconds < 0:
        return f"{span(seconds)} late"
    return f"in {span(seconds)}" if seconds < _SOON else moment(time, zone, now)


def moment(time: datetime, zone: tzinfo, now: datetime) -> str:
    """A time in the reader's zone, with as much of the date as it takes."""
    local, today = time.astimezone(zone), now.astimezone(zone)
    clock = f"{local:%H:%M}"
    if local.date() == today.date():
        return clock
    if local.date() == (today + timedelta(days=1)).date():
        return f"tomorrow {clock}"
    if local.date() == (today - timedelta(days=1)).date():
        return f"yesterday {clock}"
    day = f"{local:%a} {local.day} {local:%b}"
    return f"{day} {clock}" if local.year == today.year else f"{day} {local.year} {clock}"


def exact(time: datetime, zone: tzinfo) -> str:
    """A time to the second, with its zone: `Mon 2 Mar 2026, 10:15:00 CET`."""
    local = time.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M:%S %Z}"


def machine(time: datetime) -> str:
    """A time for the `datetime` attribute."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def count(number: int, one: str, many: str | None = None) -> str:
    """`1 message`, `1,204 messages`."""
    return f"{number:,} {one if number == 1 else many or f'{one}s'}"


def percent(share: float) -> str:
    """A share as people write it: `7%`, `0.4%`."""
    return f"{share:.1%}" if 0 < share < _SMALL else f"{share:.0%}"
