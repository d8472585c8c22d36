from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from handraise.cli import main
from handraise.detection import detection
from handraise.events import (
    Action,
    BuiltinTriggers,
    ChatMessage,
    HighValuePolicy,
    Outcome,
    OutcomeKind,
    Policy,
    Sender,
    TriggerPolicy,
    encode,
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


def compared(before: Policy, after: Policy, *events: ChatMessage | Outcome, batch: int = 100) -> Diff:
    old, new = PolicyBook([before]), PolicyBook([after])
    comparison = Comparison(old.__getitem__, new.__getitem__, *detection(fast=True))
    for begin in range(0, len(events), batch):
        comparison.fold(events[begin : begin + batch])
    return comparison.diff()


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
