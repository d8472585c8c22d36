"""One sentence that says why a human is needed, or why an escalation has changed, in the language of the owner."""

from __future__ import annotations

from typing import Final

from handraise.conversation.effects import Assessment
from handraise.conversation.gist import gist_of_request
from handraise.conversation.present import masked
from handraise.conversation.state import Conversation
from handraise.conversation.summary import quoted, wanted
from handraise.conversation.weights import Sign
from handraise.events import ChatMessage
from handraise.policy.model import CRISIS, BusinessPolicy
from handraise.policy.wording import Wording

_MINUTE_MS: Final = 60_000


def why(state: Conversation, policy: BusinessPolicy, message: ChatMessage | None, assessment: Assessment) -> str:
    """Why a trigger that holds wants a human; without a message, because of a timer."""
    texts = policy.wording.texts
    frame = texts.reason
    signs = "; ".join(_signs(policy, assessment))
    quote = quote_of(message, assessment)
    said = quoted(quote, texts.summary) if quote else ""
    if assessment.trigger_class == CRISIS:
        return frame.told.format(lead=frame.lead[CRISIS], said=said or frame.no_text)
    if assessment.trigger == "knowledge_gap":
        asked = wanted(state)
        lead = frame.unanswered.format(quote=quoted(asked, texts.summary)) if asked else frame.unanswered_words
        return _because(policy.wording, lead, signs)
    if assessment.trigger == "ai_failure":
        return _because(policy.wording, frame.ai_fails, signs)
    lead = frame.lead.get(assessment.trigger, "")
    if not lead:
        # Of a condition of the business's own, only English can say what it is; elsewhere, what was said tells more.
        lead = frame.own.format(quote=quoted(assessment.trigger, texts.summary))
        return frame.told.format(lead=lead, said=said) if said and not signs else _because(policy.wording, lead, signs)
    if signs:
        return frame.told_why.format(lead=lead, said=said or frame.no_text, why=signs)
    return frame.told.format(lead=lead, said=said or frame.no_text)


def quote_of(message: ChatMessage | None, assessment: Assessment) -> str:
    """What was said that made a trigger hold; nothing where a timer did."""
    return assessment.said or (gist_of_request(masked(message), assessment.spans) if message else "")


def could_not_take(wording: Wording, owner: str, goes_to: str | None) -> str:
    """The owner cannot take it; to whom it goes now, if that is somebody else."""
    frame, named = wording.texts.reason, _first(wording, owner)
    if goes_to is None:
        return frame.could_not_take.format(owner=named)
    return frame.could_not_take_goes.format(owner=named, next=wording.named(goes_to))


def not_taken(wording: Wording, goes_to: str | None) -> str:
    """The promised time has passed and nobody took it; to whom it goes now, if that is somebody else."""
    frame = wording.texts.reason
    return frame.not_taken if goes_to is None else frame.not_taken_goes.format(next=wording.named(goes_to))


def not_answered(wording: Wording, owner: str) -> str:
    """Somebody took it, and has left the customer without an answer."""
    return wording.texts.reason.not_answered.format(owner=_first(wording, owner))


def _because(wording: Wording, lead: str, signs: str) -> str:
    frame = wording.texts.reason
    return frame.because.format(lead=lead, why=signs) if signs else frame.plain.format(lead=lead)


def _signs(policy: BusinessPolicy, assessment: Assessment) -> list[str]:
    """What speaks for it besides the words. What only the log's English can say is left to the log elsewhere."""
    words = policy.wording.texts.reason.signs
    minutes = round((policy.ai_answers_within_ms or 0) / _MINUTE_MS, 1)
    told = []
    for sign in assessment.signs:
        text = words.get(sign.name.lower()) if isinstance(sign, Sign) else None
        if text is not None:
            told.append(text.replace("{n}", f"{minutes:g}"))
        elif policy.wording.language == "en":
            told.append(sign)
    return told


def _first(wording: Wording, owner: str) -> str:
    """An owner as the first words of a sentence; the name of a person or a desk stays as it is written."""
    named = wording.named(owner)
    return named[:1].upper() + named[1:] if named == wording.texts.our_team else named
