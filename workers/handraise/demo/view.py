"""What the demo shows: each escalation as a card, and at the end a summary. Plain lines where there is no terminal."""

from __future__ import annotations

from collections import Counter
from statistics import quantiles
from typing import Final

from rich.console import Console
from rich.markup import escape
from rich.panel import Panel

from handraise.events import ChatMessage, Escalation, EscalationType, Priority

_COLOURS: Final = {
    Priority.CRITICAL: "bold red",
    Priority.HIGH: "red",
    Priority.NORMAL: "yellow",
    Priority.LOW: "cyan",
}


class View:
    """Counts what goes by and prints what a person should see."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.messages = 0
        self.conversations: set[str] = set()
        self.handed_over: set[str] = set()
        self.raised: Counter[str] = Counter()
        self.seconds: list[float] = []

    def sent(self, message: ChatMessage) -> None:
        """A message has been published."""
        self.messages += 1
        self.conversations.add(message.conversation_id)

    def escalation(self, escalation: Escalation, seconds: float | None) -> None:
        """An escalation event has come, so many seconds after the message that caused it was sent."""
        if escalation.type is EscalationType.CLOSED:
            self.line(f"closed    {escalation.business_id}/{escalation.conversation_id}: {escalation.reason}")
            return
        if escalation.type is EscalationType.RAISED:
            self.raised[escalation.trigger] += 1
            self.handed_over.add(escalation.conversation_id)
        if seconds is not None:
            self.seconds.append(seconds)
        self._card(escalation)

    def line(self, text: str) -> None:
        """One plain line."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def status(self) -> str:
        """Where the run stands, in one line."""
        shares = "  ".join(f"{trigger} {number}" for trigger, number in self.raised.most_common())
        return (
            f"{self.messages} messages, {len(self.conversations)} conversations, {len(self.handed_over)} handed over"
            f"{'  |  ' + shares if shares else ''}"
        )

    def summary(self, metrics_url: str) -> None:
        """What happened, in figures that were counted and measured in this run."""
        total = len(self.conversations)
        alone = total - len(self.handed_over)
        self.line("")
        self.line(f"{self.messages} messages in {total} conversations; metrics: {metrics_url}")
        if total:
            self.line(f"{alone} of {total} conversations needed nobody ({alone / total:.0%})")
        for trigger, number in self.raised.most_common():
            self.line(f"  {trigger:<16}{number:>4} raised   {number / total:>6.1%} of conversations")
        if len(self.seconds) > 1:
            cuts = quantiles(self.seconds, n=20)
            self.line(
                "from a message sent to its escalation received: "
                f"half within {cuts[9] * 1000:.0f} ms, 95 % within {cuts[18] * 1000:.0f} ms"
            )

    def _card(self, escalation: Escalation) -> None:
        kind = f"{escalation.trigger}/{escalation.trigger_class}" if escalation.trigger_class else escalation.trigger
        customer = escalation.customer.name if escalation.customer and escalation.customer.name else "customer"
        rows = [
            ("why", escalation.reason),
            ("owner", f"{escalation.owner}, queue {escalation.queue}, due {escalation.due_at:%a %d %b %H:%M} UTC"),
            ("reply", escalation.reply.text if escalation.reply else "(none: a human is there)"),
            ("context", escalation.summary),
        ]
        title = f"{escalation.type.value.upper()}  {kind}  {escalation.priority.value}"
        where = f"{escalation.business_id}, {customer}, {escalation.conversation_id}"
        if not self.console.is_terminal:
            self.line(f"\n{title}  [{where}]")
            for name, text in rows:
                self.line(f"  {name:<8}{text}")
            return
        body = "\n".join(f"[dim]{name:<8}[/dim]{escape(text)}" for name, text in rows)
        colour = _COLOURS[escalation.priority]
        self.console.print(
            Panel(body, title=f"[{colour}]{title}[/]", subtitle=escape(where), title_align="left", border_style=colour)
        )
