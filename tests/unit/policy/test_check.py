"""`problems`: each with its line, what is wrong, and how to mend it."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.policy import Examined, Severity, compile_policy, examine
from handraise.policy.defaults import BUILTIN
from handraise.policy.document import UnreadableError, documents_in
from tests.support.problems import but_of_crisis

HEAD = "business_id: cafe\nowner: Rosa\n"


def examined(tmp_path: Path, text: str) -> Examined:
    """A text, checked as a file."""
    (tmp_path / "p.yaml").write_text(text)
    return examine(tmp_path / "p.yaml")


ERRORS = [
    # What is written, the line of the problem, a part of what is said, a part of the mend.
    ("business_id: cafe\n", 1, "`owner` is missing", "add `owner: Rosa`"),
    ("owner: Rosa\n", 1, "`business_id` is missing", "add `business_id"),
    ("business_id: cafe\nowner: ' '\n", 2, "`owner` is blank", "fill it in"),
    ("business_id: a/b\nowner: Rosa\n", 1, "`a/b` cannot be read", "without `/`"),
    (HEAD + "languages: [english]\n", 3, "`english` cannot be read", "expected: BCP 47, for example `en`"),
    (HEAD + "triggers:\n  high_value:\n    amounts: {euro: 5}\n", 5, "`euro` cannot be read", "ISO 4217"),
    (HEAD + "hours:\n  closed: [soon]\n", 4, "`soon` cannot be read", "expected: a date or a range"),
    (HEAD + "onwer: Rosa\n", 3, "unknown key `onwer`", "did you mean `owner`?"),
    (HEAD + "zzz: 1\n", 3, "unknown key `zzz`", "known here are business_id"),
    (HEAD + "triggers:\n  complant: {}\n", 4, "unknown key `complant`", "did you mean `complaint`?"),
    (HEAD + "triggers:\n  complaint:\n    enabled: no\n", 5, "not `no`", "write `false`"),
    (HEAD + "triggers:\n  complaint:\n    action: escalat\n", 5, "`escalat` is not one of", "`escalate`"),
    (HEAD + "triggers:\n  complaint:\n    threshold: 1.5\n", 5, "1.5 is out of range", "from 0 to 1"),
    (HEAD + "triggers:\n  complaint:\n    threshold: 0\n", 5, "fires on every message", "0.5"),
    (HEAD + "own_triggers:\n  t: {threshold: 0, when: {keywords: [hat]}}\n", 4, "fires on every message", "0.5"),
    (HEAD + "triggers:\n  complaint: []\n", 4, "expected a group of keys, not a list", "example"),
    (HEAD + "triggers:\n  complaint:\n    when: {}\n", 5, "unknown key `when`", ""),
    (HEAD + "within: soon\n", 3, "`soon` cannot be read", "2 hours"),
    (HEAD + "within: 0 hours\n", 3, "cannot be read", "2 hours"),
    (HEAD + "within: 400 days\n", 3, "too long", "90 days"),
    (HEAD + "idle_after: 0 hours\n", 3, "end at once", "24 hours"),
    (HEAD + "hours:\n  zone: Europe/Madird\n", 4, "no time zone `Europe/Madird`", "`Europe/Madrid`"),
    (HEAD + "hours:\n  zone: ../etc\n", 4, "no time zone", "IANA"),
    (HEAD + "hours:\n  holidays: XX\n", 4, "no holidays are known for `XX`", "code of the country"),
    (HEAD + "hours:\n  holidays: DE-XX\n", 4, "no holidays are known for `DE-XX`", "DE-BY"),
    (HEAD + "hours:\n  days: {}\n", 4, "never open", "mon-fri"),
    (HEAD + "hours:\n  days: {mon-fri: closed}\n", 4, "never open", "mon-fri"),
    (HEAD + "hours:\n  days:\n    monday: 09:00-17:00\n", 5, "`monday` cannot be read", "mon-fri"),
    (HEAD + "hours:\n  days:\n    mon-fri: 9-17\n", 5, "`9-17` cannot be read", "09:00-13:00"),
    (HEAD + "hours:\n  days:\n    mon-fri: 09:00-25:00\n", 5, "not a time of day", "09:00-17:00"),
    (HEAD + "hours:\n  days:\n    mon: 09:00-13:00, 12:00-15:00\n", 5, "overlap", "join them"),
    (HEAD + "hours:\n  days:\n    mon: 09:00-13:00, 20:00-10:00\n", 5, "overlaps", "end it earlier"),
    (HEAD + "hours:\n  days:\n    mon-wed: 09:00-13:00\n    wed-fri: 09:00-13:00\n", 4, "wed lies in two", "overlap"),
    (HEAD + "hours:\n  closed: [2026-01-01, 2026-02-30]\n", 4, "`2026-02-30` is no date", "2026-08-10"),
    (HEAD + "hours:\n  closed: [2026-01-01 to 2028-01-01]\n", 4, "closed for more than", "shorten"),
    (HEAD + "hours:\n  special:\n    2026-13-01: closed\n", 5, "`2026-13-01` is not a date", "2026-12-24"),
    (HEAD + "own_triggers:\n  t: {}\n", 4, "`when` is missing", "keywords"),
    (HEAD + "own_triggers:\n  t:\n    when: {}\n", 5, "empty condition", "say what must hold"),
    (HEAD + "own_triggers:\n  complaint:\n    when: {keywords: [x9]}\n", 4, "is a built-in trigger", "`triggers:"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      keywords: [refund, the]\n", 6, "`the` is too broad", "longer"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      keywords:\n        - x\n", 7, "`x` is too broad", "longer"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      keywords: ['*']\n", 6, "matches everything", "refund*"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      keywords: ['re*']\n", 6, "`re*` is too broad", "3 letters"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      keywords: ['re*nd']\n", 6, "`*` within", "patterns"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      patterns: ['(?=a)b']\n", 6, "pattern is refused", "RE2"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      patterns: ['a*']\n", 6, "empty text", "obligatory"),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      patterns: [refund, '.']\n",
        6,
        "matches whatever is written",
        "must have",
    ),
    (HEAD + "own_triggers:\n  t:\n    when:\n      patterns: ['\\S']\n", 6, "holds for every message", "must have"),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      signals: {complaint: 0}\n",
        6,
        "a floor of 0 holds for every message",
        "0.5",
    ),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      sentiment: {at_least: -1}\n",
        6,
        "so it holds for every message",
        "narrow",
    ),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      sentiment_mean: {at_most: 1}\n",
        6,
        "so it holds for every message",
        "narrow",
    ),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      customer_turns: {at_least: 1}\n",
        6,
        "so it holds for every message",
        "narrow",
    ),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      all:\n        - customer_turns: {at_least: 1}\n"
        "        - any: [{keywords: [hat]}, {signals: {complaint: 0}}]\n",
        7,
        "so it holds for every message",
        "narrow",
    ),
    (HEAD + "own_triggers:\n  t:\n    when:\n      signals: {complant: 0.5}\n", 6, "no signal", "`complaint`"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      sentiment: {at_least: 2}\n", 6, "no value lies there", "-1 to 1"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      sentiment: {}\n", 6, "no bound", "at_least"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      amount: {at_least: 5, at_most: 4}\n", 6, "nothing is", "exchange"),
    (HEAD + "own_triggers:\n  t:\n    when:\n      attributes: {a: {}}\n", 6, "says nothing", "equals"),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      all:\n        - sender: human\n        - sender: customer\n",
        5,
        "no message has a `sender`",
        "any",
    ),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      keywords: [refund]\n      not: {keywords: [refund, money]}\n",
        5,
        "it never holds",
        "drop one",
    ),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      all:\n        - sentiment: {at_least: 0.5}\n"
        "        - sentiment: {at_most: 0.1}\n",
        5,
        "no `sentiment` fits",
        "any",
    ),
    (HEAD + "triggers:\n  complaint:\n    reply:\n      en: Hi ${ownr} ${timeframe}\n", 6, "${ownr}", "`owner`"),
    (HEAD + "triggers:\n  complaint:\n    reply:\n      en: ${owner} $timeframe\n", 6, "in full", "${owner}"),
    (HEAD + "triggers:\n  complaint:\n    reply:\n      it: Ciao ${timeframe}\n", 6, "in `it`", "${due_at}"),
    (HEAD + "triggers:\n  complaint:\n    reply: {en: {open: x}}\n", 5, "`closed` is missing", "both"),
    (HEAD + "owner: Ana\n", 3, "`owner` is given twice", "keep one"),
    (
        HEAD + "triggers:\n  distress: &a {priority: high}\n  complaint: {<<: *a}\n",
        5,
        "`<<` joins nothing",
        "point at all",
    ),
    ("business_id: 12345\nowner: Rosa\n", 1, "not `12345`", "in quotes"),
    (HEAD + "name: 24\n", 3, "not `24`", "in quotes"),
    (HEAD + "within: 2\n", 3, "not `2`", "2 hours"),
    (HEAD + "a: [\n", None, "not YAML", "mend the line"),
    ("", None, "holds no policy", "example.yaml"),
    ("- 3\n", 1, "expected a group of keys", "examples"),
    (HEAD + "---\n" + HEAD, 4, "has a policy already", "one policy"),
]

EXAMPLES = HEAD + "own_triggers:\n  t:\n    when:\n      examples:\n"

WARNINGS = [
    (
        EXAMPLES + "        like: [a lost key, a lost hat]\n        unlike: [A  lost hat]\n",
        7,
        "`unlike` too",
        "one of them",
    ),
    (EXAMPLES + "        like: [a lost key]\n        at_least: 0.1\n", 8, "nothing to do with", "start from 0.55"),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      keywords: [hat]\n      signals: {complaint: 0}\n",
        7,
        "a floor of 0",
        "0.5",
    ),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      all: [{keywords: [hat]}, {patterns: ['.']}]\n",
        6,
        "whatever is written",
        "must have",
    ),
    (
        HEAD + "own_triggers:\n  t:\n    when:\n      keywords: [hat]\n      not: {sentiment: {at_least: -1}}\n",
        7,
        "every value",
        "narrow",
    ),
    (HEAD + "within: 48 hours\n", 3, "only the hours", "`2 business days`"),
    (HEAD + "triggers:\n  human_request: {enabled: false}\n", 4, "gets no human", "turn it on"),
    (HEAD + "triggers:\n  crisis: {action: shadow}\n", 4, "gets no human", "turn it on"),
    (HEAD + "triggers:\n  complaint: {threshold: 0.99}\n", 4, "hardly ever reached", "enabled: false"),
    (HEAD + "triggers:\n  complaint: {threshold: 0.1}\n", 4, "hardly any evidence", "0.5"),
    (
        HEAD + "own_triggers:\n  t: {threshold: 0.9, when: {keywords: [hat]}}\n",
        4,
        "1 or nothing",
        "`at_least` of `examples`",
    ),
    (HEAD + "own_triggers:\n  t: {threshold: 0.1, when: {keywords: [hat]}}\n", 4, "1 or nothing", "`signals`"),
    (HEAD + "triggers:\n  complaint: {reply: Rosa helps you}\n", 4, "by when", "${timeframe}"),
    (
        HEAD + "languages: [en, es]\ntriggers:\n  complaint:\n    reply: {en: '${owner} ${timeframe}'}\n",
        6,
        "no text in `es`",
        "add `es:",
    ),
    (HEAD + "languages: [ko]\n", 3, "no built-in replies in `ko`", "write replies"),
    (
        HEAD + "languages: [it]\ntriggers:\n  complaint: {reply: 'Ciao ${due_at}'}\n"
        "own_triggers: {t: {when: {keywords: [hat]}, reply: {it: 'Ciao ${due_at}'}}}\n",
        3,
        "and `crisis`, `human_request`, `distress`, `broken_promise`, `high_value`, `knowledge_gap`, `ai_failure` are",
        "write replies",
    ),
    (HEAD + "own_triggers:\n  t: {when: {keywords: [hat]}, languages: [fr]}\n", 4, "names none", "add them"),
    (
        HEAD
        + "own_triggers:\n  a: {priority: high, when: {keywords: ['refund*']}}\n  b: {when: {keywords: [Refunds]}}\n",
        5,
        "`b` never fires: `a`",
        "priority",
    ),
    (
        HEAD + "own_triggers:\n  a: {priority: high, when: {keywords: [hat]}}\n  b: {when: {keywords: [coat, hat]}}\n",
        5,
        "`hat` never counts here",
        "one of them",
    ),
    (
        HEAD + "own_triggers:\n  a: {priority: high, action: notify, when: {keywords: [hat]}}\n"
        "  b: {priority: low, when: {keywords: [hat]}}\n",
        4,
        "`a` hardly ever fires: `b`, with a stronger action, has the same keywords",
        "same action",
    ),
    (
        HEAD + "own_triggers:\n  a: {priority: high, when: {keywords: [hat]}}\n"
        "  b: {action: offer, reply: 'Shall I?', when: {keywords: [hat, coat]}}\n",
        5,
        "`hat` never counts here: `a`, with a stronger action, has it too",
        "one of them",
    ),
]


@pytest.mark.parametrize(("text", "line", "said", "mend"), ERRORS)
def test_an_error_is_told_with_its_line_and_its_mend(
    tmp_path: Path, text: str, line: int | None, said: str, mend: str
) -> None:
    """One mistake in each file."""
    found = examined(tmp_path, text)
    problem = next((problem for problem in found.errors if said in problem.message), None)
    assert problem is not None, found.problems
    assert mend in problem.mend
    assert line is None or problem.line == line
    assert problem.file == str(tmp_path / "p.yaml")


@pytest.mark.parametrize("owner", ["[Rosa]", "7", "''"])
def test_an_owner_that_cannot_be_read_is_not_missing_as_well(tmp_path: Path, owner: str) -> None:
    (problem,) = examined(tmp_path, f"business_id: cafe\nowner: {owner}\n").errors
    assert (problem.line, "missing" in problem.message) == (2, False)


@pytest.mark.parametrize(("text", "line", "said", "mend"), WARNINGS)
def test_a_warning_does_not_keep_the_policy_from_being_used(
    tmp_path: Path, text: str, line: int, said: str, mend: str
) -> None:
    """It is told all the same."""
    found = examined(tmp_path, text)
    (problem,) = but_of_crisis(found.problems)
    assert problem.severity is Severity.WARNING
    assert said in problem.message
    assert mend in problem.mend
    assert problem.line == line
    assert compile_policy(found.policies[0]).business_id == "cafe"


ALL_DAY = "{days: {mon-sun: '00:00-24:00'}}"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD, 1),
        (HEAD + "hours: {days: {mon-sun: 08:00-22:00}}\n", 1),
        (HEAD + "triggers:\n  crisis: {within: 15 minutes}\n", 4),
        (HEAD + "triggers:\n  crisis: {around_the_clock: true, within: 15 minutes}\n", None),
        (HEAD + f"hours: {ALL_DAY}\n", None),
    ],
)
def test_who_is_in_danger_should_not_wait_for_the_opening_hours(tmp_path: Path, text: str, line: int | None) -> None:
    """What the mend says is all that has to be written."""
    found = examined(tmp_path, text)
    assert [problem.line for problem in found.problems] == ([] if line is None else [line])
    assert found.errors == []
    if text == HEAD:
        mended = found.problems[0].mend.split("`")[1]
        assert examined(tmp_path, f"{HEAD}{mended}\n").problems == []


def test_every_problem_of_a_file_is_told_at_once(tmp_path: Path) -> None:
    """Nobody wants to run the check once for each mistake."""
    text = HEAD + "onwer: x\nwithin: soon\nhours: {zone: Mars/One}\ntriggers: {complaint: {threshold: 7, acton: x}}\n"
    assert [problem.line for problem in examined(tmp_path, text).errors] == [3, 4, 5, 6, 6]


def test_a_key_that_is_given_twice_is_not_missed_as_well(tmp_path: Path) -> None:
    for text in (HEAD + "owner: Ana\n", HEAD + "business_id: bar\n"):
        assert len(but_of_crisis(examined(tmp_path, text).problems)) == 1


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLES + "        like: [a lost key]\n        unlike: [a lost hat]\n        at_least: 0.3\n",
        HEAD,
        HEAD + "hours: {zone: Europe/Berlin}\n",
        HEAD + "hours:\n  zone: America/New_York\n  holidays: US\n  days: {thu-sat: 18:00-02:00, sun: 00:00-24:00}\n",
        HEAD + "hours: {days: {mon-fri: 09:00-17:00, fri: 09:00-14:00}}\n",
        HEAD + "triggers:\n  knowledge_gap: {action: offer, reply: 'Shall I ask ${owner}?'}\n",
        HEAD + "own_triggers: {t: {when: {keywords: [退, 款]}}}\n",
        HEAD
        + "own_triggers:\n  a: {priority: high, when: {keywords: [hat]}}\n"
        + "  b: {action: shadow, when: {keywords: [hat]}}\n",
        HEAD
        + "own_triggers:\n  a: {priority: high, action: shadow, when: {keywords: [hat]}}\n"
        + "  b: {when: {keywords: [hat]}}\n",
        HEAD + "own_triggers: {t: {when: {any: [{sender: human}, {sender: customer}]}}}\n",
        HEAD
        + "languages: [it]\ntriggers:\n"
        + "".join(f"  {name}: {{reply: 'Ciao ${{due_at}}'}}\n" for name in BUILTIN if name != "ai_failure")
        + "  ai_failure: {action: shadow}\n",
        HEAD + "own_triggers: {t: {threshold: 0.5, when: {keywords: [hat]}}}\n",
        HEAD + "own_triggers:\n  t:\n    when:\n      all: [{customer_turns: {at_least: 1}}, {keywords: [hat]}]\n",
        HEAD + "own_triggers:\n  t:\n    when:\n      sender: assistant\n      customer_turns: {at_least: 1}\n",
        HEAD + "own_triggers:\n  t:\n    when:\n      patterns: ['^.{1,1000}$', '[a-z]', '[^a]']\n",
        HEAD + "own_triggers:\n  t:\n    when:\n      sentiment: {at_least: -1, at_most: 0}\n",
        HEAD + "within: 24 hours\nhours: {days: {mon-sun: 00:00-24:00}}\n",
        HEAD + "queue: &q desk\ntriggers: {complaint: {queue: *q}}\n",
    ],
)
def test_a_sound_policy_has_no_problems(tmp_path: Path, text: str) -> None:
    """Neither errors nor warnings."""
    found = examined(tmp_path, text)
    assert but_of_crisis(found.problems) == []
    assert len(found.policies) == 1


def test_aliases_cannot_make_a_small_file_huge() -> None:
    """The billion laughs."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    with pytest.raises(UnreadableError):
        documents_in("\n".join(lines))


def test_an_alias_to_itself_is_refused() -> None:
    """It would never end."""
    with pytest.raises(UnreadableError):
        documents_in("a: &a [*a]")


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    """Never another exception."""
    with contextlib.suppress(UnreadableError):
        documents_in(text)
