"""The life of an escalation: raised, updated, closed, and the control that follows from it."""

from __future__ import annotations

from msgspec.structs import replace

from handraise.conversation import mood, presence, present, reasons
from handraise.conversation.effects import Assessment, Effects, Fact, Note
from handraise.conversation.moment import Moment, escalation_id
from handraise.conversation.replies import make_reply
from handraise.conversation.state import MAX_ALSO, Conversation, Episode
from handraise.conversation.summary import summary
from handraise.events import (
    Action,
    ChatMessage,
    ClosedBecause,
    Control,
    ControlState,
    Escalation,
    EscalationType,
    Evidence,
    Holder,
    Priority,
    Reply,
    utc,
)
from handraise.policy.model import CRISIS, BusinessPolicy, Memory, Rule

_URGENCY = (Priority.CRITICAL, Priority.HIGH, Priority.NORMAL, Priority.LOW)
_MORE_URGENT = {Priority.LOW: Priority.NORMAL, Priority.NORMAL: Priority.HIGH}


def raise_escalation(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    message: ChatMessage | None,
    assessment: Assessment,
    rule: Rule,
    also: tuple[str, ...],
    *,
    reason: str | None = None,
) -> None:
    """Open an episode. Under `notify`, and where a human already holds, nothing changes hands.

    `reason` is given where it is neither what the customer nor what the AI said.
    """
    action = Action.NOTIFY if state.control is ControlState.HUMAN else rule.action
    due_at = moment.policy.due_at(rule, moment.at)
    state.episode = Episode(
        escalation_id=escalation_id(state, moment),
        revision=0,
        trigger=assessment.trigger,
        trigger_class=assessment.trigger_class,
        action=action,
        urgency=rule.urgency,
        priority=rule.priority,
        owner=rule.owner,
        queue=rule.queue,
        due_at=due_at,
        also=also[:MAX_ALSO],
    )
    state.corrected = state.left_out_at = 0
    reply = make_reply(state, effects, moment, assessment.trigger_class, replace(rule, action=action), due_at)
    effects.notes.append(Note(Fact.ESCALATION_OPENED, assessment.trigger))
    effects.notes.append(Note(Fact.RAISED_AT_TURN, assessment.trigger, float(state.turns)))
    _publish(
        state,
        effects,
        moment,
        EscalationType.RAISED,
        reply=reply,
        evidence=present.evidence(message, assessment),
        reason=reason or reasons.why(state, moment.policy, message, assessment),
    )
    _hand_over(state, effects, moment, reply)


def update_escalation(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    message: ChatMessage | None,
    assessment: Assessment,
    rule: Rule,
    also: tuple[str, ...],
) -> None:
    """Carry the open episode on under a trigger that goes further; it never becomes weaker by that.

    A promise that still stands may become nearer, never later. Where it was kept or has passed, a new one is made.
    """
    before = _open_episode(state)
    action = Action.ESCALATE if Action.ESCALATE in (before.action, rule.action) else Action.NOTIFY
    if state.control is ControlState.HUMAN:
        action = before.action
    rule = replace(rule, owner=_owner(before, rule, moment.policy))
    due_at = moment.policy.due_at(rule, moment.at)
    if not before.answered and before.due_at > moment.at:
        due_at = min(before.due_at, due_at)
    earlier = (before.trigger, *before.also)
    others = tuple(dict.fromkeys(name for name in (*earlier, *also) if name != assessment.trigger))
    state.episode = Episode(
        escalation_id=before.escalation_id,
        revision=before.revision + 1,
        trigger=assessment.trigger,
        trigger_class=assessment.trigger_class,
        action=action,
        urgency=min(before.urgency, rule.urgency),
        priority=min(before.priority, rule.priority, key=_URGENCY.index),
        owner=rule.owner,
        queue=rule.queue,
        due_at=due_at,
        also=others[:MAX_ALSO],
        # Who acknowledged a notice has not taken the conversation.
        claimed=before.claimed and action is before.action,
        let_pass=before.let_pass,
    )
    if before.trigger != assessment.trigger:
        effects.notes.append(Note(Fact.ESCALATION_ENDED, before.trigger))
        effects.notes.append(Note(Fact.ESCALATION_OPENED, assessment.trigger))
    reply = make_reply(state, effects, moment, assessment.trigger_class, replace(rule, action=action), due_at)
    _publish(
        state,
        effects,
        moment,
        EscalationType.UPDATED,
        reply=reply,
        evidence=present.evidence(message, assessment),
        reason=reasons.why(state, moment.policy, message, assessment),
    )
    _hand_over(state, effects, moment, reply)


