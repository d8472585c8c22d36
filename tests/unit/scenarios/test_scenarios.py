"""Scenario files: what they can say, what is told when a conversation goes otherwise, and what is refused."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from handraise import cli
from handraise.policy import compile_policy, load
from handraise.reference.schemas import SCENARIOS, schema
from handraise.scenarios import Failure, Runner, builtin_files, read
from tests.unit.policy.test_check import HEAD

OWN = """
own_triggers:
  refund: {when: {keywords: [refund*]}, priority: high, owner: Ann, queue: money, within: 1 hour}
  watched: {when: {keywords: [voucher]}, action: shadow}
"""


def failures(
    tmp_path: Path, turns: str, *, more: str = "", policy: str = HEAD + OWN, zone: str = "UTC"
) -> list[Failure]:
    """What fails in a scenario of these turns."""
    (tmp_path / "cafe.yaml").write_text(policy)
    file = tmp_path / "cafe.scenarios.yaml"
    file.write_text(f"scenarios:\n  - name: it\n{more}    turns:\n{turns}")
    found = read(file)
    assert found.problems == []
    assert found.content is not None
    (compiled,) = map(compile_policy, load(tmp_path))
    (result,) = Runner(compiled, zone, fast=True).run(found.content)
    return result.failures


def told(found: list[Failure]) -> list[tuple[int, str]]:
    """Turn and sentence of every difference."""
    return [(failure.turn, sentence) for failure in found for sentence in failure.differences]


def test_what_is_named_and_fires_passes_and_what_is_not_named_fails(tmp_path: Path) -> None:
    turns = "      - customer: I want a refund\n"
    assert failures(tmp_path, turns + "        fires: refund\n") == []
    assert told(failures(tmp_path, turns)) == [
        (0, "`refund` must not fire here: 1 reaches the threshold 0.5: keyword `refund*`")
    ]


def test_what_must_fire_and_does_not_is_told_with_what_became_of_it(tmp_path: Path) -> None:
    assert told(failures(tmp_path, "      - customer: hello\n        fires: refund\n")) == [
        (0, "`refund` must fire here: its condition does not hold")
    ]
    twice = "      - customer: refund\n        fires: refund\n      - customer: a refund\n        fires: refund\n"
    assert told(failures(tmp_path, twice)) == [
        (1, "`refund` must fire here: it was suppressed, an escalation for refund is open")
    ]
    off = HEAD + "own_triggers:\n  refund: {when: {keywords: [refund*]}, enabled: false}\n"
    assert told(failures(tmp_path, "      - customer: refund\n        fires: refund\n", policy=off)) == [
        (0, "`refund` must fire here: it is turned off in the policy")
    ]


def test_a_trigger_by_example_is_told_with_how_near_the_text_came(tmp_path: Path) -> None:
    examples = "{like: [I left something in my room], unlike: [can I leave my bags with you]}"
    policy = f"{HEAD}own_triggers:\n  lost: {{when: {{examples: {examples}%s}}}}\n"

    def because(text: str, more: str = "") -> str:
        turns = f"      - customer: {text}\n        fires: lost\n"
        ((_, sentence),) = told(failures(tmp_path, turns, policy=policy % more))
        return sentence.removeprefix("`lost` must fire here: ")

    far = re.fullmatch(r"it is (-?[\d.]+) like its examples, and must be at least 0.55", because("my hat is green"))
    assert far is not None
    assert float(far[1]) < 0.55
    assert "nearer to one of `unlike`" in because("can I leave a bag with you")
    assert "something else" in because("I left something in my room", ", message_type: image")


def test_how_it_fires_is_compared(tmp_path: Path) -> None:
    turn = "      - customer: refund\n        fires:\n          refund: {%s}\n"
    right = "action: escalate, priority: high, owner: Ann, queue: money, due_at: 2026-03-02 11:00, reply: ann will"
    assert failures(tmp_path, turn % right) == []
    wrong = told(failures(tmp_path, turn % "owner: Rosa, due_at: 2026-03-02 12:00, reply: good bye"))
    assert [sentence for _, sentence in wrong] == [
        "`refund` must have owner `Rosa`, and has `Ann`",
        "`refund` must have due_at `2026-03-02 12:00`, and has `2026-03-02 11:00`",
        (
            "the reply of `refund` must hold “good bye”, and it is “Thank you for your message. I've passed your"
            " conversation on, and Ann will reach out to you within one hour.”"
        ),
    ]


def test_waiting_suppression_state_and_outcomes(tmp_path: Path) -> None:
    turns = (
        "      - customer: refund\n        fires: refund\n        state: escalated\n"
        "      - human: hi\n        state: human\n"
        "      - outcome: resolved\n        state: closed\n"
        "      - customer: refund\n        wait: 9 minutes\n        suppressed: refund\n        state: ai\n"
        "      - customer: refund\n        wait: 2 minutes\n        fires: refund\n"
    )
    assert failures(tmp_path, turns) == []
    assert told(failures(tmp_path, turns.replace("state: closed", "state: ai"))) == [
        (2, "the state must be `ai` here, and is `closed`")
    ]
    assert told(failures(tmp_path, turns.replace("2 minutes", "30 seconds"))) == [
        (4, "`refund` must fire here: it was suppressed, the last escalation ended a short time ago")
    ]


@pytest.mark.parametrize(
    ("starts", "expected"),
    [
        ("2026-03-29 00:59", []),
        (
            "2026-03-29 01:30",
            [(0, "`2026-03-29 01:30` is no time in Europe/Lisbon, where the clocks are put forward over it")],
        ),
        ("2026-03-29 02:00", []),
        ("2026-10-25 01:30", []),
    ],
)
def test_a_time_that_the_clocks_are_put_forward_over_is_told(
    tmp_path: Path, starts: str, expected: list[tuple[int, str]]
) -> None:
    more = f"    starts: {starts}\n"
    assert told(failures(tmp_path, "      - customer: hello\n", more=more, zone="Europe/Lisbon")) == expected


def test_a_shadow_trigger_need_not_be_named(tmp_path: Path) -> None:
    """It changes nothing for anybody; who wants to see it fire may name it."""
    turn = "      - customer: do you have a voucher\n"
    assert failures(tmp_path, turn) == []
    assert failures(tmp_path, turn + "        fires: {watched: {action: shadow}}\n") == []
    assert told(failures(tmp_path, turn + "        not: watched\n")) == [
        (0, "`watched` must not fire here: in shadow: logged, not published")
    ]


def test_about_looks_at_these_triggers_alone(tmp_path: Path) -> None:
    turn = "      - customer: refund\n"
    assert failures(tmp_path, turn, more="    about: complaint\n") == []
    assert told(failures(tmp_path, turn + "        not: refund\n", more="    about: complaint\n")) != []


def test_the_assistant_sends_the_reply_that_it_was_given(tmp_path: Path) -> None:
    """It is not taken for its own words, and there must be one."""
    turns = "      - customer: refund\n        fires: refund\n      - assistant: ${reply}\n        state: escalated\n"
    assert failures(tmp_path, turns) == []
    assert told(failures(tmp_path, "      - customer: hello\n      - assistant: ${reply}\n")) == [
        (1, "there is no reply to send: no turn before it brought one")
    ]


LATER = """
fallback_owner: Ines
own_triggers:
  mild: {when: {keywords: [voucher*]}, priority: low, owner: Ann, within: 1 hour}
  refund: {when: {keywords: [refund*]}, priority: high, owner: Tom, queue: money, within: 2 hours}
