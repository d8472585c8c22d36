"""Every number that the fold weighs with, named, in one place.

Scores and signs combine as a noisy or: `1 - (1 - score) * product(1 - weight)`. Each sign is one independent reason to
believe the same thing, so two weak ones can reach what one cannot, and nothing ever counts as certain.
"""

from __future__ import annotations

import math
from enum import StrEnum
from functools import lru_cache
from typing import Final

OPENING: Final[dict[str, float]] = {
    "human_request": 1.0,
    "high_value": 0.5,
    "complaint": 1.5,
    "distress": 2.0,
    "crisis": 0.5,
}
LATER: Final[dict[str, float]] = {
    "human_request": 1.5,
    "high_value": 1.0,
    "complaint": 1.3,
    "distress": 2.8,
    "crisis": 0.85,
}
ANSWER: Final[dict[str, float]] = {"admission": 1.7, "promise": 1.4}
"""What is taken from the log-odds of what a customer's first message says, of what each later one says, and of what an
AI turn admits or promises.

Detection's probabilities are those of messages as the corpus has them, half of which want somebody. In a conversation
most turns are answers, data and small talk, so the same words are less likely to. Who asks for a person or for a
hundred of something says so; what is a complaint and what is distress is a matter of degree, and most false alarms are
one of these. Which of the later messages that look like complaints are mere answers, detection knows for itself, as far
as it reads what stands before them; so of these less is taken later than at first."""

PUBLIC_CHANNELS: Final = frozenset(("twitter", "x", "threads", "bluesky", "mastodon"))
"""Channels on which a customer begins in public, by the names that producers give them."""
PUBLIC_OPENING: Final[dict[str, float]] = OPENING | {"complaint": -1.2, "distress": -1.9}
"""What takes the place of `OPENING` there.

Who writes to a business before everybody's eyes mostly complains: two thirds of 526 openings on Twitter did, and a
sixth, or a fifth by other people's labels, were in distress. `ops/decisions/0007` has what this was set on, and what it
is worth on others."""

WEAK: Final = 0.2
"""Below this a score is no evidence at all, and nothing can corroborate it."""
STRONG: Final = 0.5
"""Evidence from here on stands alone, as `Signals` defines it."""
NEAR: Final = 0.7
"""A decision is near from this share of its threshold."""
CERTAIN: Final = 0.99
"""No combination exceeds this."""
CORROBORATED: Final = 0.9
"""Weak evidence never counts for more than this, however many signs stand behind it."""

CONFIDENCE_FLOOR: Final = 0.35
RETRIEVAL_FLOOR: Final = 0.3


class Sign(StrEnum):
    """Something in the conversation, outside the words in hand, that speaks for a trigger."""

    NEGATIVE_STREAK = "negative messages in a row"
    FALLING_MOOD = "falling sentiment"
    EARLIER_WEAK = "weak evidence before"
    ASKED_AGAIN = "the customer asks again"
    AI_FAILED = "the AI could not answer before"
    NO_SOURCES = "no sources"
    LOW_RETRIEVAL = "low retrieval score"
    DEFERRED = "put off without a follow-up"
    WEAK_ADMISSION = "half an admission"
    UNANSWERED = "the producer says that the AI did not answer"
    UNSURE = f"the AI's confidence is at or below {CONFIDENCE_FLOOR}"
    ADMISSION = "the AI says that it does not have the answer"
    ERROR = "the producer reports an error"
    FAULT = "the AI says that something went wrong"
    REPEATS = "the AI repeats itself"
    REPEATS_TO_ASKER = "the AI repeats itself to a customer who asks again"
    LOOP = "the AI says the same a third time"
    TALKED_PAST = "the customer says a second time that the answer is beside the point"
    AI_SILENT = "the AI has not answered in the time that the policy allows"
    OFFERED_BY_AI = "the AI asked whether a person is wanted"
    BY_NAME = "the customer names somebody who has spoken here"
    OFFER_ACCEPTED = "the customer said yes to a person"


