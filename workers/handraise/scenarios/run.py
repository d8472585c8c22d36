"""Run scenarios through the very fold of the worker, and compare what fires with what is expected."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from msgspec import Struct

from handraise.conversation import Effects, Processed, Processor
from handraise.conversation.processor import NO_SIGNALS
from handraise.detection import Detection, detection
from handraise.events import Assistant, ChatMessage, Outcome, Sender
from handraise.policy import CompiledPolicy
from handraise.scenarios.expectations import differences
from handraise.scenarios.model import Scenario, ScenarioFile, ScenarioTurn
from handraise.scenarios.read import REPLY, SPEAKERS, pause, wall_time


class Failure(Struct, frozen=True):
    """One turn that went otherwise than expected."""

    turn: int
    """Counted from 0."""
    said: str
    differences: list[str]


class Result(Struct, frozen=True):
    """What became of one scenario; it passed if nothing failed."""

    number: int
    """Its place in the file, from 0."""
    name: str
    failures: list[Failure]


class Runner:
    """Runs the scenarios of one policy.

    Args:
        policy: the policy in force for the scenarios' business.
        zone: the business's time zone, in which scenarios name times.
        fast: detect as a worker does whose detector is set to `fast`.
    """

    def __init__(self, policy: CompiledPolicy, zone: str, *, fast: bool = False) -> None:
        self._policy = policy
        self._zone = ZoneInfo(zone)
        self._detection: Detection = detection(fast=fast)

    def run(self, content: ScenarioFile) -> Iterator[Result]:
        """Run every scenario of a file, each as a conversation of its own."""
        for number, scenario in enumerate(content.scenarios):
            yield Result(number, scenario.name, list(self._failures(content, scenario)))

    def _failures(self, content: ScenarioFile, scenario: Scenario) -> Iterator[Failure]:
        processor = Processor(lambda _: self._policy, *self._detection)
        states: dict[bytes, bytes] = {}
        about = scenario.about or content.about
        reply: str | None = None
        starts = self._start(scenario)
        if starts is None:
            said = f"`{scenario.starts}` is no time in {self._zone.key}, where the clocks are put forward over it"
            yield Failure(0, _said(scenario.turns[0]), [said])
            return
        at = starts - pause(scenario.turns[0])
        for place, turn in enumerate(scenario.turns):
            at += pause(turn)
            if turn.assistant == REPLY and reply is None:
                yield Failure(place, REPLY, ["there is no reply to send: no turn before it brought one"])
                return
            processed = self._happens(processor, states, scenario, turn, place, at, reply or "")
            if processed.state is not None:
                states[processed.key] = processed.state
            elif processed.forgotten:
                states.pop(processed.key, None)
            controls = reversed(processed.effects.controls)
            reply = next((control.reply.text for control in controls if control.reply), reply)
            found = differences(turn, about, processed, self._policy, self._zone)
            if found:
                yield Failure(place, _said(turn), found)

    def _happens(
        self,
        processor: Processor,
        states: dict[bytes, bytes],
        scenario: Scenario,
        turn: ScenarioTurn,
        place: int,
        at: int,
        reply: str,
    ) -> Processed:
        """What a turn brings about; while nobody says anything, timers may fire."""
        if _is_only_waiting(turn):
            for key, state in states.items():
                return processor.advance(key, state, at)
            return Processed(key=b"", state=None, effects=Effects(), signals=NO_SIGNALS)
        return processor.process([self._event(scenario, turn, place, at, reply)], states.get)[0]

    def _start(self, scenario: Scenario) -> int | None:
        """When it begins; None for a time that the clocks of the zone never show."""
        starts = wall_time(scenario.starts)
        if starts is None:
            raise AssertionError("a scenario that was read has a time")
        seconds = int(starts.replace(tzinfo=self._zone).timestamp())
        shown = datetime.fromtimestamp(seconds, self._zone).replace(tzinfo=None)
        return seconds * 1_000 if shown == starts else None

    def _event(self, scenario: Scenario, turn: ScenarioTurn, place: int, at: int, reply: str) -> ChatMessage | Outcome:
        business_id = self._policy.business_id
        if turn.outcome is not None:
            return Outcome(
                outcome_id=f"{place}", conversation_id="scenario", business_id=business_id, kind=turn.outcome, at=at
            )
        sender, text = next((name, getattr(turn, name)) for name in SPEAKERS if getattr(turn, name) is not None)
        customer = sender == Sender.CUSTOMER
        return ChatMessage(
            message_id=f"{place}",
            conversation_id="scenario",
            business_id=business_id,
            sender=Sender(sender),
            sent_at=at,
            text=reply if text == REPLY else text,
            message_type=turn.message_type or "text",
            channel=turn.channel or scenario.channel,
            language=scenario.language,
            customer=scenario.customer,
            assistant=_of_assistant(turn),
            attributes=turn.attributes or (scenario.attributes if customer else None),
        )


def _of_assistant(turn: ScenarioTurn) -> Assistant | None:
    known = Assistant(
        answered=turn.answered,
        confidence=turn.confidence,
        sources=turn.sources,
        retrieval_score=turn.retrieval_score,
        error=turn.error,
    )
    return None if known == Assistant() else known


def _is_only_waiting(turn: ScenarioTurn) -> bool:
    return turn.outcome is None and all(getattr(turn, name) is None for name in SPEAKERS)


def _said(turn: ScenarioTurn) -> str:
    for name in SPEAKERS:
        text = getattr(turn, name)
        if text is not None:
            return f"{name}: {text or turn.message_type}"
    return f"outcome: {turn.outcome}" if turn.outcome is not None else f"wait: {turn.wait}"
