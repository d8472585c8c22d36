"""From a batch of raw records to what comes of them: decode, fold, encode."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Final, NamedTuple, Protocol

import msgspec

from handraise.conversation import StateHead
from handraise.conversation.effects import Effects
from handraise.conversation.processor import Event, Load
from handraise.detection import Signals
from handraise.engine.batch import Batch, Outbox
from handraise.engine.placement import place
from handraise.engine.record import Record
from handraise.engine.topics import Topic, TopicNames
from handraise.events import (
    MESSAGES,
    OUTCOMES,
    DeadLetterReason,
    InvalidEventError,
    decode,
    encode,
    milliseconds,
)

_AT_ONCE: Final = 128
"""Events that are decoded before they are folded. What was decoded ends soon, and its memory is used again while the
processor still has it at hand: with a whole batch at once, most of the time went into memory."""

Clock = Callable[[], datetime]


class StepResult(Protocol):
    """What came of one event."""

    @property
    def key(self) -> bytes:
        """`business_id/conversation_id`, under which the state is kept."""
        ...

    @property
    def state(self) -> bytes | None:
        """The new encoded state; None if it did not change, or a later event of the call has it."""
        ...

    @property
    def head(self) -> StateHead | None:
        """What the engine wants to know of the new state; given with it."""
        ...

    @property
    def still(self) -> bool:
        """Whether neither the conversation's time nor any of its timers has moved: none is to fire later for it."""
        ...

    @property
    def forgotten(self) -> bool:
        """Whether the conversation has no state any more."""
        ...

    @property
    def effects(self) -> Effects:
        """Events to publish and facts to count."""
        ...

    @property
    def rejected(self) -> tuple[DeadLetterReason, str] | None:
        """Why the event goes to the dead letters, if it does."""
        ...


class Detected(NamedTuple):
    """What messages say, and what it cost to find out."""

    signals: Sequence[Signals]
    """Of each message, in order; outcomes have none."""
    seconds: float
    """Of work; what was waited for is not counted."""


class Part(NamedTuple):
    """Events that are folded together, and how it is found out what the messages among them say."""

    events: slice
    """Which they are of those that were looked at."""
    detect: Callable[[Load], Awaitable[Detected]]
    """Find out, with the states as the events before have left them."""


class Step(Protocol):
    """The step: events in, a result for each of them out, in the same order.

    It is made in two: what messages say is found out while other batches are folded. It may hang on what was said
    before, so events are looked at in parts: each is folded before it is asked what those of the next say.
    """

    def look(self, events: Sequence[Event]) -> Iterable[Part]:
        """Look at events; all of them come in the parts, in order."""
        ...

    def fold(self, events: Sequence[Event], signals: Sequence[Signals], load: Load) -> Sequence[StepResult]:
        """Fold events into the states that `load` gives by key; earlier events of the call are seen by later ones."""
        ...

    def advance(self, key: bytes, state: bytes, until: int) -> StepResult:
        """Fire the timers of a conversation that are due by `until`, in its own time, though no event has come."""
        ...

    def forget(self, load: Load) -> None:
        """Let go of what is remembered of the conversations that `load` knows: their partition is another worker's."""
        ...


PolicyCheck = Callable[[bytes | None, bytes], str | None]
"""The path and the reason why a policy with this key and document is refused, or None if it is good."""


