"""Policies that inherit from one another: what comes of them, in any order, and what is said when it cannot be."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise import cli
from handraise.events import Condition, Policy
from handraise.policy import (
    Draft,
    Examined,
    PolicyBook,
    PolicyError,
    compile_policy,
    examine,
    load,
    load_drafts,
    parse,
    parse_draft,
)
from handraise.policy.inheritance import MAX_GENERATIONS
from tests.support.problems import but_of_crisis

BASE = """business_id: hotels
owner: Reception
name: All hotels
within: 2 hours
hours:
  zone: Europe/Lisbon
  days: {mon-sun: 08:00-22:00}
  holidays: PT
  special: {2026-12-24: 08:00-12:00}
languages: [en, pt]
triggers:
  complaint: {owner: Ana, reply: {en: "Sorry, ${owner} calls ${timeframe}.", pt: "${owner} vai ligar ${timeframe}."}}
  high_value: {amounts: {EUR: 500}}
own_triggers:
  allergy: {when: {keywords: [allerg*]}, priority: high}
  pets: {when: {keywords: [dog, cat]}}
overrides:
  - segments: [gold]
    triggers: {complaint: {within: 30 minutes}}
"""


def examined(tmp_path: Path, *texts: str) -> Examined:
    """Texts, each checked as a file of one folder."""
    for number, text in enumerate(texts):
        (tmp_path / f"{number}.yaml").write_text(text)
    return examine(tmp_path)


def heir(tmp_path: Path, text: str, base: str = BASE) -> Any:  # noqa: ANN401 - any field is asked of it
    """A policy that inherits from `base`."""
    found = examined(tmp_path, base, f"business_id: seaside\ninherits: hotels\n{text}")
    assert found.errors == []
    return found.policies[1]


def test_what_an_heir_does_not_say_is_as_its_base_says(tmp_path: Path) -> None:
    policy = heir(tmp_path, "")
    assert (policy.owner, policy.within, policy.languages) == ("Reception", "2 hours", ["en", "pt"])
    assert (policy.business_id, policy.name, policy.inherits) == ("seaside", None, None)
    assert policy.triggers.complaint.owner == "Ana"
    assert list(policy.own_triggers) == ["allergy", "pets"]


def test_entries_are_joined_and_everything_else_takes_the_place(tmp_path: Path) -> None:
    policy = heir(
        tmp_path,
        "owner: Rosa\nlanguages: [pt]\n"
        "hours: {special: {2026-12-31: closed}}\n"
        "triggers:\n  complaint: {within: 1 hour, reply: {pt: 'Olá, ${owner} liga ${timeframe}.'}}\n"
        "  high_value: {amounts: {USD: 600}}\n"
        "own_triggers: {allergy: {owner: Chef}, boats: {when: {keywords: [boat]}}}\n",
    )
    assert (policy.owner, policy.languages) == ("Rosa", ["pt"])
    assert policy.hours.zone == "Europe/Lisbon"
    assert policy.hours.special == {"2026-12-24": "08:00-12:00", "2026-12-31": "closed"}
    complaint = policy.triggers.complaint
    assert (complaint.owner, complaint.within) == ("Ana", "1 hour")
    assert complaint.reply["en"].startswith("Sorry")
    assert complaint.reply["pt"].startswith("Olá")
    assert policy.triggers.high_value.amounts == {"EUR": 500.0, "USD": 600.0}
    allergy = policy.own_triggers["allergy"]
    assert (allergy.owner, allergy.when.keywords, allergy.priority) == ("Chef", ["allerg*"], "high")
    assert list(policy.own_triggers) == ["allergy", "pets", "boats"]


def test_a_week_and_a_condition_are_one_thing_each(tmp_path: Path) -> None:
    """Half a week of another business, or both conditions at once, is what nobody means."""
    policy = heir(tmp_path, "hours: {days: {tue: 09:00-12:00}}\nown_triggers: {allergy: {when: {patterns: [nuts]}}}\n")
    assert policy.hours.days == {"tue": "09:00-12:00"}
    assert (policy.own_triggers["allergy"].when.keywords, policy.own_triggers["allergy"].when.patterns) == (
        None,
        ["nuts"],
    )


def test_nothing_goes_back_to_the_built_in_default(tmp_path: Path) -> None:
    policy = heir(tmp_path, "hours: {holidays: ~}\ntriggers: {complaint: {owner: null}}\n")
    assert policy.hours.holidays is None
    assert policy.triggers.complaint.owner is None


@pytest.mark.parametrize(
    "text",
    [
        "within: ~\n",
        "queue: ~\nlanguages: ~\nidle_after: ~\nreply_valid_for: ~\n",
        "hours: ~\n",
        "hours: {zone: ~, days: ~, closed: ~, special: ~}\n",
        "triggers: ~\n",
        "triggers: {complaint: ~, high_value: ~}\n",
        "triggers: {complaint: {enabled: ~, around_the_clock: ~}}\n",
        "own_triggers: ~\n",
        "own_triggers: {pets: ~}\n",
        "own_triggers: {pets: {enabled: ~}}\n",
    ],
)
@pytest.mark.parametrize(
    "base", [BASE, "business_id: hotels\nowner: Reception\nown_triggers: {pets: {when: {keywords: [dog]}}}\n"]
)
def test_nothing_goes_back_to_the_default_of_whatever_has_one(tmp_path: Path, text: str, base: str) -> None:
    """Whether the base says something there or not."""
    policy = heir(tmp_path, text, base)
    if text.startswith("within"):
        assert policy.within == "1 business day"
    if text.startswith("hours"):
        assert policy.hours.zone == "UTC"
    if text.startswith("own_triggers: ~"):
        assert policy.own_triggers == {}


def test_an_inherited_trigger_can_be_dropped_with_what_overrides_say_of_it(tmp_path: Path) -> None:
    base = BASE + "  - channels: [voice]\n    triggers: {pets: {owner: Tom}}\n"
    policy = heir(tmp_path, "own_triggers: {pets: ~}\n", base)
    assert list(policy.own_triggers) == ["allergy"]
    assert [override.segments for override in policy.overrides] == [["gold"]]
    ending = "---\nbusiness_id: bay\ninherits: seaside\nown_triggers: {pets: {when: {keywords: [parrot]}}}\n"
    again = examined(tmp_path, base, "business_id: seaside\ninherits: hotels\nown_triggers: {pets: ~}\n" + ending)
    assert again.errors == []
    assert again.policies[2].own_triggers["pets"].when == Condition(keywords=["parrot"])


def test_a_published_heir_may_set_to_nothing_what_has_a_default(tmp_path: Path) -> None:
    (tmp_path / "base.yaml").write_text(BASE)
    (base,) = load_drafts(tmp_path)
    data = b'{"business_id":"a","inherits":"hotels","within":null,"own_triggers":{"pets":null},"hours":{"zone":null}}'
    policy = parse(data, {"hotels": base}.get)
    assert (policy.within, policy.hours.zone, list(policy.own_triggers)) == ("1 business day", "UTC", ["allergy"])
    assert parse(data, {"hotels": draft("hotels", owner="R")}.get).hours.zone == "UTC"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("business_id: cafe\nowner: Rosa\nwithin: ~\n", 3, "not nothing"),
        ("business_id: seaside\ninherits: hotels\noverrides: ~\n", 3, "not nothing"),
        ("business_id: seaside\ninherits: hotels\ntriggers: {complant: ~}\n", 3, "unknown key"),
        ("business_id: seaside\ninherits: hotels\ntriggers: {complaint: {onwer: ~}}\n", 3, "unknown key"),
        ("business_id: seaside\ninherits: hotels\nown_triggers: {pet: ~}\n", 3, "no trigger `pet` is inherited"),
    ],
)
def test_nothing_is_refused_where_there_is_nothing_to_go_back_to(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    found = but_of_crisis(examined(tmp_path, BASE, text).problems)
    assert [(problem.line, said in problem.message) for problem in found] == [(line, True)], found


def test_an_inherited_trigger_can_be_turned_off(tmp_path: Path) -> None:
    assert heir(tmp_path, "own_triggers: {pets: {enabled: false}}\n").own_triggers["pets"].enabled is False


def test_overrides_of_one_scope_are_joined_and_others_add_up(tmp_path: Path) -> None:
    policy = heir(
        tmp_path,
        "overrides:\n  - segments: [Gold]\n    triggers: {complaint: {owner: Vera}, distress: {owner: Vera}}\n"
        "  - channels: [voice]\n    triggers: {complaint: {owner: Tom}}\n",
    )
    gold, voice = policy.overrides
    assert (gold.triggers["complaint"].owner, gold.triggers["complaint"].within) == ("Vera", "30 minutes")
    assert gold.triggers["distress"].owner == "Vera"
    assert voice.channels == ["voice"]


def test_a_base_may_inherit_itself_and_stand_in_any_file(tmp_path: Path) -> None:
    (tmp_path / "b.yaml").write_text("business_id: hotels\ninherits: all\nqueue: hotels\n")
    (tmp_path / "c.yaml").write_text("business_id: all\nowner: Group\nqueue: all\nwithin: 3 hours\n")
    (tmp_path / "a.yaml").write_text("business_id: seaside\ninherits: hotels\n")
    seaside = load(tmp_path)[0]
    assert (seaside.business_id, seaside.owner, seaside.queue, seaside.within) == (
        "seaside",
        "Group",
        "hotels",
        "3 hours",
    )


GROUP = """business_id: hotels
owner: Reception
triggers:
  complaint: {reply: "Sorry, ${owner} writes ${timeframe}."}
