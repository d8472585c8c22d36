"""Sentiment over a conversation: where it is, where it is heading, how low it went."""

from __future__ import annotations

from typing import Final

from handraise.conversation.state import Mood
from handraise.conversation.weights import FALLEN, NEGATIVE
from handraise.events import SentimentState, Trend

MEAN_STEP: Final = 0.4
FAST_STEP: Final = 0.6
SLOW_STEP: Final = 0.25
TREND_BAND: Final = 0.12
"""A fast mean this far from the slow one is a trend (the idea of a moving-average crossover)."""


def feel(mood: Mood, sentiment: float, *, first: bool) -> Mood:
    """The mood after one more customer message of this sentiment, in [-1, 1]; the first one sets the means."""
    if first:
        start = round(sentiment, 3)
        return Mood(start, start, start, start, min(start, 0.0), 1 if start <= NEGATIVE else 0)

    def step(mean: float, size: float) -> float:
        return round(mean + size * (sentiment - mean), 3)

    return Mood(
        now=round(sentiment, 3),
        mean=step(mood.mean, MEAN_STEP),
        fast=step(mood.fast, FAST_STEP),
        slow=step(mood.slow, SLOW_STEP),
        lowest=round(min(mood.lowest, sentiment), 3),
        streak=mood.streak + 1 if sentiment <= NEGATIVE else 0,
    )


def trend(mood: Mood) -> Trend:
    """Where the sentiment is heading."""
    if mood.fast <= mood.slow - TREND_BAND:
        return Trend.FALLING
    if mood.fast >= mood.slow + TREND_BAND:
        return Trend.RISING
    return Trend.STEADY


def has_fallen(mood: Mood) -> bool:
    """Whether the mood is bad and getting worse."""
    return mood.mean <= FALLEN and trend(mood) is Trend.FALLING


def report(mood: Mood) -> SentimentState:
    """The mood as the escalation reports it."""
    return SentimentState(now=mood.now, trend=trend(mood), lowest=mood.lowest, streak=mood.streak)
