"""The verdict on a trial: what the oracle found, how long things took, and whether anything was done at all."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from struct import Struct
from typing import Any, Final, NamedTuple

from handraise.conversation.processor import Event
from handraise.conversation.state import state_key
from handraise.detection import Detect, detection
from handraise.engine.shelf import check_policy
from handraise.engine.state import PROGRESS_HEADER
from handraise.engine.topics import Topic
from handraise.events import OUTCOMES, ChatMessage, Outcome
from handraise.policy import PolicyBook, compile_policy, load, parse
from handraise.settings import Delivery, DetectorKind
from tests.chaos.oracle import (
    DECISIONS,
    Case,
    Findings,
    Oracle,
    Output,
    Place,
    PolicyOf,
    add,
    raised,
    read_event,
    read_output,
    remembered,
)
from tests.chaos.scripts import Script
from tests.chaos.trial import Trial
from tests.support.installation import Installation

_OWNER: Final = Struct(">q")
PLACED_ALIKE: Final = (Topic.ESCALATIONS, Topic.DECISIONS)
"""Outputs that are in the partition of their conversation's messages."""
OUTPUTS: Final = (*PLACED_ALIKE, Topic.CONTROL)
COUNTED: Final = ("lost", "duplicate", "differing", "unexpected", "disordered", "drift", "wrong_answers")


@dataclass
class Verdict:
    """What is reported of one fault under one guarantee. Times are seconds."""

    delivery: str
    findings: Findings
    unseen: int = 0
    """Records of the input that nobody had worked on in the end."""
    input_lost: int = 0
    """Messages that the broker had acknowledged, and does not have: its loss, not the worker's."""
    strikes: int = 0
    before: int = 0
    """Decisions seen before the first blow."""
    during: int = 0
    """Decisions seen between the first blow and the end of the fault."""
    after: int = 0
    """Messages sent after the end of the fault that were decided."""
    latency: dict[str, float] = field(default_factory=dict)
    """From the producer's `send` to the sight of the decision: p50, p99 and worst."""
    recovery: list[float] = field(default_factory=list)
    """After each blow, until every partition had decided a message that was sent after it."""
    crashes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    load_average: float = 0.0
    """Of the machine, over the last five minutes: above the number of its cores, everything waited for a turn."""

    @property
    def progress(self) -> bool:
        """Whether messages were decided before, during and after."""
        return bool(self.before and self.during and self.after)

    @property
    def holds(self) -> bool:
        """Whether the guarantee was kept, and the run shows it."""
        found = self.findings
        wrong = found.lost + found.differing + found.unexpected + found.disordered + found.drift + found.wrong_answers
        if self.delivery == Delivery.EXACTLY_ONCE:
            wrong += found.duplicate
        return not (wrong or self.unseen or self.input_lost or self.problems) and self.progress

    def line(self) -> str:
        """For the terminal."""
        found = self.findings
        counts = {name: getattr(found, name) for name in COUNTED} | {"unseen": self.unseen}
        told = ", ".join(f"{name} {count}" for name, count in counts.items())
        times = f"p50 {self.latency.get('p50', 0) * 1_000:.0f} ms, worst {self.latency.get('worst', 0):.1f} s"
        recovery = f"recovery {max(self.recovery, default=0):.1f} s after {self.strikes} blows"
        progress = f"decided {self.before}/{self.during}/{self.after}"
        return (
            f"{'holds' if self.holds else 'BROKEN'}: {found.messages} messages, {told}; {progress}; {times}, {recovery}"
        )

    def as_json(self) -> dict[str, Any]:
        """For the file of results."""
        return {**asdict(self), "progress": self.progress, "holds": self.holds}


async def judge(trial: Trial, unseen: int) -> Verdict:
    """Read everything back, and compare it with what the input asks for.

    One partition after the other, since a long run would not fit into memory: all that belongs to a conversation is in
    one, but for its control events, which have the business in their key.
    """
    made = trial.made
    controls = _by_conversation(
        read_output(Topic.CONTROL, one.key, one.value) for one in await made.everything(Topic.CONTROL)
    )
    letters = await made.everything(Topic.DEAD_LETTERS)
    policies = await made.everything(Topic.POLICIES)
    found = Findings()
    bad = {_place(one): one.value for one in policies if check_policy(one.key, one.value) is not None}
    detecting = _detection(made)
    there = set[str]()
    for partition in range(trial.setup.partitions):
        part = await _judge_partition(trial, partition, controls, detecting, found)
        bad |= part.bad
        there |= part.messages
    _all_unexpected(controls, found)
    compare_letters(bad, letters, found)
    verdict = Verdict(
        made.settings.delivery.value,
        found,
        unseen=unseen,
        input_lost=len(trial.load.acknowledged - there),
        strikes=len(trial.strikes),
        crashes=trial.crew.crashes,
        problems=[*trial.problems, *trial.crew.bad_exits, *_miscounted(trial, found)],
        figures=trial.figures | ({"dead_letters": len(letters)} if letters else {}),
        load_average=round(os.getloadavg()[1], 1),
    )
    _tell_times(trial, verdict)
    return verdict