"""


def test_how_it_fires_is_not_what_a_timer_did_before_it_in_the_same_turn(tmp_path: Path) -> None:
    """The promise of the first escalation passes at 11:00, before the customer writes again at 12:00."""
    turns = (
        "      - customer: a voucher\n        fires: mild\n"
        "      - customer: refund\n        wait: 2 hours\n        fires:\n          refund: {%s}\n"
    )
    right = "priority: high, owner: Tom, queue: money, due_at: 2026-03-02 14:00, reply: tom will"
    assert failures(tmp_path, turns % right, policy=HEAD + LATER) == []
    wrong = told(failures(tmp_path, turns % "priority: normal, owner: Ines", policy=HEAD + LATER))
    assert [sentence for _, sentence in wrong] == [
        "`refund` must have priority `normal`, and has `high`",
        "`refund` must have owner `Ines`, and has `Tom`",
    ]


def test_an_offer_has_its_own_reply_and_no_escalation(tmp_path: Path) -> None:
    """The promise of the first escalation passes in the same turn, and then that conversation ends."""
    policy = HEAD + LATER + "  gift: {when: {keywords: [gift]}, action: offer, owner: Ann}\n"
    turns = (
        "      - customer: refund\n        fires: refund\n"
        "      - customer: a gift\n        wait: 9 days\n        fires:\n          gift: {%s}\n"
    )
    assert failures(tmp_path, turns % "action: offer, reply: if you say yes", policy=policy) == []
    wrong = told(failures(tmp_path, turns % "owner: Ines, reply: ines will", policy=policy))
    assert wrong[0] == (1, "`gift` must have owner `Ines`, and has none")
    assert "must hold “ines will”, and it is “" in wrong[1][1]


def test_the_assistant_sends_the_newest_reply_of_a_turn(tmp_path: Path) -> None:
    """What was to be said in a conversation that has ended since would be a promise of the AI's own in the new one."""
    policy = HEAD + LATER + "  gift: {when: {keywords: [gift]}, action: offer, owner: Ann}\n"
    turns = (
        "      - customer: refund\n        fires: refund\n"
        "      - customer: a gift\n        wait: 9 days\n        fires: gift\n"
        "      - assistant: ${reply}\n        state: offered\n"
    )
    assert failures(tmp_path, turns, policy=policy) == []


