"""What training makes of the rows, with the models themselves faked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pytest

from handraise.detection.evaluation import Row
from handraise.detection.heads import ASSISTANT_SIGNALS, HEADS
from handraise.detection.reader import PARTS
from handraise.events import Sender
from handraise.training.corpus import is_for_tuning
from tests.support.tools import for_training

for_training("sklearn")
training = import_module("handraise.training.__main__")

Floats = npt.NDArray[np.float64]

LEARNED, TUNED = (
    next(f"w/{n}" for n in range(99) if is_for_tuning(Row(text="", writer=f"w/{n}")) is tuned)
    for tuned in (False, True)
)
ROWS: Final = [
    Row(text="7", writer=LEARNED, before=("hello", "what day?")),
    Row(text="what day?", writer=LEARNED, labels=("thanks",)),
    Row(text="brilliant", writer=TUNED, before=("it is lost",)),
]


class Ngrams:
    """Says nothing of any text."""

    def save(self, path: Path) -> None:
        """As `NgramModel.save`."""
        path.touch()

    def logits(self, tokens: Sequence[Sequence[str]]) -> Floats:
        """As `NgramModel.logits`."""
        return np.zeros((len(tokens), len(HEADS)))

    def most(self, tokens: Sequence[Sequence[str]], _: object) -> Floats:
        """As `NgramModel.most`."""
        return self.logits(tokens)


class Reader:
    """Says of a text how many words stand before it."""

    @classmethod
    def load(cls, _: Path) -> Reader:
        """As `Reader.load`."""
        return cls()

    def read(self, tokens: Sequence[str], before: Sequence[Sequence[str]] = ()) -> Iterator[Floats]:
        """As `Reader.read`."""
        for word in range(PARTS):
            yield np.full(len(HEADS), 1000 * word + 100 * len(tokens) + sum(map(len, before)))


class Mixture:
    """Keeps what it would be fitted on."""

    evidence: Floats
    read: Floats
    counts: Floats

    @classmethod
    def fit(
        cls, evidence: Floats, read: Floats, groups: Floats, holds: Floats, known: Floats, counts: Floats
    ) -> Mixture:
        """As `mixing.fit`."""
        assert len(evidence) == len(read) == len(groups) == len(holds) == len(known) == len(counts)
        cls.evidence, cls.read, cls.counts = evidence, read, counts
        return cls()

    def save(self, path: Path) -> None:
        """As `Mixture.save`."""
        path.touch()


@pytest.fixture(autouse=True)
def _fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "corpus_rows", lambda _: ROWS)
    monkeypatch.setattr(training, "Reader", Reader)
    monkeypatch.setattr(training.mixing, "fit", Mixture.fit)
    monkeypatch.setattr(training.acceptance, "fit", lambda _: Ngrams())


def test_the_mixture_weighs_texts_alone_and_after_the_turns_before_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The faster models, which read no turns, learn from each text once."""
    learned = list[str]()

    def fit(texts: Sequence[str], *_: object) -> Ngrams:
        learned.extend(texts)
        return Ngrams()

    monkeypatch.setattr(training.linear, "fit", fit)
    training.main(["--to", str(tmp_path)])
    assert sorted(learned) == ["7", "what day?"]
    assert Mixture.read[:, :, 0].tolist() == [[100, 1100, 2100], [103, 1103, 2103]]
    assert Mixture.counts.tolist() == [1.0, 1.0, 4.0][-len(Mixture.counts) :]
    assert (Mixture.evidence[0] == Mixture.evidence[1]).all()


