"""Texts that the reader reads twice: after the turns before them, and as if nothing stood before them.

What stands before a text tells what it means, and makes the reader deaf to some danger ("im standing on the bridge",
after a greeting) and to some requests in a few words ("operador"): it takes them for an answer. Half-way counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import numpy as np

from handraise.detection.heads import HEADS
from handraise.events import Sender

if TYPE_CHECKING:
    import numpy.typing as npt

_DANGER: Final = HEADS.index("crisis")
_REQUEST: Final = HEADS.index("human_request")
_LEAST_DANGER: Final = 0.2
_LEAST_REQUEST: Final = 0.1
"""From these scores of the faster models on, a text in doubt is read twice."""
_BRIEF: Final = 4
"""For a request, a text of so many tokens at most: longer ones are understood better after what stands before them."""
_LEAST: Final = 1e-4
"""How far from 0 and 1 a probability is kept where it is weighed with another."""


def heads_read_twice(sender: Sender, tokens: Sequence[str], scores: npt.NDArray[np.float64]) -> list[int]:
    """The heads for which a text in doubt is read twice, by what the faster models say of each head; mostly none."""
    if sender is not Sender.CUSTOMER:
        return []
    danger = [_DANGER] if scores[_DANGER] >= _LEAST_DANGER else []
    return [*danger, _REQUEST] if len(tokens) <= _BRIEF and scores[_REQUEST] >= _LEAST_REQUEST else danger


def half_way(
    found: npt.NDArray[np.float64], alone: npt.NDArray[np.float64], heads: Sequence[int]
) -> npt.NDArray[np.float64]:
    """The probabilities found of a text after what stands before it.

    Those of `heads` that are higher for the text alone are raised half-way there: to the mean of the log-odds.
    """
    weighed = found.copy()
    for head in heads:
        if alone[head] > found[head]:
            likely = np.clip((found[head], alone[head]), _LEAST, 1.0 - _LEAST)
            odds = np.sqrt(np.prod(likely / (1.0 - likely)))
            weighed[head] = odds / (1.0 + odds)
    return weighed
