"""A glance at a text misses nothing that a closer look would find."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.detection.amounts import amounts_in, quantities_in
from handraise.detection.gibberish import is_one_key_held
from handraise.detection.glance import CURRENCY, DIGIT, HELD_KEY, MARKUP, NUMBER_WORD, glance
from handraise.detection.normalise import mask

_PARTS = st.sampled_from(
    ["20", "٣", "k", " ", "\n", "$", "€", "usd", "Euros", "rs", "Dirham", "dozen", "FİFTY", "mıllion", "bbbb", "TtTt",
     "x", "\u00a0", ">", "@you", "<b>", "&amp;", "`a`", "www.a.b", "shop.com", "-- \n", "boxes", ",", ".", "\ud800"]
)  # fmt: skip


def assert_nothing_is_missed(text: str) -> None:
    """Every closer look at this text finds nothing, or the glance says that it is worth it."""
    seen = glance(text)
    assert mask(text) == text or MARKUP in seen
    amounts = amounts_in(text)
    assert not amounts or {DIGIT, CURRENCY} <= set(seen)
    quantities = quantities_in(text, amounts)
    assert not quantities or not {DIGIT, NUMBER_WORD}.isdisjoint(seen)
    assert NUMBER_WORD in seen or quantities == quantities_in(text, amounts, in_words=False)
    assert not is_one_key_held(text) or HELD_KEY in seen


@given(st.lists(_PARTS, max_size=8).map("".join) | st.text(max_size=60))
def test_a_glance_misses_nothing_that_a_closer_look_finds(text: str) -> None:
    """Whatever is put together of what the closer looks look for."""
    assert_nothing_is_missed(text)


@pytest.mark.parametrize(("text", "value"), [("FİFTY boxes", 50.0), ("fıfty boxes", 50.0), ("Fıfty boxes", 50.0)])
def test_letters_that_pass_for_those_of_a_number_are_read_as_them(text: str, value: float) -> None:
    """A Turkish keyboard's; a worker that stumbled over them would stop."""
    assert [quantity.value for quantity in quantities_in(text, ())] == [value]


@pytest.mark.parametrize("text", ["20 mİllion euros", "20 mıllıon EUROſ"])
def test_letters_that_pass_for_those_of_a_currency_are_read_as_them(text: str) -> None:
    """The same for scales and names."""
    assert [(amount.value, amount.currency) for amount in amounts_in(text)] == [(20e6, "EUR")]


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("where is my parcel", []),
        ("I ordered 3 weeks ago", [DIGIT]),
        ("a dozen for 20 euros", [DIGIT, NUMBER_WORD, CURRENCY]),
        ("write to me@example.org", [MARKUP]),
        ("jhgttttttt", [HELD_KEY]),
    ],
)
def test_most_texts_hold_little(text: str, seen: list[int]) -> None:
    """What is not there is not looked for."""
    assert sorted(glance(text)) == seen
