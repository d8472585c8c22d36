"""Evaluation by hand-made scores."""

from __future__ import annotations

from pathlib import Path

import pytest

from handraise.detection.evaluation import FEW, Counts, Row, RowError, evaluate, interval, read_rows
from handraise.detection.signals import Intent, Signals
from handraise.events import Sender


def seen(sentiment: float = 0.0, intent: Intent = Intent.OTHER, **scores: float) -> Signals:
    """What a detector may say."""
    return Signals(language="en", sentiment=sentiment, intent=intent, **scores)  # type: ignore[arg-type]  # scores only


def test_counts_come_to_precision_recall_and_f1() -> None:
    counts = Counts(right=6, false=2, missed=4)
    assert (counts.precision, counts.recall) == (0.75, 0.6)
    assert counts.f1 == pytest.approx(12 / 18)
    assert (Counts().precision, Counts().recall, Counts().f1) == (0.0, 0.0, 0.0)


def test_each_label_is_measured_on_the_rows_that_know_it() -> None:
    rows = [
        Row(text="a", labels=("complaint",), sentiment="negative", intent=Intent.COMPLAINT),
        Row(text="b", labels=(), sentiment="neutral", intent=Intent.QUESTION),
        Row(text="c", labels=("complaint",), sentiment="negative", intent=Intent.COMPLAINT),
        Row(text="d", labels=("promise",), sender=Sender.ASSISTANT),
        Row(text="e", labels=("human_request",), known=("human_request",)),
    ]
    found = [
        seen(-0.5, Intent.COMPLAINT, complaint=0.9),
        seen(0.1, Intent.QUESTION, complaint=0.6),
        seen(-0.1, Intent.QUESTION, complaint=0.2),
        seen(promise=0.8),
        seen(human_request=0.7, complaint=0.9),
    ]
    result = evaluate(rows, found)
    measured = {one.label: one for one in result.measured}
    assert set(measured) == {"complaint", "human_request", "promise"}
    assert measured["complaint"].counts == Counts(right=1, false=1, missed=1)
    assert measured["complaint"].rows == 3
    assert measured["human_request"].counts == Counts(right=1)
    assert measured["complaint"].low <= measured["complaint"].counts.f1 <= measured["complaint"].high
    assert (result.quiet, result.alarms, result.alarms_per_thousand) == (1, 1, 1_000.0)
    assert result.sentiment == pytest.approx(2 / 3)
    assert result.intent == pytest.approx(2 / 3)
    assert result.confusion["complaint"] == {"complaint": 1, "none": 1}
    assert [mistake[:2] for mistake in result.worst] == [(2, "complaint"), (1, "complaint")]


def test_perfect_probabilities_have_no_calibration_error() -> None:
    rows = [Row(text="a", labels=("complaint",)), *[Row(text="b")] * 3]
    (measured,) = evaluate(rows, [seen(complaint=0.25)] * 4).measured
    assert measured.calibration_error == 0.0


def test_rows_are_read_and_bad_ones_refused(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "hi", "labels": ["thanks"]}\n\n', encoding="utf-8")
    assert read_rows([path]) == [Row(text="hi", labels=("thanks",))]
    path.write_text('{"text": "7", "before": ["which day?", "of May"], "labels": []}\n', encoding="utf-8")
    assert read_rows([path]) == [Row(text="7", before=("which day?", "of May"))]
    for line in (b'{"labels": []}', b'{"text": "secret", "sender": "secret"}', b'{"text": "caf\xe9"}'):
        path.write_bytes(b'{"text": "hi", "labels": []}\n' + line)
        with pytest.raises(RowError, match=":2: this is no labelled message") as raised:
            read_rows([path])
        assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('{"text": "secret", "labels": ["human_reqest"]}', r"\$\.labels\[0\]: did you mean human_request\?"),
        ('{"text": "secret", "labels": ["thanks", "secret"]}', r"\$\.labels\[1\]: it can be human_request, complaint"),
        ('{"text": "secret", "labels": ["promise"]}', r"\$\.labels\[0\]"),
        ('{"text": "secret", "labels": ["complaint"], "sender": "assistant"}', r"it can be admission"),
        ('{"text": "secret", "labels": ["complaint"], "known": ["thanks"]}', r"\$\.labels\[0\]"),
        ('{"text": "secret", "labels": [], "before": "secret"}', r"\$\.before: expected `array`, got `str`$"),
        ('{"text": "secret", "labels": [], "before": ["secret", 7]}', r"\$\.before\[1\]: expected `str`, got `int`$"),
        ('{"text": 7, "labels": []}', r", at \$\.text: expected `str`, got `int`$"),
        ('{"text": "secret", "labels": [], "sender": "secret"}', r"\$\.sender: not one of customer, assistant"),
        ('{"text": "secret", "labels": []', r": not JSON in UTF-8$"),
        ('{"text": "secret", "labels": [], "known": ["complain"]}', r"\$\.known\[0\]: did you mean complaint\?"),
        ('{"text": "secret", "labels": [], "sentiment": "positiv"}', r"\$\.sentiment: did you mean positive\?"),
        ('{"text": "secret"}', r"no `labels`"),
        ('{"message_id": "m", "text": "secret", "sender": "customer"}', r"no `labels` .*`handraise detect`"),
        ('{"labels": []}', r"missing required field `text`"),
        ("text,labels", r"JSON object a line.*CSV"),
    ],
)
def test_a_line_that_would_be_measured_wrongly_is_refused_with_its_reason(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(f'{{"text": "hi", "labels": []}}\n{line}\n', encoding="utf-8")
    with pytest.raises(RowError, match=rf":2: this is no labelled message.*{said}") as raised:
        read_rows([path])
    assert "secret" not in str(raised.value)


def pairs(right: int, false: int, missed: int, rest: int) -> list[tuple[bool, float]]:
    """Whether a label holds and its score, so many times."""
    return [(True, 0.9)] * right + [(False, 0.9)] * false + [(True, 0.1)] * missed + [(False, 0.1)] * rest


@pytest.mark.parametrize("of", [1, 4, 20, 200])
def test_being_right_every_time_is_not_certainty(of: int) -> None:
    """Wilson's interval of four of four begins at 0.51, and 2 · 0.51 / 1.51 is 0.68."""
    low, high = interval(pairs(of, 0, 0, 100))
    assert high == 1.0
    assert low < 1.0
    if of == 4:
        assert low == pytest.approx(0.675, abs=0.001)


@pytest.mark.parametrize("of", [1, 4, 200])
def test_being_wrong_every_time_is_not_certainty_either(of: int) -> None:
    low, high = interval(pairs(0, of, of, 100))
    assert low == 0.0
    assert 0.0 < high < 1.0


def test_few_rows_and_many_are_measured_alike() -> None:
    """The two ways nearly agree where one ends and the other begins, and more rows say more."""
    few, many = interval(pairs(20, 5, FEW - 26, 500)), interval(pairs(20, 5, FEW - 25, 500))
    assert few == pytest.approx(many, abs=0.05)
    widths = [high - low for low, high in (interval(pairs(8 * n, 2 * n, 2 * n, 50 * n)) for n in (1, 2, 10, 100))]
    assert widths == sorted(widths, reverse=True)


def test_a_label_that_is_neither_there_nor_found_has_no_width() -> None:
    assert interval(pairs(0, 0, 0, 5)) == (0.0, 0.0)