def test_the_reader_learns_texts_alone_and_after_the_turns_before_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for_training("torch", "onnx")
    base, reader = (import_module(f"handraise.training.{name}") for name in ("base", "reader"))
    given = list[tuple[list[str], list[list[str]], bool]]()

    def tune_and_write(
        tokens: list[list[str]], before: list[list[list[str]]], holds: Floats, known: Floats, folder: Path
    ) -> None:
        assert folder == tmp_path
        assert known.any()
        given.extend(zip(tokens, before, holds[:, HEADS.index("thanks")] > 0, strict=True))

    monkeypatch.setattr(base, "package", lambda: None)
    monkeypatch.setattr(reader, "tune_and_write", tune_and_write)
    monkeypatch.setattr(training.linear, "fit", lambda *_: Ngrams())
    training.main(["--to", str(tmp_path), "--reader"])
    day = ["what", "day", "?"]
    assert given == [(["7"], [], False), (day, [], True), (["7"], [["hello"], day], False)]


def test_what_an_ai_says_is_learned_from_its_turns_alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """After the turns before them and without, with whether each of the signals of an AI holds."""
    for_training("onnx")
    answers = import_module("handraise.training.answers")
    turn = Row(text="noted", sender=Sender.ASSISTANT, writer=LEARNED, before=("hello",), labels=("offers_human",))
    given = list[tuple[list[str], list[list[str]], list[float]]]()

    def learn_and_write(tokens: list[list[str]], before: list[list[list[str]]], holds: Floats, folder: Path) -> None:
        assert folder == tmp_path
        given.extend(zip(tokens, before, holds.tolist(), strict=True))

    monkeypatch.setattr(training, "corpus_rows", lambda _: [*ROWS, turn])
    monkeypatch.setattr(answers, "learn_and_write", learn_and_write)
    monkeypatch.setattr(training.linear, "fit", lambda *_: Ngrams())
    training.main(["--to", str(tmp_path), "--answers"])
    holds = [float(name == "offers_human") for name in ASSISTANT_SIGNALS]
    assert given == [(["noted"], [], holds), (["noted"], [["hello"]], holds)]


def test_the_reader_is_told_how_often_it_learns_the_rows_of_the_waves_that_are_new(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for_training("torch", "onnx")
    further = import_module("handraise.training.further")
    new, newer = (
        next(f"{wave}/{n}" for n in range(99) if not is_for_tuning(Row(text="", writer=f"{wave}/{n}")))
        for wave in ("new", "newer")
    )
    given = list[tuple[list[str], list[list[str]], int]]()
    ways = list[float]()

    def tune_further(
        tokens: list[list[str]],
        before: list[list[list[str]]],
        holds: Floats,
        known: Floats,
        times: list[int],
        folder: Path,
        way: float,
    ) -> None:
        assert folder == tmp_path
        ways.append(way)
        assert len(holds) == len(known) == len(tokens)
        given.extend(zip(tokens, before, times, strict=True))

    rows = [*ROWS, Row(text="the fitter", writer=new, before=("hello",)), Row(text="8", writer=newer)]
    monkeypatch.setattr(training, "corpus_rows", lambda _: rows)
    monkeypatch.setattr(further, "tune_further", tune_further)
    monkeypatch.setattr(training.linear, "fit", lambda *_: Ngrams())
    training.main(["--to", str(tmp_path), "--further", "new", "newer", "new"])
    fitter, day = ["the", "fitter"], ["what", "day", "?"]
    assert given == [
        (["7"], [], 0),
        (day, [], 0),
        (fitter, [], 2),
        (["8"], [], 1),
        (["7"], [["hello"], day], 0),
        (fitter, [["hello"]], 2),
    ]
    training.main(["--to", str(tmp_path), "--further", "new", "--way", "0.5"])
    assert ways == [further.WAY, 0.5]


def test_a_wave_that_the_corpus_does_not_have_is_refused_before_anything_is_learned(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(training.linear, "fit", lambda *_: pytest.fail("learned"))
    with pytest.raises(SystemExit) as left:
        training.main(["--to", str(tmp_path), "--further", "w", "fifteen", "--answers"])
    assert left.value.code == 2
    assert "no such wave in the corpus: fifteen\n" in capsys.readouterr().err