CORROBORATION: Final[dict[str, dict[Sign, float]]] = {
    "human_request": {Sign.AI_FAILED: 0.3, Sign.ASKED_AGAIN: 0.2, Sign.EARLIER_WEAK: 0.3},
    "complaint": {Sign.NEGATIVE_STREAK: 0.25, Sign.EARLIER_WEAK: 0.35, Sign.ASKED_AGAIN: 0.25, Sign.AI_FAILED: 0.25},
    "distress": {Sign.NEGATIVE_STREAK: 0.25, Sign.FALLING_MOOD: 0.2, Sign.EARLIER_WEAK: 0.35, Sign.ASKED_AGAIN: 0.15},
    "high_value": {Sign.EARLIER_WEAK: 0.3},
}
"""What each sign is worth for each trigger that can rest on weak evidence."""

GAP: Final[dict[Sign, float]] = {
    Sign.NO_SOURCES: 0.25,
    Sign.LOW_RETRIEVAL: 0.25,
    Sign.DEFERRED: 0.3,
    Sign.WEAK_ADMISSION: 0.25,
    Sign.ASKED_AGAIN: 0.35,
}
"""What each sign of a knowledge gap is worth."""

GAP_UNANSWERED: Final = 0.95
"""The producer says that the AI did not answer."""
GAP_UNSURE: Final = 0.8
"""The AI's confidence is at or below the floor."""
SILENCE: Final = 0.95
"""The AI, or the human who holds, leaves a question without an answer for longer than the policy allows."""
ADMISSION_AGAINST_PRODUCER: Final = 0.8
"""Where the producer says `answered: true`, only an admission at least this clear counts."""

CONSENT: Final = 0.85
"""The customer takes up the person that the AI has offered; a plain yes counts for as much as it is sure."""

ASKED_BY_NAME: Final = 0.9
"""The customer asks by name for somebody who has spoken here."""

FAILURE_ERROR: Final = 0.9
"""The producer reports an error of the AI, or the AI says that something technical of its own fails."""
FAILURE_REPEAT: Final = 0.4
"""The AI says once more what it has said: alone it is a near miss at most."""
FAILURE_REPEAT_ASKED: Final = 0.65
"""The same, in answer to a customer who asks again."""
FAILURE_TALKED_PAST: Final = 0.65
"""The customer says for the second time that the AI's answer is not what was asked, or was told already."""
FAILURE_LOOP: Final = 0.85
"""The AI says the same for the third time."""

NEEDS_A_TONE: Final = frozenset(("complaint", "distress"))
"""Weak evidence of these is corroborated only in a message whose own tone is negative, or that asks again: polite words
about an exchange or a return are weak evidence too, however the conversation went before."""

WEAK_FADE: Final = 0.7
"""What is left of weak evidence after each further customer turn."""
STREAK: Final = 2
"""So many negative messages in a row are a sign."""
NEGATIVE: Final = -0.2
"""A message at or below this sentiment is negative."""
FALLEN: Final = -0.3
"""The decayed mean at or below this, while it falls, is a sign."""

SAME_ANSWER: Final = 0.85
"""Share of content words in common from which one AI turn repeats another."""
SAME_AND_MORE: Final = 0.75
"""The same where one of the two has words before or behind it that the other has not."""
SAME_QUESTION: Final = 0.6
"""The same for what a customer asks again."""
LEFT_OUT: Final = 2
"""So many words that come back, and that the answer between had left out, show that it was beside the point."""
MIN_ANSWER_WORDS: Final = 4
MIN_QUESTION_WORDS: Final = 2
"""Texts of fewer content words are too short to be called repeated."""


def opening(channel: str | None) -> dict[str, float]:
    """What is taken from the log-odds of a customer's first message on a channel."""
    public = channel is not None and channel.strip().casefold() in PUBLIC_CHANNELS
    return PUBLIC_OPENING if public else OPENING


@lru_cache(maxsize=8_192)
def in_context(score: float, less: float) -> float:
    """A probability, with `less` taken from its log-odds; three decimals. 0 stays 0, and 1 stays 1."""
    if not 0.0 < score < 1.0:
        return score
    return round(1.0 / (1.0 + (1.0 - score) / score * math.exp(less)), 3)


def noisy_or(score: float, weights: list[float]) -> float:
    """The probability that at least one of several independent reasons holds; three decimals."""
    miss = 1.0 - score
    for weight in weights:
        miss *= 1.0 - weight
    return round(min(1.0 - miss, CERTAIN), 3)