class Folding:
    """Does the work on one batch. Nothing of it goes anywhere but into the outbox, so a batch can be done again."""

    def __init__(
        self,
        step: Step,
        names: TopicNames,
        check_policy: PolicyCheck,
        clock: Clock = lambda: datetime.now(UTC),
    ) -> None:
        self._step = step
        self._names = names
        self._check_policy = check_policy
        self._clock = clock

    async def fold(self, batch: Batch, outbox: Outbox) -> None:
        """Decode the batch's records, fold them, and put everything that comes of them into the outbox."""
        records = iter(batch)
        while some := list(islice(records, _AT_ONCE)):
            batch.must_be_wanted()
            with batch.working():
                used, events = self._read(some, batch.partitions, outbox)
            for part in self._step.look(events):
                detected = await part.detect(outbox.load)
                batch.must_be_wanted()
                batch.worked(detected.seconds)
                with batch.working():
                    at_ms = milliseconds(self._clock())
                    self._fold_some(used[part.events], events[part.events], detected.signals, outbox, at_ms)
        batch.must_be_wanted()
        with batch.firing():
            self._fire_timers(batch, outbox, milliseconds(self._clock()))

    def _fold_some(
        self,
        records: Sequence[Record],
        events: Sequence[Event],
        signals: Sequence[Signals],
        outbox: Outbox,
        at_ms: int,
    ) -> None:
        results = self._step.fold(events, signals, outbox.load)
        for record, event, result in zip(records, events, results, strict=True):
            key, state, effects = result.key, result.state, result.effects
            if result.rejected is not None:
                outbox.bury(record, *result.rejected)
                if not effects.came_too_late:
                    outbox.refuse(key, event, record.offset, at_ms)
                    continue
                outbox.tell(None, effects)
            else:
                outbox.tell(event, effects)
            outbox.progressed(key, event, record.offset)
            if state is not None or result.forgotten:
                outbox.keep(key, state, result.head, at_ms, still=result.still)
            self._publish(key, effects, outbox)

    def _read(self, read: Sequence[Record], partitions: int, outbox: Outbox) -> tuple[list[Record], list[Event]]:
        """The records that are to be folded, and what they hold."""
        records: list[Record] = []
        events: list[Event] = []
        topic_of = self._names.topic
        for record in read:
            topic = topic_of(record.topic)
            if topic is Topic.POLICIES:
                self._judge_policy(record, outbox)
                continue
            try:
                event = decode_event(topic, record.value)
            except InvalidEventError as error:
                outbox.bury(record, error.code, str(error))
                continue
            if place(event.conversation_id.encode(), partitions) != record.partition:
                outbox.misrouted.append(record.topic)
            if not outbox.was_folded(event, record.offset):
                records.append(record)
                events.append(event)
        return records, events

    def _fire_timers(self, batch: Batch, outbox: Outbox, now_ms: int) -> None:
        for key, until, ahead_ms in batch.due:
            state = outbox.load(key)
            if state is None or key in outbox.kept:
                continue
            result = self._step.advance(key, state, until)
            outbox.tell(None, result.effects)
            # Time goes on from where the timers left it, and not from when they were found to be due.
            at_ms = min(now_ms, ahead_ms + (result.head.seen_at if result.head else until))
            outbox.keep(key, result.state, result.head, at_ms)
            self._publish(key, result.effects, outbox)

    def _publish(self, key: bytes, effects: Effects, outbox: Outbox) -> None:
        for escalation in effects.escalations:
            stamped = msgspec.structs.replace(escalation, emitted_at=self._now())
            outbox.send(Topic.ESCALATIONS, escalation.conversation_id.encode(), encode(stamped))
        for control in effects.controls:
            outbox.send(Topic.CONTROL, key, encode(control))
        for decision in effects.decisions:
            outbox.send(Topic.DECISIONS, decision.conversation_id.encode(), encode(decision))
        if effects.forgets:
            outbox.send(Topic.CONTROL, key, None)

    def _now(self) -> datetime:
        now = self._clock()
        return now.replace(microsecond=now.microsecond // 1_000 * 1_000)

    def _judge_policy(self, record: Record, outbox: Outbox) -> None:
        # Every worker reads the policies and refuses a bad one; the owner of its partition alone reports it, here,
        # in the transaction that says it is read.
        if record.value:
            problem = self._check_policy(record.key, record.value)
            if problem is not None:
                outbox.bury(record, DeadLetterReason.REJECTED_POLICY, problem)


def decode_event(topic: Topic, value: bytes | None) -> Event:
    """The message or outcome that a record of this topic holds.

    Raises:
        InvalidEventError: it cannot be used; the message names the field and the rule, never a value.
    """
    if not value:
        raise InvalidEventError(DeadLetterReason.EMPTY, "$", "there is no value")
    return decode(value, MESSAGES) if topic is Topic.MESSAGES else decode(value, OUTCOMES)
