"""The oracle of the fault tests sees each kind of difference, and none where there is none."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import pytest

from handraise.conversation import Processor
from handraise.conversation.processor import Event
from handraise.detection import Signals, detect_fast
from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender
from handraise.policy import default_policy
from tests.chaos.oracle import (
    Case,
    Findings,
    Oracle,
    Output,
    control_output,
    decision_output,
    escalation_output,
    raised,
    remembered,
    same_bytes,
)

KEY: Final = b"acme/c1"
POLICY: Final = default_policy("acme")
TEXTS: Final = ("Hello", "Can I talk to a real person please?", "I want to talk to a person, now!", "Thank you")
MESSAGES: Final = [
    ChatMessage(
        message_id=f"m{number}",
        conversation_id="c1",
        business_id="acme",
        sender=Sender.CUSTOMER,
        sent_at=1_764_000_000_000 + number * 1_000,
        text=text,
    )
    for number, text in enumerate(TEXTS)
]
RESOLVED: Final = Outcome(
    outcome_id="o", conversation_id="c1", business_id="acme", kind=OutcomeKind.RESOLVED, at=1_764_000_009_000
)


def folded(events: Sequence[Event]) -> tuple[list[Output], bytes | None]:
    """What a worker publishes, and the state that it keeps."""
    results = Processor(lambda _: POLICY, detect_fast, "test").process(events, lambda _: None)
    outputs = []
    for effects in (result.effects for result in results):
        outputs += [escalation_output(one) for one in effects.escalations]
        outputs += [control_output(one) for one in effects.controls]
        outputs += [decision_output(one) for one in effects.decisions]
    kept = [result.state for result in results if result.state is not None or result.forgotten]
    return outputs, kept[-1]


def judged(outputs: Sequence[Output], state: bytes | None, outcomes: Sequence[Outcome] = ()) -> Findings:
    """What the oracle finds."""
    findings = Findings()
    oracle = Oracle(lambda _: POLICY, detect_fast, "test", same_bytes)
    oracle.judge(Case(KEY, MESSAGES, outcomes, outputs, state), findings)
    return findings


def test_what_the_worker_does_differs_in_nothing() -> None:
    """Wherever the outcome was read among the messages."""
    outputs, state = folded(MESSAGES)
    assert raised(outputs) == ["human_request"]
    assert judged(outputs, state).differences == 0
    for place in range(1, len(MESSAGES) + 1):
        found = judged(*folded([*MESSAGES[:place], RESOLVED, *MESSAGES[place:]]), [RESOLVED])
        assert found.differences == 0


def test_what_single_messages_raised_is_told_apart() -> None:
    """A conversation of the load may go on, and raise more."""
    outputs, _ = folded(MESSAGES)
    assert raised(outputs, by={one.message_id for one in MESSAGES}) == ["human_request"]
    assert raised(outputs, by={"another"}) == []


def test_a_text_is_looked_at_once_after_the_same_turns() -> None:
    """And again after others, by which it may say something else."""
    asked: list[tuple[str, tuple[str, ...]]] = []

    def detect(texts: Sequence[str], *, before: Sequence[Sequence[str]], **about: Any) -> list[Signals]:  # noqa: ANN401 - as the detector
        asked.extend(zip(texts, map(tuple, before), strict=True))
        return detect_fast(texts, before=before, **about)

    look_up = remembered(detect)
    about = {"senders": [Sender.CUSTOMER] * 3, "languages": [None] * 3}
    first = look_up(["yes", "yes", "no"], before=[("Shall I?",), (), ["Shall I?"]], **about)
    assert look_up(["yes", "yes", "no"], before=[["Shall I?"], (), ("Shall I?",)], **about) == first
    assert asked == [("yes", ("Shall I?",)), ("yes", ()), ("no", ("Shall I?",))]


Spoil = Callable[[list[Output]], list[Output]]


@pytest.mark.parametrize(
    ("spoil", "found"),
    [
        (lambda outputs: outputs[1:], {"lost": 1}),
        (lambda outputs: [*outputs, outputs[0]], {"duplicate": 1}),
        (lambda outputs: [*outputs, outputs[0]._replace(value=b"{}")], {"differing": 1}),
        (lambda outputs: [*outputs, outputs[0]._replace(identity=("other",))], {"unexpected": 1}),
        (lambda outputs: outputs[::-1], {"disordered": 1}),
        (lambda _: [], {"lost": 4}),
    ],
)
def test_each_difference_of_the_output_is_found(spoil: Spoil, found: dict[str, int]) -> None:
    """By its name, and nothing else with it."""
    outputs, state = folded(MESSAGES)
    assert {output.topic for output in outputs} == {Topic.ESCALATIONS, Topic.CONTROL, Topic.DECISIONS}
    findings = judged(spoil(outputs), state)
    assert findings.differences == sum(found.values())
    assert {name: getattr(findings, name) for name in found} == found


@pytest.mark.parametrize("upto", range(len(MESSAGES)))
def test_a_state_that_stopped_early_or_is_missing_has_drifted(upto: int) -> None:
    """Any message of the conversation leaves a trace in its state."""
    outputs, _ = folded(MESSAGES)
    state = folded(MESSAGES[:upto])[1] if upto else None
    assert judged(outputs, state).drift == 1


def test_a_message_that_came_twice_is_counted() -> None:
    """Its worker must have counted it too."""
    findings = Findings()
    oracle = Oracle(lambda _: POLICY, detect_fast, "test", same_bytes)
    oracle.judge(Case(KEY, [*MESSAGES, MESSAGES[0]], (), *folded([*MESSAGES, MESSAGES[0]])), findings)
    assert (findings.differences, findings.repeated, findings.late) == (0, 1, 0)
