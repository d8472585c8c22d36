from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from handraise.cli import main
from handraise.detection import detection
from handraise.events import (
    Action,
    BuiltinTriggers,
    ChatMessage,
    Condition,
    HighValuePolicy,
    Outcome,
    OutcomeKind,
    OwnTrigger,
    Policy,
    Sender,
    TriggerPolicy,
    encode,
    milliseconds,
)
from handraise.policy import PolicyBook
from handraise.review.diff import Comparison, Diff
from tests.support.logged import START

COMPLAINT = "The lamp arrived broken and I want my money back."
LARGE = "Could you send us an offer for 30 kettles, please?"
REQUEST = "Can I talk to a human, please?"


def said(conversation: str, *texts: str) -> list[ChatMessage | Outcome]:
    return [
        ChatMessage(
            message_id=f"{conversation}-{number}",
            conversation_id=conversation,
            business_id="shop",
            sender=Sender.CUSTOMER,
            sent_at=START + timedelta(minutes=number),
            text=text,
        )
        for number, text in enumerate(texts)
    ]


def a_policy(**triggers: Any) -> Policy:  # noqa: ANN401 - any trigger
    return Policy(business_id="shop", owner="Rosa", triggers=BuiltinTriggers(**triggers))


def compared(
    before: Policy, after: Policy, *events: ChatMessage | Outcome, batch: int = 100, until: timedelta | None = None
) -> Diff:
    old, new = PolicyBook([before]), PolicyBook([after])
    comparison = Comparison(old.__getitem__, new.__getitem__, *detection(fast=True))
    for begin in range(0, len(events), batch):
        comparison.fold(events[begin : begin + batch])
    if until is not None:
        comparison.advance(milliseconds(START + until))
    return comparison.diff()


def reported(conversation: str, kind: OutcomeKind, after: timedelta) -> Outcome:
    return Outcome(
        outcome_id=f"{conversation}-{kind.value}",
        conversation_id=conversation,
        business_id="shop",
        kind=kind,
        at=START + after,
    )


PAST = [*said("c1", "Hello", COMPLAINT), *said("c2", LARGE), *said("c3", REQUEST)]


def test_the_same_policy_differs_in_nothing() -> None:
    diff = compared(a_policy(), a_policy(), *PAST)
    assert diff.is_empty
    assert (diff.events, diff.conversations) == (4, 3)
    assert {one.trigger: (one.before, one.after) for one in diff.triggers} == {
        "complaint": (1, 1),
        "high_value": (1, 1),
        "human_request": (1, 1),
    }


def test_a_floor_that_is_raised_drops_what_is_below_it() -> None:
    (dropped,) = compared(a_policy(), a_policy(high_value=HighValuePolicy(quantity=50)), *PAST).dropped
    assert (dropped.conversation_id, dropped.trigger, dropped.text) == ("c2", "high_value", LARGE)
    assert dropped.before is not None
    assert (dropped.after, dropped.before.owner) == (None, "Rosa")
    (added,) = compared(a_policy(high_value=HighValuePolicy(quantity=50)), a_policy(), *PAST).added
    assert (added.conversation_id, added.before) == ("c2", None)


def test_another_owner_or_action_is_a_change_that_says_from_what_to_what() -> None:
    diff = compared(a_policy(), a_policy(complaint=TriggerPolicy(owner="Tom", action=Action.NOTIFY)), *PAST)
    (changed,) = diff.changed
    assert (diff.added, diff.dropped, changed.trigger) == ([], [], "complaint")
    told = {change.name: (change.before, change.after) for change in changed.changes}
    assert told["owner"] == ("Rosa", "Tom")
    assert told["action"] == ("escalate", "notify")
    assert "Tom" in told["reply"][1]


def test_what_goes_into_shadow_is_dropped_and_what_is_offered_is_changed() -> None:
    shadow = compared(a_policy(), a_policy(complaint=TriggerPolicy(action=Action.SHADOW)), *PAST)
    assert [one.conversation_id for one in shadow.dropped] == ["c1"]
    offered = compared(a_policy(), a_policy(complaint=TriggerPolicy(action=Action.OFFER)), *PAST)
    (changed,) = offered.changed
    assert ("action", "escalate", "offer") in [(one.name, one.before, one.after) for one in changed.changes]


def test_one_that_comes_later_is_a_change_and_not_a_loss() -> None:
    events = said("c1", LARGE, LARGE.replace("30", "60"))
    diff = compared(a_policy(), a_policy(high_value=HighValuePolicy(quantity=50)), *events)
    assert (diff.added, diff.dropped) == ([], [])
    assert [(one.name, one.before, one.after) for one in diff.changed[0].changes][:1] == [("message", "c1-0", "c1-1")]


