"""What is different on a channel or for a segment: which override counts, and which are told of as mistakes."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from handraise import cli
from handraise.detection.signals import Intent, Quantity, Signals
from handraise.events import Action, Policy
from handraise.policy import CompiledPolicy, compile_policy, examine, load
from handraise.policy.wording import DEFAULT_OWNER
from tests.support.chats import START, Chat, said
from tests.support.problems import but_of_crisis

HEAD = "business_id: cafe\nowner: Rosa\n"
EVERY = (
    HEAD
    + """within: 1 day
triggers:
  complaint: {owner: Ana, reply: {en: 'Sorry, ${owner} will call ${timeframe}.'}}
own_triggers:
  menu: {when: {keywords: [menu]}}
overrides:
  - channels: [Voice]
    triggers: {complaint: {owner: Tom, threshold: 0.3, queue: phones}}
  - segments: [gold, platinum]
    triggers:
      complaint: {owner: Vera, within: 2 hours, reply: {en: 'Dear guest, ${owner} will call ${timeframe}.'}}
      high_value: {quantity: 5, amounts: {EUR: 200}}
      menu: {action: shadow, priority: high}
  - channels: [voice]
    segments: [gold]
    triggers: {complaint: {owner: Max}}
"""
)


@pytest.fixture
def policy(tmp_path: Path) -> CompiledPolicy:
    (tmp_path / "cafe.yaml").write_text(EVERY)
    (found,) = load(tmp_path)
    return compile_policy(found)


@pytest.mark.parametrize(
    ("channel", "segment", "expected"),
    [
        (None, None, ("Ana", 0.5, "support")),
        ("web", "silver", ("Ana", 0.5, "support")),
        ("VOICE", None, ("Tom", 0.3, "phones")),
        ("voice", "silver", ("Tom", 0.3, "phones")),
        ("web", "Gold ", ("Vera", 0.5, "support")),
        ("voice", "platinum", ("Vera", 0.3, "phones")),
        ("voice", "gold", ("Max", 0.3, "phones")),
    ],
)
def test_the_most_specific_counts_entry_by_entry(
    policy: CompiledPolicy, channel: str | None, segment: str | None, expected: tuple[str, float, str]
) -> None:
    """Channel and segment before the segment, and that before the channel."""
    rule = policy.in_scope(channel, segment).rule("complaint")
    assert (rule.owner, rule.threshold, rule.queue) == expected


def test_a_promise_a_reply_a_floor_and_an_own_trigger_can_differ(policy: CompiledPolicy) -> None:
    gold = policy.in_scope(None, "gold")
    rule = gold.rule("complaint")
    due = gold.due_at(rule, START)
    assert (due - START, policy.due_at(policy.rule("complaint"), START) - START) == (7_200_000, 28_800_000)
    told = gold.reply(rule, None, language="en", at_ms=START, due_ms=due, customer_name=None)
    assert told.text == "Dear guest, Vera will call within 2 hours."
    enquiry = Signals(
        language="en", sentiment=0.0, intent=Intent.ORDER, high_value=0.2, quantities=(Quantity(6, "cakes", 0, 1),)
    )
    assert (gold.high_value_score(enquiry).score, policy.high_value_score(enquiry).score) == (0.6, 0.2)
    assert (gold.rule("menu").action, policy.rule("menu").action) == (Action.SHADOW, Action.ESCALATE)
    assert gold.rule("menu").urgency < policy.rule("menu").urgency
    assert gold.version == policy.version


def test_a_policy_of_another_business_keeps_its_name_in_every_scope(policy: CompiledPolicy) -> None:
    other = policy.for_business("bar")
    assert policy.in_scope("voice", "gold").business_id == "cafe"
    assert (other.in_scope("voice", "gold").business_id, other.in_scope("voice", "gold").business_name) == (
        "bar",
        "bar",
    )


def test_a_policy_in_a_scope_can_be_asked_for_another_one(policy: CompiledPolicy) -> None:
    """A conversation may go on elsewhere."""
    voice = policy.in_scope("voice", "gold")
    assert voice.in_scope("web", None).rule("complaint").owner == "Ana"
    assert voice.in_scope("web", "gold").rule("complaint").owner == "Vera"


def test_the_fold_uses_what_holds_for_the_customer_who_writes(policy: CompiledPolicy) -> None:
    """The segment that was said once holds for the whole conversation."""
    chat = Chat(policy=policy)
    chat.customer(said(Intent.QUESTION, question=True), segment="gold")
    (escalation,) = chat.customer(said(Intent.COMPLAINT, complaint=0.95)).escalations
    assert escalation.owner == "Vera"
    voice = Chat(policy=policy)
    (escalation,) = voice.customer(said(Intent.COMPLAINT, complaint=0.75), channel="voice").escalations
    assert (escalation.owner, escalation.queue) == ("Tom", "phones")
    assert escalation.policy_version == policy.version


def test_an_override_is_part_of_the_version(policy: CompiledPolicy) -> None:
    assert policy.version != compile_policy(Policy(business_id="cafe", owner="Rosa")).version


PROBLEMS = [
    # What is written, the line of the problem, its severity, a part of what is said, a part of the mend.
    ("  - triggers: {complaint: {owner: X}}\n", 4, "error", "it holds for everybody", "under `triggers`"),
    ("  - channels: [a]\n    triggers: {complant: {owner: X}}\n", 5, "error", "no trigger `complant`", "`complaint`"),
    ("  - channels: [a]\n    triggers: {complaint: {}}\n", 5, "error", "changes nothing", "threshold"),
    (
        "  - channels: [a]\n    triggers: {complaint: {owner: X, quantity: 3}}\n",
        5,
        "error",
        "only `high_value`",
        "move it",
    ),
    ("  - channels: [a]\n    triggers: {complaint: {threshold: 0}}\n", 5, "error", "fires on every message", "0.5"),
    ("  - channels: [a]\n    triggers: {complaint: {within: 400 days}}\n", 5, "error", "too long", "90 days"),
    (
        "  - channels: [voice]\n    triggers: {boats: {threshold: 0.99}}\n",
        5,
        "warning",
        "scores 1 or nothing",
        "`at_least` of `examples`",
    ),
    (
        "  - channels: [a]\n    triggers: {complaint: {reply: 'Hi ${ower} ${due_at}'}}\n",
        5,
        "error",
        "placeholder",
        "`owner`",
    ),
    (
        "  - channels: [voice]\n    triggers: {boats: {action: escalate, reply: 'We call.'}}\n",
        5,
        "warning",
        "by when",
        "${timeframe}",
    ),
    ("  - channels: [a]\n    triggers: {crisis: {enabled: false}}\n", 5, "warning", "gets no human", "turn it on"),
    ("  - channels: [a]\n    triggers: {human_request: {action: shadow}}\n", 5, "warning", "only counted", "on again"),
    ("  - channels: [a]\n    triggers: {complaint: {owner: Rosa}}\n", 5, "warning", "holds for everybody", "drop it"),
    ("  - channels: [a]\n    triggers: {pets: {owner: X}}\n", 5, "warning", "`pets` is turned off", "enabled: true"),
    ("  - channels: [a]\n    triggers: {boats: {owner: X}}\n", 5, "error", "looked at on voice alone", "widen"),
    (
        (
            "  - channels: [a, b]\n    triggers: {complaint: {owner: X}}\n"
            "  - channels: [B, c]\n    triggers: {complaint: {owner: Y}}\n"
        ),
        7,
        "error",
        "`owner` contradicts override 1, which is as specific and fits `b` too",
        "in one of them",
    ),
    (
        (
            "  - segments: [a]\n    triggers: {complaint: {owner: X}}\n"
            "  - segments: [a]\n    triggers: {complaint: {owner: X}}\n"
        ),
        7,
        "warning",
        "said already by override 1",
        "drop one",
    ),
]


@pytest.mark.parametrize(("text", "line", "severity", "message", "mend"), PROBLEMS)
def test_a_mistake_is_told_with_its_line_and_its_mend(
    tmp_path: Path, text: str, line: int, severity: str, message: str, mend: str
) -> None:
    own = "own_triggers: {pets: {when: {keywords: [dog]}, enabled: false}, "
    own += "boats: {when: {keywords: [boat]}, channels: [voice], action: offer}}\n"
    (tmp_path / "p.yaml").write_text(HEAD + own.replace("\n", "") + "\noverrides:\n" + text)
    (problem, *more) = but_of_crisis(examine(tmp_path).problems)
    assert more == []
    assert (problem.line, problem.severity, message in problem.message, mend in problem.mend) == (
        line + 1,
        severity,
        True,
        True,
    ), problem


@pytest.mark.parametrize(
    "text",
    [
        (
            "  - channels: [a]\n    triggers: {complaint: {owner: X}}\n"
            "  - segments: [g]\n    triggers: {complaint: {owner: Rosa}}\n"
        ),
        (
            "  - channels: [a]\n    triggers: {complaint: {owner: X}}\n"
            "  - channels: [b]\n    triggers: {complaint: {owner: Y}}\n"
        ),
        "  - channels: [a]\n    triggers: {pets: {enabled: true, owner: X}}\n",
        (
            "  - channels: [a]\n    triggers: {pets: {enabled: true}}\n"
            "  - segments: [g]\n    triggers: {pets: {owner: X}}\n"
        ),
        (
            "  - channels: [a]\n    triggers: {complaint: {owner: X}}\n"
            "  - channels: [a]\n    triggers: {complaint: {threshold: 0.4}}\n"
        ),
        "  - channels: [a]\n    triggers: {boats: {reply: 'Do you want a person to call?'}}\n",
        "  - channels: [a]\n    triggers: {complaint: {action: offer, reply: 'Do you want a person to call?'}}\n",
    ],
)
def test_what_is_meant_is_not_complained_of(tmp_path: Path, text: str) -> None:
    """One may go back to what holds for everybody, name different channels, or turn a trigger on for some."""
    own = "own_triggers: {pets: {when: {keywords: [dog]}, enabled: false}, "
    own += "boats: {when: {keywords: [boat]}, action: offer}}\n"
    (tmp_path / "p.yaml").write_text(HEAD + own + "overrides:\n" + text)
    assert but_of_crisis(examine(tmp_path).problems) == []


AROUND_THE_CLOCK = HEAD + "triggers: {crisis: {around_the_clock: true, within: 15 minutes}}\n"


@pytest.mark.parametrize(
    ("head", "change", "lines"),
    [
        (AROUND_THE_CLOCK, "{around_the_clock: false}", [6]),
        (AROUND_THE_CLOCK, "{within: 30 minutes}", []),
        (AROUND_THE_CLOCK + "hours: {days: {mon-sun: '00:00-24:00'}}\n", "{around_the_clock: false, owner: X}", []),
        (HEAD, "{within: 30 minutes}", [1]),
        (HEAD + "triggers: {crisis: {action: shadow}}\n", "{action: escalate}", [3, 6]),
        (HEAD + "triggers: {crisis: {action: shadow}}\n", "{action: escalate, around_the_clock: true}", [3]),
    ],
)
def test_nobody_in_danger_waits_for_the_opening_hours_by_an_override_in_silence(
    tmp_path: Path, head: str, change: str, lines: list[int]
) -> None:
    """Told at the override where it is that which makes them wait, and once where they wait anyhow."""
    (tmp_path / "p.yaml").write_text(f"{head}overrides:\n  - segments: [gold]\n    triggers: {{crisis: {change}}}\n")
    found = examine(tmp_path)
    assert [problem.line for problem in found.problems] == lines
    assert found.errors == []


def test_a_promise_of_an_override_counts_in_the_hours_that_it_sets(tmp_path: Path) -> None:
    text = HEAD + "triggers: {complaint: {around_the_clock: true}}\noverrides:\n  - channels: [a]\n"
    (tmp_path / "p.yaml").write_text(text + "    triggers: {complaint: {around_the_clock: false, within: 48 hours}}\n")
    (problem,) = but_of_crisis(examine(tmp_path).problems)
    assert (problem.line, "counts only the hours" in problem.message) == (6, True)


def test_show_prints_what_is_in_force_in_a_scope(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "cafe.yaml").write_text(EVERY)
    assert cli.main(["policy", "show", str(tmp_path), "--channel", "voice", "--segment", "gold"]) == 0
    out = capsys.readouterr().out
    assert "# as it holds for channel `voice` and segment `gold`\n" in out
    (tmp_path / "shown.yaml").write_text(out)
    (shown,) = load(tmp_path / "shown.yaml")
    assert (shown.triggers.complaint.owner, shown.triggers.complaint.within, shown.overrides) == ("Max", "2 hours", [])
    assert cli.main(["policy", "show", str(tmp_path / "cafe.yaml")]) == 0
    (tmp_path / "shown.yaml").write_text(capsys.readouterr().out)
    (again,) = load(tmp_path / "shown.yaml")
    assert compile_policy(again).version == compile_policy(load(tmp_path / "cafe.yaml")[0]).version


def test_show_of_a_business_without_a_policy_is_that_of_default(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "all.yaml").write_text("business_id: default\nowner: Group\n")
    assert cli.main(["policy", "show", str(tmp_path), "--business", "bar"]) == 0
    (tmp_path / "shown.yaml").write_text(capsys.readouterr().out)
    (shown,) = load(tmp_path / "shown.yaml")
    assert (shown.business_id, shown.owner, shown.name) == ("bar", "Group", "bar")
    assert shown.owner != DEFAULT_OWNER
    assert msgspec.structs.fields(shown)
