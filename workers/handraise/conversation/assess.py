"""From signals and the conversation's state to what each trigger scores on one message."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from handraise.conversation import weights
from handraise.conversation.consent import asks_by_its_yes, comes_behind_ai, has_asked_else, takes_up
from handraise.conversation.corrections import goes_on_to_who_asked, is_said_again_in_vain, is_told_in_vain
from handraise.conversation.effects import Assessment
from handraise.conversation.gist import is_more_than_a_reference
from handraise.conversation.mood import has_fallen
from handraise.conversation.staff import asks_by_name
from handraise.conversation.state import Conversation
from handraise.conversation.weights import Sign, noisy_or
from handraise.detection.signals import Intent, Signals, Span
from handraise.events import ChatMessage
from handraise.policy.model import CRISIS, BusinessPolicy, ConversationFacts, OwnMatches

_NOTHING_ASKED: Final = frozenset(("sticker", "reaction", "typing", "read", "system"))
"""Message types that want no answer when no text comes with them."""


def assess_customer(
    state: Conversation,
    message: ChatMessage,
    signals: Signals,
    policy: BusinessPolicy,
    *,
    real: bool,
    asked_again: bool,
    talked_past: bool,
) -> list[Assessment]:
    """Every trigger that a customer's message speaks for, weakly or strongly. `state` has the message already.

    `real`: whether the message wants an answer; `asked_again`: whether one like it was answered before;
    `talked_past`: whether it says for the second time that the AI's answer is beside the point, or says so of one that
    came twice.
    """
    asked = signals.human_request
    takes_up_offer = state.offer is not None and not has_asked_else(state) and asks_by_its_yes(signals)
    signals = _less(signals, weights.opening(state.channel) if state.customer_turns <= 1 else weights.LATER)
    if state.ai_offered_human:
        # Whoever answers that means a person with what otherwise might be anything.
        signals = replace(signals, human_request=asked)
    found = []
    if signals.crisis > 0:
        found.append(_plain("distress", signals.crisis, signals, ("crisis",), trigger_class=CRISIS))
    agreed = (
        max(signals.affirm, weights.CONSENT)
        if state.ai_offered_human and takes_up(message, signals, directly=comes_behind_ai(state))
        else 0.0
    )
    if agreed > signals.human_request:
        found.append(
            Assessment(
                trigger="human_request",
                score=agreed,
                signs=(Sign.OFFERED_BY_AI,),
                spans=_spans(signals, ("affirm",)),
            )
        )
    elif signals.human_request < weights.ASKED_BY_NAME and asks_by_name(state):
        found.append(Assessment(trigger="human_request", score=weights.ASKED_BY_NAME, signs=(Sign.BY_NAME,)))
    elif signals.human_request > 0 and not takes_up_offer:
        found.append(_corroborated("human_request", signals.human_request, state, signals, asked_again=asked_again))
    found.extend(
        _corroborated(trigger, score, state, signals, asked_again=asked_again)
        for trigger, score in (("distress", signals.distress), ("complaint", signals.complaint))
        if score > 0
    )
    found.append(_high_value(state, signals, policy, asked_again=asked_again))
    if state.pending and asked_again and state.gap_signs:
        found.append(_gap_asked_again(state))
    if talked_past:
        sign = Sign.REPEATS_TO_ASKER if state.repeats else Sign.TALKED_PAST
        found.append(Assessment(trigger="ai_failure", score=weights.FAILURE_TALKED_PAST, signs=(sign,)))
    found.extend(_own(state, message, signals, policy, wants_answer=real))
    return [assessment for assessment in found if assessment.score > 0]


def assess_assistant(
    state: Conversation, message: ChatMessage, signals: Signals, policy: BusinessPolicy, *, repeated: bool
) -> list[Assessment]:
    """Every trigger that an AI turn speaks for. `state` is as the turns before left it."""
    signals = _less(signals, weights.ANSWER)
    gap = _knowledge_gap(state, message, signals)
    found = [gap] if gap.score > 0 else []
    if signals.promise > 0 and not signals.offers_human and gap.score < weights.STRONG:
        found.append(_plain("broken_promise", signals.promise, signals, ("promise",)))
    failure = _ai_failure(state, message, signals, repeated=repeated)
    if failure.score > 0:
        found.append(failure)
    found.extend(_own(state, message, signals, policy))
    return found


def assess_other(
    state: Conversation, message: ChatMessage, signals: Signals, policy: BusinessPolicy
) -> list[Assessment]:
    """Own triggers may watch any sender; the built-in ones do not watch humans and systems."""
    return _own(state, message, signals, policy)


def has_failed(message: ChatMessage, signals: Signals) -> bool:
    """Whether an AI turn is one that failed: its producer says so, or the AI does."""
    return signals.fault or bool(message.assistant and message.assistant.error)


def gap_signs(state: Conversation, message: ChatMessage, signals: Signals) -> tuple[Sign, ...]:
    """The signs of a knowledge gap on an AI turn that are not enough alone; a turn that failed has none."""
    if has_failed(message, signals):
        return ()
    assistant = message.assistant
    signs = []
    if assistant and assistant.sources is not None and not assistant.sources:
        signs.append(Sign.NO_SOURCES)
    if assistant and assistant.retrieval_score is not None and assistant.retrieval_score < weights.RETRIEVAL_FLOOR:
        signs.append(Sign.LOW_RETRIEVAL)
    if signals.deferral or Sign.DEFERRED in state.gap_signs:
        signs.append(Sign.DEFERRED)
    if weights.WEAK <= signals.admission < weights.STRONG:
        signs.append(Sign.WEAK_ADMISSION)
    return tuple(signs)


def is_real_question(state: Conversation, message: ChatMessage, signals: Signals) -> bool:
    """Whether a customer's message wants an answer: anything of substance but thanks, small talk and noise."""
    if message.message_type != "text" and not message.text.strip():
        return message.message_type not in _NOTHING_ASKED
    if signals.gibberish or not message.text.strip():
        return False
    if signals.question or signals.crisis >= weights.STRONG:
        return True
    if signals.intent in (Intent.SMALLTALK, Intent.PRAISE) or signals.thanks >= weights.STRONG:
        return False
    return (
        signals.intent is not Intent.OTHER or state.ai_asked or len(signals.fingerprint) >= weights.MIN_QUESTION_WORDS
    )


