"""What is compared with the shipped models, without the packages that only the comparison needs."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest

from handraise.detection.evaluation import ALARMS, Row
from handraise.events import Sender
from handraise.training import candidates


def test_a_candidate_whose_package_is_missing_is_left_out_and_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The rest of the table is printed all the same, and a reader learns how to get the whole of it."""
    learned = list[str]()

    def missing(*_: object) -> candidates.Score:
        raise ModuleNotFoundError(name="absent")

    def there(texts: Sequence[str], holds: npt.NDArray[np.bool_]) -> candidates.Score:
        learned.extend(texts)
        assert holds[:, ALARMS.index("complaint")].tolist() == [1.0]
        return lambda given: np.zeros((len(given), len(ALARMS)))

    rows = [
        Row(text="this is a disgrace", labels=("complaint",), writer="public-x"),
        Row(text="we are looking into it", sender=Sender.ASSISTANT, writer="public-x"),
    ]
    monkeypatch.setattr(candidates, "corpus_rows", lambda _: rows)
    monkeypatch.setattr(candidates, "is_for_tuning", lambda _: False)
    monkeypatch.setattr(candidates, "CANDIDATES", {"one": missing, "two": there})
    assert [name for name, _ in candidates.learn_candidates()] == ["two"]
    assert learned == ["this is a disgrace"]
    said = capsys.readouterr().err
    assert "no absent: one" in said
    assert "--group candidates" in said
