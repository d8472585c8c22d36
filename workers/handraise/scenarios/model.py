"""What a scenario file holds. Whatever fires at a turn is named there, or the scenario fails."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from handraise.events import (
    Action,
    Attributes,
    BusinessId,
    ControlState,
    Customer,
    Label,
    LanguageTag,
    OutcomeKind,
    Priority,
    Score,
)

Pause = Annotated[
    str,
    Meta(
        pattern=r"^(an?|one|\d{1,4}) (seconds?|minutes?|hours?|days?)$",
        description="A length of time on the clock: `30 seconds`, `10 minutes`, `2 hours`, `3 days`.",
    ),
]
WallTime = Annotated[
    str,
    Meta(
        pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}$",
        description="A time on the wall clock of the business: `2026-03-02 10:15`.",
    ),
]
Names = Annotated[list[Label], Meta(max_length=20)] | Label
"""Triggers by name: one, or several. `crisis` is the class of `distress` about life and safety."""
Words = Annotated[str, Meta(max_length=20_000)]


class _Part(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A part of a scenario file: what is misspelt must not pass unseen."""


class Fired(_Part, frozen=True, kw_only=True):
    """How a trigger fires; what is absent is not looked at."""

    action: Action | None = None
    priority: Priority | None = None
    owner: str | None = None
    queue: str | None = None
    due_at: WallTime | None = None
    reply: str | None = None
    """Words that the reply to the customer holds."""


class ScenarioTurn(_Part, frozen=True, kw_only=True, rename={"must_not": "not"}):
    """One turn: who says what, or an outcome that a human tool reports, and what is expected of it."""

    wait: Pause | None = None
    customer: Words | None = None
    assistant: Words | None = None
    human: Words | None = None
    system: Words | None = None
    outcome: OutcomeKind | None = None
    answered: bool | None = None
    confidence: Score | None = None
    sources: list[str] | None = None
    retrieval_score: Score | None = None
    error: str | None = None
    message_type: Label | None = None
    channel: Label | None = None
    attributes: Attributes | None = None
    fires: dict[Label, Fired] | Names | None = None
    suppressed: Names | None = None
    near: Names | None = None
    must_not: Names | None = None
    state: ControlState | None = None


class Scenario(_Part, frozen=True, kw_only=True):
    """One conversation, with what must fire at which turn. Nothing else may."""

    name: Annotated[str, Meta(min_length=1, max_length=200)]
    about: Names | None = None
    starts: WallTime = "2026-03-02 10:00"
    """When the first turn is said; by default on a Monday morning."""
    channel: Label | None = None
    language: LanguageTag | None = None
    customer: Customer | None = None
    attributes: Attributes | None = None
    turns: Annotated[list[ScenarioTurn], Meta(min_length=1, max_length=200)]


class ScenarioFile(_Part, frozen=True, kw_only=True):
    """Conversations with what must and what must not fire in them, to be kept beside a policy."""

    business: BusinessId | None = None
    about: Names | None = None
    scenarios: Annotated[list[Scenario], Meta(min_length=1, max_length=1_000)]


def listed(names: Names | dict[str, Fired] | None) -> list[str]:
    """The names, whether one or several are given."""
    if names is None:
        return []
    return [names] if isinstance(names, str) else list(names)