own_triggers:
  refund: {when: {keywords: [refund]}, reply: "A refund: ${owner} writes ${timeframe}."}
overrides:
  - channels: [whatsapp]
    triggers: {complaint: {reply: "On WhatsApp, ${owner} writes ${timeframe}."}}
"""


def complaint_of(policy: Policy, language: str, channel: str | None = None) -> tuple[str, str]:
    """What who complains in a language is told, without the time, and in which language."""
    compiled = compile_policy(policy).in_scope(channel, None)
    rule = compiled.rule("complaint")
    at = 1_764_064_800_000
    told = compiled.reply(rule, None, language=language, at_ms=at, due_ms=compiled.due_at(rule, at), customer_name=None)
    return told.text.partition(",")[0], told.language


def test_a_text_stays_in_the_language_of_the_policy_that_wrote_it(tmp_path: Path) -> None:
    """A German customer of a German heir is not told the English text of its base."""
    found = examined(tmp_path, GROUP, "business_id: seaside\ninherits: hotels\nlanguages: [de, it]\n")
    base, seaside = found.policies
    assert seaside.triggers.complaint.reply == {"en": base.triggers.complaint.reply}
    assert seaside.own_triggers["refund"].reply == {"en": base.own_triggers["refund"].reply}
    changed = seaside.overrides[0].triggers["complaint"].reply
    assert changed == {"en": base.overrides[0].triggers["complaint"].reply}
    for channel in (None, "whatsapp"):
        assert complaint_of(seaside, "de", channel)[1] == "de"
        assert not complaint_of(seaside, "de", channel)[0].startswith(("Sorry", "On WhatsApp"))
    assert complaint_of(seaside, "en") == ("Sorry", "en")
    assert complaint_of(seaside, "en", "whatsapp") == ("On WhatsApp", "en")
    missing = "there is no text in `de`, `it`, so the built-in one serves there"
    assert [problem.message for problem in but_of_crisis(found.problems) if "no text" in problem.message] == [
        missing,
        missing,
    ]


@pytest.mark.parametrize(
    ("base", "heir", "expected"),
    [
        # The languages of the base and of the heir, what the heir itself says, and what it comes to.
        ("", "languages: [EN, de]", "Sorry, ${owner} writes ${timeframe}."),
        ("languages: [fr, en]", "languages: [de]", {"fr": "Sorry, ${owner} writes ${timeframe}."}),
        ("languages: [fr, en]", "", "Sorry, ${owner} writes ${timeframe}."),
        ("", "languages: [de]\ntriggers: {complaint: {reply: 'Hallo ${timeframe}'}}", "Hallo ${timeframe}"),
        (
            "",
            "languages: [de]\ntriggers: {complaint: {reply: {de: 'Hallo ${timeframe}'}}}",
            {"en": "Sorry, ${owner} writes ${timeframe}.", "de": "Hallo ${timeframe}"},
        ),
        ("", "languages: [de]\ntriggers: {complaint: {reply: ~}}", None),
    ],
)
def test_what_an_heir_says_of_a_reply_that_is_one_text(
    tmp_path: Path, base: str, heir: str, expected: str | dict[str, str] | None
) -> None:
    found = examined(tmp_path, f"{GROUP}{base}\n", f"business_id: seaside\ninherits: hotels\n{heir}\n")
    assert found.policies[1].triggers.complaint.reply == expected


def test_a_text_keeps_its_language_through_the_generations(tmp_path: Path) -> None:
    """An heir stands on what its base comes to, whatever languages that names in between."""
    found = examined(
        tmp_path,
        GROUP,
        "business_id: a\ninherits: hotels\nlanguages: [de]\n"
        "triggers: {complaint: {reply: {de: '${owner} ${timeframe}'}}}\n",
        "business_id: b\ninherits: a\n",
        "business_id: c\ninherits: b\nlanguages: [en]\n",
        "business_id: d\ninherits: b\nlanguages: [de]\ntriggers: {distress: {reply: 'Hallo ${timeframe}'}}\n",
        "business_id: e\ninherits: d\nlanguages: [en]\n",
    )
    both = {"en": "Sorry, ${owner} writes ${timeframe}.", "de": "${owner} ${timeframe}"}
    assert [policy.triggers.complaint.reply for policy in found.policies[1:]] == [both] * 5
    assert found.policies[4].triggers.distress.reply == "Hallo ${timeframe}"
    assert found.policies[5].triggers.distress.reply == {"de": "Hallo ${timeframe}"}


def test_what_is_wrong_with_an_inherited_text_is_told_once_and_at_the_base(tmp_path: Path) -> None:
    """Though it stands under its language in the heir."""
    found = examined(
        tmp_path,
        GROUP.replace("${timeframe}", "${timefrme} soon"),
        "business_id: a\ninherits: hotels\nlanguages: [de]\ntriggers: {complaint: {reply: {de: '${due_at}'}}}\n",
    )
    told = {problem.file for problem in but_of_crisis(found.problems) if "no text" not in problem.message}
    assert told == {str(tmp_path / "0.yaml")}


def test_what_is_shown_of_an_heir_has_the_inherited_text_under_its_language(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    examined(tmp_path, GROUP, "business_id: seaside\ninherits: hotels\nlanguages: [de]\n")
    assert cli.main(["policy", "show", str(tmp_path), "--business", "seaside", "--channel", "whatsapp"]) == 0
    assert "reply:\n      en: On WhatsApp" in capsys.readouterr().out


ERRORS = [
    ("inherits: hotel", 2, "there is no policy of `hotel` to inherit from", "did you mean `hotels`?"),
    ("inherits: zzz", 2, "there is no policy of `zzz` to inherit from", "name the file"),
    ("inherits: seaside", 2, "`seaside` would inherit from itself", "drop one"),
    ("inherits: hotels\nown_triggers: {bots: {owner: X}}", 3, "`when` is missing", "keywords"),
    ("inherits: hotels\nonwer: X", 3, "unknown key `onwer`", "did you mean"),
    (
        "inherits: hotels\noverrides:\n  - segments: [silver]\n    triggers: {allergi: {owner: X}}",
        5,
        "no trigger `allergi`",
        "did you mean `allergy`?",
    ),
    (
        (
            "inherits: hotels\noverrides:\n  - segments: [silver]\n    triggers: {pets: {owner: X}}\n"
            "  - segments: [gold, silver]\n    triggers: {complaint: {within: 1 hour}}"
        ),
        7,
        "contradicts override 1 of `hotels`, inherited, which is as specific and fits `gold` too",
        "in one of them",
    ),
    (
        "inherits: hotels\nlanguages: [ru]\ntriggers: {complaint: {reply: 'x ${timeframe}'}}",
        4,
        "cannot be said",
        "due_at",
    ),
]


@pytest.mark.parametrize(("text", "line", "message", "mend"), ERRORS)
def test_what_is_wrong_with_an_heir_is_told_at_its_own_line(
    tmp_path: Path, text: str, line: int, message: str, mend: str
) -> None:
    (problem, *more) = examined(tmp_path, BASE, f"business_id: seaside\n{text}\n").errors
    assert more == []
    assert problem.file == str(tmp_path / "1.yaml")
    assert (problem.line, message in problem.message, mend in problem.mend) == (line, True, True), problem


SILVER = "overrides:\n  - segments: [silver]\n    triggers: {pets: {owner: X}}\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (
            SILVER + "  - segments: [SILVER, gold]\n    triggers: {pets: {owner: Y}}\n",
            7,
            "`owner` contradicts override 1, which",
        ),
        (
            SILVER + "  - segments: [bronze, gold]\n    triggers: {complaint: {within: 1 hour}}\n",
            7,
            "`within` contradicts override 1 of `hotels`, inherited, which",
        ),
        (
            SILVER + "  - segments: [bronze, gold]\n    triggers: {complaint: {within: 30 minutes}}\n",
            7,
            "`within` is said already by override 1 of `hotels`, inherited, which",
        ),
    ],
)
def test_what_contradicts_names_the_other_as_its_author_knows_it(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    found = examined(tmp_path, BASE, f"business_id: seaside\ninherits: hotels\n{text}")
    (problem,) = but_of_crisis(found.problems)
    assert (problem.file, problem.line) == (str(tmp_path / "1.yaml"), line)
    assert problem.message.startswith(said)


def test_an_inherited_override_that_the_heir_changes_is_told_at_the_heir(tmp_path: Path) -> None:
    """Though it stands before the one of the base that it contradicts now."""
    base = BASE + "  - segments: [gold, red]\n    triggers: {distress: {owner: Vera}}\n"
    heir = "overrides:\n  - segments: [gold]\n    triggers: {distress: {owner: Max}}\n"
    (problem,) = examined(tmp_path, base, f"business_id: seaside\ninherits: hotels\n{heir}").errors
    assert (problem.file, problem.line) == (str(tmp_path / "1.yaml"), 5)
    assert problem.message.startswith("`owner` contradicts override 2 of `hotels`, inherited, which")


def test_a_contradiction_between_policies_above_is_not_told_again(tmp_path: Path) -> None:
    """Neither the one within the base, nor the one between the base and its heir."""
    base = BASE + "  - segments: [gold, red]\n    triggers: {complaint: {within: 1 hour}}\n"
    heir = "business_id: a\ninherits: hotels\noverrides:\n"
    heir += "  - segments: [red, blue]\n    triggers: {complaint: {within: 3 hours}}\n"
    found = examined(tmp_path, base, heir, "business_id: b\ninherits: a\nqueue: b\n")
    assert [(problem.where.rpartition("/")[2], problem.message.partition(",")[0]) for problem in found.errors] == [
        ("0.yaml:21", "`within` contradicts override 1"),
        ("1.yaml:5", "`within` contradicts override 2 of `hotels`"),
    ]


def test_what_is_wrong_with_the_base_is_told_once_and_there(tmp_path: Path) -> None:
    found = examined(
        tmp_path,
        BASE.replace("allerg*", "the") + "idle_after: 0 hours\n",
        "business_id: a\ninherits: hotels\n",
        "business_id: b\ninherits: a\n",
    )
    assert [problem.where.rpartition("/")[2] for problem in but_of_crisis(found.problems)] == ["0.yaml:15", "0.yaml:20"]


def test_a_problem_that_comes_of_both_is_told_at_the_heir(tmp_path: Path) -> None:
    """The base's reply is whole in the base's languages, and not in the heir's."""
    found = examined(tmp_path, BASE, "business_id: a\nlanguages: [fr]\ninherits: hotels\n")
    (problem,) = but_of_crisis(found.problems)
    assert (problem.line, problem.message) == (3, "there is no text in `fr`, so the built-in one serves there")