def test_a_state_that_is_expected_once_the_conversation_has_ended_is_told(tmp_path: Path) -> None:
    turns = "      - customer: hello\n      - wait: 9 days\n        state: %s\n      - wait: 1 day\n        state: ai\n"
    assert told(failures(tmp_path, turns % "ai")) == [
        (1, "the state must be `ai` here, and the conversation has ended"),
        (2, "the state must be `ai` here, and the conversation has ended"),
    ]
    assert [turn for turn, _ in told(failures(tmp_path, turns % "closed"))] == [2]


TURN = "scenarios:\n  - name: a\n    turns:\n      - customer: hi\n"
REFUSED = [
    ("scenarios: []\n", 1, "it is empty"),
    ("scenarios:\n  - turns: [{customer: hi}]\n", 2, "`name` is missing"),
    ("scenarios:\n  - name: a\n    turns:\n      - custmer: hi\n", 4, "unknown key `custmer`"),
    ("scenarios:\n  - name: a\n    turns:\n      - wait: 5 minutes\n", 4, "begins with a message"),
    (TURN + "      - fires: complaint\n", 5, "nothing happens"),
    ("scenarios:\n  - name: a\n    turns:\n      - customer: hi\n        human: ho\n", 4, "are two turns"),
    ("scenarios:\n  - name: a\n    turns:\n      - outcome: resolved\n", 4, "begins with a message"),
    ("scenarios:\n  - name: a\n    turns:\n      - customer: hi\n        answered: false\n", 5, "of the assistant"),
    ("scenarios:\n  - name: a\n    turns:\n      - customer: ''\n", 4, "the text is empty"),
    ("scenarios:\n  - name: a\n    turns:\n      - human: ${reply}\n", 4, "is what the assistant sends"),
    ("scenarios:\n  - name: a\n    turns:\n      - customer: hi\n        wait: a bit\n", 5, "cannot be read"),
    ("scenarios:\n  - name: a\n    starts: 2026-02-30 10:00\n    turns: [{customer: hi}]\n", 3, "is no time"),
    (
        "scenarios:\n  - name: a\n    turns: [{customer: hi}]\n  - name: a\n    turns: [{customer: hi}]\n",
        4,
        "another scenario",
    ),
    (
        "scenarios:\n  - name: a\n    turns:\n      - customer: hi\n        fires: complaint\n        not: complaint\n",
        6,
        "must fire here too",
    ),
    (
        TURN + "      - {wait: 1 minute, message_type: image, not: complaint}\n",
        5,
        "`message_type` is said of a message",
    ),
    (TURN + "      - {outcome: resolved, channel: web}\n", 5, "`channel` is said of a message"),
    (TURN + "      - wait: 1 day\n        attributes: {a: 1}\n", 6, "`attributes` is said of a message"),
    ("scenarios:\n  - name: a\n    starts: 9999-12-31 23:59\n    turns: [{customer: hi}]\n", 3, "of the year 9999"),
    ("scenarios:\n  - name: a\n    starts: 0001-01-01 00:00\n    turns: [{customer: hi}]\n", 3, "of the year 1"),
    (TURN + 36 * "      - wait: 9999 days\n" + "      - customer: hi\n", 40, "after the year 2999"),
    (
        TURN + "        fires:\n          complaint: {due_at: 2026-02-30 09:00}\n",
        6,
        "is no time",
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), REFUSED)
def test_what_cannot_be_run_is_refused_with_its_line(tmp_path: Path, text: str, line: int, message: str) -> None:
    file = tmp_path / "a.scenarios.yaml"
    file.write_text(text)
    found = read(file)
    assert found.content is None
    (problem,) = found.problems
    assert (problem.line, message in problem.message) == (line, True), problem
    assert problem.mend


