"""What the commands over the log print; those that speak to Kafka are tried in tests/integration."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from handraise.cli import main
from handraise.events import OUTCOMES, DecisionResult, Outcome, OutcomeKind, Policy, Verdict, decode, encode
from handraise.policy import Draft, compile_policy, load
from tests.support.logged import (
    START,
    Log,
    a_decision,
    a_message,
    an_empty_log,
    an_escalation,
    an_outcome,
)
from tests.support.records import FakeRecord

AGO = (datetime.now(UTC) - START) / timedelta(minutes=1) - 60
"""An hour before now, in the minutes of the builders."""


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Log]:
    with an_empty_log() as made:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("HANDRAISE_LOG_DATABASE_URL", f"sqlite:///{made.folder / 'log.sqlite3'}")
        yield made


def fill(log: Log) -> None:
    for number in range(30):
        named: dict[str, Any] = {"conversation_id": f"c{number}", "escalation_id": f"e{number}"}
        log.add(a_message(AGO, conversation_id=f"c{number}"))
        if number < 24:
            unnecessary = number < 18
            log.add(
                an_escalation(AGO, due=AGO + 30, **named),
                a_decision(AGO, score=0.62 if unnecessary else 0.9, **named),
                an_outcome(AGO + (10 if number < 20 else 50), OutcomeKind.REPLIED, **named),
                an_outcome(
                    AGO + 55,
                    OutcomeKind.VERDICT,
                    verdict=Verdict.UNNECESSARY if unnecessary else Verdict.APPROPRIATE,
                    **named,
                ),
            )
        else:
            here = {"conversation_id": f"c{number}", "escalation_id": None}
            log.add(a_decision(AGO, result=DecisionResult.NEAR, score=0.5, **here))


def test_analyse_tells_of_each_trigger_with_intervals_and_advice(
    log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    fill(log)
    assert main(["analyse", "--since", "2 days"]) == 0
    shown = capsys.readouterr().out
    assert "30 conversations, 24 escalations" in shown
    row = next(line for line in shown.splitlines() if line.startswith("complaint"))
    assert "80.0% (62.7%-90.5%)" in row
    assert "25.0% (12.0%-44.9%)" in row
    assert "20 of 24" in row
    assert "complaint: 18 of 24 judged unnecessary in 2 days" in shown


def test_in_a_pipe_nothing_of_a_table_is_cut_off(
    log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    fill(log)
    for command in (["analyse", "--since", "2 days"], ["calibrate", "--since", "2 days"]):
        assert main(command) == 0
        shown = capsys.readouterr().out
        assert "…" not in shown
        assert any(line.startswith("complaint ") for line in shown.splitlines())


@pytest.mark.parametrize("until", ["9999-12-31", "9999-12-31T23:59-14:00"])
@pytest.mark.parametrize("command", ["analyse", "calibrate"])
def test_a_period_may_end_with_the_calendar(
    command: str, until: str, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    fill(log)
    assert main([command, "--since", "2 days", "--until", until]) == 0
    assert "complaint" in capsys.readouterr().out


def test_analyse_for_programs(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    fill(log)
    assert main(["analyse", "--since", "2 days", "--business", "shop", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    (trigger,) = found["triggers"]
    assert trigger["precision"]["count"] == 6
    assert trigger["precision"]["of"] == 24
    assert trigger["verdicts"] == {"unnecessary": 18, "appropriate": 6}
    assert found["promises"][0]["share_kept"]["count"] == 20
    assert (found["talked_over"], found["broken_promises"]) == (0, 0)
    assert found["advice"][0]["setting"] == "triggers.complaint.threshold"
    assert main(["analyse", "--business", "nobody", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["triggers"] == []


def test_calibrate_proposes_and_says_why(
    log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    fill(log)
    assert main(["calibrate", "--cost", "5:1"]) == 0
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("complaint"))
    assert "0.6" in row
    assert "0.63 to 0.63" in row
    assert "at 5 to 1, 0.63 would have cost 100% less" in row
    assert main(["calibrate", "--json", "--trigger", "complaint"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert (found["proposal"], found["threshold"], found["proposed"], found["judged"]) == ("raise", 0.6, 0.63, 24)


def test_calibrate_says_when_there_is_too_little(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    log.add(a_decision(AGO, result=DecisionResult.NEAR, score=0.5, escalation_id=None))
    assert main(["calibrate", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["proposal"] == "not enough data"
    assert main(["calibrate", "--trigger", "vip"]) == 0
    assert "no trigger has held" in capsys.readouterr().out


@pytest.fixture
def long_ago(log: Log) -> Log:
    """What the log keeps when the decisions are gone: conversations, and escalations that somebody judged or nobody."""
    fill(log)
    before = AGO - 200 * 1_440
    for number in range(40):
        named: dict[str, Any] = {"conversation_id": f"old{number}", "escalation_id": f"old{number}"}
        log.add(a_message(before, conversation_id=f"old{number}"), an_escalation(before, **named))
        if number < 20:
            log.add(an_outcome(before + 60, OutcomeKind.VERDICT, verdict=Verdict.APPROPRIATE, **named))
    log.add(a_decision(AGO, result=DecisionResult.MISSED, conversation_id="c25", escalation_id=None))
    return log


@pytest.mark.parametrize("days", [90, 30])
def test_escalations_whose_decisions_are_gone_weigh_nothing_and_that_is_said(
    long_ago: Log, days: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert long_ago is not None
    monkeypatch.setenv("HANDRAISE_LOG_DECISION_DAYS", str(days))
    for command in (["analyse"], ["calibrate"]):
        told = {}
        for since in ("365 days", f"{days} days"):
            assert main([*command, "--since", since, "--json"]) == 0
            shown = capsys.readouterr()
            told[since] = json.loads(shown.out)
            assert (f"{days} days" in shown.err) is (since == "365 days")
        asked, kept = told["365 days"], told[f"{days} days"]
        if command == ["analyse"]:
            assert (asked["conversations"], asked["escalations"], asked["missed"]["of"]) == (30, 24, 30)
            assert asked["triggers"] == kept["triggers"]
        else:
            assert (asked[0]["escalated"], asked[0]["judged"]) == (24, 24)
            assert asked == kept
        assert main([*command, "--since", "365 days"]) == 0
        assert "HANDRAISE_LOG_DECISION_DAYS" in capsys.readouterr().out
        assert main([*command, "--since", "12 hours"]) == 0
        assert "HANDRAISE_LOG_DECISION_DAYS" not in capsys.readouterr().out


def test_as_long_as_decisions_are_kept_every_escalation_counts(
    long_ago: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert long_ago is not None
    monkeypatch.setenv("HANDRAISE_LOG_DECISION_DAYS", "400")
    assert main(["analyse", "--since", "365 days", "--json"]) == 0
    shown = capsys.readouterr()
    assert (json.loads(shown.out)["escalations"], shown.err) == (64, "")


@pytest.mark.parametrize(
    "arguments",
    [
        ["analyse", "--since", "yesterday"],
        ["analyse", "--since", "2030-01-01", "--until", "2029-01-01"],
        ["analyse", "--since", "365 days", "--until", "100 days"],
        ["calibrate", "--cost", "0:1"],
        ["calibrate", "--cost", "much"],
        ["verdict", "e1", "wonderful"],
        ["verdict", "e1", "appropriate", "--note", "a" * 2_001],
        ["verdict", "e1", "appropriate", "--by", "a" * 201],
        ["verdict", "e1", "appropriate", "--by", " "],
        ["policy", "revert", "shop", "--by", ""],
    ],
)
def test_wrong_usage_is_told(arguments: list[str], log: Log) -> None:
    assert log is not None
    assert main(arguments) == 2


def test_a_verdict_with_the_longest_note_is_one_that_workers_can_read(
    log: Log, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = list[Outcome]()

    async def publish(_: object, outcome: Outcome) -> None:
        sent.append(decode(encode(outcome), OUTCOMES))

    monkeypatch.setattr("handraise.cli.verdict.publish_outcome", publish)
    log.add(an_escalation(0, escalation_id="e1"))
    assert main(["verdict", "e1", "too_late", "--note", "ü" * 2_000, "--by", "ü" * 200]) == 0
    assert (len(sent[0].note or ""), len(sent[0].by or "")) == (2_000, 200)
    assert "too_late, by ü" in capsys.readouterr().out


def published(offset: int, owner: str | None, by: str) -> FakeRecord:
    document = None if owner is None else encode(Policy(business_id="shop", owner=owner))
    headers = [("handraise.by", by.encode()), ("handraise.note", b"a try")]
    if owner is not None:
        headers.append(("handraise.document", f"# of {owner}\nbusiness_id: shop\nowner: {owner}\n".encode()))
    return FakeRecord(
        document, topic="chat.policies", offset=offset, timestamp=1_000 * (offset + 1), key=b"shop", headers=headers
    )


def test_the_history_of_a_policy_says_who_when_and_why(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    log.add_records([published(0, "Rosa", "Ines"), published(1, None, "Tom"), published(2, "Tom", "Ana")])
    assert main(["policy", "history", "shop"]) == 0
    heading, newest, given_up, oldest = capsys.readouterr().out.splitlines()
    assert heading.split() == ["version", "published", "by", "note"]
    assert "1970-01-01 00:00:03 UTC" in newest
    assert "Ana" in newest
    assert given_up.startswith("given up")
    version = oldest.split()[0]
    assert main(["policy", "history", "shop", "--show", version[:5]]) == 0
    assert capsys.readouterr().out == "# of Rosa\nbusiness_id: shop\nowner: Rosa\n"
    assert main(["policy", "history", "shop", "--json"]) == 0
    assert [one["by"] for one in json.loads(capsys.readouterr().out)] == ["Ana", "Tom", "Ines"]


@pytest.mark.parametrize("note", ["[shop] new hours", "back [/shop]", "[link=x]y[/link]", "[red]", ":smile:"])
def test_brackets_in_what_people_write_are_shown(note: str, log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    record = published(0, "Rosa", note)
    headers = [("handraise.by", note.encode()), ("handraise.note", note.encode())]
    log.add_records([replace(record, headers=headers)])
    assert main(["policy", "history", "shop"]) == 0
    assert capsys.readouterr().out.count(note) == 2
    log.add(a_message(AGO), an_escalation(AGO, owner=note), an_outcome(AGO + 10, OutcomeKind.REPLIED), a_decision(AGO))
    assert main(["analyse"]) == 0
    assert note in capsys.readouterr().out


def test_what_people_write_does_not_steer_the_terminal(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    note = b"a\x1b[2J\xe2\x80\xaeb\nc"
    headers = [("handraise.by", note), ("handraise.note", note)]
    log.add_records([replace(published(0, "Rosa", "Ines"), headers=headers)])
    assert main(["policy", "history", "shop"]) == 0
    out = capsys.readouterr().out
    assert not [letter for letter in out if letter != "\n" and not letter.isprintable()]
    assert len(out.splitlines()) == 2


@pytest.fixture
def kafka(log: Log, monkeypatch: pytest.MonkeyPatch) -> Log:
    """Takes policies, which the log reads at once."""
    offsets = itertools.count()

    async def publish(_: object, draft: Draft, *, document: str, by: str, **__: object) -> None:
        headers = [("handraise.by", by.encode()), ("handraise.document", document.encode())]
        offset, key = next(offsets), draft.business_id.encode()
        value = msgspec.json.encode(draft.value)
        record = FakeRecord(value, topic="chat.policies", offset=offset, timestamp=offset + 1, key=key, headers=headers)
        log.add_records([record])

    monkeypatch.setattr("handraise.cli.publishing.publish_policy", publish)
    return log


def pushed(tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Publish the policies of a text; what is said of each."""
    file = tmp_path / "policy.yaml"
    file.write_text(text)
    assert main(["policy", "push", str(file), "--by", "Ines"]) == 0
    return capsys.readouterr().out.splitlines()


