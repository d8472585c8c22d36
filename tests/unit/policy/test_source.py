"""Policies as they come: files, folders, the JSON of `chat.policies`; and their versions."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.events import Policy
from handraise.policy import (
    PolicyBook,
    PolicyError,
    compile_policy,
    default_policy,
    effective,
    examine,
    examine_text,
    load,
    parse,
)
from handraise.policy.document import documents_in
from handraise.policy.written import to_yaml

EXAMPLE = Path(__file__).parents[3] / "ops" / "policies" / "example.yaml"


def enabled(written: str, business: str = "cafe") -> str:
    """A policy that says so of one trigger."""
    return f"business_id: {business}\nowner: Rosa\ntriggers: {{complaint: {{enabled: {written}}}}}\n"


def version(text: str) -> str:
    """The version of a policy written as a flow of keys."""
    (document,) = documents_in(f"{{business_id: cafe, owner: Rosa, {text}}}")
    return compile_policy(msgspec.convert(document.value, Policy)).version


def test_several_businesses_in_a_file_a_list_and_a_folder(tmp_path: Path) -> None:
    """Whatever is handy; files are read by name, hidden and other ones are not."""
    (tmp_path / "a.yaml").write_text("business_id: a\nowner: A\n---\nbusiness_id: b\nowner: B\n")
    (tmp_path / "z.yml").write_text("- business_id: y\n  owner: Y\n- business_id: z\n  owner: Z\n")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "c.json").write_text('{"business_id": "c", "owner": "C"}')
    (tmp_path / ".hidden.yaml").write_text("nonsense")
    (tmp_path / "README.md").write_text("nonsense")
    assert [policy.business_id for policy in load(tmp_path)] == ["a", "b", "c", "y", "z"]
    assert [policy.business_id for policy in load([tmp_path / "z.yml", str(tmp_path / "a.yaml")])] == [
        "y",
        "z",
        "a",
        "b",
    ]


def test_a_text_is_examined_as_a_file_is(tmp_path: Path) -> None:
    """What an editor says of a policy is what `policy check` says of its file."""
    for text in ("business_id: a\nowner: A\n", "business_id: a\nownr: A\n", "business_id: [\n", "", "a: 1\na: 2\n"):
        file = tmp_path / "a.yaml"
        file.write_text(text)
        assert examine_text(text, str(file)) == examine(file)


def test_a_text_inherits_from_what_lies_beyond_it() -> None:
    """An editor holds one policy, and those that it may inherit from are elsewhere."""
    (base,) = examine_text("business_id: hotels\nowner: Rosa\nwithin: 2 hours\n", "base").drafts
    heir = "business_id: a\ninherits: hotels\n"
    examined = examine_text(heir, "text", {"hotels": base}.get, lambda: ["hotels"])
    assert examined.problems == []
    assert [(policy.owner, policy.within) for policy in examined.policies] == [("Rosa", "2 hours")]
    (missing,) = examine_text(heir.replace("hotels", "hotel"), "text", {"hotels": base}.get, lambda: ["hotels"]).errors
    assert missing.mend == "did you mean `hotels`?"


def test_a_second_policy_for_a_business_is_refused_across_files(tmp_path: Path) -> None:
    """Which of them would be in force could not be told."""
    for name in ("a.yaml", "b.yaml"):
        (tmp_path / name).write_text("business_id: a\nowner: A\n")
    with pytest.raises(PolicyError, match=r"b\.yaml:1: `a` has a policy already, at .*a\.yaml:1"):
        load(tmp_path)


def test_an_empty_folder_and_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    """A policy that is silently not there would be worse."""
    with pytest.raises(PolicyError, match="holds no"):
        load(tmp_path)
    (tmp_path / "a.yaml").write_bytes(b"business_id: \xff\n")
    with pytest.raises(PolicyError, match="not UTF-8"):
        load(tmp_path)


def test_a_missing_file_is_an_os_error(tmp_path: Path) -> None:
    """The command line knows how to say that."""
    with pytest.raises(OSError, match="nowhere"):
        load(tmp_path / "nowhere.yaml")


def test_words_of_yaml_1_1_are_words(tmp_path: Path) -> None:
    """A business called `no`, an owner called `On`, times that are not base 60."""
    (tmp_path / "a.yaml").write_text("business_id: no\nowner: On\nqueue: 12:30\nlanguages: [no]\n")
    (policy,) = load(tmp_path)
    assert (policy.business_id, policy.owner, policy.queue, policy.languages) == ("no", "On", "12:30", ["no"])


@pytest.mark.parametrize(
    ("written", "meant"), [("yes", True), ("On", True), ("y", True), ("no", False), ("OFF", False)]
)
def test_what_yaml_1_1_says_of_truth_is_what_it_means(tmp_path: Path, written: str, meant: bool) -> None:
    (tmp_path / "a.yaml").write_text(f"%YAML 1.1\n---\n{enabled(written)}---\n{enabled(f'!!bool {written}', 'bar')}")
    assert [policy.triggers.complaint.enabled for policy in load(tmp_path)] == [meant, meant]


def test_a_tag_makes_no_truth_of_a_word(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(enabled("!!bool perhaps"))
    with pytest.raises(PolicyError, match="expected true or false, not `perhaps`"):
        load(tmp_path / "a.yaml")


def test_a_policy_from_kafka_is_the_same_as_from_a_file() -> None:
    """The same shape, the same version."""
    (policy,) = load(EXAMPLE)
    assert parse(msgspec.json.encode(policy)) == policy
    assert parse(json.dumps(msgspec.to_builtins(policy), ensure_ascii=True).encode()) == policy


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"business_id: a\nowner: b", "not JSON"),
        (b"3", r"^\$ \(line 1\): expected a group of keys"),
        (b'{"business_id": "a",\n"owner": "b",\n"onwer": 1}', r"^\$\.onwer \(line 3\): unknown key"),
        (b'{"business_id":"a","owner":"b","hours":{"zone":"Mars/One"}}', r"^\$\.hours\.zone \(line 1\): "),
        (b'{"business_id":"a"}', r"`owner` is missing"),
        (b"[" * 100_000, "not JSON"),
    ],
)
def test_a_bad_policy_from_kafka_is_refused_with_its_place_and_reason(data: bytes, said: str) -> None:
    """The error is what the dead letter says."""
    with pytest.raises(PolicyError, match=said):
        parse(data)


def test_a_warning_does_not_refuse_a_policy_from_kafka() -> None:
    """It is the business's own choice."""
    assert parse(b'{"business_id":"a","owner":"b","triggers":{"crisis":{"enabled":false}}}').business_id == "a"