class _Part(NamedTuple):
    """What the input of a partition holds."""

    messages: set[str]
    """The ids of its messages."""
    bad: dict[Place, bytes]
    """What has to be in the dead letters, by its place."""


async def _judge_partition(
    trial: Trial,
    partition: int,
    controls: dict[bytes, list[Output]],
    detecting: tuple[Detect, str],
    found: Findings,
) -> _Part:
    """Judge the conversations of a partition; their control events are taken out of `controls`."""
    made, scripts = trial.made, trial.load.scripts
    messages = await made.everything(Topic.MESSAGES, partition)
    outcomes = await made.everything(Topic.OUTCOMES, partition)
    written = [(topic, record) for topic in PLACED_ALIKE for record in await made.everything(topic, partition)]
    outputs = _by_conversation(read_output(topic, record.key, record.value) for topic, record in written)
    states = newest_states(await made.everything(Topic.STATE, partition))
    found.messages += len(messages)
    spoken, bad = _conversations(made, [*messages, *outcomes])
    reported = {OUTCOMES.decode(one.value).outcome_id: one for one in outcomes}
    detect, version = detecting
    oracle = Oracle(_policies(trial, outputs), remembered(detect), version, trial.setup.same_state)
    for key, events in spoken.items():
        said = [event for event in events if isinstance(event, ChatMessage)]
        done = [event for event in events if isinstance(event, Outcome)]
        case = Case(key, said, done, outputs.pop(key, []) + controls.pop(key, []), states.pop(key, None))
        order = oracle.judge(case, found)
        for record in (reported[_identifier(event)] for event in order.rejected):
            bad[_place(record)] = record.value
        if said and order.as_sent and not _answers(case, scripts[said[0].conversation_id]):
            found.wrong_answers += 1
            found.note(f"wrong answer: {key!r}")
    _all_unexpected(outputs, found)
    for key in states:
        add(found, Findings(drift=1, examples=[f"drift: {key!r} is no conversation of the input"]))
    ids = {event.message_id for events in spoken.values() for event in events if isinstance(event, ChatMessage)}
    return _Part(ids, bad)


def _all_unexpected(outputs: Mapping[bytes, Sequence[Output]], found: Findings) -> None:
    for key, left in outputs.items():
        add(found, Findings(unexpected=len(left), examples=[f"unexpected: conversation {key!r}"]))


def newest_states(changelog: Iterable[Any]) -> dict[bytes, bytes]:
    """The state of each conversation that its changelog gives back.

    Under at-least-once a state names its owner, and the one of the latest owner counts, even if a worker that was
    stalled has written after it (decision 3).
    """
    states: dict[bytes, bytes | None] = {}
    owners: dict[bytes, int] = {}
    for record in changelog:
        owner = next((_OWNER.unpack_from(value)[0] for name, value in record.headers if name == PROGRESS_HEADER), -1)
        if owner >= owners.get(record.key, -1):
            owners[record.key], states[record.key] = owner, record.value
    return {key: state for key, state in states.items() if state is not None}


def _detection(made: Installation) -> tuple[Detect, str]:
    return detection(fast=made.settings.detector is DetectorKind.FAST)


def _by_conversation(outputs: Iterable[Output]) -> dict[bytes, list[Output]]:
    by_key: dict[bytes, list[Output]] = {}
    for output in outputs:
        by_key.setdefault(output.key, []).append(output)
    return by_key


def _conversations(made: Installation, records: Iterable[Any]) -> tuple[dict[bytes, list[Event]], dict[Place, bytes]]:
    """The events of each conversation in the order of the log; and what nobody can read, by its place."""
    spoken: dict[bytes, list[Event]] = {}
    bad: dict[Place, bytes] = {}
    for record in records:
        event = read_event(made.names.topic(record.topic), record.value)
        if event is None:
            bad[_place(record)] = record.value or b""
        else:
            spoken.setdefault(state_key(event.business_id, event.conversation_id), []).append(event)
    return spoken, bad


