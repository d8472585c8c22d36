from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from handraise.cli import lines, main
from handraise.cli.errors import UserError
from handraise.cli.lines import Reader, Run
from handraise.events import MAX_VALUE_BYTES, encode
from handraise.policy import PolicyBook

TEXTS = ("hello", "I want to talk to a human", "this is broken, I am furious", "yes please", "thanks, all fine")


def message(at: int, conversation: str = "c", text: str = TEXTS[1], **more: str) -> bytes:
    """One customer's message as a line."""
    event = {"message_id": f"m{at}", "conversation_id": conversation, "business_id": "b", "sender": "customer"}
    return json.dumps({**event, "sent_at": at * 1_000, "text": text, **more}).encode() + b"\n"


RESOLVED = b'{"outcome_id":"o","conversation_id":"c","business_id":"b","kind":"resolved","at":9000}\n'
LINES = st.one_of(
    st.builds(message, st.integers(0, 40), st.sampled_from("cd"), st.sampled_from(TEXTS)),
    st.sampled_from((RESOLVED, b"not json\n", b"\n")),
)


def published(file: Path, *, strict: bool = False) -> tuple[list[bytes], int, str]:
    """The escalations, decisions and controls of a run, how many lines were bad, and how it ended."""
    reader = Reader(strict=strict, say=lambda _: None)
    out: list[bytes] = []
    try:
        for folded in Run(PolicyBook(), reader).fold([file]):
            effects = folded.processed.effects
            out += map(encode, (*effects.escalations, *effects.decisions, *effects.controls))
    except UserError as error:
        return out, reader.bad, str(error)
    return out, reader.bad, ""


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(written=st.lists(LINES, max_size=30), size=st.integers(1, 9), strict=st.booleans())
def test_what_comes_out_does_not_depend_on_the_size_of_the_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: list[bytes], size: int, strict: bool
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"".join(written))
    with monkeypatch.context() as patch:
        patch.setattr(lines, "BATCH", 1_000)
        whole = published(file, strict=strict)
        patch.setattr(lines, "BATCH", size)
        assert published(file, strict=strict) == whole


def test_what_comes_before_the_first_bad_line_of_a_strict_run_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(message(1) + b"not json\n" + message(2, "d"))
    assert main(["replay", "--strict", str(file)]) == 1
    out, err = capfd.readouterr()
    assert [json.loads(line)["caused_by"] for line in out.splitlines()] == ["m1"]
    assert err == f"handraise: {file}:2: $: not JSON in UTF-8\n"