@given(st.binary(max_size=60))
def test_any_bytes_are_parsed_or_refused(data: bytes) -> None:
    """Never another exception."""
    try:
        parse(data)
    except PolicyError as error:
        assert error.problems  # noqa: PT017  either is right, nothing else is


def test_the_example_is_sound_and_stays_itself_when_shown(tmp_path: Path) -> None:
    """What `policy show` prints can be loaded, and does the same."""
    (policy,) = load(EXAMPLE)
    (tmp_path / "shown.yaml").write_text(to_yaml([effective(policy)]))
    (again,) = load(tmp_path / "shown.yaml")
    assert effective(again) == effective(policy)
    assert compile_policy(again).version == compile_policy(policy).version
    assert {"allergy", "lost_property", "three_photos", "gone_after_the_price"} < set(policy.own_triggers)


def test_an_attribute_that_must_be_null_survives_being_shown(tmp_path: Path) -> None:
    """`equals: null` is a test, not an absent one."""
    (tmp_path / "a.yaml").write_text(
        "business_id: a\nowner: A\nown_triggers:\n  t: {when: {attributes: {x: {equals: null}, y: {exists: false}}}}\n"
    )
    (policy,) = load(tmp_path / "a.yaml")
    (tmp_path / "b.yaml").write_text(to_yaml([effective(policy)]))
    assert effective(load(tmp_path / "b.yaml")[0]) == effective(policy)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("within: 1 business day", "queue: support"),
        ("within: a day", "within: 1 working day"),
        ("within: an hour", "within: 1 hour"),
        ("name: cafe", "languages: [en]"),
        ("hours: {days: {mon-fri: '09:00-17:00'}}", "hours: {days: {mon: 9:00-17:00, tue-fri: 09:00-17:00}}"),
        ("hours: {closed: [2026-01-02, 2026-01-01]}", "hours: {closed: [2026-01-01, 2026-01-02, 2026-01-02]}"),
        ("triggers: {complaint: {owner: Rosa}}", "triggers: {complaint: {threshold: 0.5}}"),
        ("own_triggers: {t: {when: {keywords: [b, a, b]}}}", "own_triggers: {t: {when: {keywords: [a, b]}}}"),
        ("triggers: {complaint: {reply: Hi}}", "triggers: {complaint: {reply: {EN: Hi}}}"),
    ],
)
def test_the_same_effect_has_the_same_version(one: str, other: str) -> None:
    """However it is written."""
    assert version(one) == version(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("within: 2 hours", "within: 3 hours"),
        ("within: 60 minutes", "within: 1 hour"),
        ("name: Cafe", "name: Bar"),
        ("languages: [en, es]", "languages: [es, en]"),
        ("triggers: {complaint: {enabled: false}}", "triggers: {distress: {enabled: false}}"),
        (
            "own_triggers: {a: {when: {keywords: [x]}}, b: {when: {keywords: [x]}}}",
            "own_triggers: {b: {when: {keywords: [x]}}, a: {when: {keywords: [x]}}}",
        ),
    ],
)
def test_another_effect_has_another_version(one: str, other: str) -> None:
    """Even where customers only read other words."""
    assert version(one) != version(other)


def test_a_version_is_the_same_in_every_process_and_release() -> None:
    """It is on every decision, so it must not change without the policy."""
    assert version("within: 2 hours") == "cf1c2e0ed95586dd"


def test_a_business_without_a_policy_has_the_default() -> None:
    """And goes back to it when its own is removed."""
    book = PolicyBook([Policy(business_id="a", owner="A")])
    assert book["a"].rule("complaint").owner == "A"
    assert book["b"].rule("complaint").owner == "our team"
    assert (book["b"].business_id, book["b"].business_name) == ("b", "b")
    assert book["b"].version == book["c"].version == default_policy("x").version
    assert book.businesses() == ["a"]
    assert len(book) == 1
    book.put(Policy(business_id="a", owner="B"))
    assert book["a"].rule("complaint").owner == "B"
    book.remove("a")
    book.remove("a")
    assert book["a"].rule("complaint").owner == "our team"


def test_a_policy_that_does_not_compile_leaves_the_one_before_in_force() -> None:
    """A struct that was never checked."""
    book = PolicyBook([Policy(business_id="a", owner="A")])
    with pytest.raises(ValueError, match="not a number of"):
        book.put(Policy(business_id="a", owner="B", within="soon"))
    assert book["a"].rule("complaint").owner == "A"
