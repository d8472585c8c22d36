from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from handraise.cli import main
from handraise.demo.samples import load_samples
from handraise.detection import DETECTOR_VERSION
from handraise.events import encode


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Some sample conversations as a file of messages."""
    path = tmp_path / "messages.jsonl"
    messages = [message for sample in load_samples()[:30] for message in sample.messages]
    path.write_bytes(b"".join(encode(message) + b"\n" for message in messages))
    return path


@pytest.mark.parametrize("output", ["escalations", "decisions", "control"])
def test_replay_prints_one_compact_event_a_line(
    file: Path, output: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["replay", str(file), "--output", output]) == 0
    lines = capsysbinary.readouterr().out.splitlines()
    assert lines
    for line in lines:
        assert json.dumps(json.loads(line), ensure_ascii=False, separators=(",", ":")).encode() == line


def test_replay_does_not_depend_on_the_size_of_its_batches(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    main(["replay", str(file)])
    whole = capsysbinary.readouterr().out
    for size in (1, 7):
        monkeypatch.setattr("handraise.cli.lines.BATCH", size)
        main(["replay", str(file)])
        assert capsysbinary.readouterr().out == whole


@pytest.mark.parametrize("output", ["escalations", "decisions"])
@pytest.mark.parametrize(("options", "version"), [([], DETECTOR_VERSION), (["--fast"], f"{DETECTOR_VERSION}-fast")])
def test_replay_says_which_detector_was_in_force(
    file: Path, output: str, options: list[str], version: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert main(["replay", str(file), "--output", output, *options]) == 0
    events = [json.loads(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert {event["detector_version"] for event in events} == {version}


def test_replay_reads_gzip(file: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    main(["replay", str(file)])
    plain = capsysbinary.readouterr().out
    packed = file.with_suffix(".jsonl.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    assert main(["replay", str(packed)]) == 0
    assert capsysbinary.readouterr().out == plain


def test_bad_lines_are_named_and_counted_and_the_rest_goes_on(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    main(["replay", str(file)])
    good = capfd.readouterr().out
    file.write_bytes(b'{"text": "very private"}\nnot json\n' + file.read_bytes())
    assert main(["replay", str(file)]) == 0
    out, err = capfd.readouterr()
    assert out == good
    assert err.splitlines() == [
        f"{file}:1: $: Object missing required field `message_id`",
        f"{file}:2: $: not JSON in UTF-8",
        "2 lines could not be used",
    ]


def test_strict_stops_at_the_first_bad_line(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(b"not json\n" + file.read_bytes())
    assert main(["replay", "--strict", str(file)]) == 1
    out, err = capfd.readouterr()
    assert not out
    assert err == f"handraise: {file}:1: $: not JSON in UTF-8\n"


def test_an_outcome_for_an_unknown_conversation_is_a_bad_line(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "outcomes.jsonl"
    outcome = {"outcome_id": "o1", "conversation_id": "c", "business_id": "b", "kind": "resolved", "at": 1}
    file.write_text(json.dumps(outcome))
    assert main(["replay", str(file)]) == 2
    assert "no message has opened this conversation" in capfd.readouterr().err


@pytest.mark.parametrize("options", [[], ["--fast"]])
def test_detect_prints_what_each_message_says_on_its_own(
    tmp_path: Path, options: list[str], capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    file = tmp_path / "messages.jsonl"
    message = {"message_id": "m", "conversation_id": "c", "business_id": "b", "sender": "customer", "sent_at": 1}
    file.write_text(json.dumps({**message, "text": "Can I talk to a real person please?"}))
    assert main(["detect", str(file), *options]) == 0
    (seen,) = map(json.loads, capsysbinary.readouterr().out.splitlines())
    assert list(seen) == ["message_id", "language", "sentiment", "intent", "signals", "fired"]
    assert seen["fired"] == ["human_request"]
    assert seen["language"] == "en"


@pytest.mark.parametrize("options", [[], ["--fast"]])
def test_explain_tells_every_turn_and_why(file: Path, options: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(file), "--conversation", "bakery-04", *options]) == 0
    out = capfd.readouterr().out
    assert "\x1b" not in out
    assert "bakery-04" in out
    assert "complaint fired (escalate)" in out
    assert "control: escalated, held by a human" in out


def test_explain_says_when_there_is_no_such_conversation(file: Path, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(file), "--conversation", "nobody"]) == 1
    assert "no conversation nobody" in capfd.readouterr().err


def test_what_customers_write_does_not_steer_the_terminal_in_a_difference(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, policy = tmp_path / "messages.jsonl", tmp_path / "shop.yaml"
    policy.write_text("business_id: shop\nowner: Rosa\ntriggers: {human_request: {enabled: false}}\n")
    message = {
        "message_id": "m1",
        "conversation_id": "c\x1b[2J",
        "business_id": "shop",
        "sender": "customer",
        "sent_at": "2026-03-02T10:15:00Z",
        "text": "\x1b]0;mine\x07I want to talk to a human being \u202enow",
    }
    file.write_text(json.dumps(message) + "\n")
    empty = tmp_path / "old.yaml"
    empty.write_text("business_id: shop\nowner: Rosa\n")
    assert main(["replay", str(file), "--policy", str(policy), "--against", str(empty)]) == 1
    out = capsys.readouterr().out
    assert "I want to talk to a human being" in out
    assert not [letter for letter in out if letter != "\n" and not letter.isprintable()]
