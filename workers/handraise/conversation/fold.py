"""The fold: one conversation, one event, and what follows. Pure: no clock, no I/O, no randomness.

The worker, `replay`, `explain` and the tests call this one function. The order of events is the order in which they
are folded; `sent_at` measures time, and tells whether a message was overtaken that would change who holds.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from handraise.conversation import episodes, presence
from handraise.conversation.again import wants_it_again
from handraise.conversation.assess import (
    assess_assistant,
    assess_customer,
    assess_other,
    gap_signs,
    has_failed,
    is_real_question,
    is_request,
)
from handraise.conversation.calls import calls_for_what_was_put_off, has_waited, only_calls
from handraise.conversation.corrections import is_put_off_again, is_talked_past
from handraise.conversation.decide import decide
from handraise.conversation.effects import Assessment, Effects, Fact, Miss, Note
from handraise.conversation.gist import OPENING, clip, gist_of_answer, gist_of_request
from handraise.conversation.language import note_language
from handraise.conversation.misses import came_back, note_miss
from handraise.conversation.moment import Moment
from handraise.conversation.mood import feel
from handraise.conversation.offers import answer_offer, goes_out
from handraise.conversation.outcomes import fold_outcome, take_over
from handraise.conversation.present import masked, stored_turn
from handraise.conversation.replies import is_given
from handraise.conversation.similarity import repeats_answer, repeats_question
from handraise.conversation.state import MAX_FINGERPRINTS, Conversation
from handraise.conversation.timers import fire_until, set_timers
from handraise.conversation.weights import CORROBORATION, MIN_QUESTION_WORDS, STRONG, WEAK, WEAK_FADE
from handraise.detection.signals import Signals
from handraise.events import (
    ChatMessage,
    ClosedBecause,
    ControlState,
    Customer,
    DecisionResult,
    Holder,
    Outcome,
    OutcomeKind,
    Sender,
    milliseconds,
)
from handraise.policy.model import BusinessPolicy

_TELLING: Final = ("admission", "promise")
"""What an AI turn may say that a human should read first."""
_TROUBLE: Final = ("human_request", "complaint", "distress")
"""The triggers that hold on what a customer says who is not content."""
LATE_MS: Final = 60_000
"""An event this much older than its predecessor is counted as late."""
TALKED_OVER_MS: Final = 300_000
"""A human who goes on within this time of an AI turn was talked over."""


class UnknownConversationError(LookupError):
    """An outcome names a conversation that no message has opened, or that is over."""


def fold(
    conversation: Conversation | None,
    event: ChatMessage | Outcome,
    signals: Signals,
    policy: BusinessPolicy,
    detector_version: str,
) -> tuple[Conversation | None, Effects]:
    """Fold one event into a conversation; the timers that are due by its time fire before it.

    Args:
        conversation: the state so far, left untouched; None for the first event.
        event: a message or an outcome of this conversation.
        signals: what detection says of the message; not looked at for an outcome.
        policy: the business's policy in force.
        detector_version: goes on every event that comes out.

    Returns:
        The new state, and what goes out; no state once the conversation is erased, or has ended before an outcome. A
        verdict needs none: people judge what is over.
        A duplicate leaves the very state that was given.

    Raises:
        UnknownConversationError: an outcome, and no verdict, for a conversation that has no state.
    """
    effects = Effects()
    at = milliseconds(event.at if isinstance(event, Outcome) else event.sent_at)
    caused_by = event.outcome_id if isinstance(event, Outcome) else event.message_id
    moment = Moment(at=at, caused_by=caused_by, policy=policy, detector_version=detector_version)
    if conversation is not None and conversation.seen(event):
        effects.notes.append(Note(Fact.DUPLICATE, "outcome" if isinstance(event, Outcome) else "message"))
        return conversation, effects
    state = conversation.copy() if conversation is not None else None
    kind = event.kind if isinstance(event, Outcome) else None
    erases = kind is OutcomeKind.ERASED
    if state is None and kind not in (None, OutcomeKind.ERASED, OutcomeKind.VERDICT):
        raise UnknownConversationError(caused_by)
    if state is not None:
        state = fire_until(state, effects, at, _in_scope(state, policy), detector_version)
    if erases:
        return None, _erase(state, effects, moment)
    left = state is None and conversation is not None and _is_announced(conversation, effects)
    if state is None and isinstance(event, Outcome):
        effects.came_too_late = kind is not OutcomeKind.VERDICT
        effects.forgets = left
        return None, effects
    if state is None:
        state = Conversation(
            business_id=event.business_id, conversation_id=event.conversation_id, started_at=at, last_at=at, since=at
        )
        effects.notes.append(Note(Fact.CONVERSATION_STARTED))
    if at < state.last_at - LATE_MS:
        effects.notes.append(Note(Fact.LATE))
    state.last_at = at
    state.seen_at = max(state.seen_at, at)
    state.remember(event)
    moment = _in_its_scope(state, moment)
    if isinstance(event, Outcome):
        fold_outcome(state, effects, moment, event)
    else:
        _fold_message(state, effects, moment, event, signals)
    if at == state.seen_at:
        # What was overtaken may be from before the offer, and has not brought it out.
        goes_out(state, at, given=isinstance(event, ChatMessage) and state.transcript[-1].given)
    set_timers(state, _in_scope(state, policy))
    # What the conversation before this one has left in the control topic goes, unless something stands there anew.
    effects.forgets = left and not state.announced
    return state, effects


def advance(
    conversation: Conversation, until: int, policy: BusinessPolicy, detector_version: str
) -> tuple[Conversation | None, Effects]:
    """Fire the timers of a conversation that are due by `until` (epoch milliseconds) though no event has come.

    Returns:
        The new state and what goes out, the very same as if the next event had come then; no state once the
        conversation is over.
    """
    effects = Effects()
    state = fire_until(conversation.copy(), effects, until, _in_scope(conversation, policy), detector_version)
    effects.forgets = state is None and _is_announced(conversation, effects)
    return state, effects


def _is_announced(before: Conversation, effects: Effects) -> bool:
    """Whether there is a record of a conversation in the control topic, now that its timers have fired."""
    return before.announced or bool(effects.controls)


def _erase(state: Conversation | None, effects: Effects, moment: Moment) -> Effects:
    """Forget a conversation: an open escalation is closed without a word of what was said."""
    effects.forgets = True
    if state is not None and state.episode is not None:
        bare = Conversation(
            business_id=state.business_id,
            conversation_id=state.conversation_id,
            started_at=state.started_at,
            last_at=moment.at,
            episode=state.episode,
        )
        episodes.close_escalation(bare, effects, moment, ClosedBecause.ERASED)
    return effects


def _in_scope(state: Conversation, policy: BusinessPolicy) -> BusinessPolicy:
    """The policy that holds on the conversation's channel and for its customer's segment."""
    return policy.in_scope(state.channel, state.customer.segment if state.customer else None)


def _in_its_scope(state: Conversation, moment: Moment) -> Moment:
    policy = _in_scope(state, moment.policy)
    return moment if policy is moment.policy else replace(moment, policy=policy)


def _fold_message(
    state: Conversation, effects: Effects, moment: Moment, message: ChatMessage, signals: Signals
) -> None:
    given = is_given(state, message)
    state.turns += 1
    text = masked(message)
    turn = stored_turn(message, text, moment.at, given=given)
    state.add_turn(turn)
    _note_context(state, message, signals)
    moment = _in_its_scope(state, moment)
    match message.sender:
        case Sender.CUSTOMER:
            real = is_real_question(state, message, signals)
            opens = real and state.opening is None
            if opens:
                state.opening = replace(turn, text=clip(text, OPENING))
            if real and is_request(state, message, signals) and not _only_nudges(state, message, signals):
                state.request = gist_of_request(text, signals.spans)
                state.request_is_opening = opens
            _customer_turn(state, effects, moment, message, signals, real=real)
        case Sender.ASSISTANT if not given:
            told = [span for span in signals.spans if span.signal in _TELLING]
            state.answer = gist_of_answer(text, told, state.request)
            _assistant_turn(state, effects, moment, message, signals)
        case Sender.ASSISTANT:
            state.questioned = False
            state.open_questions = 0
            _answered_by_ai(state)
            state.memory = moment.policy.spoken(state.memory, message.sender)
        case Sender.HUMAN if presence.is_last_word(state, moment.at):
            presence.last_word(state, moment.at)
        case Sender.HUMAN:
            _human_turn(state, effects, moment)
            decide(state, effects, moment, message, assess_other(state, message, signals, moment.policy))
        case Sender.SYSTEM:
            decide(state, effects, moment, message, assess_other(state, message, signals, moment.policy))


def _only_nudges(state: Conversation, message: ChatMessage, signals: Signals) -> bool:
    """Whether a message only calls for the person, or the answer, that is waited for: the wish was told before."""
    if not state.request or max(signals.complaint, signals.high_value, signals.distress, signals.crisis) >= STRONG:
        return False
    if calls_for_what_was_put_off(state, message, signals):
        return True
    if state.episode is None or state.episode.answered:
        return False
    if signals.human_request >= STRONG:
        # "Agent please" says less than what was raised before.
        return len(signals.fingerprint) < MIN_QUESTION_WORDS
    return only_calls(message, signals)


def _note_context(state: Conversation, message: ChatMessage, signals: Signals) -> None:
    state.channel = message.channel or state.channel
    known, new = state.customer, message.customer
    if new is not None and new != known:
        another = known is not None and known.id and new.id and known.id != new.id
        if not another:
            state.customer = _known_by_now(known, new)
        elif message.sender is Sender.CUSTOMER:  # whoever else writes may be named there too
            state.customer = new
    if message.sender is Sender.CUSTOMER:
        note_language(state, message, signals)


def _known_by_now(known: Customer | None, new: Customer) -> Customer:
    """What is known of a customer, with what a message says anew."""
    if known is None:
        return new
    return Customer(id=new.id or known.id, name=new.name or known.name, segment=new.segment or known.segment)


def _customer_turn(
    state: Conversation, effects: Effects, moment: Moment, message: ChatMessage, signals: Signals, *, real: bool
) -> None:
    if state.control is ControlState.CLOSED:
        episodes.set_control(state, effects, moment, ControlState.AI)
    state.customer_turns += 1
    if moment.at > state.ended_at:
        state.ended_at = 0
    if message.text.strip() and not signals.gibberish:
        state.mood = feel(state.mood, signals.sentiment, first=not state.intents)
        state.intents[signals.intent.value] = state.intents.pop(signals.intent.value, 0) + 1
    answered = state.questions[: len(state.questions) - state.open_questions]
    asks = real and signals.thanks < STRONG
    calls = signals.thanks < STRONG and calls_for_what_was_put_off(state, message, signals)
    asked_again = (calls and has_waited(state, moment.at)) or (asks and repeats_question(signals.fingerprint, answered))
    if asked_again:
        state.asked_again += 1
        state.asking_again = True
    state.pending = state.pending or real
    state.questioned = state.questioned or signals.question
    waits = real or calls
    if waits and (not state.waiting_since or presence.is_left_again(state)):
        state.waiting_since = state.seen_at
        state.wait_told = False
    back = real and came_back(state, moment.at)
    talked_past = is_talked_past(state, signals)
    assessments = assess_customer(
        state, message, signals, moment.policy, real=waits, asked_again=asked_again, talked_past=talked_past
    )
    accepted = answer_offer(state, effects, moment, message, signals)
    decide(state, effects, moment, message, assessments, accepted=accepted)
    if not _fired(effects, message) and state.episode is None and state.holder is Holder.AI:
        if back:
            note_miss(state, effects, moment, Miss.REOPENED)
        elif asked_again:
            note_miss(state, effects, moment, Miss.ASKED_AGAIN)
    if real:
        state.questions = [*state.questions, signals.fingerprint][-MAX_FINGERPRINTS:]
        state.open_questions = min(state.open_questions + 1, MAX_FINGERPRINTS)
    _fade(state, signals)
    state.thanked = (state.thanked or signals.thanks >= STRONG) and not _is_in_trouble(effects, message)


def _is_in_trouble(effects: Effects, message: ChatMessage) -> bool:
    """Whether a trigger for that held on this message, acted upon or held up, whatever it rested on."""
    return any(
        decision.trigger in _TROUBLE
        and decision.result in (DecisionResult.FIRED, DecisionResult.SUPPRESSED)
        and decision.message_id == message.message_id
        for decision in effects.decisions
    )


def _fired(effects: Effects, message: ChatMessage) -> bool:
    return any(
        decision.result is DecisionResult.FIRED and decision.message_id == message.message_id
        for decision in effects.decisions
    )


def _fade(state: Conversation, signals: Signals) -> None:
    """Remember this message's weak evidence, and let that of earlier ones fade."""
    faded = {name: round(score * WEAK_FADE, 3) for name, score in state.weak.items()}
    for name in CORROBORATION:
        score = getattr(signals, name)
        if score >= WEAK:
            faded[name] = max(score, faded.get(name, 0.0))
    state.weak = {name: score for name, score in faded.items() if score >= WEAK}