def test_batches_make_no_difference() -> None:
    after = a_policy(high_value=HighValuePolicy(quantity=50), complaint=TriggerPolicy(owner="Tom"))
    resolved = Outcome(
        outcome_id="o1",
        conversation_id="c1",
        business_id="shop",
        kind=OutcomeKind.RESOLVED,
        at=START + timedelta(hours=1),
    )
    events = [*PAST, resolved, *said("c4", COMPLAINT)]
    assert compared(a_policy(), after, *events, batch=1) == compared(a_policy(), after, *events)


def test_an_ai_that_stays_silent_for_too_long_is_met_only_when_time_goes_on() -> None:
    patient = Policy(business_id="shop", owner="Rosa")
    strict = Policy(business_id="shop", owner="Rosa", ai_answers_within="10 minutes")
    events = said("c1", "When do you open?")
    assert compared(patient, strict, *events).is_empty
    assert compared(patient, strict, *events, until=timedelta(minutes=9)).is_empty
    (added,) = compared(patient, strict, *events, until=timedelta(minutes=10)).added
    assert (added.trigger, added.text, added.before) == ("ai_failure", "", None)


def test_a_timer_that_fires_at_another_time_says_when() -> None:
    soon, later = (
        Policy(business_id="shop", owner="Rosa", ai_answers_within=within) for within in ("10 minutes", "20 minutes")
    )
    (changed,) = compared(soon, later, *said("c1", "When do you open?"), until=timedelta(hours=1)).changed
    told = {change.name: (change.before[-9:], change.after[-9:]) for change in changed.changes}
    assert told["at"] == ("10:10 UTC", "10:20 UTC")


ROSA = Policy(business_id="shop", owner="Rosa", fallback_owner="Ines")
TOM = Policy(business_id="shop", owner="Rosa", fallback_owner="Tom")


def test_who_gets_a_missed_promise_is_a_difference_though_the_same_fires() -> None:
    diff = compared(ROSA, TOM, *PAST, until=timedelta(days=2))
    assert [one.conversation_id for one in diff.followed] == ["c1", "c2", "c3"]
    assert not diff.is_empty
    assert (diff.added, diff.dropped, diff.changed) == ([], [], [])
    assert all((one.added, one.dropped, one.changed) == (0, 0, 0) for one in diff.triggers)
    first = diff.followed[0]
    assert first.before is not None
    assert (first.trigger, first.text, first.before.message_id) == ("complaint", "", "timer:promise")
    assert ("owner", "Ines", "Tom") in [(one.name, one.before, one.after) for one in first.changes]
    assert compared(ROSA, ROSA, *PAST, until=timedelta(days=2)).is_empty


def test_a_promise_that_passes_before_the_next_event_needs_no_more_time() -> None:
    later = reported("c3", OutcomeKind.RESOLVED, timedelta(days=1))
    assert [one.conversation_id for one in compared(ROSA, TOM, *PAST, later).followed] == ["c3"]


def test_who_gets_what_its_owner_could_not_take_is_a_difference() -> None:
    (one,) = compared(ROSA, TOM, *PAST, reported("c3", OutcomeKind.FAILED, timedelta(minutes=5))).followed
    assert one.before is not None
    assert one.after is not None
    assert (one.before.message_id, one.before.owner, one.after.owner) == ("c3-failed", "Ines", "Tom")


def test_a_promise_that_passes_under_one_policy_alone_is_told() -> None:
    """One hour is missed, and four are kept."""
    short, long = (a_policy(human_request=TriggerPolicy(within=within)) for within in ("1 hour", "4 hours"))
    replied = reported("c3", OutcomeKind.REPLIED, timedelta(hours=2))
    (dropped,) = compared(short, long, *said("c3", REQUEST), replied).followed
    assert dropped.before is not None
    assert (dropped.before.message_id, dropped.after) == ("timer:promise", None)
    (added,) = compared(long, short, *said("c3", REQUEST), replied).followed
    assert (added.before, added.after is not None) == (None, True)


@pytest.mark.parametrize(
    "off", [TriggerPolicy(enabled=False), TriggerPolicy(action=Action.SHADOW), TriggerPolicy(action=Action.OFFER)]
)
def test_what_follows_from_an_escalation_of_one_policy_alone_is_not_told_as_well(off: TriggerPolicy) -> None:
    for before, after in ((a_policy(), a_policy(complaint=off)), (a_policy(complaint=off), a_policy())):
        diff = compared(before, after, *PAST, until=timedelta(days=2))
        assert (diff.followed, diff.is_empty) == ([], False)


def test_what_follows_where_another_trigger_raised_it_is_not_told_as_well() -> None:
    """The same message raises under both, and for something else."""
    own = OwnTrigger(when=Condition(keywords=["lamp"]))
    renamed = msgspec.structs.replace(
        TOM, own_triggers={"lamps": own}, triggers=BuiltinTriggers(complaint=TriggerPolicy(enabled=False))
    )
    diff = compared(ROSA, renamed, *said("c1", COMPLAINT), until=timedelta(days=2))
    assert [one.trigger for one in (*diff.dropped, *diff.added)] == ["complaint", "lamps"]
    assert diff.followed == []


