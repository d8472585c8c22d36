"""Detection on writers of whom nothing was learned: it may not fall below what was measured, by more than noise."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

import pytest

import handraise.detection
from handraise.detection import detect
from handraise.detection.evaluation import Evaluation, evaluate, read_rows

HELD_OUT: Final = Path(handraise.detection.__file__).parent / "corpus" / "heldout"
OTHERS: Final = ("es", "pt", "fr", "de", "hi", "hi_latn", "ar")
SETS: Final = {
    "english": ("en-chat", "en-social"),
    "others": OTHERS,
    "assistant": ("ai-en", "ai-xx"),
    "talk": ("en-talk", "es-talk", "pt-talk", "fr-talk", "de-talk", "hi-talk", "hi_latn-talk", "ar-talk"),
    "english, hard": ("en-person3", "en-facts3", "en-feeling3", "en-crisis5", "en-sixth"),
    "others, hard": tuple(
        f"{language}-{wave}" for language in OTHERS for wave in ("third", "fourth", "crisis5", "sixth")
    ),
    "english, fresh": ("en-seventh",),
    "others, fresh": tuple(f"{language}-seventh" for language in OTHERS),
    "posts": ("en-posts9",),
    "english, probed": ("en-probed",),
    "others, probed": tuple(f"{language}-probed" for language in OTHERS),
    "assistant, probed": tuple(f"ai-{language}-probed" for language in ("en", *OTHERS)),
    "english, plain": ("en-plain",),
    "others, plain": tuple(f"{language}-plain" for language in OTHERS),
    "others, ninth": tuple(f"{language}-ninth" for language in OTHERS),
    "neutral": ("public-multidogo-media",),
}
NOISE: Final = 0.03
"""Half of the 95 % interval of most figures; retraining on another machine moves them less."""
F1: Final = {
    ("english", "human_request"): 0.88,
    ("english", "complaint"): 0.94,
    ("english", "high_value"): 0.97,
    ("english", "distress"): 0.94,
    ("others", "human_request"): 0.96,
    ("others", "complaint"): 0.96,
    ("others", "high_value"): 0.99,
    ("others", "distress"): 0.96,
    ("english, hard", "human_request"): 0.97,
    ("english, hard", "complaint"): 0.90,
    ("english, hard", "distress"): 0.92,
    ("others, hard", "human_request"): 0.95,
    ("others, hard", "complaint"): 0.91,
    ("others, hard", "distress"): 0.94,
    ("others, hard", "crisis"): 0.86,
    ("english, fresh", "human_request"): 0.98,
    ("english, fresh", "complaint"): 0.99,
    ("english, fresh", "distress"): 0.94,
    ("others, fresh", "human_request"): 0.97,
    ("others, fresh", "complaint"): 0.94,
    ("others, fresh", "distress"): 0.96,
    ("posts", "human_request"): 0.94,
    ("posts", "complaint"): 0.94,
    ("posts", "distress"): 0.93,
    ("others, fresh", "crisis"): 0.90,
    ("assistant", "admission"): 0.98,
    ("assistant", "promise"): 0.98,
    ("english, probed", "human_request"): 0.92,
    ("english, probed", "complaint"): 0.84,
    ("english, probed", "distress"): 0.74,
    ("others, probed", "complaint"): 0.87,
    ("others, probed", "distress"): 0.85,
    ("assistant, probed", "admission"): 0.92,
    ("english, plain", "human_request"): 0.97,
    ("english, plain", "complaint"): 0.98,
    ("english, plain", "distress"): 0.98,
    ("others, plain", "human_request"): 0.96,
    ("others, plain", "complaint"): 0.88,
    ("others, plain", "high_value"): 0.80,
    ("others, plain", "distress"): 0.94,
    ("others, plain", "crisis"): 0.91,
    ("others, ninth", "human_request"): 0.96,
    ("others, ninth", "complaint"): 0.92,
    ("others, ninth", "distress"): 0.96,
}
SENTIMENT: Final = {"english": 0.91, "others": 0.90, "english, hard": 0.89, "others, hard": 0.91, "others, fresh": 0.93}
ALARMS: Final = 6.5
"""False alarms for each thousand neutral turns of real customers, no two of which are the same."""
CALIBRATED: Final = 0.05
"""The expected calibration error stays under this. What was written round the errors of a detector is left out: of that
nobody can ask that a score is how often it is right."""


@cache
def result(name: str) -> Evaluation:
    """What comes of a set, worked out once."""
    rows = read_rows(HELD_OUT / f"{file}.jsonl" for file in SETS[name])
    texts, senders, before = [row.text for row in rows], [row.sender for row in rows], [row.before for row in rows]
    return evaluate(rows, detect(texts, senders=senders, before=before))


@pytest.mark.parametrize(("name", "label", "committed"), [(*key, f1) for key, f1 in F1.items()])
def test_f1_holds(name: str, label: str, committed: float) -> None:
    (measured,) = [one for one in result(name).measured if one.label == label]
    assert measured.counts.f1 >= committed - NOISE


@pytest.mark.parametrize(("name", "committed"), SENTIMENT.items())
def test_sentiment_holds(name: str, committed: float) -> None:
    share = result(name).sentiment
    assert share is not None
    assert share >= committed - NOISE


@pytest.mark.parametrize("name", [name for name in SETS if name != "neutral" and not name.endswith("probed")])
def test_scores_are_probabilities(name: str) -> None:
    assert {
        one.label: one.calibration_error for one in result(name).measured if one.calibration_error > CALIBRATED
    } == {}


def test_neutral_turns_of_real_customers_raise_few_alarms() -> None:
    assert result("neutral").alarms_per_thousand <= ALARMS
