"""The lean of what is a matter of degree: the fold takes out just what detection put in."""

from __future__ import annotations

import pytest

from handraise.conversation.weights import in_context
from handraise.detection import detect
from handraise.detection.leaning import LEANING, leaned
from handraise.detection.outright import SCORE


@pytest.mark.parametrize("signal", ["complaint", "distress", "human_request"])
@pytest.mark.parametrize("probability", [0.0, 0.01, 0.3, 0.5, 0.98, 1.0])
def test_what_leans_is_what_it_was_without_the_lean(signal: str, probability: float) -> None:
    """But for rounding; what is certain stays certain, and what does not lean stays as it is."""
    assert in_context(leaned(signal, probability), LEANING.get(signal, 0.0)) == pytest.approx(probability, abs=0.001)


@pytest.mark.parametrize(
    ("text", "signal"), [("I want to make a complaint", "complaint"), ("I am desperate", "distress")]
)
def test_what_is_said_outright_leans_as_what_is_weighed(text: str, signal: str) -> None:
    """Else it would count for less in the fold than before."""
    score = getattr(detect([text])[0], signal)
    assert in_context(score, LEANING[signal]) >= SCORE - 0.001