BASE = "business_id: group\nowner: Rosa\nwithin: 2 hours\n"
HEIR = "business_id: shop\ninherits: group\nowner: Tom\n"


def test_the_version_of_a_pushed_heir_is_the_one_of_its_history(
    kafka: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kafka is not None
    pushed(tmp_path, BASE, capsys)
    (said,) = pushed(tmp_path, HEIR, capsys)
    version = said.split("version ")[1].split()[0]
    assert main(["policy", "history", "shop", "--show", version]) == 0
    assert capsys.readouterr().out == HEIR
    pushed(tmp_path, HEIR.replace("Tom", "Ana"), capsys)
    assert main(["policy", "revert", "shop", version, "--by", "Ines"]) == 0
    assert version in capsys.readouterr().out


def test_beside_the_version_of_an_heir_stands_the_one_that_decisions_name(
    kafka: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert kafka is not None
    alone, heir = pushed(tmp_path, f"{BASE}---\n{HEIR}", capsys)
    group, shop = (one.version for one in map(compile_policy, load(tmp_path)))
    assert (group in alone, heir.endswith(f"decisions name {shop}")) == (True, True)
    assert shop not in heir.split(";")[0]
    assert "decisions name" not in alone


def test_what_the_log_does_not_have_is_told(log: Log, capsys: pytest.CaptureFixture[str]) -> None:
    log.add_records([published(0, "Rosa", "Ines")])
    for arguments, said in (
        (["policy", "history", "inn"], "no policy of inn was ever published; the log knows shop"),
        (["policy", "history", "shop", "--show", "zz"], "no one version that begins with zz"),
        (["policy", "revert", "shop"], "there is nothing to go back to"),
        (["verdict", "e1", "appropriate"], "the log has no escalation e1"),
    ):
        assert main(arguments) == 1
        assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("business", "said"),
    [
        ("shpo", "was ever published; did you mean `shop`?"),
        ("zzz", "was ever published; the log knows b0, b1, b2, b3, b4 and 3 more"),
        ("b6", "of b6 was ever published: it follows a file of the workers, or a default"),
    ],
)
@pytest.mark.parametrize("command", ["history", "revert"])
def test_of_a_business_without_a_version_it_is_told_what_may_have_been_meant(
    log: Log, command: str, business: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    log.add_records([published(0, "Rosa", "Ines")])
    log.add(*(a_message(number, business_id=f"b{number}") for number in range(7)))
    assert main(["policy", command, business]) == 1
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["analyse", "--business", "shpo"], "no business `shpo` in the log or in a policy: did you mean `shop`?"),
        (["analyse", "--json", "--business", "zzz"], "known are inn, pub, shop"),
        (["calibrate", "--business", "shpo"], "did you mean `shop`?"),
        (["calibrate", "--trigger", "complant"], "no trigger `complant` in the log or in a policy: did you mean `comp"),
        (["calibrate", "--json", "--trigger", "lost_iten"], "did you mean `lost_item`?"),
        (["calibrate", "--trigger", "night_nose"], "did you mean `night_noise`?"),
    ],
)
def test_a_name_that_is_nowhere_is_told_and_not_taken_for_one_without_figures(
    arguments: list[str], said: str, named: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert named is None
    assert main(arguments) == 0
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        *(["analyse", "--business", name] for name in ("shop", "inn", "pub")),
        *(["calibrate", "--business", name] for name in ("shop", "inn", "pub")),
        *(["calibrate", "--trigger", name] for name in ("complaint", "lost_item", "night_noise")),
    ],
)
def test_a_name_that_only_a_policy_has_is_one_without_figures(
    arguments: list[str], named: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert named is None
    assert main(arguments) == 0
    assert capsys.readouterr().err == ""


@pytest.fixture
def named(log: Log, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One business in the log, one with a policy that was published, and one with a policy in the worker's folder."""
    log.add(a_message(AGO))
    policies = tmp_path / "policies"
    policies.mkdir()
    monkeypatch.setenv("HANDRAISE_POLICY_PATH", str(policies))
    own = "business_id: {}\nowner: Rosa\nown_triggers: {{{}: {{when: {{keywords: [left behind]}}}}}}\n"
    (policies / "pub.yaml").write_text(own.format("pub", "night_noise"))
    text = own.format("inn", "lost_item")
    headers = [("handraise.by", b"Ines"), ("handraise.document", text.encode())]
    value = encode(load(write(tmp_path / "inn.yaml", text))[0])
    log.add_records([FakeRecord(value, topic="chat.policies", offset=0, timestamp=1, key=b"inn", headers=headers)])


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_policy_with_errors_is_not_published(log: Log, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert log is not None
    file = tmp_path / "policy.yaml"
    file.write_text("business_id: shop\nowner: Rosa\nwithin: soon\n")
    assert main(["policy", "push", str(file)]) == 1
    shown = capsys.readouterr().err
    assert "policy.yaml:3" in shown
    assert "nothing was published" in shown


def test_without_a_log_the_mend_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for command in (["analyse"], ["calibrate"], ["verdict", "e1", "appropriate"], ["policy", "history", "shop"]):
        assert main(command) == 1
        assert "start `handraise log`" in capsys.readouterr().err
