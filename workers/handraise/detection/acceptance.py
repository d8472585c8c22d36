"""How likely an answer takes up a person who was offered just before, by the words of the answer alone.

"half 3", "might as well" and "the number is 0151 …" are a yes to nobody but who has offered a call. So this is asked
about answers to an offer only, of which it has learned (`corpus/offers`); of anything else it says nothing.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

import numpy as np

from handraise.detection.ngrams import NgramModel
from handraise.detection.tokens import EMOJI, tokens_of

ACCEPTS: Final = "accepts"
"""The model's only head."""
_FILE: Final = "acceptance.npz"
_SAYS_SOMETHING: Final = re.compile(rf"[^\W_]|[{EMOJI}]")


class Acceptance:
    """A linear model over the n-grams of answers."""

    def __init__(self, model: NgramModel) -> None:
        """A model of one head, `ACCEPTS`.

        Raises:
            ValueError: it scores something else.
        """
        if model.heads != (ACCEPTS,):
            raise ValueError(f"the model of answers to offers scores {model.heads}, not {ACCEPTS}: train it anew")
        self._model: Final = model

    @classmethod
    def load(cls) -> Acceptance:
        """Read the model of the package."""
        with resources.as_file(resources.files("handraise.detection") / "models" / _FILE) as stored:
            return cls(NgramModel.load(stored))

    def likelihood(self, answer: str) -> float:
        """How likely the answer takes up the person, from 0 to 1; without a word, a figure or a picture it does not."""
        tokens = tokens_of(answer)
        if not any(map(_SAYS_SOMETHING.match, tokens)):
            return 0.0
        (logit,) = self._model.logits([tokens])[:, 0]
        return float(1.0 / (1.0 + np.exp(-logit)))


@cache
def default_acceptance() -> Acceptance:
    """The model of the package, loaded once in a process."""
    return Acceptance.load()
