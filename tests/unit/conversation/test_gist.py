"""What is quoted of a message: the part that says what it is about, cut where words end."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.conversation.gist import GIST, clip, gist_of_answer, gist_of_request
from handraise.detection.signals import Span


def span(text: str, words: str, score: float = 0.9, signal: str = "promise") -> Span:
    """The evidence that these words of a text are."""
    start = text.index(words)
    return Span(signal, start, start + len(words), score)


COURTESY = "Thank you so much for your message, we are always glad to hear from our guests!"
PLAIN = "Our hotel has forty rooms, a sauna and a garden with a view of the river."
PROMISE = "Our manager will call you on the evening before your arrival."
LONG = f"{COURTESY} {PLAIN} {PROMISE} {PLAIN}"


def test_a_short_message_is_quoted_whole_on_one_line() -> None:
    assert gist_of_request("  Where is\n my order?  ", []) == "Where is my order?"
    assert gist_of_answer("It is\ton its way!", [], "") == "It is on its way!"


def test_an_answer_is_quoted_from_where_it_promises_something() -> None:
    assert gist_of_answer(LONG, [span(LONG, "will call you")], "") == f"…{PROMISE} {PLAIN}"


def test_a_phrase_is_surer_of_its_place_than_lone_words() -> None:
    words = [span(LONG, "hotel"), span(LONG, "sauna"), span(LONG, "garden"), span(LONG, "will call you", 0.8)]
    assert gist_of_answer(LONG, words, "").startswith("…Our manager will call you")


def test_an_answer_that_promises_nothing_is_quoted_from_what_speaks_of_the_request() -> None:
    text = f"{COURTESY} {PLAIN} Breakfast is from seven to ten, and children under six eat free of charge. {PLAIN}"
    assert gist_of_answer(text, [], "is breakfast included for children?").startswith("…Breakfast is from seven")


def test_courtesies_are_left_out_of_a_long_answer() -> None:
    assert gist_of_answer(f"Good evening. {COURTESY} {PLAIN} {PLAIN}", [], "hello").startswith("…Our hotel has forty")


def test_what_comes_before_is_kept_where_there_is_room() -> None:
    text = f"{COURTESY} {COURTESY} It is so. {PROMISE}"
    assert gist_of_answer(text, [span(text, "will call you")], "") == f"…{COURTESY} It is so. {PROMISE}"


@pytest.mark.parametrize(
    "turn",
    [
        "But when I opened it, the glass was broken",
        "Só que o sofá é bege",
        "Pero no funciona",
        "Aber die Bremse quietscht",
        "Sauf que le carton était vide",
        "लेकिन स्क्रीन टूटी है",
        "لكن الشاشة مكسورة",
    ],
)
def test_after_kind_words_a_request_is_quoted_from_its_turn(turn: str) -> None:
    praise = "The people who brought it were wonderful, they carried it up four floors and even played with my son."
    text = f"Good afternoon! {praise} {turn}. {PLAIN}"
    lone = [span(text, "wonderful", 0.6), span(text, "floors", 0.6)]
    assert gist_of_request(text, lone).startswith(f"…{turn}")


@pytest.mark.parametrize("abbreviated", ["Mr. Phadke", "Sra. López", "No. 12", "Dr. Who", "z. B. morgen", "St. Pölten"])
def test_an_abbreviation_ends_no_sentence(abbreviated: str) -> None:
    text = f"{COURTESY} {PLAIN} Tomorrow at four {abbreviated} will call you. {PLAIN}"
    assert gist_of_answer(text, [span(text, "will call you")], "").startswith("…Tomorrow at four")


@pytest.mark.parametrize(
    ("text", "limit", "expected"),
    [
        ("one two three", 13, "one two three"),
        ("one two three", 12, "one two…"),
        ("one two, three", 10, "one two…"),
        ("abcdefghijklmno", 6, "abcde…"),
        ("a bcdefghijklmno", 8, "a bcdef…"),
        ("नमस्ते दुनिया की ओर", 15, "नमस्ते दुनिया…"),
        ("क्षत्रिय" * 4, 6, "क्षत्…"),
        ("e\u0301" * 10, 6, "e\u0301e\u0301…"),
        ("أريد استرداد المال", 14, "أريد استرداد…"),
        ("我要退款谢谢你们", 5, "我要退款…"),
        ("👩‍👩‍👧 hello there", 4, "…"),
    ],
)
def test_a_cut_is_between_words_or_else_between_characters(text: str, limit: int, expected: str) -> None:
    assert clip(text, limit) == expected


@given(st.text(max_size=400), st.integers(2, 200))
def test_a_cut_keeps_to_its_limit_and_splits_no_character(text: str, limit: int) -> None:
    line, cut = " ".join(text.split()), clip(text, limit)
    assert len(cut) <= limit
    if cut != line:
        kept = cut.removesuffix("…")
        assert cut.endswith("…")
        assert line.startswith(kept)
        rest = line[len(kept) :].lstrip(' ,;:–—-،؛(«“"')
        assert not kept or unicodedata.category(rest[0])[0] != "M" or rest != line[len(kept) :]


@given(
    st.text(alphabet=st.sampled_from("ab .!?\n؟।…é\u0301👍"), max_size=600),
    st.lists(st.tuples(st.integers(0, 599), st.sampled_from([0.2, 0.9])), max_size=4),
)
def test_a_gist_is_a_part_of_the_text_and_bounded(text: str, places: list[tuple[int, float]]) -> None:
    spans = [Span("promise", at, at + 3, score) for at, score in places if at < len(text)]
    line = " ".join(text.split())
    for gist in (gist_of_request(text, spans), gist_of_answer(text, spans, "abba")):
        assert len(gist) <= GIST
        assert gist.strip("…") in line or gist == line