def fail_over(state: Conversation, effects: Effects, moment: Moment) -> None:
    """The owner cannot take it: it goes to the fallback owner, with the time that is left, or as much as at first."""
    before = _open_episode(state)
    owner = moment.policy.fallback_owner
    due_at = before.due_at
    kept = before.answered and not state.wait_told
    if kept or due_at <= moment.at:
        due_at = moment.policy.due_at(rule_of(before, moment.policy), moment.at)
    state.episode = replace(
        before,
        revision=before.revision + 1,
        owner=owner,
        due_at=due_at,
        claimed=before.answered,
        renewed=before.answered,
        let_pass=_let_pass(before, owner),
    )
    _publish(
        state,
        effects,
        moment,
        EscalationType.UPDATED,
        reason=reasons.could_not_take(moment.policy.wording, before.owner, owner if owner != before.owner else None),
    )
    if state.control is ControlState.HUMAN and not state.human_spoke and before.action is Action.ESCALATE:
        set_control(state, effects, moment, ControlState.ESCALATED)


def press(state: Conversation, effects: Effects, moment: Moment, reason: str, *, owner: str | None = None) -> None:
    """Somebody waits for too long: the open episode becomes more urgent, and the customer is told the truth.

    Nothing becomes critical by waiting: that is kept for life and safety. `owner` takes it over if one is given.
    """
    before = _open_episode(state)
    rule = replace(rule_of(before, moment.policy), owner=owner or before.owner)
    due_at = moment.policy.due_at(rule, moment.at)
    state.episode = replace(
        before,
        revision=before.revision + 1,
        owner=rule.owner,
        priority=_MORE_URGENT.get(before.priority, before.priority),
        due_at=due_at,
        renewed=before.answered,
        let_pass=_let_pass(before, rule.owner),
    )
    reply = None
    if not state.human_spoke or (before.trigger_class == CRISIS and not presence.is_spoken_to(state, moment.at)):
        reply = make_reply(state, effects, moment, before.trigger_class, rule, due_at, delayed=True)
    _publish(state, effects, moment, EscalationType.UPDATED, reply=reply, reason=reason)
    set_control(state, effects, moment, state.control, reply=reply)


def _owner(before: Episode, rule: Rule, policy: BusinessPolicy) -> str:
    """Who an update goes to: the rule's owner, but not the one from whom the open episode has passed to another.

    An owner whom the policy no longer names has nothing that they have not taken.
    """
    has_it = before.claimed or before.owner == policy.fallback_owner
    if has_it and rule.owner == rule_of(before, policy).owner:
        return before.owner
    return policy.fallback_owner if rule.owner == before.let_pass else rule.owner


def _let_pass(before: Episode, owner: str) -> str:
    """Who has let the open episode pass, once this is its owner."""
    return before.let_pass if owner == before.owner else before.owner


def rule_of(episode: Episode, policy: BusinessPolicy) -> Rule:
    """The rule of an episode's trigger; that of a plain request where the policy no longer has the trigger."""
    try:
        return policy.rule(episode.trigger, episode.trigger_class)
    except KeyError:
        return policy.rule("human_request")


def answered(state: Conversation, effects: Effects, at: int) -> None:
    """A human has spoken to the customer: the promise of the open episode is kept, if it had not passed before."""
    episode = state.episode
    if episode is None:
        return
    state.episode = replace(episode, claimed=True, answered=True, renewed=False)
    if not (episode.answered or episode.overdue) and at <= episode.due_at:
        effects.notes.append(Note(Fact.PROMISE_KEPT, episode.trigger, priority=episode.priority))


def close_escalation(
    state: Conversation, effects: Effects, moment: Moment, because: ClosedBecause, *, owes: bool = False
) -> None:
    """End the open episode. What was said before is settled: it counts for nothing from here on.

    `owes`: the customer still waits for an answer of the AI, so what `forget_evidence` says of that is kept.
    """
    before = _open_episode(state)
    state.episode = replace(before, revision=before.revision + 1)
    _publish(
        state,
        effects,
        moment,
        EscalationType.CLOSED,
        reason=moment.policy.wording.texts.reason.closed[because.value],
        closed_because=because,
    )
    if because in (ClosedBecause.RESOLVED, ClosedBecause.RELEASED):
        # Settled without a word to the customer, and in time: what was promised was help.
        answered(state, effects, moment.at)
    state.episode = None
    effects.notes.append(Note(Fact.ESCALATION_ENDED, before.trigger))
    state.closed_at = moment.at
    state.closed_action, state.closed_urgency = before.action, before.urgency
    state.closed_for = (before.trigger, *before.also)
    state.served = before.answered
    # A customer with whom the AI goes on has not been sent away, and cannot come back.
    state.last_trigger = before.trigger if because is ClosedBecause.RESOLVED and not owes else ""
    forget_evidence(state, owes=owes)


