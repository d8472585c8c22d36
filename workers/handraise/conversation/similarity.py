"""Whether one text says again what another said, by the content words that they share."""

from __future__ import annotations

from collections.abc import Iterable

from handraise.conversation.weights import MIN_ANSWER_WORDS, MIN_QUESTION_WORDS, SAME_ANSWER, SAME_QUESTION

Fingerprint = tuple[int, ...]


def jaccard(one: Fingerprint, other: Fingerprint) -> float:
    """Shared content words as a share of all of them, in [0, 1] (Jaccard 1901)."""
    if not one or not other:
        return 0.0
    first, second = set(one), set(other)
    return len(first & second) / len(first | second)


def repeats_answer(answer: Fingerprint, earlier: Iterable[Fingerprint]) -> bool:
    """Whether an AI turn says what an earlier one said. Short turns never do: a greeting may come twice."""
    return len(answer) >= MIN_ANSWER_WORDS and any(jaccard(answer, before) >= SAME_ANSWER for before in earlier)


def repeats_question(question: Fingerprint, earlier: Iterable[Fingerprint]) -> bool:
    """Whether a customer asks again what was asked before."""
    return len(question) >= MIN_QUESTION_WORDS and any(jaccard(question, before) >= SAME_QUESTION for before in earlier)
