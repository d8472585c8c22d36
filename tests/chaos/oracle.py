"""What must have come of the input, worked out from the input itself as it is in the log, and how the output differs.

Each conversation is folded alone, event by event, in the order of its log. Where it has an outcome, which stands in
another topic, the order between the two is a best effort (decision 6): every place of the outcome is tried, and the
output and the state have to agree on one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import msgspec

from handraise.conversation import Processor
from handraise.conversation.effects import Fact
from handraise.conversation.processor import Event
from handraise.detection import Detect, Signals
from handraise.engine.topics import Topic
from handraise.events import (
    MESSAGES,
    OUTCOMES,
    ChatMessage,
    Control,
    Decision,
    Escalation,
    EscalationType,
    InvalidEventError,
    Outcome,
    Sender,
    decode,
    encode,
)
from handraise.policy.model import BusinessPolicy

PolicyOf = Callable[[Event], BusinessPolicy]
SameState = Callable[[bytes | None, bytes | None], bool]
Place = tuple[str, int, int]
"""Topic, partition and offset of a record."""
_EXAMPLES: Final = 5

ESCALATIONS: Final = msgspec.json.Decoder(Escalation)
CONTROLS: Final = msgspec.json.Decoder(Control)
DECISIONS: Final = msgspec.json.Decoder(Decision)


def same_bytes(one: bytes | None, other: bytes | None) -> bool:
    """Whether two states are the same to the byte."""
    return one == other


class Output(NamedTuple):
    """One event of an output topic: its conversation, its identity, and its bytes without the time of writing."""

    key: bytes
    topic: Topic
    identity: tuple[object, ...]
    value: bytes


@dataclass
class Expected:
    """What must have come of one conversation."""

    outputs: list[Output] = field(default_factory=list)
    state: bytes | None = None
    rejected: list[int] = field(default_factory=list)
    """The events that must be dead letters, by their number."""
    late: int = 0
    repeated: int = 0


class Case(NamedTuple):
    """What is known of one conversation: the input in its order, the outcome apart, and what came of it."""

    key: bytes
    messages: Sequence[ChatMessage]
    outcomes: Sequence[Outcome]
    outputs: Sequence[Output]
    state: bytes | None


class Order(NamedTuple):
    """An order of a conversation's events."""

    as_sent: bool
    """The outcome is at the end."""
    rejected: list[Event]
    """What must be a dead letter: an outcome that came before every message."""


@dataclass
class Findings:
    """How the output of a run differs from what it must be."""

    conversations: int = 0
    messages: int = 0
    """Records of the message topic, good ones and bad ones."""
    lost: int = 0
    """Results and dead letters that must be there, and are not."""
    duplicate: int = 0
    """Results that are there again, the same to the byte (the time of writing aside)."""
    differing: int = 0
    """Results that are there again under the same id, with another content."""
    unexpected: int = 0
    """Results that nothing in the input explains."""
    disordered: int = 0
    """Conversations whose results are all there, but not in the order of the log."""
    drift: int = 0
    """Conversations whose state in the changelog is not the one that the input gives."""
    wrong_answers: int = 0
    """Conversations that did not raise what they were written to raise."""
    late: int = 0
    """Events that a worker must have counted as late."""
    repeated: int = 0
    """Events that a worker must have counted as duplicates."""
    examples: list[str] = field(default_factory=list)

    @property
    def differences(self) -> int:
        """All that is wrong, in one number."""
        return self.lost + self.duplicate + self.differing + self.unexpected + self.disordered + self.drift

    def note(self, example: str) -> None:
        """Keep an example, if there are not enough yet."""
        if len(self.examples) < _EXAMPLES:
            self.examples.append(example)


class Oracle:
    """Folds what is in the log, and compares.

    Args:
        policy_of: the policy that an event is to be folded with.
        detect: texts to signals, as the workers were set. It is asked about one text at a time: see `remembered`.
        detector_version: goes on every event that comes out.
        same_state: how two states are compared.
    """

    def __init__(
        self,
        policy_of: PolicyOf,
        detect: Detect,
        detector_version: str,
        same_state: SameState,
    ) -> None:
        self._policy_of = policy_of
        self._same_state = same_state
        self._current: BusinessPolicy | None = None
        self._processor = Processor(self._policy, detect, detector_version)

    def judge(self, case: Case, findings: Findings) -> Order:
        """Compare one conversation, by the order of its events that explains most; that order."""
        best: tuple[Findings, Order] | None = None
        for place, events in enumerate(_orders(case.messages, case.outcomes)):
            found, expected = Findings(), self.expected(case.key, events)
            self.compare(case.key, expected, case.outputs, case.state, found)
            if best is None or found.differences < best[0].differences:
                best = found, Order(place == 0, [events[number] for number in expected.rejected])
            if not found.differences:
                break
        assert best is not None
        add(findings, best[0])
        findings.conversations += 1
        return best[1]

    def _policy(self, _: str) -> BusinessPolicy:
        assert self._current is not None
        return self._current

    def expected(self, key: bytes, events: Iterable[Event]) -> Expected:
        """What comes of a conversation's events in this order."""
        expected = Expected()
        for number, event in enumerate(events):
            self._current = self._policy_of(event)
            result = self._processor.process([event], lambda _: expected.state)[0]
            if result.rejected is not None:
                expected.rejected.append(number)
                if not result.effects.came_too_late:
                    continue
            if result.state is not None or result.forgotten:
                expected.state = result.state
            effects = result.effects
            expected.late += sum(note.fact is Fact.LATE for note in effects.notes)
            expected.repeated += sum(note.fact is Fact.DUPLICATE for note in effects.notes)
            expected.outputs += [escalation_output(one) for one in effects.escalations]
            expected.outputs += [control_output(one) for one in effects.controls]
            expected.outputs += [decision_output(one) for one in effects.decisions]
            expected.outputs += [forgotten_output(key)] if effects.forgets else []
        return expected

    def compare(
        self, key: bytes, expected: Expected, outputs: Sequence[Output], state: bytes | None, found: Findings
    ) -> None:
        """Add to the findings how a conversation's output and state differ from what is expected."""
        found.late += expected.late
        found.repeated += expected.repeated
        wanted, there = Counter(expected.outputs), Counter(outputs)
        missing, extra = wanted - there, there - wanted
        identities = {(one.topic, one.identity) for one in wanted}
        for output, times in missing.items():
            found.lost += times
            found.note(f"lost: {output.topic} {output.identity}")
        for output, times in extra.items():
            what = "duplicate" if output in wanted else "differing"
            if (output.topic, output.identity) not in identities:
                what = "unexpected"
            setattr(found, what, getattr(found, what) + times)
            found.note(f"{what}: {output.topic} {output.identity}")
        if not missing and not found.unexpected and not found.differing:
            for topic in (Topic.ESCALATIONS, Topic.CONTROL, Topic.DECISIONS):
                if _in_order(expected.outputs, topic) != _in_order(outputs, topic):
                    found.disordered += 1
                    found.note(f"disordered: {topic} {key!r}")
        if not self._same_state(expected.state, state):
            found.drift += 1
            found.note(f"drift: {key!r}")


