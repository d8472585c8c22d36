"""Tuning the reader on texts with the turns before them; the networks here are small, and of random weights."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from handraise.detection.heads import HEADS
from handraise.detection.pieces import Cut
from handraise.detection.reader import PARTS, Reader
from tests.support.networks import LONG, SHORT, TURNS, WORDS, Floats, Weights, cut, network, whole_network, written

torch = import_module("torch")
base, graphs, reader, tuning = (
    import_module(f"handraise.training.{name}") for name in ("base", "graphs", "reader", "tuning")
)


def said(p: Weights, *texts: Cut) -> tuple[Floats, Floats]:
    """The vectors and the logits of texts that are read side by side."""
    tensors = {name: torch.tensor(value) for name, value in p.items()}
    padded = (torch.from_numpy(array) for array in tuning.side_by_side(texts))
    vectors, logits = tuning.forward(tensors, *padded, learning=False)
    return vectors.numpy(), logits.numpy()


def last(words: Iterable[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """The reader's last word."""
    return [*words][-1]


def test_padding_and_what_stands_before_are_told_from_a_text() -> None:
    numbers, there, own = tuning.side_by_side([cut(SHORT), cut(["no"], [["which", "day"]])])
    assert there[:, :8].tolist() == [[1, 1, 1, 1, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 0, 0]]
    assert own[:, :8].tolist() == [[1, 1, 1, 1, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1, 0, 0]]
    assert not numbers[there == 0].any()


