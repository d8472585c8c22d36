"""The schemas say what the decoder does, the samples fit them, and nothing generated has drifted from the code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from jsonschema import Draft7Validator, Draft202012Validator
from ruamel.yaml import YAML

from handraise.engine.topics import Topic
from handraise.events import InvalidEventError, decode
from handraise.reference import samples
from handraise.reference.__main__ import documents
from handraise.reference.schemas import DEAD_LETTER_HEADERS, EVENTS, SCENARIOS

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "schemas"
BY_SLUG = {event.slug: event for event in EVENTS}


def loaded(path: Path) -> Any:  # noqa: ANN401  any JSON
    return json.loads(path.read_text(encoding="utf-8"))


def validator(slug: str) -> Draft202012Validator:
    document = loaded(SCHEMAS / f"{slug}.schema.json")
    return Draft202012Validator(document, format_checker=Draft202012Validator.FORMAT_CHECKER)


def slug_of(sample: str) -> str:
    """The schema of a sample: the longest of their names that the sample's name begins with."""
    return max((slug for slug in [*BY_SLUG, DEAD_LETTER_HEADERS] if sample.startswith(slug)), key=len)


def accepted_by_decoder(slug: str, event: object) -> bool:
    try:
        decode(json.dumps(event), msgspec.json.Decoder(BY_SLUG[slug].type))
    except InvalidEventError:
        return False
    return True


SAMPLES = sorted((SCHEMAS / "samples").glob("*.json"))
GENERATED = documents(ROOT)


@pytest.mark.parametrize("path", sorted(GENERATED), ids=lambda path: path.name)
def test_a_generated_file_is_what_the_code_would_write(path: Path) -> None:
    assert path.read_text(encoding="utf-8") == GENERATED[path], "run `make docs` and commit what it writes"


def test_no_schema_or_sample_is_there_that_nothing_generates() -> None:
    there = {path for path in SCHEMAS.rglob("*") if path.suffix in {".json", ".jsonl", ".yaml"}}
    assert there == {path for path in GENERATED if SCHEMAS in path.parents}


@pytest.mark.parametrize("slug", [*BY_SLUG, SCENARIOS.slug, DEAD_LETTER_HEADERS])
def test_a_schema_is_valid_and_describes_every_field(slug: str) -> None:
    document = loaded(SCHEMAS / f"{slug}.schema.json")
    Draft202012Validator.check_schema(document)
    assert document["$id"].endswith(f"{slug}:1")
    for part in [document, *document.get("$defs", {}).values()]:
        assert part["title"]
        assert part["description"].endswith((".", "`"))
        for field in part.get("properties", {}).values():
            assert field["description"][-1] in ".`"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_fits_its_schema_and_its_type(path: Path) -> None:
    sample, slug = loaded(path), slug_of(path.stem)
    validator(slug).validate(sample)
    if slug != DEAD_LETTER_HEADERS:
        assert accepted_by_decoder(slug, sample)


def test_the_sample_conversation_is_one_chat_message_a_line() -> None:
    lines = (SCHEMAS / "samples" / "conversation.jsonl").read_text(encoding="utf-8").splitlines()
    assert len(lines) == len(samples.MESSAGES)
    for line in lines:
        validator("chat-message").validate(json.loads(line))


def test_the_quoted_evidence_stands_where_the_offsets_say() -> None:
    texts = {message.message_id: message.text for message in samples.MESSAGES}
    escalation = loaded(SCHEMAS / "samples" / "escalation.json")
    for evidence in escalation["evidence"]:
        assert texts[evidence["message_id"]][evidence["start"] : evidence["end"]] == evidence["text"]


@pytest.mark.parametrize(
    ("sample", "changes"),
    [
        ("chat-message", {"sender": "robot"}),
        ("chat-message", {"sender": None}),
        ("chat-message", {"message_id": ""}),
        ("chat-message", {"message_id": 7}),
        ("chat-message", {"business_id": "a/b"}),
        ("chat-message", {"sent_at": "2026-11-24T14:02:10"}),
        ("chat-message", {"sent_at": "2026-02-30T14:02:10Z"}),
        ("chat-message", {"sent_at": "2026-11-24T14:02:60Z"}),
        ("chat-message", {"sent_at": "1969-12-31T23:59:59Z"}),
        ("chat-message", {"sent_at": -1}),
        ("chat-message", {"sent_at": 10**15}),
        ("chat-message", {"text": None}),
        ("chat-message", {"language": "english please"}),
        ("chat-message", {"message_type": ""}),
        ("chat-message", {"customer": "Priya"}),
        ("chat-message", {"assistant": {"confidence": 1.5}}),
        ("chat-message", {"assistant": {"sources": ["a"] * 101}}),
        ("chat-message", {"attributes": {"tags": ["a"]}}),
        ("chat-message", {"attributes": {"": 1}}),
        ("chat-message", {"attributes": {str(number): number for number in range(65)}}),
        ("outcome", {"kind": "done"}),
        ("outcome", {"verdict": "great"}),
        ("outcome", {"note": "x" * 2_001}),
        ("escalation", {"priority": "urgent"}),
        ("escalation", {"revision": -1}),
        ("escalation", {"reply": {"text": "only"}}),
        ("escalation", {"sentiment": {"now": -1.1, "trend": "falling", "lowest": -1, "streak": 0}}),
        ("control", {"holder": "nobody"}),
        ("decision", {"score": 1.01}),
        ("policy", {"onwer": "Rosa"}),
        ("policy", {"within": "soon"}),
        ("policy", {"triggers": {"complaints": {}}}),
        ("policy", {"own_triggers": {"mine": {"when": []}}}),
        ("policy", {"overrides": [{"channels": ["voice"]}]}),
    ],
)
def test_what_does_not_fit_is_refused_by_schema_and_decoder_alike(sample: str, changes: dict[str, Any]) -> None:
    broken = loaded(SCHEMAS / "samples" / f"{sample}.json") | changes
    assert not validator(sample).is_valid(broken)
    assert not accepted_by_decoder(sample, broken)