def test_a_circle_and_a_long_line_of_heirs_are_refused(tmp_path: Path) -> None:
    circle = ("business_id: a\ninherits: b\n", "business_id: b\ninherits: a\n", "business_id: c\ninherits: a\n")
    messages = [problem.message for problem in examined(tmp_path, *circle).errors]
    assert messages == [
        "`a` would inherit from itself",
        "`b` would inherit from itself",
        "`a` would inherit from itself",
    ]
    lines = ["business_id: p0\nowner: X\n"]
    lines += [f"business_id: p{number}\ninherits: p{number - 1}\n" for number in range(1, MAX_GENERATIONS + 2)]
    (tmp_path / "long").mkdir()
    (problem,) = examined(tmp_path / "long", *lines).errors
    assert "more than 8 policies inherit" in problem.message


def test_only_what_can_be_inherited_may_be_missing(tmp_path: Path) -> None:
    (problem,) = examined(tmp_path, "business_id: a\n").errors
    assert (problem.line, problem.message) == (1, "`owner` is missing")


# --- in force ---


def draft(business: str, **fields: Any) -> Draft:  # noqa: ANN401 - fields of a policy
    """A published policy."""
    return parse_draft(msgspec.json.encode({"business_id": business, **fields}))


def test_a_published_heir_is_read_without_its_base_and_parsed_with_it() -> None:
    data = b'{"business_id":"a","inherits":"base","own_triggers":{"x":{"owner":"Ann"}}}'
    assert parse_draft(data).inherits == "base"
    with pytest.raises(PolicyError, match="no policy of `base` to inherit from"):
        parse(data)
    base = draft("base", owner="B", own_triggers={"x": {"when": {"keywords": ["refund"]}}})
    policy = parse(data, {"base": base}.get)
    assert (policy.owner, policy.own_triggers["x"].owner) == ("B", "Ann")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b'{"business_id":"a","inherits":"b","ownr":1}', "unknown key"),
        (b'{"business_id":"a","inherits":"b","triggers":{"complaint":{"threshold":0}}}', "fires on every message"),
        (b'{"business_id":"a"}', "`owner` is missing"),
        (b"[]", "expected a group"),
    ],
)
def test_a_published_policy_that_is_wrong_whatever_it_inherits_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(PolicyError, match=said):
        parse_draft(data)