def test_an_outcome_that_comes_after_the_end_leaves_what_its_timers_did() -> None:
    late = reported("c3", OutcomeKind.RESOLVED, timedelta(days=60))
    for batch in (1, 100):
        diff = compared(ROSA, TOM, *PAST, late, batch=batch, until=timedelta(days=70))
        assert [one.conversation_id for one in diff.followed] == ["c1", "c2", "c3"]


@pytest.mark.parametrize("batch", [1, 100])
def test_of_what_was_erased_nothing_is_told_from_before(batch: int) -> None:
    erased = reported("c3", OutcomeKind.ERASED, timedelta(days=1))
    diff = compared(ROSA, TOM, *PAST, erased, batch=batch, until=timedelta(days=2))
    assert [one.conversation_id for one in diff.followed] == ["c1", "c2"]
    assert diff.conversations == 2
    assert [one.trigger for one in diff.triggers] == ["complaint", "high_value"]
    off = a_policy(human_request=TriggerPolicy(enabled=False))
    for before, after in ((a_policy(), off), (off, a_policy())):
        assert compared(before, after, *PAST, erased, batch=batch).is_empty


@pytest.mark.parametrize("batch", [1, 100])
def test_what_begins_anew_after_an_erasure_is_told_and_what_comes_late_from_before_is_not(batch: int) -> None:
    erased = reported("c3", OutcomeKind.ERASED, timedelta(minutes=5))
    late, anew = (
        msgspec.structs.replace(one, message_id=name, sent_at=START + timedelta(minutes=minutes))
        for one in said("c3", REQUEST)
        if isinstance(one, ChatMessage)
        for name, minutes in (("late", 4), ("anew", 6))
    )
    off = a_policy(human_request=TriggerPolicy(enabled=False))
    assert compared(a_policy(), off, *PAST, erased, late, batch=batch).is_empty
    (dropped,) = compared(a_policy(), off, *PAST, erased, anew, batch=batch).dropped
    assert dropped.before is not None
    assert (dropped.before.message_id, dropped.text) == ("anew", REQUEST)


@pytest.fixture
def past(tmp_path: Path) -> Path:
    file = tmp_path / "past.jsonl"
    file.write_bytes(b"".join(encode(event) + b"\n" for event in PAST))
    (tmp_path / "old.yaml").write_text("business_id: shop\nowner: Rosa\n")
    (tmp_path / "new.yaml").write_text("business_id: shop\nowner: Rosa\ntriggers:\n  high_value:\n    quantity: 50\n")
    return file


def test_replay_against_another_policy_fails_where_anything_differs(
    past: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old, new = str(past.with_name("old.yaml")), str(past.with_name("new.yaml"))
    assert main(["replay", str(past), "--fast", "--policy", new, "--against", old]) == 1
    shown = capsys.readouterr().out
    assert "0 would be added, 1 would be dropped, 0 would be changed" in shown
    assert "- high_value  shop/c2" in shown
    assert LARGE in shown
    assert main(["replay", str(past), "--fast", "--policy", old, "--against", old]) == 0
    assert "4 events of 3 conversations: no difference" in capsys.readouterr().out


def test_the_difference_is_there_for_programs(past: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = str(past.with_name("old.yaml")), str(past.with_name("new.yaml"))
    assert main(["replay", str(past), "--fast", "--policy", new, "--against", old, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["conversation_id"] for one in found["dropped"]] == ["c2"]
    assert found["triggers"][1] == {
        "trigger": "high_value", "before": 1, "after": 0, "added": 0, "dropped": 1, "changed": 0
    }  # fmt: skip


def test_until_is_for_both_policies(past: Path, capsys: pytest.CaptureFixture[str]) -> None:
    old, new = past.with_name("old.yaml"), past.with_name("new.yaml")
    old.write_text("business_id: shop\nowner: Rosa\nfallback_owner: Ines\n")
    new.write_text("business_id: shop\nowner: Rosa\nfallback_owner: Tom\n")
    against = ["replay", str(past), "--fast", "--policy", str(new), "--against", str(old)]
    assert main(against) == 0
    assert "no difference" in capsys.readouterr().out
    assert main([*against, "--until", "2026-03-04"]) == 1
    shown = capsys.readouterr().out
    assert "0 would be changed; 3 would differ later on" in shown
    assert "~ human_request later, timer:promise  shop/c3" in shown
    assert "owner: Ines → Tom" in shown
    assert main([*against, "--until", "2026-03-04", "--examples", "1"]) == 1
    assert "2 more later on" in capsys.readouterr().out
    assert main([*against, "--until", "2026-03-04", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [one["conversation_id"] for one in found["followed"]] == ["c1", "c2", "c3"]
