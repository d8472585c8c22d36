"""What the phrases, the n-grams and the reader say of a text, weighed into one probability each.

The weights are those of logistic regressions, fitted on writers whose texts none of the models was trained on; so a
score is a calibrated probability. They differ by group of languages, since the models know some better than others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources
from operator import attrgetter
from typing import TYPE_CHECKING, Final

import numpy as np

from handraise.detection.heads import HEADS
from handraise.detection.reader import PARTS
from handraise.detection.signals import Signals

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

_FILE: Final = "mixture.npz"

PHRASES: Final = (
    "human_request",
    "complaint",
    "high_value",
    "distress",
    "crisis",
    "affirm",
    "thanks",
    "admission",
    "promise",
    "deferral",
    "asks_detail",
    "offers_human",
    "fault",
)
"""The signals of the phrases that are weighed."""
_REACHED: Final = (0.5, 0.85)
"""A phrase's score counts as it is, and once more for having reached each of these."""
STEPS: Final = 1 + len(_REACHED)
"""How often each phrase is weighed."""

GROUPS: Final[Mapping[str, str]] = {
    "en": "en",
    "und": "en",
    "es": "latin",
    "pt": "latin",
    "fr": "latin",
    "de": "latin",
    "ar": "ar",
    "hi": "hi",
}
"""Which weights serve which language, as detected."""

STAGES: Final = tuple(f"{group}/{words}" for words in range(PARTS + 1) for group in ("en", "latin", "ar", "hi"))
"""The sets of weights: by group, and by how many words of the reader there are, the last of which is weighed."""

SUREST: Final = 8.0
"""The n-grams' log-odds count no further than this: a word said a thousand times says it once."""

FEATURES: Final = 3 * len(HEADS) + len(PHRASES) * STEPS


def evidence(
    signals: Sequence[Signals],
    ngrams: npt.NDArray[np.float64],
    sentences: npt.NDArray[np.float64],
    reader: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.float64]:
    """What is weighed of each text.

    It is the n-grams' logits, the phrases' scores, how much more than the whole the most telling of its `sentences`
    says by the n-grams, and the reader's logits or zeros.
    """
    scores = np.array([_scores_of(one) for one in signals]).reshape(-1, len(PHRASES))
    steps = [scores >= step for step in _REACHED]
    whole, most = np.clip(ngrams, -SUREST, SUREST), np.clip(sentences, -SUREST, SUREST)
    return np.hstack(
        [whole, scores, *steps, np.maximum(most - whole, 0.0), np.zeros_like(ngrams) if reader is None else reader]
    )


_scores_of: Final = attrgetter(*PHRASES)


def _by_group(languages: Sequence[str]) -> dict[str, list[int]]:
    """The places of texts by the group of the language of each."""
    found = dict[str, list[int]]()
    for row, language in enumerate(languages):
        found.setdefault(GROUPS[language], []).append(row)
    return found


class Mixture:
    """The weights by group and by how much of the reader was heard."""

    def __init__(self, weights: Mapping[str, npt.NDArray[np.float64]]) -> None:
        """`weights` by the `STAGES`: heads by `FEATURES` and one for the offset."""
        self.weights: Final = dict(weights)

    @classmethod
    def load(cls, path: Path | None = None) -> Mixture:
        """Read weights that `save` wrote, by default those of the package."""
        with (resources.files("handraise.detection") / "models" / _FILE if path is None else path).open("rb") as file:
            stored = np.load(file, allow_pickle=False)
            return cls({name: stored[name] for name in stored.files})

    def save(self, path: Path) -> None:
        """Write the weights; the same ones give the same bytes."""
        np.savez_compressed(path, **self.weights)  # type: ignore[arg-type]  # numpy's stub takes no mapping

    def probabilities(
        self, evidence: npt.NDArray[np.float64], languages: Sequence[str], *, words: int
    ) -> npt.NDArray[np.float64]:
        """The probability of every head for each text (texts by heads). No row depends on the others.

        Args:
            evidence: of each text.
            languages: of each.
            words: how many of the reader's words were heard; the last of them is in `evidence`.
        """
        result = np.zeros((len(evidence), len(HEADS)))
        for group, rows in _by_group(languages).items():
            weights = self.weights[f"{group}/{words}"]
            result[rows] = (evidence[rows, None, :] * weights[None, :, :-1]).sum(axis=2) + weights[:, -1]
        return 1.0 / (1.0 + np.exp(-result))


@cache
def default_mixture() -> Mixture:
    """The weights of the package, loaded once in a process."""
    return Mixture.load()
