"""Signs that a human was needed and nothing had been raised: the best labels that a live system gets for free."""

from __future__ import annotations

from typing import Final

from handraise.conversation.decide import log_decision
from handraise.conversation.effects import Effects, Fact, Miss, Note
from handraise.conversation.moment import Moment
from handraise.conversation.state import Conversation
from handraise.events import DecisionResult

REOPENED_MS: Final = 3_600_000
"""A customer who comes back within an hour of the end was not helped by it."""
_BECAUSE: Final = {
    Miss.TAKEOVER: "a human took over, and nobody had asked for one",
    Miss.ASKED_AGAIN: "the customer asks again, and nothing was raised",
    Miss.REOPENED: "the customer came back soon after it was resolved",
}


def note_miss(state: Conversation, effects: Effects, moment: Moment, miss: Miss) -> None:
    """Log a probable miss, once for each kind until the next close, with the trigger that came nearest."""
    if miss.value in state.missed:
        return
    trigger, score = _nearest(state, miss)
    try:
        rule = moment.policy.rule(trigger)
    except KeyError:
        # The trigger of the last escalation is no longer in the policy.
        trigger, score = "human_request", 0.0
        rule = moment.policy.rule(trigger)
    state.missed = (*state.missed, miss.value)
    effects.notes.append(Note(Fact.PROBABLE_MISS, miss.value))
    log_decision(state, effects, moment, rule, DecisionResult.MISSED, _BECAUSE[miss], trigger=trigger, score=score)


def came_back(state: Conversation, at: int) -> bool:
    """Whether a customer who writes now comes back to what was resolved a short time ago."""
    return bool(state.last_trigger) and 0 <= at - state.closed_at <= REOPENED_MS


def _nearest(state: Conversation, miss: Miss) -> tuple[str, float]:
    """The trigger that most likely should have fired, and what it scored.

    The trigger of what was resolved too soon; or the one with the strongest weak evidence lately; or, where nothing
    was said that points anywhere, an answer that the AI owes, or a wish for a person that nobody heard.
    """
    if miss is Miss.REOPENED:
        return state.last_trigger, 0.0
    if state.weak:
        trigger = max(sorted(state.weak), key=lambda name: state.weak[name])
        return trigger, state.weak[trigger]
    return ("knowledge_gap" if state.pending or miss is Miss.ASKED_AGAIN else "human_request"), 0.0
