"""Evidence in a text: offsets are code points, spans may overlap, and what was cut off is not marked."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from handraise.console.highlight import Piece, pieces
from handraise.events import Evidence


def found(start: int, end: int, signal: str = "complaint") -> Evidence:
    """Evidence from one code point up to another."""
    return Evidence(message_id="m", start=start, end=end, text="", signal=signal, score=0.9)


def test_the_words_are_marked_where_they_stand() -> None:
    text = "The 🫖 kettle is नमस्ते broken"
    assert pieces(text, [found(6, 12)]) == [
        Piece("The 🫖 "),
        Piece("kettle", ("complaint",)),
        Piece(" is नमस्ते broken"),
    ]


def test_overlapping_evidence_is_marked_with_each_signal() -> None:
    assert pieces("abcdef", [found(0, 4), found(2, 6, "distress")]) == [
        Piece("ab", ("complaint",)),
        Piece("cd", ("complaint", "distress")),
        Piece("ef", ("distress",)),
    ]


def test_what_lies_beyond_a_text_that_was_cut_is_not_marked() -> None:
    assert pieces("abc", [found(2, 9), found(5, 9), found(3, 3)]) == [Piece("ab"), Piece("c", ("complaint",))]


def test_no_evidence_and_no_text() -> None:
    assert pieces("abc", []) == [Piece("abc")]
    assert pieces("", [found(0, 3)]) == []


@given(st.text(max_size=40), st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), max_size=6))
def test_the_pieces_are_the_text(text: str, spans: list[tuple[int, int]]) -> None:
    cut = pieces(text, [found(start, end) for start, end in spans])
    assert "".join(piece.text for piece in cut) == text
    marked = {at for start, end in spans for at in range(start, min(end, len(text)))}
    told = [bool(piece.signals) for piece in cut for _ in piece.text]
    assert {at for at, is_marked in enumerate(told) if is_marked} == marked
