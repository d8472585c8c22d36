"""Likeness of meaning, across words and languages."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handraise.detection.meaning import Examples

SCHOOL = Examples(["we would like to visit with our school class", "do you offer tours for pupils?"])


@pytest.mark.parametrize(
    "text",
    [
        "could a school class of 28 children visit you",
        "¿hacéis visitas guiadas para colegios?",
        "Bieten Sie Führungen für Schüler an?",
        "is there a tour for school groups",
    ],
)
def test_the_same_meaning_is_like_in_any_words(text: str) -> None:
    assert SCHOOL.likeness(text) >= 0.5


@pytest.mark.parametrize("text", ["my parcel has not come", "what time do you close", "yes", "", "👍", "   "])
def test_other_meanings_are_not(text: str) -> None:
    assert SCHOOL.likeness(text) < 0.45


def test_a_nearer_counter_example_wins() -> None:
    examples = Examples(["I want to cancel my subscription"], ["I want to cancel my dinner reservation"])
    assert examples.likeness("please cancel my subscription") > 0.6
    assert examples.likeness("please cancel the dinner reservation for tonight") == 0.0


@given(st.text(max_size=60))
@settings(max_examples=20)
def test_likeness_is_a_cosine(text: str) -> None:
    assert -1.0 <= SCHOOL.likeness(text) <= 1.0
