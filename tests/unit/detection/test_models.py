"""The learned models as they run: the same features as in training, whole sums, word pieces, evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handraise.detection.features import SIZE, features, word_of
from handraise.detection.heads import HEADS
from handraise.detection.ngrams import NgramModel, default_ngrams, sentences
from handraise.detection.normalise import clip, mask
from handraise.detection.readers import EnglishEncoder, MultilingualEncoder, default_readers
from handraise.detection.tokens import TOKEN
from handraise.detection.wordpieces import MOST, WordPieces, shortened

TEXTS = st.lists(st.text(max_size=60), min_size=1, max_size=6)


def tokens_of(text: str) -> list[str]:
    """A text's tokens, as the detector reads them."""
    return TOKEN.findall(mask(clip(text)))


@given(TEXTS)
@settings(max_examples=60)
def test_the_sums_are_those_of_the_features_that_were_trained_on(texts: list[str]) -> None:
    """Weights of one at every feature make the sum the number of features."""
    random = np.random.default_rng(1)
    weights = random.integers(-9, 9, (SIZE, 2)).astype(np.int8)
    model = NgramModel(["a", "b"], np.arange(SIZE, dtype=np.uint32), weights, np.ones(2), np.zeros(2))
    scored = model.logits([tokens_of(text) for text in texts])
    for text, row in zip(texts, scored, strict=True):
        numbers = features(tokens_of(text))
        assert row.tolist() == pytest.approx(
            (weights[numbers].sum(axis=0, dtype=np.int64) / np.sqrt(len(numbers))).tolist()
        )


def test_no_texts_have_no_scores() -> None:
    assert default_ngrams().logits([]).shape == (0, len(HEADS))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("I paid twice. Call me! thanks", ["I paid twice .", "Call me !", "thanks"]),
        ("ابي اكلم احد؟ شكرا", ["ابي اكلم احد ؟", "شكرا"]),
        ("पैसे कट गए। फोन करो", ["पैसे कट गए ।", "फोन करो"]),
        ("one\ntwo ... 3.50 ?", ["one \n", "two ..."]),
        ("no end", ["no end"]),
        ("the end.", ["the end ."]),
        ("?!", ["?!"]),
        ("", [""]),
    ],
)
def test_sentences_end_at_their_marks_and_have_words(text: str, found: list[str]) -> None:
    assert [" ".join(sentence) for sentence in sentences(tokens_of(text))] == found


@given(TEXTS)
@settings(max_examples=60)
def test_the_most_telling_sentence_is_scored_as_if_it_stood_alone(texts: list[str]) -> None:
    model = default_ngrams()
    tokens = [tokens_of(text) for text in texts]
    whole = model.logits(tokens)
    for text, alone, most in zip(tokens, whole, model.most(tokens, whole), strict=True):
        parts = sentences(text)
        expected = model.logits(parts).max(axis=0) if len(parts) > 1 else alone
        assert most.tolist() == expected.tolist()


def test_a_model_is_saved_and_loaded_as_it_was(tmp_path: pytest.TempPathFactory) -> None:
    model = default_ngrams()
    path = tmp_path / "model.npz"  # type: ignore[operator]  # pytest's stub names the factory
    model.save(path)
    again = NgramModel.load(path)
    tokens = [tokens_of("the kettle leaks")]
    assert again.logits(tokens).tolist() == model.logits(tokens).tolist()
    first = path.read_bytes()
    again.save(path)
    assert path.read_bytes() == first


@pytest.mark.parametrize(
    ("token", "word"),
    [
        ("Soooo", "soo"),
        ("NÃO", "nao"),
        ("4412", "0000"),
        ("1000000", "000000"),
        ("123456789", "000000"),
        ("\n ", ""),
        ("\ue000\ue000", "\x05"),
    ],
)
def test_words_are_read_without_case_marks_figures_and_stretching(token: str, word: str) -> None:
    assert word_of(token) == word


def test_the_words_worth_most_are_those_that_say_it() -> None:
    tokens = tokens_of("the new kettle is broken and i want my money back")
    worth = dict(zip(tokens, default_ngrams().worth(tokens, "complaint"), strict=True))
    assert max(worth, key=worth.__getitem__) in {"broken", "money", "back"}


def test_word_pieces_are_the_longest_that_fit() -> None:
    pieces = WordPieces(["[UNK]", "[CLS]", "[SEP]", "ref", "##und", "refunds", "##s", "!", "face"])
    assert pieces.read(["Refund", "refunds", "!", "xyz"]) == [1, 3, 4, 5, 7, 0, 2]


@given(st.lists(st.integers(), max_size=400))
def test_shortening_keeps_both_ends(pieces: list[int]) -> None:
    short = shortened(pieces)
    assert len(short) == min(len(pieces), MOST)
    assert short[:1] == pieces[:1]
    assert short[-1:] == pieces[-1:]


@pytest.mark.parametrize("group", ["en", "latin"])
@given(text=st.text(max_size=80))
@settings(max_examples=20)
def test_readers_read_anything(group: str, text: str) -> None:
    logits = default_readers()[group].logits([text], [tokens_of(text)])
    assert logits.shape == (1, len(HEADS))
    assert np.isfinite(logits).all()


def test_encoders_leave_out_links() -> None:
    encoder = MultilingualEncoder()
    seen = encoder.pieces("mira https://example.com/a?b=c", ())
    assert list(seen) == list(encoder.pieces("mira link", ()))
    english = EnglishEncoder(["[UNK]", "[CLS]", "[SEP]", "link", "see"])
    assert list(english.pieces("", tokens_of("see https://example.com"))) == [1, 4, 3, 2]
