"""`handraise explain`: turn by turn, what was seen, what each trigger scored, and what was done about it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from handraise.cli.errors import UserError
from handraise.cli.lines import Event, Fast, Files, Folded, Reader, Run, Until, policy_book
from handraise.conversation import Assessment, Effects, Fact, Processed
from handraise.detection import SIGNALS, Signals
from handraise.detection.amounts import number_text
from handraise.events import ChatMessage, Control, Decision, DecisionResult, Escalation, milliseconds, utc
from handraise.policy import PolicyBook
from handraise.terminal import printable

_QUOTE: Final = 200
_STYLES: Final = {
    DecisionResult.FIRED: "bold red",
    DecisionResult.SUPPRESSED: "yellow",
    DecisionResult.NEAR: "cyan",
    DecisionResult.MISSED: "bold magenta",
}
_MARGIN: Final = "    "
_TIMER: Final = "timer:"
_WORTH_TELLING: Final = 0.05
"""A lower score is what nearly every message has."""
_FACTS: Final = {
    Fact.DUPLICATE: "seen before by its id, so nothing is done",
    Fact.LATE: "more than a minute older than what came before it",
    Fact.TAKEOVER_UNPROMPTED: "a human takes over, and nobody had asked for one",
    Fact.AI_SPOKE_WHILE_HUMAN: "the AI talked over a human",
    Fact.PROMISE_BROKEN: "the AI promises a person, and no escalation is open",
    Fact.PROMISE_KEPT: "a human answers in the time that was promised",
    Fact.PROMISE_MISSED: "the time that was promised has passed, and no human has answered",
    Fact.CUSTOMER_UNANSWERED: "the customer still waits for a human",
    Fact.REPLY_FELL_BACK: "the policy's own reply does not resolve here, so the built-in one serves",
    Fact.OFFER_ACCEPTED: "the customer says yes to a person",
    Fact.OFFER_LAPSED: "the offer of a person lapses",
}
"""What happened besides decisions, in words."""


def explain(
    files: Files,
    *,
    conversation: Annotated[str | None, typer.Option(metavar="ID", help="Only this conversation.")] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE|FOLDER", exists=True, help="Policies instead of the built-in default.")
    ] = None,
    until: Until = None,
    fast: Fast = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")] = False,
) -> None:
    """Tell, turn by turn, why a conversation was raised or not."""
    policies = policy_book(policy)
    reader = Reader(strict=strict)
    run = Run(policies, reader, fast=fast)
    page = _Page(policies)
    for folded in run.fold(files):
        if conversation in (None, folded.event.conversation_id):
            page.turn(folded)
    for processed in run.advance(until):
        page.silence(processed)
    reader.tell_uncovered(policy, policies, {business_id for business_id, _ in page.turns})
    reader.close()
    if conversation is not None and not page.turns:
        raise UserError(f"no conversation {conversation} in {', '.join(map(str, files))}")


class _Page:
    """What is printed, one turn after the other."""

    def __init__(self, policies: PolicyBook) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._policies = policies
        self._current: tuple[str, str] | None = None
        self._day: date | None = None
        self._scopes: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        """Channel and segment of each conversation, as its messages have said so far."""
        self._known: dict[bytes, tuple[str, str]] = {}
        """Business and conversation of what was printed, by the key of its state."""
        self.turns: dict[tuple[str, str], int] = {}

    def turn(self, folded: Folded) -> None:
        """Print one event and what it brought about."""
        event, effects = folded.event, folded.processed.effects
        key = (event.business_id, event.conversation_id)
        self.turns[key] = self.turns.get(key, 0) + 1
        self._known[folded.processed.key] = key
        self._said(key, event, folded.processed.signals)
        self._brought(key, effects)

    def silence(self, processed: Processed) -> None:
        """Print what the timers of a conversation that was printed brought about after its last event, if anything."""
        effects, key = processed.effects, self._known.get(processed.key)
        if key is not None and (effects.notes or effects.decisions or effects.escalations or effects.controls):
            self._begin(key)
            self._line(f"{_MARGIN}nobody writes any more", "bold")
            self._brought(key, effects)

    def _brought(self, key: tuple[str, str], effects: Effects) -> None:
        """Print what an event, or the lack of one, brought about."""
        for note in effects.notes:
            if note.fact in _FACTS:
                self._line(f"{_MARGIN}{_FACTS[note.fact]}", "dim")
            elif note.fact is Fact.CONVERSATION_STARTED and self.turns[key] > 1:
                self._line(f"{_MARGIN}the conversation had ended, and a new one begins", "dim")
        decided = {(decision.trigger, decision.score) for decision in effects.decisions}
        for assessment in effects.assessments:
            worth_telling = assessment.score >= _WORTH_TELLING or assessment.aside
            if worth_telling and (assessment.trigger, assessment.score) not in decided:
                self._line(f"{_MARGIN}{self._scored(key, assessment)}", "dim")
        for decision in effects.decisions:
            when = f"{_timed(decision.occurred_at)}: " if decision.message_id.startswith(_TIMER) else ""
            self._line(f"{_MARGIN}{when}{_decided(decision)}", _STYLES[decision.result])
        for escalation in effects.escalations:
            self._escalation(escalation)
        for control in effects.controls:
            self._line(f"{_MARGIN}control: {_control(control)}", "magenta")

    def _begin(self, key: tuple[str, str]) -> bool:
        """Print which conversation it is, where it is another than before."""
        if key == self._current:
            return False
        self._line(f"\n{key[0]} / {key[1]}", "bold underline")
        self._current = key
        return True

    def _said(self, key: tuple[str, str], event: Event, signals: Signals) -> None:
        """Print the event itself: when, who and what, and what was seen in it."""
        at = utc(milliseconds(event.sent_at if isinstance(event, ChatMessage) else event.at))
        is_other = self._begin(key)
        if is_other or at.date() != self._day:
            self._line(f"{_MARGIN}{at:%A %Y-%m-%d}, times in UTC", "dim")
        self._day = at.date()
        head = f"{self.turns[key]:>3} {at:%H:%M:%S}"
        if not isinstance(event, ChatMessage):
            verdict = f" {event.verdict.value}" if event.verdict else ""
            self._line(f"{head} outcome: {event.kind.value}{verdict}", "bold")
            return
        channel, segment = self._scopes.get(key, (None, None))
        segment = (event.customer.segment if event.customer else None) or segment
        self._scopes[key] = (event.channel or channel, segment)
        self._line(f"{head} {event.sender.value}: {_quote(event.text) or f'({event.message_type})'}", "bold")
        self._line(f"{_MARGIN}seen: {_seen(signals, event.text)}", "dim")

    def _scored(self, key: tuple[str, str], assessment: Assessment) -> str:
        """A trigger of which no decision tells."""
        reasons = [*assessment.signs, assessment.aside] if assessment.aside else assessment.signs
        why = f" ({', '.join(reasons)})" if reasons else ""
        try:
            policy = self._policies[key[0]].in_scope(*self._scopes.get(key, (None, None)))
            rule = policy.rule(assessment.trigger, assessment.trigger_class)
        except KeyError:
            return f"{_name(assessment)} {assessment.score:.2f}{why}, not in the policy"
        scored = f"{_name(assessment)} {assessment.score:.2f} of {rule.threshold:.2f}{why}"
        if not rule.enabled:
            return f"{scored}, turned off in the policy"
        if assessment.score >= rule.threshold:
            return f"{scored}, told by the crisis on the same message"
        return f"{scored}, far from it"

    def _escalation(self, escalation: Escalation) -> None:
        by_timer = escalation.caused_by.startswith(_TIMER)
        when = f" {_timed(escalation.occurred_at)}, {escalation.caused_by}" if by_timer else ""
        head = f"{escalation.type.value} (revision {escalation.revision}){when}: {escalation.reason}"
        self._line(f"{_MARGIN}{head}", "bold green")
        self._line(
            f"{_MARGIN}  owner {escalation.owner}, due {escalation.due_at:%Y-%m-%d %H:%M} UTC, {escalation.summary}"
        )
        if escalation.reply:
            self._line(f"{_MARGIN}  reply: {escalation.reply.text}")

    def _line(self, text: str, style: str = "") -> None:
        # Leading blanks are the layout; what customers write must not steer the terminal.
        shown = text.lstrip()
        margin = text[: len(text) - len(shown)].replace("\n", "")
        if text.startswith("\n"):
            self._console.print()
        self._console.print(Text(margin + printable(shown), style=style))


def _quote(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _QUOTE else f"{line[: _QUOTE - 1]}…"


def _seen(signals: Signals, text: str) -> str:
    words: dict[str, list[str]] = {}
    for span in signals.spans:
        words.setdefault(span.signal, []).append(f"“{_quote(text[span.start : span.end])}”")
    scores = [
        f"{name} {getattr(signals, name):.2f} {' '.join(words.get(name, []))}".strip()
        for name in SIGNALS
        if getattr(signals, name) >= _WORTH_TELLING
    ]
    flags = [
        name.replace("_", " ")
        for name in ("question", "gibberish", "deferral", "asks_detail", "offers_human", "errand", "fault", "corrects")
        if getattr(signals, name)
    ]
    about = f"{signals.language}, sentiment {signals.sentiment:+.2f}, intent {signals.intent.value}"
    return "; ".join([about, *flags, *scores, *_numbers(signals)])


def _numbers(signals: Signals) -> list[str]:
    """The sums of money and the numbers of things that were read in the text."""
    amounts = [f"{number_text(amount.value)} {amount.currency}" for amount in signals.amounts]
    quantities = [f"{number_text(quantity.value)} {quantity.unit}" for quantity in signals.quantities]
    return [f"{name} {', '.join(found)}" for name, found in (("amounts", amounts), ("quantities", quantities)) if found]


def _timed(at: datetime) -> str:
    return f"at {at:%Y-%m-%d %H:%M:%S}"


def _name(assessment: Assessment) -> str:
    return f"{assessment.trigger}/{assessment.trigger_class}" if assessment.trigger_class else assessment.trigger


def _decided(decision: Decision) -> str:
    words = {DecisionResult.NEAR: "nearly fired", DecisionResult.MISSED: "probably missed"}
    result = words.get(decision.result, decision.result.value)
    score = f"{decision.score:.2f} of {decision.threshold:.2f}"
    return f"{decision.trigger} {result} ({decision.action.value}), {score}: {decision.because}"


def _control(control: Control) -> str:
    return f"{control.state.value}, held by {'the AI' if control.holder == 'ai' else 'a human'}"
