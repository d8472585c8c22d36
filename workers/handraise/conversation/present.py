"""What an escalation tells the human: why, the evidence, a short summary, and what the AI tried."""

from __future__ import annotations

from typing import Final

from handraise.conversation.effects import Assessment
from handraise.conversation.masking import mask_secrets
from handraise.conversation.mood import trend
from handraise.conversation.state import MAX_TURN_TEXT, Conversation, StoredTurn
from handraise.events import Attempt, ChatMessage, Evidence, IntentState, Sender, Transcript, Trend, Turn, utc
from handraise.policy.model import CRISIS

QUOTE: Final = 160
"""Code points of a message that are quoted in a sentence."""
MAX_EVIDENCE: Final = 8
MAX_ATTEMPTS: Final = 5
MAX_ATTEMPT_TEXT: Final = 280
BAD_MOOD: Final = -0.2
GOOD_MOOD: Final = 0.2

_REASONS: Final = {
    "human_request": "The customer asks for a person",
    "distress": "The customer is upset or in difficulty",
    "complaint": "The customer complains",
    "high_value": "This may be a valuable enquiry",
    "broken_promise": "The AI promised that a person will follow up, and nobody had been told",
}


def clip(text: str, limit: int) -> str:
    """At most `limit` code points, on one line, with an ellipsis where something was left out."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def stored_turn(message: ChatMessage, sent_at: int, *, given: bool) -> StoredTurn:
    """A message as the transcript keeps it: secrets masked, then clipped."""
    text = mask_secrets(message.text[: MAX_TURN_TEXT * 4])
    return StoredTurn(
        message_id=message.message_id,
        sender=message.sender,
        sent_at=sent_at,
        text=text[:MAX_TURN_TEXT],
        cut=max(0, len(message.text) - MAX_TURN_TEXT),
        given=given,
    )


def evidence(message: ChatMessage | None, assessment: Assessment) -> list[Evidence]:
    """The words of a message that moved a trigger, strongest first; the whole text where no words are marked.

    None where no message moved it, but a timer.
    """
    if message is None:
        return []
    masked = mask_secrets(message.text)
    spans = sorted(assessment.spans, key=lambda span: (-span.score, span.start, span.end))[:MAX_EVIDENCE]
    found = [
        Evidence(
            message_id=message.message_id,
            start=span.start,
            end=span.end,
            text=masked[span.start : span.end],
            signal=span.signal,
            score=span.score,
        )
        for span in spans
    ]
    if found:
        return found
    end = min(len(masked), MAX_TURN_TEXT)
    return [
        Evidence(
            message_id=message.message_id,
            start=0,
            end=end,
            text=masked[:end],
            signal=assessment.trigger,
            score=assessment.score,
        )
    ]


def reason(state: Conversation, message: ChatMessage | None, assessment: Assessment) -> str:
    """One sentence that says why a human is needed."""
    quote = clip(mask_secrets(message.text[: QUOTE * 4]), QUOTE) if message else ""
    why = "; ".join(assessment.signs)
    if assessment.trigger_class == CRISIS:
        return f"Someone may be in danger: “{quote}”"
    if assessment.trigger == "knowledge_gap":
        asked = last_question(state)
        about = f"The AI could not answer “{clip(asked.text, QUOTE)}”" if asked else "The AI could not answer"
        return f"{about}: {why}."
    if assessment.trigger == "ai_failure":
        return f"The AI fails: {why}."
    lead = _REASONS.get(assessment.trigger)
    if lead is None:
        return f"The trigger “{assessment.trigger}” holds: {why or 'its condition is met'}."
    said = f"“{quote}”" if quote else "no text"
    return f"{lead}: {said}" + (f" ({why})." if why else "")


def last_question(state: Conversation) -> StoredTurn | None:
    """The customer's last turn with words in it."""
    return next((turn for turn in reversed(state.transcript) if _is_customer(turn)), None)


def summary(state: Conversation) -> str:
    """What the customer wants, what the AI answered, where it stands now: quoted, never rewritten.

    Extractive: the opening request, the last answer that the AI gave of its own, and the customer's last words.
    """
    customer = [turn for turn in state.transcript if _is_customer(turn)]
    parts = []
    if state.opening:
        parts.append(f"Wants: “{clip(state.opening.text, QUOTE)}”")
    answer = next((turn for turn in reversed(state.transcript) if _is_attempt(turn)), None)
    if answer:
        parts.append(f"AI answered: “{clip(answer.text, QUOTE)}”")
    if customer and (state.opening is None or customer[-1].message_id != state.opening.message_id):
        parts.append(f"Now: “{clip(customer[-1].text, QUOTE)}”")
    if state.asked_again:
        parts.append("Asked again: once" if state.asked_again == 1 else f"Asked again: {state.asked_again} times")
    parts.append(f"Mood: {_mood(state)}")
    return ". ".join(parts) + "."


def attempts(state: Conversation) -> list[Attempt]:
    """The AI's own answers, the oldest first, as far as the transcript goes back."""
    own = [turn for turn in state.transcript if _is_attempt(turn)][-MAX_ATTEMPTS:]
    return [Attempt(message_id=turn.message_id, text=clip(turn.text, MAX_ATTEMPT_TEXT)) for turn in own]


def transcript(state: Conversation) -> Transcript:
    """The last turns, with what was left out counted."""
    return Transcript(
        turns=[
            Turn(
                message_id=turn.message_id, sender=turn.sender, sent_at=utc(turn.sent_at), text=turn.text, cut=turn.cut
            )
            for turn in state.transcript
        ],
        omitted=state.turns - len(state.transcript),
    )


def intent(state: Conversation) -> IntentState:
    """The intent that prevails: the one most often seen, substance before small talk, the later one of equals."""
    substance = {name: count for name, count in state.intents.items() if name not in ("smalltalk", "other", "praise")}
    counts = substance or state.intents
    name = max(reversed(counts), key=lambda key: counts[key]) if counts else "other"
    return IntentState(name=name, asked_again=state.asked_again)


def _is_customer(turn: StoredTurn) -> bool:
    return turn.sender is Sender.CUSTOMER and bool(turn.text.strip())


def _is_attempt(turn: StoredTurn) -> bool:
    return turn.sender is Sender.ASSISTANT and not turn.given and bool(turn.text.strip())


def _mood(state: Conversation) -> str:
    mean = state.mood.mean
    word = "negative" if mean <= BAD_MOOD else "positive" if mean >= GOOD_MOOD else "neutral"
    return word if trend(state.mood) is Trend.STEADY else f"{word}, {trend(state.mood).value}"
