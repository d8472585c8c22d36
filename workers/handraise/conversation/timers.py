"""What happens in a conversation because nothing does: promises that pass, waits that grow, the end of what is idle.

Timers are stamped with the time at which they are due, and stored with the state. They fire before the next event of
the conversation, as of their due time and in its order, or by the engine's sweep when no event comes: what comes out
is the same. Each fires once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec.structs import replace

from handraise.conversation import episodes, reasons
from handraise.conversation.assess import of_own_triggers
from handraise.conversation.decide import call_to_waiting, cools_until, decide
from handraise.conversation.effects import Assessment, Effects, Fact, Note
from handraise.conversation.moment import TIMER, Moment
from handraise.conversation.state import Conversation
from handraise.conversation.weights import SILENCE, Sign
from handraise.events import ClosedBecause, ControlState, Holder
from handraise.policy.model import BusinessPolicy, Memory


class Timer(StrEnum):
    """The timers, in the order in which those of one moment fire. As a cause they are written `timer:<name>`."""

    PROMISE = "promise"
    """The due time of the open escalation: no human has answered yet."""
    UNANSWERED = "unanswered"
    """A human holds the conversation or has let a promise pass, and the customer waits as long as one lasts."""
    AI_SILENT = "ai_silent"
    """The AI has left a question without an answer for longer than the policy allows."""
    SILENCE = "silence"
    """A silence has lasted for as long as an own trigger of the policy says."""
    IDLE = "idle"
    """Nothing has happened for so long that the conversation is over."""

    @property
    def cause(self) -> str:
        """What stands in `caused_by` of the events that it brings about."""
        return f"{TIMER}{self.value}"


def set_timers(state: Conversation, policy: BusinessPolicy) -> None:
    """Stamp the timers that the state calls for; to be called whenever it has changed."""
    due: dict[Timer, int] = {}
    episode = state.episode
    # The latest of the events, not the last one: a message that is dated long ago must not end what is going on.
    last = state.seen_at
    if episode is not None and (not episode.answered or episode.renewed):
        # What a human has been promised to take up must not end for want of words before the promise has.
        last = max(last, episode.due_at)
        if not (episode.answered or episode.overdue):
            due[Timer.PROMISE] = episode.due_at
    if state.memory is not None and state.memory.silences:
        due[Timer.SILENCE] = min(state.memory.silences.values())
        last = max(last, *state.memory.silences.values())
    wait = _watched_wait(state, policy)
    if wait is not None:
        timer, ends = wait
        # A policy that has come to give less time must not have something said as of before what was said since.
        due[timer] = ends = max(ends, state.seen_at)
        last = max(last, ends)
    due[Timer.IDLE] = last + policy.idle_after_ms
    if len(due) == 1:
        state.timers = ((Timer.IDLE.value, due[Timer.IDLE]),)
        return
    state.timers = tuple(
        sorted(((timer.value, at) for timer, at in due.items()), key=lambda stamped: (stamped[1], _ORDER[stamped[0]]))
    )


def _watched_wait(state: Conversation, policy: BusinessPolicy) -> tuple[Timer, int] | None:
    """Until when the customer may wait for whoever holds the conversation, where that is watched."""
    if not state.waiting_since or state.wait_told:
        return None
    # Who took an escalation and has not spoken yet is held to its promise; once that has passed, to a new one.
    holds = state.control is ControlState.HUMAN and (state.human_spoke or state.episode is None)
    if holds or _has_missed(state):
        return Timer.UNANSWERED, _patience_ends(state, policy)
    if state.holder is Holder.AI and state.pending and policy.ai_answers_within_ms is not None:
        answers_by = state.waiting_since + policy.ai_answers_within_ms
        return Timer.AI_SILENT, max(answers_by, cools_until(state, policy.rule("ai_failure")))
    return None


_ORDER: Final = {timer.value: place for place, timer in enumerate(Timer)}


def fire_until(
    state: Conversation, effects: Effects, at: int, policy: BusinessPolicy, detector_version: str
) -> Conversation | None:
    """Fire the timers of a state, which is changed, that are due by `at` (epoch milliseconds).

    One for which the policy has come to give more time, or that it no longer asks for, waits or goes instead.

    Returns:
        The state, or None once the conversation is over.
    """
    while state.timers and state.timers[0][1] <= at:
        name, due = state.timers[0]
        set_timers(state, policy)
        if not any(stamped[0] == name and stamped[1] <= due for stamped in state.timers):
            continue
        timer = Timer(name)
        state.seen_at = max(state.seen_at, due)
        moment = Moment(at=due, caused_by=timer.cause, policy=policy, detector_version=detector_version)
        match timer:
            case Timer.PROMISE:
                _promise_passed(state, effects, moment)
            case Timer.UNANSWERED:
                _customer_waits(state, effects, moment)
            case Timer.AI_SILENT:
                _ai_is_silent(state, effects, moment)
            case Timer.SILENCE:
                _silence_has_lasted(state, effects, moment)
            case Timer.IDLE:
                _end(state, effects, moment)
                return None
        set_timers(state, policy)
    return state


def _promise_passed(state: Conversation, effects: Effects, moment: Moment) -> None:
    """Nobody has answered in time: more urgent now, to the fallback owner if nobody took it, and said honestly."""
    episode = state.episode
    if episode is None:
        return
    effects.notes.append(Note(Fact.PROMISE_MISSED, episode.trigger, priority=episode.priority))
    state.episode = replace(episode, overdue=True)
    if episode.claimed:
        episodes.press(state, effects, moment, reasons.not_answered(moment.policy.wording, episode.owner))
    else:
        owner = moment.policy.fallback_owner
        goes_to = None if owner == episode.owner else owner
        episodes.press(state, effects, moment, reasons.not_taken(moment.policy.wording, goes_to), owner=owner)
    _begin_anew(state)


def _customer_waits(state: Conversation, effects: Effects, moment: Moment) -> None:
    """The human who holds the conversation, or has let a promise pass, leaves the customer waiting."""
    state.wait_told = True
    effects.notes.append(Note(Fact.CUSTOMER_UNANSWERED))
    if state.episode is None:
        call_to_waiting(state, effects, moment)
    else:
        episodes.press(state, effects, moment, moment.policy.wording.texts.reason.waits)
        _begin_anew(state)


def _has_missed(state: Conversation) -> bool:
    """Whether the promise of the open escalation has passed with no human having answered, and one is waited for."""
    episode = state.episode
    return episode is not None and episode.overdue and not episode.answered and state.holder is Holder.HUMAN


def _begin_anew(state: Conversation) -> None:
    """After a missed promise everybody has been told of this wait: what the customer writes next is a new one."""
    if _has_missed(state):
        state.waiting_since = 0
        state.wait_told = False


def _ai_is_silent(state: Conversation, effects: Effects, moment: Moment) -> None:
    state.wait_told = True
    silent = Assessment(trigger="ai_failure", score=SILENCE, signs=(Sign.AI_SILENT,))
    decide(state, effects, moment, None, [silent])
    state.failed = True


def _silence_has_lasted(state: Conversation, effects: Effects, moment: Moment) -> None:
    memory, policy = state.memory, moment.policy
    if memory is not None and state.episode is None:
        memory = replace(memory, silences=memory.silences | _held_back(state, memory, moment))
    matches = policy.silent(memory, moment.at)
    state.memory = matches.memory
    decide(state, effects, moment, None, of_own_triggers(matches))


def _held_back(state: Conversation, memory: Memory, moment: Moment) -> dict[bytes, int]:
    """The silences that have lasted while the cooldown after a close holds their triggers up, with the end of that.

    They are put off until then. A silence fires only once, so one that fired into the cooldown would never be told.
    """
    held = {}
    for key, ends in memory.silences.items():
        found = moment.policy.silent(replace(memory, silences={key: ends}), moment.at).found
        until = max((cools_until(state, moment.policy.rule(match.trigger)) for match in found), default=0)
        if until > moment.at:
            held[key] = until
    return held


def _end(state: Conversation, effects: Effects, moment: Moment) -> None:
    """A conversation that was idle for too long has ended; what comes now begins a new one."""
    if state.episode is not None:
        episodes.close_escalation(state, effects, moment, ClosedBecause.IDLE)
    if state.offer is not None:
        effects.notes.append(Note(Fact.OFFER_LAPSED))
    if state.control is not ControlState.AI:
        episodes.set_control(state, effects, moment, ControlState.CLOSED)


def _patience_ends(state: Conversation, policy: BusinessPolicy) -> int:
    """Until when the customer is left to wait: as long as the promise that holds here lasts, from when the wait began.

    Who takes a conversation over has as long from then on. Not before the time by which somebody is promised: that may
    have been given for something newer, in place of one that was missed, or to somebody to whom it was passed on.
    """
    episode = state.episode
    if episode is None:
        return policy.due_at(policy.rule("human_request"), max(state.waiting_since, state.since))
    ends = policy.due_at(episodes.rule_of(episode, policy), state.waiting_since)
    return max(ends, episode.due_at)