def is_request(state: Conversation, message: ChatMessage, signals: Signals) -> bool:
    """Whether a message that wants an answer says what is wanted, and is more than a detail that the AI asked for."""
    if not message.text.strip():
        return False
    strong = max(signals.complaint, signals.distress, signals.human_request, signals.high_value) >= weights.STRONG
    if strong or signals.question or not state.ai_asked:
        return True
    return signals.intent is not Intent.OTHER and is_more_than_a_reference(message.text)


def _less(signals: Signals, less: dict[str, float]) -> Signals:
    """The signals, with something taken from the log-odds of some."""
    return replace(signals, **{name: weights.in_context(getattr(signals, name), by) for name, by in less.items()})


def _plain(
    trigger: str, score: float, signals: Signals, names: tuple[str, ...], *, trigger_class: str | None = None
) -> Assessment:
    return Assessment(trigger=trigger, trigger_class=trigger_class, score=score, spans=_spans(signals, names))


def _spans(signals: Signals, names: tuple[str, ...]) -> tuple[Span, ...]:
    return tuple([span for span in signals.spans if span.signal in names]) if signals.spans else ()


def _corroborated(
    trigger: str, score: float, state: Conversation, signals: Signals, *, asked_again: bool
) -> Assessment:
    """Strong evidence stands alone; weak evidence is joined by the signs that the conversation gives."""
    spans = _spans(signals, (trigger,))
    if not weights.WEAK <= score < weights.STRONG:
        return Assessment(trigger=trigger, score=score, spans=spans)
    if trigger in weights.NEEDS_A_TONE and state.mood.now > weights.NEGATIVE and not asked_again:
        return Assessment(trigger=trigger, score=score, spans=spans)
    holds = {
        Sign.NEGATIVE_STREAK: state.mood.streak >= weights.STREAK,
        Sign.FALLING_MOOD: has_fallen(state.mood),
        Sign.EARLIER_WEAK: state.weak.get(trigger, 0.0) >= weights.WEAK,
        Sign.ASKED_AGAIN: asked_again,
        Sign.AI_FAILED: state.failed,
    }
    signs = {sign: weight for sign, weight in weights.CORROBORATION[trigger].items() if holds[sign]}
    joined = min(noisy_or(score, list(signs.values())), weights.CORROBORATED)
    return Assessment(trigger=trigger, score=joined, signs=tuple(signs), spans=spans)


def _high_value(state: Conversation, signals: Signals, policy: BusinessPolicy, *, asked_again: bool) -> Assessment:
    """The business's floors for quantities and amounts come before the signs of the conversation."""
    value = policy.high_value_score(signals)
    found = _corroborated("high_value", value.score, state, signals, asked_again=asked_again)
    signs = (value.because, *found.signs) if value.because else found.signs
    return replace(found, signs=signs, aside=value.aside)


