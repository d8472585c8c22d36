"""What a human-support tool reports back, folded into the conversation."""

from __future__ import annotations

from msgspec.structs import replace

from handraise.conversation import episodes
from handraise.conversation.effects import Effects, Fact, Miss, Note
from handraise.conversation.episodes import Moment
from handraise.conversation.misses import note_miss
from handraise.conversation.state import Conversation
from handraise.events import Action, ClosedBecause, ControlState, Outcome, OutcomeKind, Sender


def fold_outcome(state: Conversation, effects: Effects, moment: Moment, outcome: Outcome) -> None:
    """Fold one outcome. One that names another escalation than the open one changes nothing: that one is over."""
    episode = state.episode
    if outcome.escalation_id is not None and (episode is None or episode.escalation_id != outcome.escalation_id):
        return
    match outcome.kind:
        case OutcomeKind.ACCEPTED:
            _accepted(state, effects, moment)
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
    if state.episode is not None:
        episodes.close_escalation(state, effects, moment, because)
    else:
        episodes.forget_evidence(state)
    state.human_spoke = False
    episodes.set_control(state, effects, moment, control)