DRAFTS = [
    draft("default", owner="Group", queue="all", own_triggers={"x": {"when": {"keywords": ["refund"]}}}),
    draft("hotels", inherits="default", within="2 hours", own_triggers={"x": {"owner": "Ann"}, "y": {"queue": "q"}}),
    draft("seaside", inherits="hotels", overrides=[{"segments": ["gold"], "triggers": {"x": {"owner": "Vera"}}}]),
    draft("alone", owner="Sol"),
    draft("odd", inherits="nobody", queue="odd", own_triggers={"x": {"owner": "Ann"}}),
]
NAMES = ["default", "hotels", "seaside", "alone", "odd", "unknown"]


def in_force(book: PolicyBook) -> dict[str, str]:
    """What holds for each business."""
    return {name: book[name].version for name in NAMES}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_it_does_not_matter_whether_the_base_or_the_heir_came_first(order: tuple[int, ...]) -> None:
    expected = in_force(PolicyBook(DRAFTS))
    book = PolicyBook()
    for place in order:
        book.put(DRAFTS[place])
        in_force(book)
    for other in DRAFTS[3:]:
        book.put(other)
    assert in_force(book) == expected
    assert book["seaside"].rule("x").owner == "Ann"
    assert book["seaside"].in_scope(None, "gold").rule("x").owner == "Vera"
    assert book["seaside"].rule("complaint").queue == "all"


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(DRAFTS)), max_size=14))
def test_what_is_in_force_follows_from_what_is_there(steps: list[tuple[bool, Draft]]) -> None:
    """Whatever was put and removed before, and whenever it was asked for."""
    book, there = PolicyBook(), dict[str, Draft]()
    for put, one in steps:
        if put:
            book.put(one)
            there[one.business_id] = one
        else:
            book.remove(one.business_id)
            there.pop(one.business_id, None)
        assert in_force(book) == in_force(PolicyBook(there.values()))
    assert set(book.without_base()) == {
        one.business_id for one in there.values() if one.inherits is not None and one.inherits not in there
    }