def test_what_is_written_reads_as_what_was_tuned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Before its weights are rounded: one text after another as all of them padded, with and without turns before."""
    monkeypatch.setattr(graphs, "quantize_dynamic", lambda whole, path, **_: shutil.copy(whole, path))
    p = whole_network()
    given: list[tuple[list[str], list[list[str]]]] = [(SHORT, []), (SHORT, TURNS), (LONG, []), (SHORT, [LONG, LONG])]
    texts = [cut(tokens, before) for tokens, before in given]
    run = written(p, tmp_path)
    found = np.array([[*run.read(tokens, before)] for tokens, before in given])
    assert found.shape == (len(given), PARTS, len(HEADS))
    np.testing.assert_allclose(found[:, -1], said(p, *texts)[1], atol=1e-3)
    for part in range(1, PARTS):
        vectors = torch.tensor(said(tuning.layers_of(p, range(2 * part)), *texts)[0])
        weights = [torch.tensor(p[f"early{part}.{name}"]) for name in ("in.w", "in.b", "out.w", "out.b")]
        hidden = torch.nn.functional.gelu(torch.nn.functional.linear(vectors, *weights[:2]))
        expected = torch.nn.functional.linear(hidden, *weights[2:])
        np.testing.assert_allclose(found[:, part - 1], expected.numpy(), atol=1e-3)
    assert np.abs(found[0] - found[1]).max(axis=1).min() > 0.05
    assert np.abs(found[1] - found[3]).max(axis=1).min() > 0.05


def test_a_part_learns_to_say_what_the_whole_says() -> None:
    """Of texts that it has learned from; nothing but its own heads changes, and the same is made each time."""
    p = network(len(reader.KEPT))
    texts = [cut([WORDS[at % 7].removeprefix("▁")] * (1 + at // 7)) for at in range(70)] * 20
    every = reader.with_early_words(p, texts)
    assert {name for name in every if name not in p} == {
        f"early{part}.{name}" for part in (1, 2) for name in ("in.w", "in.b", "out.w", "out.b")
    }
    assert all(every[name] is p[name] for name in p)
    whole = said(p, *texts)[1]
    apart = whole - whole.mean(axis=0)
    for part in (1, 2):
        vectors = said(tuning.layers_of(p, range(2 * part)), *texts)[0]
        hidden = vectors @ every[f"early{part}.in.w"].T + every[f"early{part}.in.b"]
        bent = torch.nn.functional.gelu(torch.tensor(hidden)).numpy()
        words = bent @ every[f"early{part}.out.w"].T + every[f"early{part}.out.b"]
        assert np.square(words - whole).mean() < 0.5 * np.square(apart).mean()
    again = reader.with_early_words(p, texts)
    assert all((again[name] == every[name]).all() for name in every)


def test_what_stands_before_tells_when_weights_are_rounded_too(tmp_path: Path) -> None:
    p = whole_network()
    run = written(p, tmp_path)
    alone, after = said(p, cut(SHORT), cut(SHORT, TURNS))[1]
    assert np.corrcoef(last(run.read(SHORT, TURNS)) - last(run.read(SHORT)), after - alone)[0, 1] > 0.9


def test_a_text_s_vector_is_the_mean_of_its_own_pieces() -> None:
    """Without layers, no piece hears of another, so what stands before changes nothing but the places."""
    p = network(0)
    p["emb.place"][:] = 0
    alone, after, after_others = said(p, cut(SHORT), cut(SHORT, TURNS), cut(SHORT, [["brilliant"]]))[0]
    np.testing.assert_allclose(after, after_others, atol=1e-6)
    own = cut(SHORT, TURNS)
    rows = torch.tensor(p["emb.word"][list(own.pieces[own.own :])])
    weight, bias = torch.tensor(p["emb.ln.w"]), torch.tensor(p["emb.ln.b"])
    normalised = torch.nn.functional.layer_norm(rows, (tuning.WIDTH,), weight, bias, tuning.EPSILON)
    np.testing.assert_allclose(after, normalised.mean(0).numpy(), atol=1e-5)
    assert np.abs(alone - after).max() > 0.05, "alone, it begins with its start"


def test_what_stands_before_is_marked_as_such() -> None:
    p = network(1)
    plain = {**p, "emb.before": np.zeros_like(p["emb.before"])}
    texts = [cut(SHORT), cut(SHORT, TURNS)]
    apart = np.abs(said(p, *texts)[1] - said(plain, *texts)[1]).max(axis=1)
    assert apart[0] == 0
    assert apart[1] > 0.01


def tuned_mark(texts: Sequence[Cut]) -> Floats:
    """What an epoch makes of the mark of what stands before, from zeros."""
    start = {**network(1), "emb.before": np.zeros(tuning.WIDTH, dtype=np.float32)}
    holds = np.zeros((len(texts), len(HEADS)), dtype=np.float32)
    found: Floats = tuning.tune(
        start, texts, holds, np.ones_like(holds), rate=1e-3, epochs=1, lesson=tuning.lesson_of([start], [start], texts)
    )["emb.before"]
    return found


def test_the_mark_is_learned_where_something_stands_before() -> None:
    assert not tuned_mark([cut(SHORT), cut(LONG)]).any()
    assert tuned_mark([cut(SHORT), cut(SHORT, TURNS)]).any()


def test_of_texts_after_turns_only_those_teachers_speak_that_have_learned_such(monkeypatch: pytest.MonkeyPatch) -> None:
    def fake(teacher: Weights, texts: Sequence[Cut]) -> tuple[Floats, Floats]:
        says = teacher["says"]
        lesson: tuple[Floats, Floats] = tuning.Lesson(np.full((len(texts), 2), says), np.full((len(texts), 3), says))
        return lesson

    monkeypatch.setattr(tuning, "said_by", fake)
    of_texts, of_turns = (
        [{"says": np.array(says, dtype=np.float32)} for says in some] for some in ((1, 2, 3), (10, 20, 60))
    )
    lesson = tuning.lesson_of(of_texts, of_turns, [cut(SHORT, TURNS), cut(SHORT), cut(LONG, TURNS)])
    assert lesson.logits.tolist() == [[30, 30], [16, 16], [30, 30]]
    assert lesson.vectors.tolist() == [[10] * 3] * 3


def test_three_teachers_learn_texts_and_three_these_after_their_turns_as_well(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tuned = list[tuple[int, list[Cut], list[float], int]]()
    p = network(base.LAYERS)

    def tune(
        start: Weights,
        texts: list[Cut],
        holds: Floats,
        known: Floats,
        *,
        rate: float,
        epochs: int,
        lesson: str = "",
        seed: int = 0,
    ) -> Weights:
        assert holds.shape == known.shape
        tuned.append((epochs, texts, holds[:, 0].tolist(), seed))
        if lesson:
            assert lesson == "what they say"
            assert (start["emb.before"][0], rate) == (4, 3e-4)
        else:
            assert not start["emb.before"].any()
            assert rate == 1.5e-4
        return {**start, "emb.before": np.full(tuning.WIDTH, len(tuned), dtype=np.float32)}

    def lesson_of(of_texts: list[Weights], of_turns: list[Weights], texts: list[Cut]) -> str:
        assert [one["emb.before"][0] for one in (*of_texts, *of_turns)] == [1, 2, 3, 4, 5, 6]
        assert len(texts) == 3
        return "what they say"

    monkeypatch.setattr(reader, "base", lambda _: base.Base(list(WORDS), [-5.0] * len(WORDS), p))
    monkeypatch.setattr(reader, "tune", tune)
    monkeypatch.setattr(reader, "lesson_of", lesson_of)
    holds = np.arange(3, dtype=np.float32)[:, None].repeat(len(HEADS), axis=1)
    reader.tune_and_write([SHORT, SHORT, LONG], [[], TURNS, []], holds, np.ones_like(holds), tmp_path)
    bare, every = [cut(SHORT), cut(LONG)], [cut(SHORT), cut(SHORT, TURNS), cut(LONG)]
    assert tuned[:3] == [(3, bare, [0, 2], seed) for seed in range(3)]
    assert tuned[3:6] == [(3, every, [0, 1, 2], seed) for seed in range(3)]
    assert [(epochs, texts) for epochs, texts, *_ in tuned[6:]] == [(18, every)]
    run = Reader.load(tmp_path)
    assert np.isfinite([*run.read(SHORT, TURNS)]).all()
