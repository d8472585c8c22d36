"""What an escalation tells the human: the evidence, the last turns, and what the AI tried."""

from __future__ import annotations

from typing import Final

from handraise.conversation.effects import Assessment
from handraise.conversation.gist import clip
from handraise.conversation.masking import mask_private_keys, mask_secrets
from handraise.conversation.state import MAX_TURN_END, MAX_TURN_TEXT, Conversation, StoredTurn
from handraise.conversation.summary import is_attempt
from handraise.events import Attempt, ChatMessage, Evidence, IntentState, Transcript, Turn, utc

MAX_EVIDENCE: Final = 8
MAX_ATTEMPTS: Final = 5
MAX_ATTEMPT_TEXT: Final = 280
_AROUND: Final = 4_200
"""Code points before and after a part that are looked at for secrets: no part of a token that is known by its form is
longer than 4,096. A private key may be longer, and is looked for in all of the text."""
_LONG_TEXT: Final = 10_000
"""Of a longer text only what is near the words that are shown is looked at: a pasted log would hold up the others."""


def masked(message: ChatMessage) -> str:
    """As much of a message's text as is ever shown, with the secrets in it masked."""
    return mask_secrets(message.text[: MAX_TURN_TEXT * 4])


def stored_turn(message: ChatMessage, text: str, sent_at: int, *, given: bool) -> StoredTurn:
    """A message as the transcript keeps it, its text masked, and clipped here."""
    return StoredTurn(
        message_id=message.message_id,
        sender=message.sender,
        sent_at=sent_at,
        text=text[:MAX_TURN_TEXT],
        cut=max(0, len(message.text) - MAX_TURN_TEXT),
        given=given,
        end=_end(message.text),
    )


def _end(text: str) -> str:
    """How a text that is clipped ends, with the secrets in it masked."""
    return "" if len(text) <= MAX_TURN_TEXT else mask_secrets(text[-MAX_TURN_TEXT * 4 :])[-MAX_TURN_END:]


def _masked_part(text: str, start: int, end: int) -> str:
    """A part of a text with the secrets in it masked, also those that begin before it or end after it."""
    begin = max(0, start - _AROUND)
    return mask_secrets(text[begin : end + _AROUND])[start - begin : end - begin]


def evidence(message: ChatMessage | None, assessment: Assessment) -> list[Evidence]:
    """The words of a message that moved a trigger, strongest first; the whole text where no words are marked.

    None where no message moved it, but a timer.
    """
    if message is None:
        return []
    is_long = len(message.text) > _LONG_TEXT
    text = mask_private_keys(message.text) if is_long else mask_secrets(message.text)
    spans = sorted(assessment.spans, key=lambda span: (-span.score, span.start, span.end))[:MAX_EVIDENCE]
    found = [
        Evidence(
            message_id=message.message_id,
            start=span.start,
            end=span.end,
            text=_masked_part(text, span.start, span.end) if is_long else text[span.start : span.end],
            signal=span.signal,
            score=span.score,
        )
        for span in spans
    ]
    if found:
        return found
    end = min(len(message.text), MAX_TURN_TEXT)
    return [
        Evidence(
            message_id=message.message_id,
            start=0,
            end=end,
            text=_masked_part(text, 0, end) if is_long else text[:end],
            signal=assessment.trigger,
            score=assessment.score,
        )
    ]


def attempts(state: Conversation) -> list[Attempt]:
    """The AI's own answers, the oldest first, as far as the transcript goes back."""
    own = [turn for turn in state.transcript if is_attempt(turn)][-MAX_ATTEMPTS:]
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