@pytest.mark.parametrize("data", [b"\xff", b"a: [", b"", b"a: 1\n---\na: 1\n"])
def test_what_is_no_document_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.scenarios.yaml").write_bytes(data)
    assert read(tmp_path / "a.scenarios.yaml").problems


@pytest.mark.parametrize("file", builtin_files(), ids=lambda file: file.name)
def test_the_schema_takes_what_the_reader_takes(file: Path) -> None:
    check = Draft202012Validator(schema(SCENARIOS))
    written: Any = YAML(typ="safe", pure=True).load(file.read_text(encoding="utf-8"))
    check.validate(written)
    assert not check.is_valid(written | {"scenaros": []})


def test_the_command_prints_what_failed_with_its_line_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cafe.yaml").write_text(HEAD + OWN)
    file = tmp_path / "cafe.scenarios.yaml"
    good = "scenarios:\n  - name: good\n    turns:\n      - customer: refund\n        fires: refund\n"
    file.write_text(good)
    assert cli.main(["policy", "test", "--fast", str(tmp_path / "cafe.yaml")]) == 0
    assert capsys.readouterr().out == f"passed  {file}:2  good\n1 scenario: 1 passed, 0 failed\n"
    file.write_text(good + "  - name: bad\n    turns:\n      - customer: hello\n        fires: refund\n")
    assert cli.main(["policy", "test", "--fast", str(file)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        f"passed  {file}:2  good",
        f"failed  {file}:6  bad",
        f"    {file}:8  turn 1, customer: hello",
        "        `refund` must fire here: its condition does not hold",
        "2 scenarios: 1 passed, 1 failed",
    ]


def test_the_command_without_a_path_runs_the_builtin_ones(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["policy", "test"]) == 0
    assert capsys.readouterr().out.endswith(" passed, 0 failed\n")


def test_a_trigger_that_the_policy_does_not_have_is_told_with_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cafe.yaml").write_text(HEAD + OWN)
    (tmp_path / "cafe.scenarios.yaml").write_text(
        "scenarios:\n  - name: a\n    turns:\n      - customer: refund\n        fires: refnd\n"
    )
    assert cli.main(["policy", "test", "--fast", str(tmp_path)]) == 1
    out = capsys.readouterr().out
    assert ":5: error: the policy has no trigger `refnd`\n    did you mean `refund`?" in out
    assert out.endswith("0 scenarios: 0 passed, 0 failed; 1 file not run\n")


def test_of_several_policies_the_file_names_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "all.yaml").write_text("business_id: a\nowner: A\n---\nbusiness_id: b\nowner: B\n")
    text = (
        "{}scenarios:\n  - name: n\n    turns:\n      - customer: Can I talk to someone?\n"
        "        fires: {{human_request: {{owner: B}}}}\n"
    )
    file = tmp_path / "all.scenarios.yaml"
    file.write_text(text.format("business: b\n"))
    assert cli.main(["policy", "test", str(tmp_path)]) == 0
    file.write_text(text.format(""))
    assert cli.main(["policy", "test", str(tmp_path)]) == 1
    assert "name the business: `business: …`, one of `a`, `b`" in capsys.readouterr().out
    file.write_text(text.format("business: c\n"))
    assert cli.main(["policy", "test", str(tmp_path)]) == 1
    assert ":1: error: no policy of `c` was read" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".yaml", ".yml", ".json"])
