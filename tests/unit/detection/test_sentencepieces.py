"""A text cut by its words has the pieces that the package's own tokenizer gives the whole of it."""

from __future__ import annotations

from functools import cache

from hypothesis import example, given, settings
from hypothesis import strategies as st

from handraise.detection.evaluation import read_rows
from handraise.detection.readers import encoder
from handraise.detection.sentencepieces import SentencePieces, Tokenizer
from tests.support.brokers import ROOT

CORPUS = ROOT / "workers" / "handraise" / "detection" / "corpus" / "heldout"
ODD = "ab ñé\u0301\u00b4\u00a0\u00ad\u200b\u2581\u3000\x01\x0b\x1c\n\tßﬁ½ढ़ن\ufdfa🙂\u20dd.,!<unk>"


@cache
def pieces() -> SentencePieces:
    return SentencePieces(tokenizer())


def tokenizer() -> Tokenizer:
    tokenizer: Tokenizer = encoder()._tokenizer  # noqa: SLF001 - the package shows no other way to it
    return tokenizer


def whole(text: str) -> list[int]:
    return tokenizer().encode(text, add_bos=True, add_eos=True)


@settings(max_examples=300, deadline=None)
@example("")
@example("   ")
@example("a \u00b4 b")
@example("\u200b")
@given(st.text(st.sampled_from(ODD), max_size=12) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
def test_any_text_has_the_pieces_of_the_whole(text: str) -> None:
    assert pieces().read(text) == whole(text)


def test_what_people_write_has_the_pieces_of_the_whole() -> None:
    rows = read_rows([CORPUS / f"{name}.jsonl" for name in ("es", "pt", "fr", "de", "ar", "hi")])
    read = pieces()
    for row in rows:
        assert read.read(row.text) == whole(row.text)
    assert len(read) > 1_000
