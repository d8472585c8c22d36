"""What a changed policy would have done otherwise: the same past, folded under both."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

from msgspec import Struct

from handraise.conversation import Processed, Processor
from handraise.detection import Detect
from handraise.detection.signals import Signals
from handraise.events import (
    Action,
    ChatMessage,
    Decision,
    DecisionResult,
    Escalation,
    EscalationType,
    Outcome,
    Priority,
)
from handraise.policy.model import BusinessPolicy

Event = ChatMessage | Outcome
Policies = Callable[[str], BusinessPolicy]
_COMPARED: Final = ("action", "priority", "owner", "queue", "due_at", "reply")


class Act(Struct, frozen=True, kw_only=True):
    """What a trigger that fired did. Of an offer, and in shadow, there is no escalation to tell of."""

    message_id: str
    """Or the timer that it fired on."""
    action: Action
    at: datetime
    because: str
    escalation_id: str | None
    priority: Priority | None = None
    owner: str | None = None
    queue: str | None = None
    due_at: datetime | None = None
    reply: str | None = None
    reason: str | None = None


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
    """What was written there; empty where a timer fired."""
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
    triggers: list[TriggerDiff]
    """Each that acts under one of the policies, by name."""

    @property
    def is_empty(self) -> bool:
        """Whether both policies do the same."""
        return not (self.added or self.dropped or self.changed)


class Comparison:
    """Folds events under two policies, and keeps what differs. Texts are detected once for both.

    What people did is replayed as it was, though they would have done something else about another escalation.

    Args:
        before: the policy in force for a business.
        after: what is tried.
        detect: texts to signals.
        detector_version: of `detect`.
    """

    def __init__(self, before: Policies, after: Policies, detect: Detect, detector_version: str) -> None:
        once = _Once(detect)
        self._before = _Side(before, once, detector_version)
        self._after = _Side(after, once, detector_version)
        self._events = 0

    def fold(self, events: Sequence[Event]) -> None:
        """Fold the next events of the past."""
        self._events += len(events)
        for side in (self._before, self._after):
            side.fold(events)

    def diff(self) -> Diff:
        """What differs in what was folded."""
        added: list[Example] = []
        dropped: list[Example] = []
        changed: list[Example] = []
        for (business_id, conversation_id, trigger), befores, afters in self._by_trigger():
            for before, after in _paired(befores, afters):
                changes = _changes(before, after)
                if before is not None and after is not None and not changes:
                    continue
                side, act = (self._after, after) if after is not None else (self._before, before)
                text = "" if act is None else side.texts.get((business_id, conversation_id, act.message_id), "")
                kind = changed if before and after else added if after else dropped
                kind.append(
                    Example(
                        business_id=business_id,
                        conversation_id=conversation_id,
                        trigger=trigger,
                        text=text,
                        before=before,
                        after=after,
                        changes=changes,
                    )
                )
        return Diff(
            events=self._events,
            conversations=len(self._before.conversations | self._after.conversations),
            added=added,
            dropped=dropped,
            changed=changed,
            triggers=self._totals(added, dropped, changed),
        )

    def _by_trigger(self) -> Iterator[tuple[_Key, list[Act], list[Act]]]:
        keys = dict.fromkeys((*self._before.acts, *self._after.acts))
        for key in keys:
            yield key, self._before.acts.get(key, []), self._after.acts.get(key, [])

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


_Key = tuple[str, str, str]
"""business_id, conversation_id and trigger"""


class _Once:
    """Detects the texts of a batch once, though it is asked twice."""

    def __init__(self, detect: Detect) -> None:
        self._detect = detect
        self._asked: tuple[Any, Any] | None = None
        self._found: list[Signals] = []

    def __call__(self, *texts: Any, **about: Any) -> list[Signals]:  # noqa: ANN401 - whatever the detector takes
        if (texts, about) != self._asked:
            self._found = self._detect(*texts, **about)
            self._asked = (texts, about)
        return self._found


class _Side:
    """The past under one policy."""

    def __init__(self, policies: Policies, detect: Detect, detector_version: str) -> None:
        self._processor = Processor(policies, detect, detector_version)
        self._states: dict[bytes, bytes] = {}
        self.conversations: set[bytes] = set()
        self.acts: dict[_Key, list[Act]] = defaultdict(list)
        self.texts: dict[tuple[str, str, str], str] = {}

    def fold(self, events: Sequence[Event]) -> None:
        for event, processed in zip(events, self._processor.process(events, self._states.get), strict=True):
            if processed.rejected is None:
                self.conversations.add(processed.key)
                self._keep(processed)
                self._take(event, processed)

    def totals(self) -> dict[str, int]:
        totals: dict[str, int] = defaultdict(int)
        for (_, _, trigger), acts in self.acts.items():
            totals[trigger] += len(acts)
        return totals

    def _keep(self, processed: Processed) -> None:
        if processed.state is not None:
            self._states[processed.key] = processed.state
        elif processed.forgotten:
            self._states.pop(processed.key, None)

    def _take(self, event: Event, processed: Processed) -> None:
        effects = processed.effects
        for decision in effects.decisions:
            if decision.result is not DecisionResult.FIRED or decision.action is Action.SHADOW:
                continue
            key = (decision.business_id, decision.conversation_id, decision.trigger)
            self.acts[key].append(_act(decision, effects.escalations))
            if isinstance(event, ChatMessage) and event.message_id == decision.message_id:
                self.texts[decision.business_id, decision.conversation_id, decision.message_id] = event.text


def _act(decision: Decision, escalations: list[Escalation]) -> Act:
    told = next(
        (
            event
            for event in escalations
            if event.caused_by == decision.message_id
            and event.trigger == decision.trigger
            and event.type is not EscalationType.CLOSED
        ),
        None,
    )
    if told is None:
        return Act(
            message_id=decision.message_id,
            action=decision.action,
            at=decision.occurred_at,
            because=decision.because,
            escalation_id=None,
        )
    return Act(
        message_id=decision.message_id,
        action=told.action,
        at=decision.occurred_at,
        because=decision.because,
        escalation_id=told.escalation_id,
        priority=told.priority,
        owner=told.owner,
        queue=told.queue,
        due_at=told.due_at,
        reply=None if told.reply is None else told.reply.text,
        reason=told.reason,
    )


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
    if (before.message_id, before.at) != (after.message_id, after.at):
        changes.append(Change("message", before.message_id, after.message_id))
    for name in _COMPARED:
        old, new = getattr(before, name), getattr(after, name)
        if old != new:
            changes.append(Change(name, _shown(old), _shown(new)))
    return changes


def _shown(value: object) -> str:
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return "" if value is None else str(value)
