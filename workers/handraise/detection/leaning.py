"""Where the line is drawn for signals that are matters of degree."""

from __future__ import annotations

import math
from typing import Final

LEANING: Final = {"complaint": 0.4, "distress": 0.5}
"""What is added to the log-odds of these signals: people who label what others really wrote find them in more of it
than the corpus's writers meant. Of 198 posts with labels that are not ours, F1 of complaints went from .80 to .83 and
of distress from .49 to .54 at a score of 0.5; on the writers held out it changes neither by more than .02. The fold,
whose weights are set on whole conversations, takes it out again."""


def leaned(signal: str, probability: float) -> float:
    """A probability of a signal, between 0 and 1, that was told without the lean; 0 stays 0, and 1 stays 1."""
    if not 0.0 < probability < 1.0:
        return probability
    return 1.0 / (1.0 + (1.0 - probability) / probability * math.exp(-LEANING.get(signal, 0.0)))
