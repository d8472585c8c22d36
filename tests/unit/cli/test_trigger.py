"""`handraise trigger try` on the samples of the demo."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from handraise.cli import main
from handraise.demo.samples import load_samples


def test_what_is_caught_and_what_narrowly_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "messages.jsonl"
    samples = load_samples()[:12]
    file.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for sample in samples for event in sample.messages))
    text = next(event.text for event in samples[0].messages if event.sender == "customer")
    assert main(["trigger", "try", text, "--on", str(file), "--show", "2"]) == 0
    out = capsys.readouterr().out
    assert "messages of customers are at least 0.55 alike" in out
    assert f" 1.000  {samples[0].conversation.id}  {text}" in out
    assert "narrowly missed" in out


def test_no_file_is_a_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trigger", "try", "a sentence", "--on", "/nowhere.jsonl"]) == 2
    assert "/nowhere.jsonl" in capsys.readouterr().err
