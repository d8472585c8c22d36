"""What a changed policy would have done otherwise: the same past, folded under both."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final, TypeVar

from msgspec import Struct

from handraise.conversation.processor import Event
from handraise.detection.detector import InSteps
from handraise.review.acts import Act, Key, Once, Policies, Side

KeyT = TypeVar("KeyT")
_COMPARED: Final = ("action", "priority", "owner", "queue", "due_at", "reply")


class Change(Struct, frozen=True):
    """One thing that would be otherwise, as it reads."""

    name: str
    before: str
    after: str


class Example(Struct, frozen=True, kw_only=True):
    """One place in a conversation where the policies differ."""

    business_id: str
    conversation_id: str
    trigger: str
    text: str
    """What was written there; empty where a timer fired, or a person reported an outcome."""
    before: Act | None
    after: Act | None
    changes: list[Change]
    """What differs, where both act."""


class TriggerDiff(Struct, frozen=True, kw_only=True):
    """How often one trigger acts under each policy; in shadow, nothing acts."""

    trigger: str
    before: int
    after: int
    added: int
    dropped: int
    changed: int


class Diff(Struct, frozen=True, kw_only=True):
    """What would be otherwise; each list in the order in which the conversations began."""

    events: int
    conversations: int
    added: list[Example]
    dropped: list[Example]
    changed: list[Example]
    followed: list[Example]
    """What happens later to an escalation that both policies raise: a promise that passes, a customer who waits, an
    owner who could not take it. Under one policy alone, or otherwise under each."""
    triggers: list[TriggerDiff]
    """Each that acts under one of the policies, by name."""

    @property
    def is_empty(self) -> bool:
        """Whether both policies do the same."""
        return not (self.added or self.dropped or self.changed or self.followed)


class Comparison:
    """Folds events under two policies, and keeps what differs. Texts are detected once for both.

    What people did is replayed as it was, though they would have done something else about another escalation.

    Args:
        before: the policy in force for a business.
        after: what is tried.
        detector: texts to signals.
        detector_version: of the detector.
    """

    def __init__(self, before: Policies, after: Policies, detector: InSteps, detector_version: str) -> None:
        self._once = once = Once(detector)
        self._before = Side(before, once, detector_version)
        self._after = Side(after, once, detector_version)
        self._events = 0

    def fold(self, events: Sequence[Event]) -> None:
        """Fold the next events of the past."""
        self._events += len(events)
        self._once.forget()
        for side in (self._before, self._after):
            side.fold(events)

    def advance(self, until: int) -> None:
        """Fire the timers that are due by a time (epoch milliseconds) though no event has come."""
        for side in (self._before, self._after):
            side.advance(until)

    def diff(self) -> Diff:
        """What differs in what was folded."""
        added: list[Example] = []
        dropped: list[Example] = []
        changed: list[Example] = []
        for key, befores, afters in _both(self._before.acts, self._after.acts):
            for example in self._examples(key, befores, afters):
                kind = changed if example.before and example.after else added if example.after else dropped
                kind.append(example)
        return Diff(
            events=self._events,
            conversations=len(self._before.conversations | self._after.conversations),
            added=added,
            dropped=dropped,
            changed=changed,
            followed=list(self._followed()),
            triggers=self._totals(added, dropped, changed),
        )

    def _examples(self, key: Key, befores: list[Act], afters: list[Act]) -> Iterator[Example]:
        business_id, conversation_id, trigger = key
        for before, after in _paired(befores, afters):
            changes = _changes(before, after)
            if before is not None and after is not None and not changes:
                continue
            side, act = (self._after, after) if after is not None else (self._before, before)
            yield Example(
                business_id=business_id,
                conversation_id=conversation_id,
                trigger=trigger,
                text="" if act is None else side.texts.get((business_id, conversation_id, act.message_id), ""),
                before=before,
                after=after,
                changes=changes,
            )

    def _followed(self) -> Iterator[Example]:
        """What happens later where both raise the same; elsewhere, that one of them does not says enough."""
        before, after = self._before, self._after
        for raised, key in before.raised.items():
            if after.raised.get(raised) == key:
                for _, befores, afters in _both(before.followed[raised], after.followed[raised]):
                    yield from self._examples(key, befores, afters)

    def _totals(self, added: list[Example], dropped: list[Example], changed: list[Example]) -> list[TriggerDiff]:
        before, after = self._before.totals(), self._after.totals()
        return [
            TriggerDiff(
                trigger=trigger,
                before=before.get(trigger, 0),
                after=after.get(trigger, 0),
                added=sum(one.trigger == trigger for one in added),
                dropped=sum(one.trigger == trigger for one in dropped),
                changed=sum(one.trigger == trigger for one in changed),
            )
            for trigger in sorted(before.keys() | after.keys())
        ]


def _both(
    befores: Mapping[KeyT, list[Act]], afters: Mapping[KeyT, list[Act]]
) -> Iterator[tuple[KeyT, list[Act], list[Act]]]:
    for key in dict.fromkeys((*befores, *afters)):
        yield key, befores.get(key, []), afters.get(key, [])


def _paired(befores: list[Act], afters: list[Act]) -> Iterator[tuple[Act | None, Act | None]]:
    """The acts of a trigger in a conversation: those on the same message, then the others by their order."""
    at = {(act.message_id, act.at): act for act in befores}
    same = {(act.message_id, act.at): act for act in afters if (act.message_id, act.at) in at}
    for key, act in same.items():
        yield at[key], act
    left = [act for act in befores if (act.message_id, act.at) not in same]
    new = [act for act in afters if (act.message_id, act.at) not in same]
    for place in range(max(len(left), len(new))):
        yield (left[place] if place < len(left) else None, new[place] if place < len(new) else None)


def _changes(before: Act | None, after: Act | None) -> list[Change]:
    if before is None or after is None:
        return []
    changes = []
    if before.message_id != after.message_id:
        changes.append(Change("message", before.message_id, after.message_id))
    elif before.at != after.at:
        changes.append(Change("at", _shown(before.at), _shown(after.at)))
    for name in _COMPARED:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            changes.append(Change(name, _shown(old), _shown(new)))
    return changes


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return "" if value is None else str(value)