@pytest.mark.parametrize("slug", list(BY_SLUG))
def test_a_missing_required_field_is_refused_by_schema_and_decoder_alike(slug: str) -> None:
    sample = loaded(SCHEMAS / "samples" / f"{slug}.json")
    for field in loaded(SCHEMAS / f"{slug}.schema.json")["required"]:
        broken = {name: value for name, value in sample.items() if name != field}
        assert not validator(slug).is_valid(broken)
        assert not accepted_by_decoder(slug, broken)


# A float with a whole value is an integer to JSON Schema and not to the decoder; the descriptions of times say so.
_NUMBERS = st.one_of(
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False).filter(lambda number: not number.is_integer()),
    st.sampled_from([0, 1, -1, 0.5, 1.5, 32_503_679_999_999, 32_503_680_000_000]),
)
_TIMES = st.one_of(
    st.datetimes().map(lambda time: time.isoformat() + "Z"),
    st.builds(
        "{:04}-{:02}-{:02}{}{:02}:{:02}:{:02}{}{}".format,
        *(st.integers(0, 9_999), st.integers(0, 13), st.integers(0, 32), st.sampled_from("Tt")),
        *(st.integers(0, 24), st.integers(0, 60), st.integers(0, 60)),
        *(st.sampled_from(["", ".5", ".123456789"]), st.sampled_from(["Z", "z", "+05:30", "-23:59", "+24:00", ""])),
    ),
)
_TEXTS = st.one_of(
    st.text(max_size=12), st.sampled_from(["", "x" * 64, "x" * 65, "x" * 200, "x" * 201, "en", "pt-BR", "a/b", "human"])
)
_LEAVES = st.none() | st.booleans() | _NUMBERS | _TIMES | _TEXTS
_VALUES: st.SearchStrategy[Any] = st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3), max_leaves=6
)


@pytest.mark.parametrize("slug", list(BY_SLUG))
def test_schema_and_decoder_accept_the_same(slug: str) -> None:
    """A sample with any of its fields set to anything, or left out, or its parts changed in the same way."""
    sample = loaded(SCHEMAS / "samples" / f"{slug}.json")
    check = validator(slug)
    names = sorted(loaded(SCHEMAS / f"{slug}.schema.json")["properties"])
    parts = {name: sorted(value) for name, value in sample.items() if isinstance(value, dict) and value}

    @given(st.data())
    @settings(deadline=None, max_examples=200)
    def agree(data: st.DataObject) -> None:
        event = dict(sample)
        for name in data.draw(st.lists(st.sampled_from(names), max_size=2, unique=True)):
            event[name] = data.draw(_VALUES)
        if parts:
            name = data.draw(st.sampled_from(sorted(parts)))
            event[name] = sample[name] | {data.draw(st.sampled_from(parts[name])): data.draw(_VALUES)}
        assert check.is_valid(event) == accepted_by_decoder(slug, event)

    agree()


@given(sent_at=_TIMES | _NUMBERS)
@example(sent_at="1970-01-01T00:00:00Z")
@example(sent_at="2999-12-31T23:59:59.999Z")
@settings(deadline=None)
def test_schema_and_decoder_take_the_same_times(sent_at: object) -> None:
    event = loaded(SCHEMAS / "samples" / "chat-message.json") | {"sent_at": sent_at}
    assert validator("chat-message").is_valid(event) == accepted_by_decoder("chat-message", event)


# --- AsyncAPI ---


@pytest.fixture
def document() -> dict[str, Any]:
    found: dict[str, Any] = YAML(typ="safe").load((SCHEMAS / "asyncapi.yaml").read_text(encoding="utf-8"))
    return found


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [found for value in part.values() for found in references(value)]
    if isinstance(part, list):
        return [found for value in part for found in references(value)]
    return []


def test_the_document_is_valid_asyncapi_3(document: dict[str, Any]) -> None:
    official = Draft7Validator(loaded(ROOT / "tests" / "data" / "asyncapi" / "3.0.0.json"))
    assert [error.json_path for error in official.iter_errors(document)] == []
    document["channels"]["chatMessages"]["bindings"]["kafka"]["partitions"] = "many"
    assert not official.is_valid(document)


def test_every_reference_of_the_document_leads_somewhere(document: dict[str, Any]) -> None:
    found = references(document)
    assert len(found) > len(BY_SLUG)
    for reference in found:
        if reference.startswith("./"):
            assert (SCHEMAS / reference).is_file()
        else:
            part: Any = document
            for step in reference.removeprefix("#/").split("/"):
                part = part[step]


def test_the_document_has_every_schema_with_an_example_that_fits(document: dict[str, Any]) -> None:
    seen = set()
    for message in document["components"]["messages"].values():
        part = "headers" if "headers" in message else "payload"
        assert message[part]["schemaFormat"].endswith(";version=2020-12")
        slug = message[part]["schema"]["$ref"].removeprefix("./").removesuffix(".schema.json")
        seen.add(slug)
        for shown in message["examples"]:
            validator(slug).validate(shown[part])
    assert seen == {*BY_SLUG, DEAD_LETTER_HEADERS}


def test_the_document_has_every_topic_but_the_state(document: dict[str, Any]) -> None:
    addresses = {channel["address"] for channel in document["channels"].values()}
    assert addresses == {topic.value for topic in Topic} - {Topic.STATE.value}
