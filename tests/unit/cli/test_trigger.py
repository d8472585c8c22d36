"""`handraise trigger try` on the samples of the demo."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from handraise.cli import main
from handraise.demo.samples import load_samples


def test_what_is_caught_is_shown_and_what_is_far_from_it_is_not(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "messages.jsonl"
    samples = load_samples()[:12]
    file.write_bytes(b"".join(msgspec.json.encode(event) + b"\n" for sample in samples for event in sample.messages))
    text = next(event.text for event in samples[0].messages if event.sender == "customer")
    assert main(["trigger", "try", text, "--on", str(file), "--show", "2"]) == 0
    out = capsys.readouterr().out
    assert "messages of customers are at least 0.55 alike" in out
    assert f" 1.000  {samples[0].conversation.id}  {text}" in out
    assert "narrowly missed" not in out


def tried(tmp_path: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    """What is printed of three messages."""
    file = tmp_path / "messages.jsonl"
    about = {"conversation_id": "c", "business_id": "b", "sender": "customer", "sent_at": "2026-03-02T10:15:00Z"}
    texts = ("I left a coat in my room", "May I leave my coat with you?", "The soup was cold")
    messages = ({**about, "message_id": f"m{place}", "text": text} for place, text in enumerate(texts))
    file.write_bytes(b"".join(msgspec.json.encode(message) + b"\n" for message in messages))
    assert main(["trigger", "try", *arguments, "--on", str(file)]) == 0
    return capsys.readouterr().out.splitlines()


def test_only_what_is_near_is_narrowly_missed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tried(tmp_path, capsys, "I left something in my room", "--at-least", "0.95")
    assert out[1] == "narrowly missed"
    assert len(out) == 3
    assert out[2].endswith("I left a coat in my room")


def test_what_is_nearer_to_what_is_not_meant_is_told_with_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tried(tmp_path, capsys, "I left my coat", "--unlike", "can I leave my coat with you")
    at = out.index("narrowly missed")
    (line,) = [line for line in out[at:] if "May I leave" in line]
    assert "like a sentence of --unlike" in line


def test_no_file_is_a_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["trigger", "try", "a sentence", "--on", "/nowhere.jsonl"]) == 2
    assert "/nowhere.jsonl" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [[""], ["a coat", " \t"], ["a coat", "--unlike", "…"]])
def test_a_sentence_without_a_word_is_a_wrong_usage(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "messages.jsonl"
    file.touch()
    assert main(["trigger", "try", *arguments, "--on", str(file)]) == 2
    assert "there is nothing to read in" in capsys.readouterr().err