def test_a_scenario_file_alone_runs_under_the_policy_beside_it(tmp_path: Path, suffix: str) -> None:
    (tmp_path / f"cafe{suffix}").write_text('{"business_id": "cafe", "owner": "Ann"}')
    file = tmp_path / "cafe.scenarios.yaml"
    file.write_text(
        f"{TURN}      - customer: Can I talk to someone?\n        fires: {{human_request: {{owner: Ann}}}}\n"
    )
    assert cli.main(["policy", "test", str(file)]) == 0


@pytest.mark.parametrize("named", ["cafe.yaml", "cafe.json", "cafe.scenarios.yaml", "."])
def test_scenarios_that_lie_beside_two_policies_are_refused(
    tmp_path: Path, named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whose they are nobody knows: they would run under the policy that one happens to name, or under both."""
    (tmp_path / "cafe.yaml").write_text("business_id: a\nowner: A\n")
    (tmp_path / "cafe.json").write_text('{"business_id": "b", "owner": "B"}')
    (tmp_path / "cafe.scenarios.yaml").write_text(f"business: a\n{TURN}      - customer: hi\n")
    assert cli.main(["policy", "test", "--fast", str(tmp_path / named)]) == 1
    told = capsys.readouterr().err
    assert "cafe.scenarios.yaml lies beside both cafe.yaml and cafe.json: rename or remove one of the two" in told


@pytest.mark.parametrize("suffix", [".yml", ".json"])
@pytest.mark.parametrize("named", ["cafe.yaml", "cafe.scenarios.yaml", "cafe.scenarios{}", "."])
def test_scenarios_under_a_name_that_is_not_read_are_refused(
    tmp_path: Path, named: str, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """They would never run beside those that do, and nobody would be told."""
    (tmp_path / "cafe.yaml").write_text(HEAD)
    for file in (f"cafe.scenarios{suffix}", "cafe.scenarios.yaml"):
        (tmp_path / file).write_text(f"{TURN}      - customer: hi\n")
    assert cli.main(["policy", "test", "--fast", str(tmp_path / named.format(suffix))]) == 1
    told = f"cafe.scenarios{suffix} would not run: its name must end with .scenarios.yaml, so rename it"
    assert told in capsys.readouterr().err


def test_a_scenario_file_is_no_policy_and_a_policy_without_one_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "cafe.yaml").write_text(HEAD)
    assert cli.main(["policy", "test", str(tmp_path / "cafe.yaml")]) == 1
    assert "no scenarios: name a file like cafe.scenarios.yaml" in capsys.readouterr().err
    file = tmp_path / "cafe.scenarios.yaml"
    file.write_text("scenarios:\n  - name: n\n    turns:\n      - customer: hi\n")
    assert cli.main(["policy", "check", str(tmp_path)]) == 0
    assert "1 policy: 0 errors, 1 warning" in capsys.readouterr().out
    assert cli.main(["policy", "check", str(file)]) == 1
    assert "holds scenarios, and no policy" in capsys.readouterr().out