def _place(record: Any) -> Place:  # noqa: ANN401 - aiokafka carries no types
    return record.topic, record.partition, record.offset


def _policies(trial: Trial, outputs: Mapping[bytes, Sequence[Output]]) -> PolicyOf:
    """The policy that an event is to be folded with: the local one.

    Where policies were published meanwhile, it is the one that the event's own decision names: it must be one of those
    that were published.
    """
    local = trial.made.settings.policy_path
    book = PolicyBook(load(local) if local else ())
    if not trial.published:
        return lambda event: book[event.business_id]
    known = {compiled.version: compiled for compiled in (compile_policy(parse(one)) for one in trial.published)}
    used = {message: version for output in outputs.values() for message, version in _versions(output)}
    return lambda event: known.get(used.get(_identifier(event), ""), book[event.business_id])


def _versions(outputs: Sequence[Output]) -> list[tuple[str, str]]:
    decisions = [DECISIONS.decode(output.value) for output in outputs if output.topic is Topic.DECISIONS]
    return [(one.message_id, one.policy_version) for one in decisions]


def _identifier(event: Event) -> str:
    return event.outcome_id if isinstance(event, Outcome) else event.message_id


def _answers(case: Case, script: Script) -> bool:
    """Whether a conversation that was read as it was written raised what it was written to raise.

    Of one that goes on with other scripts, it is the first that counts.
    """
    read = list(dict.fromkeys(message.message_id for message in case.messages))
    written = [f"{case.messages[0].conversation_id}-{turn:02}" for turn in range(len(script.turns))]
    if read[: len(written)] != written:
        return True
    return raised(case.outputs, by=set(written)) == ([script.raises] if script.raises else [])


def compare_letters(bad: Mapping[Place, bytes], letters: Iterable[Any], found: Findings) -> None:
    """See that what nobody can read is in the dead letters, each as it came, and nothing else."""
    there = Counter(_source(letter) for letter in letters)
    values = {_source(letter): letter.value for letter in letters}
    for place, value in bad.items():
        if not there[place]:
            found.lost += 1
            found.note(f"lost: the dead letter of {place}")
        elif values[place] != value:
            found.differing += 1
            found.note(f"differing: the dead letter of {place}")
        found.duplicate += max(0, there[place] - 1)
    for place in there.keys() - bad.keys():
        found.unexpected += there[place]
        found.note(f"unexpected: a dead letter of {place}")


def _source(letter: Any) -> Place:  # noqa: ANN401 - aiokafka carries no types
    headers = dict(letter.headers)
    partition, offset = (int(headers[f"handraise.source_{name}"]) for name in ("partition", "offset"))
    return headers["handraise.source_topic"].decode(), partition, offset


def _miscounted(trial: Trial, found: Findings) -> list[str]:
    wanted = {"counted_late": found.late, "counted_duplicates": found.repeated}
    return [
        f"{name}: {trial.figures[name]:g} by the workers, {count} in the log"
        for name, count in wanted.items()
        if name in trial.figures and trial.figures[name] != count
    ]


def _tell_times(trial: Trial, verdict: Verdict) -> None:
    sent, strikes = trial.load.sent, trial.strikes
    seen = {name: one for name, one in trial.watch.seen.items() if sent[name] >= trial.measured_from}
    took = sorted(one.at - sent[name] for name, one in seen.items())
    if took:
        verdict.latency = {
            "p50": round(took[len(took) // 2], 4),
            "p99": round(took[len(took) * 99 // 100], 4),
            "worst": round(took[-1], 3),
        }
    if not strikes:
        return
    first, last = strikes[0][0], trial.ended_at
    sights = [*(one.at for one in seen.values()), *trial.watch.letters]
    verdict.before = sum(at < first for at in sights)
    verdict.during = sum(first <= at <= last for at in sights)
    verdict.after = sum(sent[name] > last for name in seen)
    verdict.recovery = [round(_recovery(trial, end), 3) for _, end in strikes]


def _recovery(trial: Trial, end: float) -> float:
    """Until every partition had decided a message that was sent after this time."""
    first: dict[int, float] = {}
    for name, (at, partition) in trial.watch.seen.items():
        if trial.load.sent[name] >= end:
            first[partition] = min(at, first.get(partition, at))
    if len(first) < trial.setup.partitions:
        return float("inf")
    return max(first.values()) - end
