"""From what the triggers score to what is done: one order of urgency, one open escalation, everything logged."""

from __future__ import annotations

from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from handraise.conversation import episodes, presence, reasons
from handraise.conversation.effects import Assessment, Effects, Fact, Note, Suppression
from handraise.conversation.moment import Moment
from handraise.conversation.state import MAX_OFFER_TURNS, UNSEEN_MS, UNSENT_MS, Conversation, Episode, Offer
from handraise.conversation.weights import NEAR, SILENCE, Sign
from handraise.detection.signals import Span
from handraise.events import Action, ChatMessage, ControlState, Decision, DecisionResult, Sender, utc
from handraise.policy.model import CRISIS, STRENGTH, Rule

MAX_COOLED: Final = 32
_FELT: Final = ("complaint", "distress")
"""What a customer feels about something that has happened, which is over once they have thanked."""
_OF_ANSWERS: Final = ("knowledge_gap", "broken_promise", "ai_failure")
"""What comes of the AI's own turns: a human who has dealt with what was raised has not heard the next of them."""
_WAITS: Final = "the human who holds the conversation has not answered in the time that is promised"


class Candidate(Struct, frozen=True, kw_only=True):
    """A trigger that holds on this message, with the rule that says what to do about it."""

    assessment: Assessment
    rule: Rule

    @property
    def is_crisis(self) -> bool:
        """Life and safety come first, and nothing but an open crisis holds them up."""
        return self.assessment.trigger_class == CRISIS

    @property
    def is_unconditional(self) -> bool:
        """Whether the customer is heard whatever cooldown or offer stands."""
        return self.is_crisis or self.assessment.trigger == "human_request"

    @property
    def order(self) -> tuple[bool, int, int]:
        """Who goes first: a crisis, then what hands over, then what is more urgent."""
        return (not self.is_crisis, STRENGTH[self.rule.action], self.rule.urgency)


def decide(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    message: ChatMessage | None,
    assessments: list[Assessment],
    *,
    accepted: Candidate | None = None,
) -> None:
    """Act on one message's assessments: at most one trigger acts, and each that held or nearly held is logged.

    Without a message, they are of what a timer found. `accepted` is what the message says yes to.
    """
    effects.assessments.extend(assessments)
    holding = []
    for assessment in assessments:
        rule = _rule(moment, assessment)
        if rule is None or not rule.enabled:
            continue
        if assessment.score >= rule.threshold:
            holding.append(Candidate(assessment=assessment, rule=rule))
        elif assessment.score >= NEAR * rule.threshold:
            because = f"{assessment.score:g} is near the threshold {rule.threshold:g}"
            _log(state, effects, moment, assessment, rule, DecisionResult.NEAR, because)
    holding.sort(key=lambda candidate: candidate.order)
    holding = _crisis_is_distress(holding)
    if accepted is not None:
        holding = _with_accepted(holding, accepted)
    acted: Candidate | None = None
    for candidate in holding:
        if candidate.rule.action is Action.SHADOW:
            _shadow(state, effects, moment, candidate)
            continue
        if acted is not None:
            because = f"{acted.rule.trigger} fired on the same message"
            _suppress(state, effects, moment, candidate, Suppression.OUTRANKED, because)
            continue
        held_up = _held_up(state, moment, message, candidate)
        if held_up is not None and candidate is not accepted:
            _suppress(state, effects, moment, candidate, *held_up)
            continue
        also = tuple(
            other.rule.trigger
            for other in holding
            if other is not candidate and other.rule.action is not Action.SHADOW and not _repeats(candidate, other)
        )
        _act(state, effects, moment, message, candidate, also)
        acted = candidate


def accept_offer(
    state: Conversation, effects: Effects, moment: Moment, offer: Offer, spans: tuple[Span, ...]
) -> Candidate:
    """The customer said yes to a person: what it was offered for now hands over.

    As a plain request does, where the policy no longer has that trigger: the customer was asked, and is owed a person.
    `spans` are the words of the yes.
    """
    assessment = Assessment(
        trigger=offer.trigger,
        trigger_class=offer.trigger_class,
        score=offer.score,
        signs=(Sign.OFFER_ACCEPTED,),
        spans=spans,
        said=offer.said,
    )
    rule = _rule(moment, assessment)
    if rule is None:
        assessment = replace(assessment, trigger="human_request", trigger_class=None)
        rule = moment.policy.rule("human_request")
    state.offer = None
    effects.notes.append(Note(Fact.OFFER_ACCEPTED))
    return Candidate(assessment=assessment, rule=replace(rule, action=Action.ESCALATE))