def test_a_business_without_a_policy_has_that_of_default() -> None:
    """Under its own name."""
    book = PolicyBook(DRAFTS)
    unknown = book["unknown"]
    assert (unknown.business_id, unknown.business_name, unknown.rule("complaint").owner) == (
        "unknown",
        "unknown",
        "Group",
    )
    book.remove("default")
    assert book["unknown"].rule("complaint").owner == "our team"


def test_until_its_base_is_there_an_heir_stands_on_the_built_in_default() -> None:
    """What only changes a trigger of the base waits for it."""
    book = PolicyBook(DRAFTS[1:3])
    assert (book["seaside"].rule("complaint").owner, book["seaside"].rule("complaint").queue) == ("our team", "support")
    with pytest.raises(KeyError):
        book["seaside"].rule("x")
    assert book.without_base() == ["hotels"]


def test_an_heir_that_does_not_fit_its_base_gives_way_to_it_and_is_told() -> None:
    told: list[tuple[str, str]] = []
    book = PolicyBook(broken=lambda business, error: told.append((business, str(error))))
    book.put(draft("base", owner="B", overrides=[{"channels": ["web"], "triggers": {"complaint": {"owner": "W"}}}]))
    book.put(
        draft(
            "a",
            inherits="base",
            owner="A",
            overrides=[{"channels": ["web", "app"], "triggers": {"complaint": {"owner": "X"}}}],
        )
    )
    assert (book["a"].rule("distress").owner, book["a"].business_id) == ("B", "a")
    ((business, sentence),) = told
    assert business == "a"
    assert "contradicts override 1 of `base`, inherited" in sentence


