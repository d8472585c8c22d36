"""What the demo looks like, in a pipe and in a terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from handraise.demo.tally import Tally
from handraise.demo.view import View, view_for
from handraise.events import ControlState, EscalationType, Holder
from handraise.terminal import printable
from tests.unit.demo.events import control, escalation, message

HOSTILE = "mind \x1b[31mthe\x1b]0;title\x07 gap\r\n\u202etxt"


def shown(*, terminal: bool, width: int = 100, height: int = 40) -> tuple[View, io.StringIO]:
    """A view, and what it writes."""
    out = io.StringIO()
    console = Console(file=out, force_terminal=terminal, width=width, height=height, highlight=False, _environ={})
    return view_for(console, Tally()), out


def test_in_a_pipe_an_escalation_is_a_short_block_of_plain_lines() -> None:
    view, out = shown(terminal=False)
    with view:
        view.produced(message("a"))
        view.escalated(escalation("a"), 0.1)
        view.refresh()
    assert out.getvalue() == (
        "\nRAISED complaint, high priority: bakery, Della, a\n"
        "  why     The customer complains.\n"
        "  reply   Rosa will reach out to you by 11:05.\n"
        "  owner   Rosa, queue support, due Tue 3 Mar 11:05 UTC\n"
        "  context Wants a cake.\n"
    )


def test_a_closed_escalation_is_one_line() -> None:
    view, out = shown(terminal=False)
    with view:
        view.escalated(escalation("a", kind=EscalationType.CLOSED), 0.1)
    assert out.getvalue() == "\nCLOSED complaint, resolved: bakery, Della, a\n"


@pytest.mark.parametrize("terminal", [False, True])
def test_a_message_cannot_steer_the_terminal(*, terminal: bool) -> None:
    view, out = shown(terminal=terminal)
    with view:
        view.produced(message("a", text=HOSTILE))
        view.escalated(escalation("a", reason=HOSTILE), 0.1)
        view.refresh()
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue()) if terminal else out.getvalue()
    assert not set(text) & {"\x1b", "\x07", "\u202e"}
    assert "\x1b[31mthe" not in out.getvalue()


def test_what_belongs_to_a_script_or_an_emoji_stays() -> None:
    assert printable("क्‍ष 👩‍⚕️ مرحبا") == "क्‍ष 👩‍⚕️ مرحبا"


def test_in_a_terminal_messages_go_by_with_who_holds_them_and_cards_stay() -> None:
    view, out = shown(terminal=True)
    with view:
        view.produced(message("a"))
        view.escalated(escalation("a"), 0.1)
        view.controlled(control("a", Holder.HUMAN, ControlState.ESCALATED))
        view.refresh()
        text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", out.getvalue())
    card, messages = text.split("messages", 1)
    assert "RAISED complaint, high priority" in card
    assert "Rosa will reach out to you by 11:05." in card
    assert re.search(r"a +human +customer +Where is my cake\?", messages)
    assert "1 message, 1 conversation, 1 with a human now" in messages
    assert "complaint 1 (100%)" in messages


def test_the_terminal_is_left_as_it_was() -> None:
    view, out = shown(terminal=True)
    with view:
        view.refresh()
    assert out.getvalue().count("\x1b[?25l") == out.getvalue().count("\x1b[?25h") == 1


def test_in_a_small_terminal_the_messages_leave_room_for_the_cards() -> None:
    view, out = shown(terminal=True, height=18)
    with view:
        for number in range(9):
            view.produced(message(f"c{number}"))
        view.refresh()
        assert sum(f"c{number}" in out.getvalue() for number in range(9)) == 4