def _own(
    state: Conversation,
    message: ChatMessage,
    signals: Signals,
    policy: BusinessPolicy,
    *,
    wants_answer: bool = False,
) -> list[Assessment]:
    """The own triggers that hold; what their conditions remember of this message goes into the state."""
    if not policy.has_own_triggers:
        state.memory = None
        return []
    facts = ConversationFacts(
        sentiment_mean=state.mood.mean,
        negative_streak=state.mood.streak,
        customer_turns=state.customer_turns,
        at_ms=state.last_at,
        began_ms=state.started_at,
        wants_answer=wants_answer,
        memory=state.memory,
        channel=state.channel,
        language=state.language,
    )
    matches = policy.own_matches(message, signals, facts)
    state.memory = matches.memory
    return of_own_triggers(matches)


def of_own_triggers(matches: OwnMatches) -> list[Assessment]:
    """What own triggers score that hold."""
    return [
        Assessment(trigger=match.trigger, score=match.score, signs=(match.because,), spans=match.spans)
        for match in matches.found
    ]


def _gap_asked_again(state: Conversation) -> Assessment:
    """The customer asks again what the last AI turn had left half answered."""
    signs = (*state.gap_signs, Sign.ASKED_AGAIN)
    return Assessment(
        trigger="knowledge_gap", score=noisy_or(0.0, [weights.GAP[Sign(sign)] for sign in signs]), signs=signs
    )


def _knowledge_gap(state: Conversation, message: ChatMessage, signals: Signals) -> Assessment:
    """Whether this AI turn leaves a real question without an answer. Asking for a detail is no gap."""
    assistant = message.assistant
    answered = assistant.answered if assistant else None
    admission = signals.admission
    asks_detail = signals.asks_detail and not (answered is False and admission >= weights.STRONG)
    is_asked = state.pending or (admission >= weights.STRONG and goes_on_to_who_asked(state))
    if has_failed(message, signals) or not is_asked or asks_detail or _fails_on(state, admission):
        return Assessment(trigger="knowledge_gap", score=0.0)
    spans = _spans(signals, ("admission",))
    best, why = 0.0, Sign.UNANSWERED
    if answered is False:
        best, why = weights.GAP_UNANSWERED, Sign.UNANSWERED
    elif assistant and assistant.confidence is not None and assistant.confidence <= weights.CONFIDENCE_FLOOR:
        best, why = weights.GAP_UNSURE, Sign.UNSURE
    clear = weights.ADMISSION_AGAINST_PRODUCER if answered else 0.5
    if admission >= clear and admission > best:
        best, why = admission, Sign.ADMISSION
    if best:
        return Assessment(trigger="knowledge_gap", score=best, signs=(why,), spans=spans)
    signs: tuple[Sign, ...] = gap_signs(state, message, signals)
    if state.asking_again:
        signs = (*signs, Sign.ASKED_AGAIN)
    score = noisy_or(0.0, [weights.GAP[sign] for sign in signs])
    return Assessment(trigger="knowledge_gap", score=score, signs=signs, spans=spans)


def _fails_on(state: Conversation, admission: float) -> bool:
    """Whether an AI turn only goes on with the failure that is raised: what its producer says of it tells no more."""
    return state.episode is not None and state.episode.trigger == "ai_failure" and admission < weights.STRONG


def _ai_failure(state: Conversation, message: ChatMessage, signals: Signals, *, repeated: bool) -> Assessment:
    if message.assistant and message.assistant.error:
        return Assessment(trigger="ai_failure", score=weights.FAILURE_ERROR, signs=(Sign.ERROR,))
    if signals.fault:
        spans = _spans(signals, ("fault",))
        return Assessment(trigger="ai_failure", score=weights.FAILURE_ERROR, signs=(Sign.FAULT,), spans=spans)
    if not repeated:
        return Assessment(trigger="ai_failure", score=0.0)
    if state.repeats >= 1:
        return Assessment(trigger="ai_failure", score=weights.FAILURE_LOOP, signs=(Sign.LOOP,))
    if state.asking_again or is_told_in_vain(state, signals) or is_said_again_in_vain(state, signals):
        return Assessment(
            trigger="ai_failure",
            score=weights.FAILURE_REPEAT_ASKED,
            signs=(Sign.REPEATS_TO_ASKER,),
        )
    return Assessment(trigger="ai_failure", score=weights.FAILURE_REPEAT, signs=(Sign.REPEATS,))
