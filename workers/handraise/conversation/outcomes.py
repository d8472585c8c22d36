"""What a human-support tool reports back, folded into the conversation."""

from __future__ import annotations

from msgspec.structs import replace

from handraise.conversation import episodes, presence
from handraise.conversation.effects import Effects, Fact, Miss, Note
from handraise.conversation.misses import note_miss
from handraise.conversation.moment import Moment
from handraise.conversation.state import Conversation
from handraise.events import Action, ClosedBecause, ControlState, Holder, Outcome, OutcomeKind, Sender


def fold_outcome(state: Conversation, effects: Effects, moment: Moment, outcome: Outcome) -> None:
    """Fold one outcome. One that names another escalation than the open one changes nothing: that one is over."""
    episode = state.episode
    if outcome.escalation_id is not None and (episode is None or episode.escalation_id != outcome.escalation_id):
        return
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            _accepted(state, effects, moment)
        case OutcomeKind.REPLIED if presence.is_last_word(state, moment.at):
            presence.last_word(state, moment.at)
        case OutcomeKind.REPLIED:
            take_over(state, effects, moment)
            episodes.hold_by_human(state, effects, moment)
            state.memory = moment.policy.spoken(state.memory, Sender.HUMAN)
        case OutcomeKind.RELEASED:
            _end(state, effects, moment, ClosedBecause.RELEASED, ControlState.AI)
        case OutcomeKind.RESOLVED:
            _end(state, effects, moment, ClosedBecause.RESOLVED, ControlState.CLOSED)
        case OutcomeKind.FAILED:
            if episode is not None:
                episodes.fail_over(state, effects, moment)
        case OutcomeKind.VERDICT | OutcomeKind.ERASED:
            pass  # a judgement of the past is the log's and moves nothing here; what is erased has no state to move


def take_over(state: Conversation, effects: Effects, moment: Moment) -> None:
    """A human takes the conversation: a miss if nobody had asked for one."""
    if state.episode is not None or state.control is ControlState.HUMAN:
        return
    effects.notes.append(Note(Fact.TAKEOVER_UNPROMPTED))
    note_miss(state, effects, moment, Miss.TAKEOVER)


def _accepted(state: Conversation, effects: Effects, moment: Moment) -> None:
    """Somebody takes it. Who acknowledges a notice does not take the conversation from the AI."""
    episode = state.episode
    if episode is not None:
        state.episode = replace(episode, claimed=True)
        if episode.action is Action.NOTIFY:
            return
    take_over(state, effects, moment)
    state.offer = None
    episodes.set_control(state, effects, moment, ControlState.HUMAN)


def _end(state: Conversation, effects: Effects, moment: Moment, because: ClosedBecause, control: ControlState) -> None:
    """End what was raised. The end of a notice is not the end of the conversation, which the AI goes on with."""
    released = because is ClosedBecause.RELEASED
    holds_on = state.holder is Holder.AI and (state.episode is not None or released)
    handed_over = released and not holds_on and _waits_for_more(state)
    owes = holds_on or handed_over
    closes = state.episode is not None
    if closes:
        episodes.close_escalation(state, effects, moment, because, owes=owes)
    else:
        episodes.forget_evidence(state, owes=owes)
    if handed_over:
        _wait_anew(state)
    state.human_spoke = False
    if state.holder is Holder.HUMAN and not _has_written_since(state, moment.at):
        state.ended_at = moment.at
    stays = holds_on and (not released or state.offer is not None)
    episodes.set_control(state, effects, moment, state.control if stays else control, anew=closes)


def _has_written_since(state: Conversation, at: int) -> bool:
    """Whether what the customer wrote after that has overtaken it."""
    return any(turn.sent_at > at for turn in state.transcript if turn.sender is Sender.CUSTOMER)


def _waits_for_more(state: Conversation) -> bool:
    """Whether the customer waits for an answer that the human has not given.

    A human who took what was raised and wrote nothing may have called, so that nothing is owed.
    """
    return state.waiting_since > 0 and (state.human_spoke or state.episode is None)


def _wait_anew(state: Conversation) -> None:
    """The customer waits for the AI from now on, and no longer for the human."""
    state.pending = True
    state.waiting_since = state.seen_at
    state.wait_told = False
    state.memory = None