def test_a_gzip_file_that_is_cut_off_ends_in_one_sentence_after_what_could_be_read(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events"
    file.write_bytes(gzip.compress(message(1))[:-4])
    assert main(["replay", str(file)]) == 1
    out, err = capfd.readouterr()
    assert out.count("\n") == 1
    assert err == f"handraise: {file}: the gzip data is damaged or cut off after line 1; get the file anew\n"


def test_a_line_that_is_too_long_is_refused_and_the_next_keeps_its_number(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(message(1, text="x" * (3 * MAX_VALUE_BYTES)) + b"not json\n" + message(2))
    assert main(["replay", str(file)]) == 0
    out, err = capfd.readouterr()
    assert out.count("\n") == 1
    assert err.splitlines()[0] == f"{file}:1: $: the value is larger than {MAX_VALUE_BYTES} bytes"
    assert err.splitlines()[1].startswith(f"{file}:2: ")


@pytest.mark.parametrize("command", ["replay", "detect"])
def test_a_line_on_a_pipe_is_answered_before_the_next_one_comes(command: str) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "handraise", command, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as running:
        assert running.stdin
        assert running.stdout
        running.stdin.write(message(1))
        running.stdin.flush()
        assert running.stdout.readline().startswith(b"{")  # hangs until the test's time limit if it is not live
        running.stdin.close()
        assert running.wait(120) == 0


def test_detect_fires_by_the_quantities_that_the_worker_acts_on(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(message(1, text="we would like to buy 30 chairs"))
    assert main(["replay", str(file)]) == 0
    raised = json.loads(capfd.readouterr().out)
    assert main(["detect", str(file)]) == 0
    assert json.loads(capfd.readouterr().out)["fired"] == [raised["trigger"]] == ["high_value"]


@pytest.mark.parametrize(
    "until", ["2026-03-06", "2026-03-06T20:00", "2026-03-06 20:00", "2026-03-06T20:00:00Z", "2026-03-06T20:00+02:00"]
)
def test_time_goes_on_until_a_date_or_a_time(tmp_path: Path, capfd: pytest.CaptureFixture[str], until: str) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(message(1, sent_at="2026-03-02T10:00:00Z"))
    assert main(["replay", str(file), "--until", until]) == 0
    assert json.loads(capfd.readouterr().out.splitlines()[-1])["closed_because"] == "idle"


@pytest.mark.parametrize("until", ["tonight", "2000-01-32", "7 days"])
def test_what_is_no_time_is_refused_with_one_that_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], until: str
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(message(1))
    assert main(["replay", str(file), "--until", until]) == 2
    err = capfd.readouterr().err
    assert until in err
    assert "2026-07-07T20:00" in err


def test_explain_lets_no_message_steer_the_terminal(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(message(1, text="\x1b[2Jhi\x1b]0;owned\x07"))
    assert main(["explain", str(file)]) == 0
    assert "\x1b" not in capfd.readouterr().out


def test_explain_says_of_a_trigger_that_is_turned_off_that_it_is(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file, policy = tmp_path / "events.jsonl", tmp_path / "policy.yaml"
    file.write_bytes(message(1))
    policy.write_text("business_id: b\nowner: Rosa\ntriggers:\n  human_request:\n    enabled: false\n")
    assert main(["explain", str(file), "--policy", str(policy)]) == 0
    (line,) = [line for line in capfd.readouterr().out.splitlines() if "human_request" in line and " of " in line]
    assert line.endswith("turned off in the policy")


def test_explain_says_why_a_number_above_a_floor_does_not_count(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(message(1, text="There are 1000000 bees in the garden"))
    assert main(["explain", str(file)]) == 0
    out = capfd.readouterr().out
    assert "quantities 1,000,000 bees" in out
    (line,) = [line for line in out.splitlines() if "high_value" in line and " of " in line]
    assert "a quantity of at least 20 counts only where something speaks of buying" in line


def test_explain_tells_times_numbers_and_what_happened_besides_decisions(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """A takeover that nobody asked for, a repeated id, and the end that a timer brought."""
    file = tmp_path / "events.jsonl"
    lines = [
        message(1, text="We need 40 chairs, our budget is 2,500 euros", sent_at="2026-03-02T10:00:00Z"),
        message(1, text="We need 40 chairs, our budget is 2,500 euros", sent_at="2026-03-02T10:00:00Z"),
        message(2, text="where is my order?", sent_at="2026-03-06T09:30:00Z"),
        message(3, text="Rosa here", sender="human", sent_at="2026-03-06T09:31:05Z"),
    ]
    file.write_bytes(b"".join(lines))
    assert main(["explain", str(file)]) == 0
    out = capfd.readouterr().out
    assert "Monday 2026-03-02, times in UTC\n  1 10:00:00 customer: We need 40 chairs" in out
    assert "amounts 2,500 EUR; quantities 40 chairs" in out
    assert "seen before by its id, so nothing is done" in out
    assert "Friday 2026-03-06, times in UTC\n  3 09:30:00 customer" in out
    assert "closed (revision 2) at 2026-03-05 10:00:00, timer:idle: Closed: idle." in out
    assert "the conversation had ended, and a new one begins" in out
    assert "  4 09:31:05 human: Rosa here" in out
    assert "a human takes over, and nobody had asked for one" in out
    assert "probably missed" in out


def test_explain_lets_time_go_on_after_the_last_event(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """A promise that passes, and the end of what is idle, as `replay --until` has them."""
    file = tmp_path / "events.jsonl"
    file.write_bytes(message(1, text="Can I talk to a person?", sent_at="2026-03-02T10:00:00Z"))
    assert main(["explain", str(file)]) == 0
    assert "timer:" not in capfd.readouterr().out
    assert main(["explain", str(file), "--until", "2026-03-06"]) == 0
    out = capfd.readouterr().out
    assert out.count("nobody writes any more") == 1
    assert "updated (revision 1) at 2026-03-03 10:00:00, timer:promise: Nobody has taken it in the time" in out
    assert "timer:idle: Closed: idle." in out
    assert main(["replay", str(file), "--until", "2026-03-06"]) == 0
    replayed = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert [event["caused_by"] for event in replayed][1:] == ["timer:promise", "timer:idle"]


COMMANDS = {
    "replay": ["replay"],
    "detect": ["detect"],
    "explain": ["explain"],
    "trigger try": ["trigger", "try", "call me", "--on"],
}


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_file_in_which_nothing_can_be_used_is_an_error(
    tmp_path: Path, command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"not json\n[]\n")
    assert main([*command, str(file)]) == 2
    assert capfd.readouterr().err.splitlines()[-1].startswith("handraise: nothing in the input can be used")
    file.write_bytes(b"not json\n" + message(1))
    assert main([*command, str(file)]) == 0


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_file_without_events_is_said_to_be_one(
    tmp_path: Path, command: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n")
    assert main([*command, str(file)]) == 0
    assert capfd.readouterr().err == f"{file}: there are no events in it\n"


@pytest.mark.parametrize("written", [b"", b"not json\n", RESOLVED])
def test_two_policies_are_not_compared_by_nothing(
    tmp_path: Path, written: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    """No difference would mean that the change is harmless, and a difference is what 1 says."""
    file, policy = tmp_path / "events.jsonl", tmp_path / "policy.yaml"
    file.write_bytes(written)
    policy.write_text("business_id: b\nowner: Rosa\n")
    assert main(["replay", str(file), "--policy", str(policy), "--against", str(policy)]) == 2
    out, err = capfd.readouterr()
    assert not out
    assert err


def test_a_business_that_has_no_policy_in_the_file_is_named_once(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """One wrong letter, and the built-in default would seem to be the policy."""
    file, policy = tmp_path / "events.jsonl", tmp_path / "policy.yaml"
    file.write_bytes(message(1) + message(2) + message(3, "d", business_id="shop"))
    policy.write_text("business_id: shopp\nowner: Rosa\n")
    for command in (["replay"], ["explain"], ["replay", "--against", str(policy)]):
        main([*command, str(file), "--policy", str(policy)])
        err = capfd.readouterr().err.splitlines()
        assert len(err) == (2 if "--against" in command else 1)
        assert err[0].startswith(f"{policy}: no policy for b, shop, so the built-in default served")
        assert err[0].endswith("for shopp")
    main(["explain", str(file), "--policy", str(policy), "--conversation", "d"])
    assert "no policy for shop," in capfd.readouterr().err


@pytest.mark.parametrize("business", ["b", "default"])
def test_nothing_is_said_where_the_file_covers_every_business(
    tmp_path: Path, business: str, capfd: pytest.CaptureFixture[str]
) -> None:
    file, policy = tmp_path / "events.jsonl", tmp_path / "policy.yaml"
    file.write_bytes(message(1))
    policy.write_text(f"business_id: {business}\nowner: Rosa\n")
    for command in (["replay"], ["explain"]):
        assert main([*command, str(file), "--policy", str(policy)]) == 0
        assert main([*command, str(file)]) == 0
        assert not capfd.readouterr().err
