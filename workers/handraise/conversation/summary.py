"""A conversation for a person who has ten seconds: what the customer wants, what was tried, what blocks, the mood.

The frame is in the language of the owner; what stands in it is quoted from the conversation, and never rewritten.
"""

from __future__ import annotations

from typing import Final

from handraise.conversation.gist import OPENING, clip, is_more_than_a_reference
from handraise.conversation.mood import trend
from handraise.conversation.state import Conversation, StoredTurn
from handraise.events import Action, ControlState, Sender, Trend
from handraise.policy.model import BUILTIN_TRIGGERS, CRISIS
from handraise.policy.wording import SummaryFrame

TRIGGER: Final = 60
BAD_MOOD: Final = -0.2
GOOD_MOOD: Final = 0.2
_UNHAPPY: Final = frozenset(("distress", "complaint"))
_ISOLATE, _ISOLATED_END = "\u2068", "\u2069"
"""Around a quote that runs in the other direction than the frame, so that neither turns the other around."""


def summary(state: Conversation, frame: SummaryFrame, *, closed: bool = False) -> str:
    """The summary: at most about 600 code points, whatever was said.

    Args:
        state: the conversation.
        frame: what stands around the quotes.
        closed: the escalation is over, so that nothing blocks any more.
    """
    parts = [*_wanted(state, frame), *_tried(state, frame)]
    if state.episode is not None and not closed:
        parts.append(frame.blocks.replace("{why}", _why(state, frame)))
    parts.append(frame.mood.replace("{mood}", _mood(state, frame)))
    return frame.join.join(parts) + frame.end


def is_customer(turn: StoredTurn) -> bool:
    """Whether a turn has words of the customer's."""
    return turn.sender is Sender.CUSTOMER and bool(turn.text.strip())


def is_attempt(turn: StoredTurn) -> bool:
    """Whether a turn is an answer of the AI's own."""
    return turn.sender is Sender.ASSISTANT and not turn.given and bool(turn.text.strip())


def wanted(state: Conversation) -> str:
    """What the customer has asked for last; the last words, where nothing was asked for, if not a mere reference."""
    said = [turn.text for turn in reversed(state.transcript) if is_customer(turn)]
    last = next((text for text in said if is_more_than_a_reference(text)), said[0] if said else "")
    return state.request or clip(last, OPENING)


def _wanted(state: Conversation, frame: SummaryFrame) -> list[str]:
    now = wanted(state)
    unhappy = state.episode is not None and state.episode.trigger in _UNHAPPY
    parts = [(frame.says if unhappy else frame.wants).replace("{quote}", quoted(now, frame))] if now else []
    if state.opening is not None and state.opening.text and not state.request_is_opening:
        parts.append(frame.first.replace("{quote}", quoted(state.opening.text, frame)))
    if state.asked_again:
        parts.append(frame.asked_again.replace("{n}", str(state.asked_again)))
    return parts


def _tried(state: Conversation, frame: SummaryFrame) -> list[str]:
    own = [turn.text for turn in state.transcript if is_attempt(turn)]
    if not own:
        return [] if any(turn.sender is Sender.HUMAN for turn in state.transcript) else [frame.untried]
    times = own.count(own[-1])
    said = frame.tried if times == 1 else frame.tried_again.replace("{n}", str(times))
    return [said.replace("{quote}", quoted(state.answer or clip(own[-1], OPENING), frame))]


def _why(state: Conversation, frame: SummaryFrame) -> str:
    episode = state.episode
    if episode is None:
        return ""
    if episode.trigger_class == CRISIS or episode.trigger in BUILTIN_TRIGGERS:
        why = frame.why[CRISIS if episode.trigger_class == CRISIS else episode.trigger]
    else:
        why = frame.why["own"].replace("{trigger}", clip(episode.trigger, TRIGGER))
    waits = state.wait_told and state.control is ControlState.HUMAN
    if waits and (episode.trigger, episode.action) == ("human_request", Action.NOTIFY):
        return frame.why["overdue"]
    return f"{why}{frame.comma}{frame.why['overdue']}" if waits or episode.overdue else why


def _mood(state: Conversation, frame: SummaryFrame) -> str:
    mean = state.mood.mean
    word = frame.bad if mean <= BAD_MOOD else frame.good if mean >= GOOD_MOOD else frame.neutral
    heading = {Trend.FALLING: frame.falling, Trend.RISING: frame.rising}.get(trend(state.mood))
    return f"{word}{frame.comma}{heading}" if heading else word


def quoted(text: str, frame: SummaryFrame) -> str:
    """A quote as the frame's language writes it, kept apart where it runs in the other direction."""
    turned = _is_rtl(text) != _is_rtl(frame.wants)
    return frame.quote.replace("{quote}", f"{_ISOLATE}{text}{_ISOLATED_END}" if turned else text)


def _is_rtl(text: str) -> bool:
    """Whether the first letter of a text belongs to a script that is written from right to left."""
    first = next((character for character in text if character.isalpha()), "")
    return "\u0590" <= first <= "\u08ff" or "\ufb1d" <= first <= "\ufefc"
