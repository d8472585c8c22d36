"""Whether one text says again what another said, by the content words that they share."""

from __future__ import annotations

from collections.abc import Iterable

from handraise.conversation.weights import (
    MIN_ANSWER_WORDS,
    MIN_QUESTION_WORDS,
    SAME_AND_MORE,
    SAME_ANSWER,
    SAME_QUESTION,
)

Fingerprint = tuple[int, ...]


def jaccard(one: Fingerprint, other: Fingerprint) -> float:
    """Shared content words as a share of all of them, in [0, 1] (Jaccard 1901). No fingerprint has a word twice."""
    if not one or not other:
        return 0.0
    shared = len(set(one).intersection(other))
    return shared / (len(one) + len(other) - shared)


def repeats_answer(answer: Fingerprint, earlier: Iterable[Fingerprint]) -> bool:
    """Whether an AI turn says what an earlier one said, perhaps with a greeting before it.

    Short turns never do: a greeting may come twice. Nor does one that has a word in place of another: that may be the
    price of something else.
    """
    if len(answer) < MIN_ANSWER_WORDS:
        return False
    before = list(earlier)
    return _is_like(answer, before, SAME_ANSWER) or any(_holds(answer, one) for one in before)


def _holds(one: Fingerprint, other: Fingerprint) -> bool:
    """Whether one of two has all the words of the other, and few more."""
    less, more = sorted((one, other), key=len)
    return len(less) >= max(MIN_ANSWER_WORDS, SAME_AND_MORE * len(more)) and set(less) <= set(more)


def repeats_question(question: Fingerprint, earlier: Iterable[Fingerprint]) -> bool:
    """Whether a customer asks again what was asked before."""
    return len(question) >= MIN_QUESTION_WORDS and _is_like(question, earlier, SAME_QUESTION)


def _is_like(one: Fingerprint, others: Iterable[Fingerprint], share: float) -> bool:
    """Whether one of the others has this share of its words in common with a fingerprint that is not empty."""
    size = len(one)
    for other in others:
        # Two sets have no more in common than the smaller one's share in the larger, which costs less to tell.
        lengths = size / len(other) if size < len(other) else len(other) / size
        if lengths >= share and jaccard(one, other) >= share:
            return True
    return False