def test_a_circle_of_published_policies_ends_where_it_closes() -> None:
    book = PolicyBook([draft("a", inherits="b", queue="qa"), draft("b", inherits="a", within="2 hours")])
    assert (book["a"].rule("complaint").queue, book["b"].rule("complaint").queue) == ("qa", "qa")


def test_drafts_of_files_are_as_written(tmp_path: Path) -> None:
    """So that a base that is published later changes the heirs of files too."""
    examined(tmp_path, BASE, "business_id: seaside\ninherits: hotels\n")
    book = PolicyBook(load_drafts(tmp_path))
    assert book["seaside"].rule("distress").owner == "Reception"
    book.put(draft("hotels", owner="Published"))
    assert book["seaside"].rule("distress").owner == "Published"


def test_an_override_is_named_by_its_own_number_though_one_before_it_is_dropped(tmp_path: Path) -> None:
    """With the trigger that it was about."""
    group = (
        "business_id: group\nowner: Rosa\n"
        "own_triggers: {refund: {when: {keywords: [refund]}}}\n"
        "overrides:\n"
        "  - channels: [voice]\n    triggers: {refund: {owner: X}}\n"
        "  - channels: [whatsapp]\n    triggers: {complaint: {priority: critical}}\n"
    )
    heir = (
        "business_id: shop\ninherits: group\nown_triggers: {refund: ~}\n"
        "overrides:\n  - channels: [whatsapp, webchat]\n    triggers: {complaint: {priority: low}}\n"
    )
    (problem,) = [one for one in examined(tmp_path, group, heir).problems if "contradicts" in one.message]
    assert "contradicts override 2 of `group`, inherited" in problem.message
