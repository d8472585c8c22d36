"""`handraise explain`: turn by turn, what was seen, what each trigger scored, and what was done about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from handraise.cli.errors import UserError
from handraise.cli.lines import Fast, Files, Folded, Reader, Run, policy_book
from handraise.conversation import Assessment
from handraise.demo.lines import printable
from handraise.detection import SIGNALS, Signals
from handraise.events import ChatMessage, Control, Decision, DecisionResult, Escalation
from handraise.policy import PolicyBook

_QUOTE: Final = 200
_STYLES: Final = {
    DecisionResult.FIRED: "bold red",
    DecisionResult.SUPPRESSED: "yellow",
    DecisionResult.NEAR: "cyan",
}
_MARGIN: Final = "    "


def explain(
    files: Files,
    *,
    conversation: Annotated[str | None, typer.Option(metavar="ID", help="Only this conversation.")] = None,
    policy: Annotated[
        Path | None, typer.Option(metavar="FILE|FOLDER", exists=True, help="Policies instead of the built-in default.")
    ] = None,
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
    reader.close()
    if conversation is not None and not page.turns:
        raise UserError(f"no conversation {conversation} in {', '.join(map(str, files))}")


class _Page:
    """What is printed, one turn after the other."""

    def __init__(self, policies: PolicyBook) -> None:
        self._console = Console(highlight=False, soft_wrap=True)
        self._policies = policies
        self._current: tuple[str, str] | None = None
        self._scopes: dict[tuple[str, str], tuple[str | None, str | None]] = {}
        """Channel and segment of each conversation, as its messages have said so far."""
        self.turns: dict[tuple[str, str], int] = {}

    def turn(self, folded: Folded) -> None:
        """Print one event and what it brought about."""
        event, effects = folded.event, folded.processed.effects
        key = (event.business_id, event.conversation_id)
        self.turns[key] = self.turns.get(key, 0) + 1
        if key != self._current:
            self._current = key
            self._line(f"\n{event.business_id} / {event.conversation_id}", "bold underline")
        if isinstance(event, ChatMessage):
            channel, segment = self._scopes.get(key, (None, None))
            segment = (event.customer.segment if event.customer else None) or segment
            self._scopes[key] = (event.channel or channel, segment)
            self._line(
                f"{self.turns[key]:>3} {event.sender.value}: {_quote(event.text) or f'({event.message_type})'}", "bold"
            )
            self._line(f"{_MARGIN}seen: {_seen(folded.processed.signals, event.text)}", "dim")
        else:
            verdict = f" {event.verdict.value}" if event.verdict else ""
            self._line(f"{self.turns[key]:>3} outcome: {event.kind.value}{verdict}", "bold")
        for note in effects.notes:
            if note.fact in ("duplicate", "late"):
                self._line(f"{_MARGIN}{note.fact.value}", "dim")
        decided = {(decision.trigger, decision.score) for decision in effects.decisions}
        for assessment in effects.assessments:
            if (assessment.trigger, assessment.score) not in decided:
                self._line(f"{_MARGIN}{self._scored(key, assessment)}", "dim")
        for decision in effects.decisions:
            self._line(f"{_MARGIN}{_decided(decision)}", _STYLES[decision.result])
        for escalation in effects.escalations:
            self._escalation(escalation)
        for control in effects.controls:
            self._line(f"{_MARGIN}control: {_control(control)}", "magenta")

    def _scored(self, key: tuple[str, str], assessment: Assessment) -> str:
        """A trigger of which no decision tells."""
        why = f" ({', '.join(assessment.signs)})" if assessment.signs else ""
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
        head = f"{escalation.type.value} (revision {escalation.revision}): {escalation.reason}"
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
        if getattr(signals, name) > 0
    ]
    flags = [
        name.replace("_", " ")
        for name in ("question", "gibberish", "deferral", "asks_detail", "offers_human")
        if getattr(signals, name)
    ]
    about = f"{signals.language}, sentiment {signals.sentiment:+.2f}, intent {signals.intent.value}"
    return "; ".join([about, *flags, *scores])


def _name(assessment: Assessment) -> str:
    return f"{assessment.trigger}/{assessment.trigger_class}" if assessment.trigger_class else assessment.trigger


def _decided(decision: Decision) -> str:
    result = "nearly fired" if decision.result is DecisionResult.NEAR else decision.result.value
    score = f"{decision.score:.2f} of {decision.threshold:.2f}"
    return f"{decision.trigger} {result} ({decision.action.value}), {score}: {decision.because}"


def _control(control: Control) -> str:
    return f"{control.state.value}, held by {'the AI' if control.holder == 'ai' else 'a human'}"
