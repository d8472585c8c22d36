"""The learned models as they run: the same features as in training, whole sums, word pieces, evidence."""

from __future__ import annotations

from importlib import resources
from typing import Final

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from handraise.detection.features import SIZE, features, word_of
from handraise.detection.heads import HEADS
from handraise.detection.ngrams import NgramModel, default_ngrams, sentences
from handraise.detection.normalise import clip, mask
from handraise.detection.pieces import BEGINNING, END, MOST, SPECIAL, START, UNKNOWN, Pieces, shortened, written
from handraise.detection.reader import NETWORKS, PIECES, Reader, default_reader
from handraise.detection.tokens import TOKEN

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
    assert default_reader().logits([]).shape == (0, len(HEADS))


def test_a_network_is_not_taken_for_one_of_other_pieces() -> None:
    models = resources.files("handraise.detection") / "models"
    networks = [(models / name).read_bytes() for name in NETWORKS]
    with pytest.raises(ValueError, match="not of these pieces"):
        Reader(networks, (models / PIECES).read_bytes() + b"x\t-1.0\n")


@pytest.mark.parametrize("order", [(1, 0, 2), (0, 1), (0, 1, 1)])
def test_a_network_is_whole_and_in_order(order: tuple[int, ...]) -> None:
    models = resources.files("handraise.detection") / "models"
    with pytest.raises(ValueError, match="not of these pieces"):
        Reader([(models / NETWORKS[part]).read_bytes() for part in order], (models / PIECES).read_bytes())


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


KNOWN = ("▁ref", "und", "▁refund", "s", "▁", "!!", "▁x", "y", "▁smiling", "▁face", "▁link", "▁slightly")
SCORES = (-9.0, -9.0, -8.0, -3.0, -4.0, -7.0, -7.0, -5.0, -6.0, -6.0, -6.0, -9.0)


def spelt(*tokens: str) -> list[str]:
    """The pieces of tokens, of those that are `KNOWN`."""
    special = {START: "<", END: ">", UNKNOWN: "?"}
    return [special.get(number) or KNOWN[number - SPECIAL] for number in Pieces(KNOWN, SCORES).read(tokens)]


@pytest.mark.parametrize(
    ("tokens", "found"),
    [
        (["Refund"], ["<", "▁refund", ">"]),
        (["refunds", "!!!!"], ["<", "▁refund", "s", "!!", ">"]),
        (["REFUND\u200b", "\n ", "xyyyy"], ["<", "▁refund", "▁x", "y", "y", ">"]),
        (["refußs"], ["<", "▁ref", "?", "?", "s", ">"]),
        (["\U0001f642"], ["<", "▁slightly", "▁smiling", "▁face", ">"]),
        (["\ue000\ue000\ue000"], ["<", "▁link", ">"]),
        (["\u200f\ue000\ue000"], ["<", "▁link", ">"]),
        (["refund\ue000\ue000"], ["<", "▁refund", "▁link", ">"]),
        (["ref\u09f37"], ["<", "▁ref", "?", "?", ">"]),
        ([], ["<", ">"]),
    ],
)
def test_tokens_are_cut_into_the_likeliest_pieces(tokens: list[str], found: list[str]) -> None:
    assert spelt(*tokens) == found


@given(st.text(st.sampled_from("refundsxy"), min_size=1, max_size=9))
@settings(max_examples=200)
def test_no_cut_is_likelier(word: str) -> None:
    """Against every cut there is, of which a word of so few letters has a few hundred."""
    known = dict(zip(KNOWN, SCORES, strict=True))
    unknown = min(SCORES) - 10.0

    def best(rest: str) -> float:
        if not rest:
            return 0.0
        cuts = [known[rest[:end]] + best(rest[end:]) for end in range(1, len(rest) + 1) if rest[:end] in known]
        return max([*cuts, unknown + best(rest[1:])])

    found = Pieces(KNOWN, SCORES).cut(BEGINNING + word)
    scores = [unknown if number == UNKNOWN else SCORES[number - SPECIAL] for number in found]
    assert sum(scores) == pytest.approx(best(BEGINNING + word))


@given(st.text(max_size=40))
@example("@ab")
@example("see https://a.b")
def test_case_invisible_characters_and_stretching_change_no_piece(text: str) -> None:
    for token in tokens_of(text):
        assert written(token) == written(f"\u200b{token}\u2060")
        if token.isascii():
            assert written(token.upper()) == written(token.lower())
    assert written("soooo") == written("soo")
    assert written("rеfund") == written("refund")


@given(st.lists(st.integers(), max_size=400))
def test_shortening_keeps_both_ends(pieces: list[int]) -> None:
    short = shortened(pieces)
    assert len(short) == min(len(pieces), MOST)
    assert short[:1] == pieces[:1]
    assert short[-1:] == pieces[-1:]


SPOKEN: Final = st.lists(st.sampled_from(["refund", "refunds", "!!", "xyyy", "\n", "\ue000"]), max_size=200)


@given(before=st.lists(SPOKEN, max_size=4), tokens=SPOKEN)
@example(before=[["refunds"] * 100] * 2, tokens=["refunds"] * 100)
@example(before=[[]], tokens=[])
def test_a_text_is_cut_after_the_last_two_turns_before_it(before: list[list[str]], tokens: list[str]) -> None:
    """Whole where it is short, both ends of what is long."""
    pieces = Pieces(KNOWN, SCORES)
    cut = pieces.read_after(before, tokens)
    bare = pieces.read(tokens)[1:-1]
    assert len(cut.pieces) <= MOST
    assert cut.pieces[0] == START
    assert pieces.read_after(before[-2:], tokens) == cut
    if not before:
        assert cut == (tuple(pieces.read(tokens)), 0)
        return
    assert list(cut.pieces[cut.own :]) == [*(bare if len(bare) <= 72 else shortened(bare, 72)), END]
    said = [piece for turn in before[-2:] for piece in (*shortened(pieces.read(turn)[1:-1], 24), END)]
    assert list(cut.pieces[1 : cut.own]) == said


@given(text=st.text(max_size=80))
@settings(max_examples=40)
def test_the_reader_reads_anything(text: str) -> None:
    logits = default_reader().logits([tokens_of(text)])
    assert logits.shape == (1, len(HEADS))
    assert np.isfinite(logits).all()


def test_what_was_read_before_is_read_alike() -> None:
    texts = [tokens_of("quiero hablar con alguien"), tokens_of("मुझे किसी से बात करनी है"), []]
    again = default_reader().logits(texts)
    assert again.tolist() == default_reader().logits(texts).tolist()
    assert again.tolist() == [default_reader().logits([text])[0].tolist() for text in texts]


def test_the_reader_leaves_out_links() -> None:
    read = default_reader().logits
    assert read([tokens_of("see https://example.com/a?b=c")]).tolist() == read([tokens_of("see link")]).tolist()
