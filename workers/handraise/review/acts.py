"""What a policy does with the past, act by act: on the messages, and later to its escalations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from handraise.conversation import Effects, Processed, Processor, head_of
from handraise.conversation.processor import Event
from handraise.detection.detector import Begun, InSteps, Read
from handraise.detection.lately import Said
from handraise.detection.signals import Signals
from handraise.events import (
    Action,
    ChatMessage,
    Decision,
    DecisionResult,
    Escalation,
    EscalationType,
    Outcome,
    OutcomeKind,
    Priority,
    Sender,
    milliseconds,
)
from handraise.policy.model import BusinessPolicy

Policies = Callable[[str], BusinessPolicy]
Key = tuple[str, str, str]
"""business_id, conversation_id and trigger"""


class Act(Struct, frozen=True, kw_only=True):
    """What a trigger that fired did, or what happened later to an escalation. Of an offer, there is no escalation."""

    message_id: str
    """Or the timer or the outcome that it came of."""
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


class Once:
    """A detector that is not asked again for what it was asked for in this batch."""

    def __init__(self, detector: InSteps) -> None:
        self._detector = detector
        self._begun: dict[tuple[Said, ...], Begun] = {}
        self._read: dict[tuple[Said, tuple[str, ...]], Read] = {}

    def forget(self) -> None:
        """Another batch comes."""
        self._begun.clear()
        self._read.clear()

    def begin(self, texts: Sequence[str], senders: Sequence[Sender], languages: Sequence[str | None]) -> Begun:
        """As the detector."""
        said = tuple(zip(texts, senders, languages, strict=True))
        if said not in self._begun:
            self._begun[said] = self._detector.begin(texts, senders, languages)
        return self._begun[said]

    def read(self, begun: Begun, at: int, before: Sequence[str]) -> Read:
        """As the detector."""
        asked = begun.said[at], tuple(before)
        if asked not in self._read:
            self._read[asked] = self._detector.read(begun, at, before)
        return self._read[asked]

    def end(self, begun: Begun, places: Sequence[int], read: Sequence[Read]) -> list[Signals]:
        """As the detector."""
        return self._detector.end(begun, places, read)


class Side:
    """The past under one policy. Of a conversation that was erased, it has nothing from before that.

    Args:
        policies: the policy in force for a business.
        detector: texts to signals.
        detector_version: of the detector.
    """

    def __init__(self, policies: Policies, detector: InSteps, detector_version: str) -> None:
        self._processor = Processor(policies, detector, detector_version)
        self._states: dict[bytes, bytes] = {}
        self._erased: dict[bytes, int] = {}
        """Up to when each conversation was erased: epoch milliseconds."""
        self.conversations: set[bytes] = set()
        self.acts: dict[Key, list[Act]] = defaultdict(list)
        """What the triggers that fired did."""
        self.texts: dict[tuple[str, str, str], str] = {}
        """What was written where one fired, by business_id, conversation_id and message_id."""
        self.raised: dict[str, Key] = {}
        """What each escalation was raised for."""
        self.followed: dict[str, dict[str, list[Act]]] = defaultdict(lambda: defaultdict(list))
        """What happened to each escalation with no trigger firing, by the timer or the outcome that it came of."""

    def fold(self, events: Sequence[Event]) -> None:
        """Fold the next events of the past."""
        for event, processed in zip(events, self._processor.process(events, self._states.get), strict=True):
            self._keep(processed)
            if isinstance(event, Outcome) and event.kind is OutcomeKind.ERASED:
                self._forget(processed.key, event)
            elif not self._was_erased(processed.key, event) and (
                processed.rejected is None or processed.effects.came_too_late
            ):
                if isinstance(event, ChatMessage):
                    self.conversations.add(processed.key)
                self._take(event, processed.effects)

    def advance(self, until: int) -> None:
        """Fire the timers that are due by a time (epoch milliseconds) though no event has come."""
        for key in sorted(self._states, key=self._next_timer):
            processed = self._processor.advance(key, self._states[key], until)
            self._keep(processed)
            self._take(None, processed.effects)

    def totals(self) -> dict[str, int]:
        """How often each trigger acted."""
        totals: dict[str, int] = defaultdict(int)
        for (_, _, trigger), acts in self.acts.items():
            totals[trigger] += len(acts)
        return totals

    def _next_timer(self, key: bytes) -> int:
        return head_of(self._states[key]).next_timer_at or 0

    def _keep(self, processed: Processed) -> None:
        if processed.state is not None:
            self._states[processed.key] = processed.state
        elif processed.forgotten:
            self._states.pop(processed.key, None)

    def _forget(self, key: bytes, erasure: Outcome) -> None:
        """Leave out what was collected of a conversation."""
        self._erased[key] = max(milliseconds(erasure.at), self._erased.get(key, 0))
        self.conversations.discard(key)
        erased = erasure.business_id, erasure.conversation_id
        for acted in [one for one in self.acts if one[:2] == erased]:
            del self.acts[acted]
        for said in [one for one in self.texts if one[:2] == erased]:
            del self.texts[said]
        for escalation_id in [name for name, one in self.raised.items() if one[:2] == erased]:
            del self.raised[escalation_id]
            self.followed.pop(escalation_id, None)

    def _was_erased(self, key: bytes, event: Event) -> bool:
        """Whether an event comes from before the erasure of its conversation, and was only met after it."""
        at = milliseconds(event.at if isinstance(event, Outcome) else event.sent_at)
        return at <= self._erased.get(key, -1)

    def _take(self, event: Event | None, effects: Effects) -> None:
        told: list[Escalation] = []
        for decision in effects.decisions:
            if decision.result is not DecisionResult.FIRED or decision.action is Action.SHADOW:
                continue
            key = (decision.business_id, decision.conversation_id, decision.trigger)
            escalation = effects.escalation_of(decision)
            self.acts[key].append(_act(decision, escalation))
            if escalation is not None:
                told.append(escalation)
            if isinstance(event, ChatMessage) and event.message_id == decision.message_id:
                self.texts[decision.business_id, decision.conversation_id, decision.message_id] = event.text
        for escalation in effects.escalations:
            if escalation.type is EscalationType.RAISED:
                self.raised[escalation.escalation_id] = (
                    escalation.business_id,
                    escalation.conversation_id,
                    escalation.trigger,
                )
            elif escalation.type is EscalationType.UPDATED and escalation not in told:
                self.followed[escalation.escalation_id][escalation.caused_by].append(_later(escalation))


def _act(decision: Decision, told: Escalation | None) -> Act:
    if told is None:
        return Act(
            message_id=decision.message_id,
            action=decision.action,
            at=decision.occurred_at,
            because=decision.because,
            escalation_id=None,
        )
    return replace(_later(told), because=decision.because)


def _later(told: Escalation) -> Act:
    """What an event says of its escalation; it says why itself."""
    return Act(
        message_id=told.caused_by,
        action=told.action,
        at=told.occurred_at,
        because=told.reason,
        escalation_id=told.escalation_id,
        priority=told.priority,
        owner=told.owner,
        queue=told.queue,
        due_at=told.due_at,
        reply=None if told.reply is None else told.reply.text,
        reason=told.reason,
    )