def forget_evidence(state: Conversation, *, owes: bool = False) -> None:
    """See that nothing said so far fires again. With `owes`, what the customer waits for or was offered stays open."""
    state.weak.clear()
    state.mood = replace(state.mood, streak=0)
    state.answers.clear()
    state.repeats = state.corrected = state.left_out_at = 0
    state.failed = state.asking_again = False
    state.gap_signs = state.missed = ()
    state.put_off = False
    state.left_to_ai = owes and state.waiting_since > 0
    if owes:
        answered_ones = max(len(state.questions) - state.open_questions, 0)
        state.questions = state.questions[answered_ones:]
        kept = state.memory or Memory()
        state.memory = Memory(silences=kept.silences, began=kept.began) if kept.silences else None
        return
    state.questions.clear()
    state.open_questions = state.asked_again = 0
    state.pending = state.questioned = state.ai_offered_human = False
    state.offer = None
    state.memory = None
    state.waiting_since = 0
    state.wait_told = False


def make_offer(state: Conversation, effects: Effects, moment: Moment, assessment: Assessment, rule: Rule) -> None:
    """Ask the customer, through the AI, whether a person is wanted."""
    reply = make_reply(
        state, effects, moment, assessment.trigger_class, rule, moment.policy.due_at(rule, moment.at), offered=True
    )
    state.ai_asked = False
    set_control(state, effects, moment, ControlState.OFFERED, reply=reply)


def set_control(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    control: ControlState,
    *,
    reply: Reply | None = None,
    anew: bool = False,
) -> None:
    """Move to a control state and publish what changes; `anew`: another escalation is named, or none any more."""
    if control is state.control and reply is None and not anew:
        return
    if control is not state.control:
        state.since = moment.at
    state.control = control
    if control is not ControlState.AI:
        state.corrected = state.left_out_at = 0
    if state.holder is Holder.HUMAN:
        state.ended_at = 0
    state.announced = True
    effects.controls.append(
        Control(
            business_id=state.business_id,
            conversation_id=state.conversation_id,
            holder=state.holder,
            state=control,
            escalation_id=state.episode.escalation_id if state.episode else None,
            reply=reply,
            since=utc(state.since),
        )
    )


def hold_by_human(state: Conversation, effects: Effects, moment: Moment) -> None:
    """A human has spoken to the customer and holds the conversation; an offer of one is answered by that."""
    answered(state, effects, moment.at)
    state.human_spoke = True
    if not moment.at < state.human_spoke_at <= moment.at + presence.AHEAD_MS:
        state.human_spoke_at = moment.at
    state.offer = None
    presence.settle_questions(state)
    set_control(state, effects, moment, ControlState.HUMAN)


def _hand_over(state: Conversation, effects: Effects, moment: Moment, reply: Reply | None) -> None:
    episode = _open_episode(state)
    takes_over = episode.action is Action.ESCALATE and state.control is not ControlState.HUMAN
    if takes_over:
        state.offer = None
    control = ControlState.ESCALATED if takes_over else state.control
    set_control(state, effects, moment, control, reply=reply, anew=episode.revision == 0)


def _publish(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    kind: EscalationType,
    *,
    reason: str,
    reply: Reply | None = None,
    evidence: list[Evidence] | None = None,
    closed_because: ClosedBecause | None = None,
) -> None:
    episode = _open_episode(state)
    at = utc(moment.at)
    effects.escalations.append(
        Escalation(
            type=kind,
            escalation_id=episode.escalation_id,
            revision=episode.revision,
            conversation_id=state.conversation_id,
            business_id=state.business_id,
            trigger=episode.trigger,
            trigger_class=episode.trigger_class,
            also=list(episode.also),
            action=episode.action,
            priority=episode.priority,
            owner=episode.owner,
            queue=episode.queue,
            due_at=utc(episode.due_at),
            reply=reply,
            reason=reason,
            evidence=evidence or [],
            summary=summary(state, moment.policy.wording.texts.summary, closed=kind is EscalationType.CLOSED),
            transcript=present.transcript(state),
            sentiment=mood.report(state.mood),
            intent=present.intent(state),
            attempts=present.attempts(state),
            customer=state.customer,
            channel=state.channel,
            policy_version=moment.policy.version,
            detector_version=moment.detector_version,
            caused_by=moment.caused_by,
            occurred_at=at,
            emitted_at=at,
            closed_because=closed_because,
        )
    )


def _open_episode(state: Conversation) -> Episode:
    if state.episode is None:
        raise AssertionError("no escalation is open")
    return state.episode
