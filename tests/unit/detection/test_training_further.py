"""Tuning the reader further, on rows that it does not know; the networks here are small, of random weights."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest

from handraise.detection.heads import ASSISTANT_SIGNALS, HEADS
from handraise.detection.pieces import Cut
from handraise.detection.reader import NETWORKS, PIECES, Reader
from tests.support.networks import LONG, SHORT, TURNS, WORDS, Floats, Weights, whole_network, written
from tests.support.networks import PIECES as KNOWN

answers, further, reader = (import_module(f"handraise.training.{name}") for name in ("answers", "further", "reader"))
onnx = import_module("onnx")

CUSTOMERS: Final = slice(0, len(HEADS) - len(ASSISTANT_SIGNALS))
NEW: Final = [["brilliant"] * (1 + at % 5) for at in range(40)]
OLD: Final = [[WORDS[at % 6].removeprefix("▁")] * (1 + at % 4) for at in range(120)]


@pytest.fixture
def network(tmp_path: Path) -> Weights:
    """A reader in `tmp_path`."""
    (tmp_path / PIECES).write_bytes(KNOWN)
    network = whole_network()
    written(network, tmp_path)
    return network


def told() -> tuple[Floats, Floats]:
    """The first signal of a customer holds in the new texts, no other and in no other."""
    holds = np.zeros((len(OLD) + len(NEW), len(HEADS)), dtype=np.float32)
    known = np.zeros_like(holds)
    holds[len(OLD) :, 0] = 1
    known[:, CUSTOMERS] = 1
    return holds, known


def tune(folder: Path) -> None:
    """Learn the new texts, which stand alone, beside the old ones, which stand after turns."""
    before = [*([TURNS] * len(OLD)), *([[]] * len(NEW))]
    times = [0] * len(OLD) + [1] * len(NEW)
    further.tune_further([*OLD, *NEW], before, *told(), times, folder)


def said(folder: Path, *texts: tuple[list[str], list[list[str]]]) -> npt.NDArray[np.float64]:
    """The parts' words on texts (texts by parts by heads)."""
    run = Reader.load(folder)
    return np.array([[*run.read(tokens, before)] for tokens, before in texts])


def test_what_was_written_is_read_as_it_was_rounded(network: Weights, tmp_path: Path) -> None:
    found = further.read(tmp_path)
    assert {*found} == {name for name in network if not name.startswith("early")}
    for name, value in found.items():
        assert value.shape == network[name].shape, name
        if not name.startswith("heads."):
            np.testing.assert_allclose(value, network[name], atol=np.abs(network[name]).max() / 60, err_msg=name)
    np.testing.assert_allclose(found["heads.w"][:, CUSTOMERS], network["heads.w"][:, CUSTOMERS], atol=2e-3)
    assert not found["heads.w"][:, CUSTOMERS.stop :].any()


def test_to_learn_what_an_ai_says_hides_nothing_of_it(network: Weights, tmp_path: Path) -> None:
    before = further.read(tmp_path)
    rows = [LONG, SHORT] * 20
    holds = np.array([[at % 2] * len(ASSISTANT_SIGNALS) for at in range(len(rows))], dtype=np.float32)
    answers.learn_and_write(rows, [()] * len(rows), holds, tmp_path)
    after = further.read(tmp_path)
    assert {*after} == {*before} == {name for name in network if not name.startswith("early")}
    assert all((after[name] == before[name]).all() for name in before)


def test_it_learns_the_new_rows_and_keeps_what_it_says_of_the_old(
    network: Weights, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(further, "EPOCHS", 12)
    old: list[tuple[list[str], list[list[str]]]] = [(OLD[at], TURNS) for at in range(24)]
    new: list[tuple[list[str], list[list[str]]]] = [(NEW[at], []) for at in range(5)]
    kept, learned = said(tmp_path, *old)[:, -1, CUSTOMERS], said(tmp_path, *new)[:, -1, 0]
    tune(tmp_path)
    whole, of_the_new = said(tmp_path, *old)[:, -1, CUSTOMERS], said(tmp_path, *new)[:, -1]
    assert (of_the_new[:, 0] > learned + 0.1).all()
    assert np.corrcoef(whole.ravel(), kept.ravel())[0, 1] > 0.9
    assert np.abs(whole - kept).mean() < np.abs(of_the_new[:, 0] - learned).mean()
    again = further.read(tmp_path)
    assert all(np.abs(again[name] - network[name]).max() < 0.05 for name in ("emb.word", "emb.place"))


def test_so_many_of_the_old_rows_are_learned_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half of them with turns before them, as far as there are, and never one twice."""
    monkeypatch.setattr(further, "OLD", 10)
    before = [TURNS] * 40 + [[]] * 3 + [TURNS]
    chosen = further.sample(range(43), before)
    assert len({*chosen}) == len(chosen) == 8
    assert sum(at < 40 for at in chosen) == 5
    assert {40, 41, 42} < {*chosen}
    assert further.sample(range(43), before) == chosen


def test_another_network_is_refused(network: Weights, tmp_path: Path) -> None:
    del network
    part = onnx.load(tmp_path / NETWORKS[1])
    part.graph.initializer.remove(next(one for one in part.graph.initializer if one.name == "constant1"))
    onnx.save(part, tmp_path / NETWORKS[1])
    with pytest.raises(ValueError, match=r"35 weights and offsets, not 36: make train ARGS=--reader"):
        further.read(tmp_path)


@pytest.mark.usefixtures("network")
def test_weights_that_have_moved_by_less_than_a_step_have_moved_on_average(tmp_path: Path) -> None:
    """Rounded to the nearest, they would be what they were."""
    start = further.read(tmp_path)
    name = "l0.fi.w"
    step = np.abs(start[name]).max(axis=1, keepdims=True) / further.STEPS
    moved = {**start, name: np.where(np.abs(start[name]) < step * further.STEPS, start[name] + 0.1 * step, start[name])}
    found = further.rounded(moved)
    in_steps = found[name] / step
    assert np.abs(in_steps - np.rint(in_steps)).max() < 1e-3
    assert np.abs(found[name] - moved[name]).max() <= step.max() * 1.001
    gone = ((found[name] - start[name]) / step).mean()
    assert 0.05 < gone < 0.15
    assert all(
        (found[other] == value).all() for other, value in start.items() if not re.fullmatch(r"l\d\.\w+\.w", other)
    )


@pytest.mark.usefixtures("network")
def test_rounded_weights_are_written_as_they_are(tmp_path: Path) -> None:
    """The steps are those of the files, or rounding would undo itself."""
    found = further.rounded(further.read(tmp_path))
    reader.write(reader.with_early_words(found, [Cut((0, 1), 0)] * 8), tmp_path, KNOWN)
    again = further.read(tmp_path)
    for name, value in found.items():
        if re.fullmatch(r"l\d\.(?:q|k|v|ao|fi|fo)\.w", name):
            assert np.abs(again[name] - value).max() < 1e-5, name


def test_a_column_without_weights_is_rounded_too() -> None:
    assert (further.rounded({"l0.q.w": np.zeros((2, 3), dtype=np.float32)})["l0.q.w"] == 0).all()
