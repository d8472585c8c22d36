"""What a customer answers to the offer of a person: a yes, a no, or something else."""

from __future__ import annotations

import re
from typing import Final

from msgspec.structs import replace

from handraise.conversation.consent import asks_by_its_yes, comes_behind_ai, has_asked_else, takes_up
from handraise.conversation.decide import Candidate, accept_offer, lapse_offer
from handraise.conversation.effects import Effects
from handraise.conversation.moment import Moment
from handraise.conversation.state import MAX_OFFER_TURNS, MAX_TURN_TEXT, UNSEEN_MS, Conversation
from handraise.conversation.weights import CONSENT, STRONG
from handraise.detection.signals import Signals, Span
from handraise.events import ChatMessage

_NO: Final = re.compile(
    r"\W*(?:ji )?(?:no|nope|nah|não|nao|non|nein|nahi|nahin|जी नहीं|नहीं|नही|لا|كلا)"
    r"(?=\s*(?:$|[.,;:!…–—،؛।-]|thank|thx|gracias|obrigad[oa]|merci|danke|dhanyava[ad]d|shukriya|धन्यवाद|शुक्रिया|شكر))",
    re.IGNORECASE,
)
"""A no that stands alone: "no funciona" and "لا يعمل" say that something does not work."""


def answer_offer(
    state: Conversation, effects: Effects, moment: Moment, message: ChatMessage, signals: Signals
) -> Candidate | None:
    """A yes to the offer takes it up, and a no to it ends it; anything else leaves one turn less.

    Where the AI has asked something else since, a yes or a no is an answer to that; and where a timer has only just
    made the offer, to what was asked before.

    Returns:
        What hands over, where the offer is taken up.
    """
    offer = state.offer
    if offer is None or moment.at < offer.unseen_until:
        return None
    asked_else = has_asked_else(state)
    is_first = offer.turns_left == MAX_OFFER_TURNS
    asks = signals.crisis >= STRONG or (signals.human_request >= STRONG and not asks_by_its_yes(signals))
    directly = is_first and (state.ai_offered_human or not comes_behind_ai(state))
    if takes_up(message, signals, directly=directly) and not asks and not asked_else:
        words = tuple(span for span in signals.spans if span.signal == "affirm")
        whole = Span("affirm", 0, min(len(message.text), MAX_TURN_TEXT), max(signals.affirm, CONSENT))
        return accept_offer(state, effects, moment, offer, words or (whole,))
    says_no = is_first and not asked_else and _says_no(message, signals)
    if offer.turns_left > 1 and not says_no:
        state.offer = replace(offer, turns_left=offer.turns_left - 1)
    else:
        lapse_offer(state, effects, moment)
    return None


def goes_out(state: Conversation, at: int, *, given: bool) -> None:
    """An event of this time has come: what a timer offered before goes out with it, if it was not out yet.

    `given`: the event is a reply of Handraise's that the AI has sent, so the offer has been seen.
    """
    offer = state.offer
    unseen_until = at if given else at + UNSEEN_MS
    if offer is not None and unseen_until < offer.unseen_until:
        state.offer = replace(offer, unseen_until=unseen_until)


def _says_no(message: ChatMessage, signals: Signals) -> bool:
    """Whether a message says no, and nothing that somebody should hear of."""
    wants = max(signals.human_request, signals.complaint, signals.high_value, signals.distress, signals.crisis)
    return wants < STRONG and not signals.question and _NO.match(message.text) is not None
