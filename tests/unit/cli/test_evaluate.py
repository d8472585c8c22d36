"""What `handraise evaluate` says of files that hold nothing to measure; what it measures is in tests/unit/detection."""

from __future__ import annotations

from pathlib import Path

import pytest

from handraise.cli import main


def test_a_file_that_is_not_there_is_wrong_usage(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As for every command over files, so that a script can tell it from a failure."""
    for path, said in ((tmp_path / "none.jsonl", "does not exist"), (tmp_path, "is a directory")):
        assert main(["evaluate", str(path)]) == 2
        assert said in capsys.readouterr().err


def test_a_file_without_messages_is_nothing_to_work_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "empty.jsonl"
    file.write_text("\n")
    assert main(["evaluate", str(file)]) == 2
    assert "no messages in it" in capsys.readouterr().err
