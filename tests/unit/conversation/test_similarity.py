"""Whether an AI says again what it has said."""

from __future__ import annotations

import pytest

from handraise.conversation.similarity import repeats_answer

STATUS = (1, 2, 3, 4, 5, 6, 7, 8, 9)


@pytest.mark.parametrize(
    ("answer", "repeats"),
    [
        (STATUS, True),
        ((*STATUS, 20), True),
        ((*STATUS, 20, 21, 22), True),
        ((*STATUS, 20, 21, 22, 23), False),
        (STATUS[:7], True),
        (STATUS[:6], False),
        ((*STATUS[:8], 30), False),
        (STATUS[:3], False),
    ],
    ids=["the same", "a word more", "a greeting", "much more", "less", "much less", "another price", "too short"],
)
def test_an_answer_is_the_same_with_a_greeting_but_not_with_another_price(
    answer: tuple[int, ...], *, repeats: bool
) -> None:
    assert repeats_answer(answer, [(40, 41, 42, 43), STATUS]) is repeats
    assert repeats_answer(STATUS, [answer]) is repeats


def test_a_short_turn_repeats_none() -> None:
    """A thank-you, or a greeting, may come twice."""
    assert not repeats_answer((1, 2, 3), [(1, 2, 3)])
    assert not repeats_answer((1, 2, 3, 4), [(1, 2, 3), ()])