def add(findings: Findings, more: Findings) -> None:
    """Add up two findings, into the first."""
    for name, value in vars(more).items():
        if isinstance(value, int):
            setattr(findings, name, getattr(findings, name) + value)
    for example in more.examples:
        findings.note(example)


def remembered(detect: Detect) -> Detect:
    """The same detector, which looks once at each text after the same turns: it does not depend on other texts."""
    known: dict[tuple[object, ...], Signals] = {}

    def look_up(
        texts: Sequence[str],
        *,
        senders: Sequence[Sender],
        languages: Sequence[str | None],
        before: Sequence[Sequence[str]],
    ) -> list[Signals]:
        found = []
        for text, sender, language, turns in zip(texts, senders, languages, before, strict=True):
            about = (text, sender, language, tuple(turns))
            if about not in known:
                known[about] = detect([text], senders=[sender], languages=[language], before=[turns])[0]
            found.append(known[about])
        return found

    return look_up


def escalation_output(one: Escalation) -> Output:
    """An escalation, without the time at which it was written."""
    key = f"{one.business_id}/{one.conversation_id}".encode()
    value = encode(msgspec.structs.replace(one, emitted_at=one.occurred_at))
    return Output(key, Topic.ESCALATIONS, (one.escalation_id, one.revision), value)


def control_output(one: Control) -> Output:
    """A control event; it is known by its conversation, its state and since when."""
    key = f"{one.business_id}/{one.conversation_id}".encode()
    return Output(key, Topic.CONTROL, (key, one.state, one.since), encode(one))


def decision_output(one: Decision) -> Output:
    """A decision; it is known by its message and its trigger."""
    key = f"{one.business_id}/{one.conversation_id}".encode()
    return Output(key, Topic.DECISIONS, (key, one.message_id, one.trigger, one.result), encode(one))


def forgotten_output(key: bytes) -> Output:
    """The end of what the control topic has of a conversation."""
    return Output(key, Topic.CONTROL, (key, "forgotten"), b"")


def read_output(topic: Topic, key: bytes, value: bytes | None) -> Output:
    """An event of an output topic as it was read."""
    if value is None:
        return forgotten_output(key)
    if topic is Topic.ESCALATIONS:
        return escalation_output(ESCALATIONS.decode(value))
    if topic is Topic.CONTROL:
        return control_output(CONTROLS.decode(value))
    return decision_output(DECISIONS.decode(value))


def raised(outputs: Iterable[Output], by: Container[str] | None = None) -> list[str]:
    """The triggers that a conversation raised, in their order, if `by` these messages; a copy counts once."""
    escalations = {one.identity: ESCALATIONS.decode(one.value) for one in outputs if one.topic is Topic.ESCALATIONS}
    return [
        one.trigger
        for one in escalations.values()
        if one.type is EscalationType.RAISED and (by is None or one.caused_by in by)
    ]


def read_event(topic: Topic, value: bytes | None) -> Event | None:
    """A message or an outcome as a worker reads it; None if it must be a dead letter."""
    try:
        return decode(value or b"", MESSAGES) if topic is Topic.MESSAGES else decode(value or b"", OUTCOMES)
    except InvalidEventError:
        return None


def _orders(messages: Sequence[ChatMessage], outcomes: Sequence[Outcome]) -> Iterator[list[Event]]:
    """The orders in which one outcome can stand among the messages, the likeliest first: at the end."""
    assert len(outcomes) <= 1, "the load gives a conversation one outcome at most"
    if not outcomes:
        yield list(messages)
        return
    for place in range(len(messages), -1, -1):
        yield [*messages[:place], outcomes[0], *messages[place:]]


def _in_order(outputs: Iterable[Output], topic: Topic) -> list[Output]:
    return list(dict.fromkeys(one for one in outputs if one.topic is topic))