def _assistant_turn(
    state: Conversation, effects: Effects, moment: Moment, message: ChatMessage, signals: Signals
) -> None:
    _hand_back(state, effects, moment)
    if state.control is ControlState.CLOSED:
        episodes.set_control(state, effects, moment, ControlState.AI)
    repeated = repeats_answer(signals.fingerprint, state.answers) or _says_the_same_again(state, signals)
    repeated = (repeated or is_put_off_again(state, signals)) and not wants_it_again(state)
    assessments = assess_assistant(state, message, signals, moment.policy, repeated=repeated)
    _count_broken_promise(state, effects, moment, assessments)
    standing = state.offer
    decide(state, effects, moment, message, assessments)
    signs = gap_signs(state, message, signals)
    left_open = message.assistant is not None and message.assistant.answered is False
    unanswered = left_open or has_failed(message, signals) or signals.admission >= STRONG
    state.failed = state.failed or unanswered
    state.gap_signs = signs
    state.put_off = signals.deferral
    state.repeats = state.repeats + 1 if repeated else 0
    if not (signals.asks_detail or signals.deferral):
        state.pending = False
    if signs and not unanswered:
        state.pending = True
    state.left_to_ai = state.left_to_ai and state.pending
    state.asking_again = state.questioned = False
    state.open_questions = 0
    _answered_by_ai(state)
    # What it asked when a person was offered is no longer the question.
    state.ai_asked = (signals.question or signals.asks_detail) and state.offer is standing
    state.ai_offered_human = signals.offers_human
    state.answers = [*state.answers, signals.fingerprint][-MAX_FINGERPRINTS:]