def call_to_waiting(state: Conversation, effects: Effects, moment: Moment) -> None:
    """Raise an escalation where the human who holds the conversation leaves the customer waiting, and none is open."""
    assessment = Assessment(trigger="human_request", score=SILENCE)
    rule = _rule(moment, assessment)
    if rule is None or not rule.enabled or rule.action is Action.SHADOW:
        return
    reason = moment.policy.wording.texts.reason.waits
    episodes.raise_escalation(state, effects, moment, None, assessment, rule, (), reason=reason)
    _log(state, effects, moment, assessment, rule, DecisionResult.FIRED, _WAITS)


def lapse_offer(state: Conversation, effects: Effects, moment: Moment) -> None:
    """Nobody took up the offer: the AI goes on, and does not ask for the same again before its cooldown has passed."""
    if state.offer is not None:
        _cool(state, moment, _cooled_name(state.offer.trigger, state.offer.trigger_class))
    state.offer = None
    effects.notes.append(Note(Fact.OFFER_LAPSED))
    episodes.set_control(state, effects, moment, ControlState.AI)


def _rule(moment: Moment, assessment: Assessment) -> Rule | None:
    try:
        return moment.policy.rule(assessment.trigger, assessment.trigger_class)
    except KeyError:
        return None


def _crisis_is_distress(holding: list[Candidate]) -> list[Candidate]:
    """Where a crisis is acted on, distress of no class on the same message is the same thing, said less clearly."""
    if not any(candidate.is_crisis and candidate.rule.action is not Action.SHADOW for candidate in holding):
        return holding
    return [candidate for candidate in holding if candidate.rule.trigger != "distress" or candidate.is_crisis]


def _with_accepted(holding: list[Candidate], accepted: Candidate) -> list[Candidate]:
    """The triggers that hold on a message which says yes to an offer, with the offer put in its place among them.

    What is more urgent goes first, so that one trigger acts and one reply is given. The customer gets a person in any
    case, so a trigger that would only notify one hands over too. A request for a person, and the offered trigger when
    it holds again, say no more than the yes does and come last.
    """
    same, others = [], []
    for candidate in holding:
        rule = candidate.rule
        if rule.trigger in (accepted.rule.trigger, "human_request") and not candidate.is_crisis:
            same.append(candidate)
        elif rule.action is Action.NOTIFY:
            others.append(Candidate(assessment=candidate.assessment, rule=replace(rule, action=Action.ESCALATE)))
        else:
            others.append(candidate)
    return [*sorted([accepted, *others], key=lambda candidate: candidate.order), *same]


def _repeats(one: Candidate, other: Candidate) -> bool:
    return one.rule.trigger == other.rule.trigger


def _held_up(
    state: Conversation, moment: Moment, message: ChatMessage | None, candidate: Candidate
) -> tuple[Suppression, str] | None:
    """Why a trigger that holds may not act now, or None."""
    rule, episode = candidate.rule, state.episode
    # What an own trigger tells of the human who holds, or of a silence, that human does not tell anybody.
    about_human = not rule.builtin and (message is None or message.sender is Sender.HUMAN)
    heard = candidate.is_crisis or (about_human and rule.action is not Action.OFFER)
    if state.control is ControlState.HUMAN and not heard:
        return Suppression.HUMAN_HOLDS, "a human holds the conversation"
    if episode is not None:
        return _held_up_by_open(state, moment, candidate, episode)
    if candidate.is_crisis and rule.action is Action.OFFER and presence.is_offered_in_danger(state, moment.at):
        return Suppression.OFFERED, "a person is on offer already"
    if candidate.is_unconditional:
        return None
    if rule.action is Action.OFFER:
        if state.offer is not None:
            return Suppression.OFFERED, "a person is on offer already"
        if _is_cooling(state, moment, rule, _cooled_name(rule.trigger, candidate.assessment.trigger_class)):
            return Suppression.COOLDOWN, "an offer for it lapsed a short time ago"
    if moment.at < cools_until(state, rule):
        return Suppression.COOLDOWN, "the last escalation ended a short time ago"
    return None


def _held_up_by_open(
    state: Conversation, moment: Moment, candidate: Candidate, episode: Episode
) -> tuple[Suppression, str] | None:
    """Why a trigger that holds may not update the escalation that is open, or None."""
    rule = candidate.rule
    if candidate.is_crisis and presence.is_left_in_danger(state, moment.at):
        return None
    # While a human holds, a notice stays one, and what cannot make more of it would update it again and again.
    can_hand_over = state.control is not ControlState.HUMAN and rule.action is Action.ESCALATE
    hands_over = can_hand_over and episode.action is Action.NOTIFY
    # What the AI promises while a human has been told is no promise that nobody knows of.
    if (rule.urgency >= episode.urgency and not hands_over) or rule.trigger == "broken_promise":
        return Suppression.OPEN, f"an escalation for {episode.trigger} is open"
    if rule.action is Action.OFFER:
        return Suppression.OPEN, f"an escalation for {episode.trigger} is open, and this trigger only offers"
    return None


