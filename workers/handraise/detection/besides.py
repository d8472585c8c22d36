"""Whether a message that reports a call, or that none has come, besides asks for somebody; and what a report weighs."""

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


def asks_besides(
    rest: Sequence[str], language: str | None, phrases: PhraseDetector, ngrams: NgramModel, mixture: Mixture
) -> bool:
    """Whether anything of the rest of a message asks for somebody, by the faster models."""
    if not rest:
        return False
    read = [phrases.read(text, Sender.CUSTOMER, language) for text in rest]
    if any(signals.human_request >= _CLEAR for signals, _ in read):
        return True
    tokens = [found for _, found in read]
    logits = ngrams.logits(tokens)
    weighed = evidence([signals for signals, _ in read], logits, ngrams.most(tokens, logits), None)
    scores = mixture.probabilities(weighed, [signals.language for signals, _ in read], words=0)
    return bool(scores[:, _REQUEST].max() >= _POSSIBLE)