def _says_the_same_again(state: Conversation, signals: Signals) -> bool:
    """Whether the AI answers a question that has come again, word for word, with the words that it has had already.

    So a short turn is one too many, which may otherwise come twice: "Yes, included." may answer two questions, and
    "Yes, we do!" the same one asked back.
    """
    *earlier, turn = state.transcript
    *asked, again = state.questions or [()]
    return (
        state.asking_again
        and min(len(again), len(signals.fingerprint)) >= MIN_QUESTION_WORDS
        and again in asked
        and any(one.sender is Sender.ASSISTANT and one.text.split() == turn.text.split() for one in earlier)
    )


def _count_broken_promise(state: Conversation, effects: Effects, moment: Moment, assessments: list[Assessment]) -> None:
    """The AI promises a person whom nobody has told: counted, whatever the policy does about it."""
    if state.episode is not None or state.control is ControlState.HUMAN:
        return
    threshold = moment.policy.rule("broken_promise").threshold
    if any(one.trigger == "broken_promise" and one.score >= threshold for one in assessments):
        effects.notes.append(Note(Fact.PROMISE_BROKEN))


def _answered_by_ai(state: Conversation) -> None:
    """The customer's wait is over, unless it is a human that is waited for."""
    if state.holder is Holder.AI:
        state.waiting_since = 0
        state.wait_told = False


def _hand_back(state: Conversation, effects: Effects, moment: Moment) -> None:
    """The AI speaks after a human has: the human has handed the conversation back.

    An answer from before the human spoke was on its way, and hands nothing back.
    """
    if not state.human_spoke or presence.is_from_before_a_human_spoke(state, moment.at):
        return
    state.human_spoke = False
    state.taken_back_at = moment.at
    if state.episode is not None:
        episodes.close_escalation(state, effects, moment, ClosedBecause.HANDED_BACK, owes=state.waiting_since > 0)
    # What the human has answered is no question that the AI's answers could leave something out of.
    state.questions = state.questions[len(state.questions) - state.open_questions :]
    episodes.set_control(state, effects, moment, ControlState.AI)


def _human_turn(state: Conversation, effects: Effects, moment: Moment) -> None:
    """A human who speaks holds the conversation, asked for or not."""
    if state.taken_back_at and moment.at - state.taken_back_at <= TALKED_OVER_MS:
        effects.notes.append(Note(Fact.AI_SPOKE_WHILE_HUMAN))
    elif not state.human_spoke:
        take_over(state, effects, moment)
    state.taken_back_at = 0
    episodes.hold_by_human(state, effects, moment)