def cools_until(state: Conversation, rule: Rule) -> int:
    """When the last close stops holding this trigger up, epoch milliseconds; 0 where it does not.

    It holds up nothing that goes further than what was closed: what is more urgent, or hands over after a notice. Nor
    a question that the human left to the AI, for that is not settled, nor a complaint of who had thanked, nor, once a
    human has dealt with what was raised, what comes of the AI's answers and what was no part of it: these are new.
    """
    left = state.left_to_ai and rule.trigger == "knowledge_gap"
    apart = bool(state.closed_for) and rule.trigger not in state.closed_for
    new = state.served and (apart or rule.trigger in _OF_ANSWERS)
    if left or new or (state.thanked and rule.trigger in _FELT):
        return 0
    hands_over = rule.action is Action.ESCALATE and state.closed_action is Action.NOTIFY
    if not state.closed_at or rule.action is Action.SHADOW or hands_over or rule.urgency < state.closed_urgency:
        return 0
    return state.closed_at + rule.cooldown_ms


def _act(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    message: ChatMessage | None,
    candidate: Candidate,
    also: tuple[str, ...],
) -> None:
    assessment, rule = candidate.assessment, candidate.rule
    if state.episode is not None:
        episodes.update_escalation(state, effects, moment, message, assessment, rule, also)
    elif rule.action is Action.OFFER and state.control is not ControlState.HUMAN:
        unsent_ms = UNSENT_MS if state.ai_asked else 0
        episodes.make_offer(state, effects, moment, assessment, rule)
        said = reasons.quote_of(message, assessment)
        unseen_until = moment.at + unsent_ms + UNSEEN_MS if message is None else 0
        state.offer = Offer(
            rule.trigger, assessment.trigger_class, assessment.score, MAX_OFFER_TURNS, said, unseen_until
        )
    else:
        episodes.raise_escalation(state, effects, moment, message, assessment, rule, also)
    _log(state, effects, moment, assessment, rule, DecisionResult.FIRED, _because(assessment, rule))


def _shadow(state: Conversation, effects: Effects, moment: Moment, candidate: Candidate) -> None:
    rule = candidate.rule
    name = _cooled_name(rule.trigger, candidate.assessment.trigger_class)
    if _is_cooling(state, moment, rule, name):
        _suppress(state, effects, moment, candidate, Suppression.COOLDOWN, "it fired in shadow a short time ago")
        return
    _cool(state, moment, name)
    _log(state, effects, moment, candidate.assessment, rule, DecisionResult.FIRED, "in shadow: logged, not published")


def _cool(state: Conversation, moment: Moment, trigger: str) -> None:
    """Begin a cooldown of one trigger alone."""
    state.cooled.pop(trigger, None)
    while len(state.cooled) >= MAX_COOLED:
        state.cooled.pop(next(iter(state.cooled)))
    state.cooled[trigger] = moment.at


def _cooled_name(trigger: str, trigger_class: str | None) -> str:
    """Crisis cools apart from the rest of distress."""
    return CRISIS if trigger_class == CRISIS else trigger


def _is_cooling(state: Conversation, moment: Moment, rule: Rule, name: str) -> bool:
    since = state.cooled.get(name)
    return since is not None and moment.at < since + rule.cooldown_ms


def _because(assessment: Assessment, rule: Rule) -> str:
    if Sign.OFFER_ACCEPTED in assessment.signs:
        return Sign.OFFER_ACCEPTED
    because = f"{assessment.score:g} reaches the threshold {rule.threshold:g}"
    return f"{because}: {', '.join(assessment.signs)}" if assessment.signs else because


def _suppress(
    state: Conversation, effects: Effects, moment: Moment, candidate: Candidate, why: Suppression, because: str
) -> None:
    effects.notes.append(Note(Fact.SUPPRESSED, why.value))
    _log(state, effects, moment, candidate.assessment, candidate.rule, DecisionResult.SUPPRESSED, because)


def log_decision(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    rule: Rule,
    result: DecisionResult,
    because: str,
    *,
    trigger: str,
    score: float,
) -> None:
    """Put a decision on a trigger into the log."""
    effects.decisions.append(
        Decision(
            conversation_id=state.conversation_id,
            business_id=state.business_id,
            message_id=moment.caused_by,
            trigger=trigger,
            result=result,
            because=because,
            score=score,
            threshold=rule.threshold,
            action=rule.action,
            escalation_id=state.episode.escalation_id if state.episode else None,
            policy_version=moment.policy.version,
            detector_version=moment.detector_version,
            occurred_at=utc(moment.at),
        )
    )


def _log(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    assessment: Assessment,
    rule: Rule,
    result: DecisionResult,
    because: str,
) -> None:
    log_decision(state, effects, moment, rule, result, because, trigger=assessment.trigger, score=assessment.score)
