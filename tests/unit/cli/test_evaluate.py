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


@pytest.mark.parametrize("junk", [b"\x00\xff\n\x9d\n", b"text,labels\nhi,\n", b'{"text": 7, "labels": []}\n'])
def test_a_file_in_which_nothing_can_be_used_is_told_from_one_with_a_mistake(
    junk: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """As for every command over files; the figures of the rest would be those of another set."""
    file = tmp_path / "messages.jsonl"
    file.write_bytes(junk)
    assert main(["evaluate", str(file)]) == 2
    assert f"{file}:1: this is no labelled message" in capsys.readouterr().err
    file.write_bytes(junk + b'{"text": "hi", "labels": []}\n')
    assert main(["evaluate", str(file)]) == 1
    assert f"{file}:1: this is no labelled message" in capsys.readouterr().err


def test_one_message_is_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "one.jsonl"
    file.write_text('{"text": "hi", "labels": []}\n')
    assert main(["evaluate", str(file)]) == 0
    shown = capsys.readouterr().out
    assert "one.jsonl: 1 message " in shown
    assert "of 1 quiet message (" in shown
