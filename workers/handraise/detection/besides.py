"""Whether what is left of a message, once a part that the models misread is set aside, says something after all.

Such parts are reports of a call, and that none has come; a talk with one's own people; trouble with another business;
that the AI's answer is beside the point.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from handraise.detection.heads import HEADS
from handraise.detection.mixture import Mixture, evidence
from handraise.detection.ngrams import NgramModel
from handraise.detection.phrase_detector import PhraseDetector
from handraise.events import Sender

REPORTED: Final = 0.35
"""How likely a request is at most in a message that only reports: the models hear the person. After what the fold takes
from what customers say, at first and later, this is no evidence at all."""
MISSED: Final = 0.9
"""How likely a complaint is at least where what was promised has not come."""
POSSIBLE_COMPLAINT: Final = 0.01
"""Only from this score on, or where somebody may be asked for, is it looked up what is reported: that takes 30 µs."""
_CLEAR: Final = 0.5
_POSSIBLE: Final = 0.15
"""From these scores on, of the phrases and of the n-grams, the rest of a message asks for somebody."""
_REQUEST: Final = HEADS.index("human_request")
_COMPLAINT: Final = HEADS.index("complaint")


def asks_besides(
    rest: Sequence[str], language: str | None, phrases: PhraseDetector, ngrams: NgramModel, mixture: Mixture
) -> bool:
    """Whether anything of the rest of a message asks for somebody, by the faster models."""
    return _says(rest, language, phrases, ngrams, mixture, _REQUEST)


def complains_besides(
    rest: Sequence[str], language: str | None, phrases: PhraseDetector, ngrams: NgramModel, mixture: Mixture
) -> bool:
    """Whether anything of the rest of a message complains, by the faster models."""
    return _says(rest, language, phrases, ngrams, mixture, _COMPLAINT)


def _says(
    rest: Sequence[str],
    language: str | None,
    phrases: PhraseDetector,
    ngrams: NgramModel,
    mixture: Mixture,
    head: int,
) -> bool:
    if not rest:
        return False
    read = [phrases.read(text, Sender.CUSTOMER, language) for text in rest]
    if any(getattr(signals, HEADS[head]) >= _CLEAR for signals, _ in read):
        return True
    tokens = [found for _, found in read]
    logits = ngrams.logits(tokens)
    weighed = evidence([signals for signals, _ in read], logits, ngrams.most(tokens, logits), None)
    scores = mixture.probabilities(weighed, [signals.language for signals, _ in read], words=0)
    return bool(scores[:, head].max() >= _POSSIBLE)
