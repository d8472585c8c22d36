"""The live view: in a terminal messages go by below the cards of the escalations; in a pipe there are plain lines."""

from __future__ import annotations

from collections import deque
from types import TracebackType
from typing import Final, Protocol, Self

from rich.console import Console, Group
from rich.live import Live
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from handraise.demo import lines
from handraise.demo.tally import Tally
from handraise.events import ChatMessage, Control, Escalation, EscalationType, Priority, Sender
from handraise.terminal import printable

_COLOURS: Final = {
    Priority.CRITICAL: "bold white on red",
    Priority.HIGH: "red",
    Priority.NORMAL: "yellow",
    Priority.LOW: "cyan",
}
_SENDERS: Final = {Sender.CUSTOMER: "green", Sender.ASSISTANT: "blue", Sender.HUMAN: "magenta", Sender.SYSTEM: "dim"}
_MESSAGES_SHOWN: Final = 10
_ROWS_FOR_CARDS: Final = 14
"""Of a small terminal, the cards keep this much, and the messages get by with fewer lines."""
_PROGRESS_EVERY: Final = 50
"""In a pipe, a line says where things stand after so many messages."""


class View(Protocol):
    """Shows what is produced and consumed. To be entered before the first message."""

    def __enter__(self) -> Self:
        """Begin to show."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Leave the terminal as it was."""

    def produced(self, message: ChatMessage) -> None:
        """A message was published."""

    def escalated(self, escalation: Escalation, seconds: float | None) -> None:
        """An escalation event was consumed, so many seconds after the message that caused it was published."""

    def controlled(self, control: Control) -> None:
        """It was said who holds a conversation."""

    def refresh(self) -> None:
        """Bring what moves up to date; called a few times a second."""


def view_for(console: Console, tally: Tally) -> View:
    """The view that suits where the output goes."""
    return Screen(console, tally) if console.is_terminal else Lines(console, tally)


class Lines:
    """Plain lines: a short block an escalation, and now and then where things stand."""

    def __init__(self, console: Console, tally: Tally) -> None:
        self._console = console
        self._tally = tally

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """There is nothing to put back."""

    def produced(self, message: ChatMessage) -> None:
        """Count it, and say where things stand from time to time."""
        self._tally.produced(message)
        if self._tally.messages % _PROGRESS_EVERY == 0:
            self._say(f"\n{lines.status(self._tally)}")

    def escalated(self, escalation: Escalation, seconds: float | None) -> None:
        """A block of lines."""
        self._tally.escalated(escalation, seconds)
        if escalation.type is EscalationType.CLOSED:
            self._say(f"\n{lines.closing(escalation)}")
            return
        self._say(f"\n{lines.headline(escalation)}: {lines.place(escalation)}")
        for name, text in lines.rows(escalation):
            self._say(f"  {name:<8}{text}")

    def controlled(self, control: Control) -> None:
        """It shows in the line that says where things stand."""
        self._tally.controlled(control)

    def refresh(self) -> None:
        """Nothing moves in a pipe."""

    def _say(self, text: str) -> None:
        self._console.print(text, markup=False, highlight=False, soft_wrap=True)


class Screen:
    """Cards that scroll up, and below them the messages that go by and the rates."""

    def __init__(self, console: Console, tally: Tally) -> None:
        self._console = console
        self._tally = tally
        self._last: deque[ChatMessage] = deque(maxlen=_MESSAGES_SHOWN)
        self._live = Live(console=console, auto_refresh=False, transient=True)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.stop()

    def produced(self, message: ChatMessage) -> None:
        """It goes by."""
        self._tally.produced(message)
        self._last.append(message)

    def escalated(self, escalation: Escalation, seconds: float | None) -> None:
        """A card, or a line for one that has ended."""
        self._tally.escalated(escalation, seconds)
        if escalation.type is EscalationType.CLOSED:
            self._console.print(Text(lines.closing(escalation), style="green"))
            return
        colour = _COLOURS[escalation.priority]
        body = Table.grid(padding=(0, 1))
        for name, text in lines.rows(escalation):
            body.add_row(Text(name, style="dim"), Text(text, style="bold" if name == "reply" else ""))
        self._console.print(
            Panel(
                body,
                title=Text(lines.headline(escalation), style=colour),
                subtitle=Text(lines.place(escalation), style="dim"),
                title_align="left",
                subtitle_align="right",
                border_style=colour,
            )
        )

    def controlled(self, control: Control) -> None:
        """It shows beside the messages of the conversation."""
        self._tally.controlled(control)

    def refresh(self) -> None:
        """Draw the messages and the rates anew."""
        self._live.update(
            Group(
                Rule("messages", style="dim"),
                self._messages(),
                Rule(style="dim"),
                Text(lines.status(self._tally), style="bold"),
                Text(lines.rates(self._tally)),
            ),
            refresh=True,
        )

    def _messages(self) -> Table:
        shown = max(2, min(_MESSAGES_SHOWN, self._console.height - _ROWS_FOR_CARDS))
        table = Table.grid(padding=(0, 1), expand=True)
        for width in (14, 5, 9, None):
            table.add_column(width=width, ratio=None if width else 1, no_wrap=True, overflow="ellipsis")
        for message in list(self._last)[-shown:]:
            human = self._tally.is_with_human((message.business_id, message.conversation_id))
            table.add_row(
                Text(printable(message.conversation_id), style="dim"),
                Text("human" if human else "AI", style="bold red" if human else "dim"),
                Text(message.sender.value, style=_SENDERS[message.sender]),
                Text(printable(message.text) or f"({printable(message.message_type)})"),
            )
        return table
