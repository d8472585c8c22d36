"""What is different on a channel or for a segment: the overrides that fit, the most specific counting."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from msgspec.structs import asdict, replace

from handraise.events import HighValuePolicy, Override, Policy, Replies, TriggerOverride, TriggerPolicy
from handraise.policy.defaults import BUILTIN

TriggerT = TypeVar("TriggerT", bound=TriggerPolicy)
_JOINED = frozenset({"reply", "amounts"})
"""Given by language and by currency: what an override does not name stays."""


def normal_name(name: str) -> str:
    """A channel or segment as it is compared."""
    return name.strip().casefold()


def rank(override: Override) -> int:
    """How specific an override is: 3 for channel and segment, 2 for the segment, 1 for the channel."""
    return (2 if override.segments else 0) + (1 if override.channels else 0)


def fitting(overrides: Sequence[Override], channel: str | None, segment: str | None) -> tuple[int, ...]:
    """The places of the overrides that fit, the most specific last."""
    found = [
        place
        for place, override in enumerate(overrides)
        if _fits(override.channels, channel) and _fits(override.segments, segment)
    ]
    return tuple(sorted(found, key=lambda place: rank(overrides[place])))


def overridden(policy: Policy, places: Sequence[int]) -> Policy:
    """A policy as its overrides at these places make it, one after the other; it has no overrides left.

    What an override says of replies and amounts is joined by language and by currency; all else takes the place of what
    was.
    """
    for place in places:
        for name, change in policy.overrides[place].triggers.items():
            policy = _changed(policy, name, change)
    return replace(policy, overrides=[])


def _fits(names: list[str] | None, name: str | None) -> bool:
    return names is None or (name is not None and normal_name(name) in {normal_name(one) for one in names})


def _changed(policy: Policy, name: str, change: TriggerOverride) -> Policy:
    if name in BUILTIN:
        trigger: TriggerPolicy = getattr(policy.triggers, name)
        return replace(policy, triggers=replace(policy.triggers, **{name: _applied(trigger, change, policy)}))
    own = policy.own_triggers.get(name)
    if own is None:
        return policy
    return replace(policy, own_triggers={**policy.own_triggers, name: _applied(own, change, policy)})


def _applied(trigger: TriggerT, change: TriggerOverride, policy: Policy) -> TriggerT:
    fields = {name: value for name, value in asdict(change).items() if value is not None and name not in _JOINED}
    if not isinstance(trigger, HighValuePolicy):
        fields.pop("quantity", None)
    elif change.amounts is not None:
        fields["amounts"] = {**(trigger.amounts or {}), **change.amounts}
    if change.reply is not None:
        first = policy.languages[0]
        fields["reply"] = {**_by_language(trigger.reply, first), **_by_language(change.reply, first)}
    return replace(trigger, **fields)


def _by_language(reply: Replies | None, first: str) -> dict[str, object]:
    return {} if reply is None else {first: reply} if isinstance(reply, str) else dict(reply)
