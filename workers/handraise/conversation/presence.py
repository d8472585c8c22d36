"""Whether a human is there: when they last spoke to the customer, and whether what they say belongs to what is over."""

from __future__ import annotations

from typing import Final

from handraise.conversation.state import Conversation
from handraise.events import ControlState, Holder, Sender
from handraise.policy.model import CRISIS

THERE_MS: Final = 900_000
"""A human who has spoken within this time is there to speak to somebody in danger."""
AHEAD_MS: Final = 300_000
"""What is dated this much later than an event that comes behind it was dated by a clock that is ahead."""
GOODBYE_MS: Final = 60_000
"""A human who writes within this time of the end that they reported, which may overtake their words, says goodbye."""


def is_last_word(state: Conversation, at: int) -> bool:
    """Whether what a human says belongs to what is over: it takes nothing back."""
    return _is_of_before_the_end(state, at) or _is_goodbye(state, at)


def last_word(state: Conversation, at: int) -> None:
    """A human says goodbye, or answers what they have just left to the AI."""
    if _is_goodbye(state, at) and at >= state.ended_at:
        settle_questions(state)


def _is_of_before_the_end(state: Conversation, at: int) -> bool:
    """Whether what a human says was said before the end that an outcome has reported already.

    Not where a turn of the AI has ended it, which talked over the human: that human has ended nothing.
    """
    ended_at = state.since if state.control is ControlState.CLOSED else state.closed_at
    return state.holder is Holder.AI and state.taken_back_at < ended_at and at <= ended_at


def _is_goodbye(state: Conversation, at: int) -> bool:
    """Whether a human who has just reported the end says a last word, to which the customer has said nothing yet."""
    return state.ended_at > 0 and abs(at - state.ended_at) <= GOODBYE_MS


def settle_questions(state: Conversation) -> None:
    """What was asked before a human spoke is the human's, and no question that the AI could leave without an answer."""
    state.waiting_since = state.open_questions = 0
    state.wait_told = False
    state.pending = state.questioned = state.left_to_ai = state.ai_offered_human = False


def is_left_in_danger(state: Conversation, at: int) -> bool:
    """Whether a human is waited for, or holds and does not speak, and the customer was told what to do long ago."""
    return state.holder is Holder.HUMAN and not is_spoken_to(state, at) and at - state.warned_at > THERE_MS


def is_left_again(state: Conversation) -> bool:
    """Whether whoever answered what was raised has been told that the customer waits, and has said nothing since."""
    episode = state.episode
    return state.wait_told and state.holder is Holder.HUMAN and episode is not None and episode.answered


def is_offered_in_danger(state: Conversation, at: int) -> bool:
    """Whether the customer was told what to do a short time ago, and asked whether a person is wanted."""
    return state.offer is not None and state.offer.trigger_class == CRISIS and at - state.warned_at <= THERE_MS


def is_spoken_to(state: Conversation, at: int) -> bool:
    """Whether a human speaks with the customer at this time, and does not only hold the conversation."""
    return state.human_spoke and -AHEAD_MS <= at - state.human_spoke_at <= THERE_MS


def is_from_before_a_human_spoke(state: Conversation, at: int) -> bool:
    """Whether an AI turn of this time was already on its way when a human spoke.

    A later turn of a human in the transcript proves it. So does a `replied` that a tool has reported with a later time,
    unless that is so much later that the tool's clock is ahead.
    """
    overtaken = any(turn.sent_at > at for turn in state.transcript if turn.sender is Sender.HUMAN)
    return overtaken or at < state.human_spoke_at <= at + AHEAD_MS
