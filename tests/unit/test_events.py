from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.events import (
    MESSAGES,
    OUTCOMES,
    ChatMessage,
    DeadLetterReason,
    InvalidEventError,
    Sender,
    Verdict,
    decode,
    encode,
    milliseconds,
    utc,
)

VALID: dict[str, Any] = {
    "message_id": "m1",
    "conversation_id": "c1",
    "business_id": "b1",
    "sender": "customer",
    "sent_at": "2026-03-02T09:00:25.123Z",
    "text": "hello",
}


def decoded(**changes: Any) -> ChatMessage:  # noqa: ANN401 - the tests send what a producer might
    return decode(json.dumps(VALID | changes), MESSAGES)


def error_of(changes: dict[str, Any]) -> str:
    try:
        decoded(**changes)
    except InvalidEventError as refused:
        return str(refused)
    return ""


def test_unknown_fields_are_ignored() -> None:
    assert decoded(unheard_of={"a": 1}) == decoded()


def test_a_time_is_rfc_3339_or_epoch_milliseconds() -> None:
    written = milliseconds(decoded().sent_at)
    assert written == 1_772_442_025_123
    assert milliseconds(decoded(sent_at=written).sent_at) == written
    assert milliseconds(decoded(sent_at="2026-03-02T10:00:25.123+01:00").sent_at) == written


@pytest.mark.parametrize(
    ("changes", "path"),
    [
        ({"sender": "robot"}, "$.sender"),
        ({"message_id": ""}, "$.message_id"),
        ({"message_id": "x" * 201}, "$.message_id"),
        ({"business_id": "a/b"}, "$.business_id"),
        ({"sent_at": "2026-03-02T09:00:25"}, "$.sent_at"),
        ({"sent_at": -1}, "$.sent_at"),
        ({"sent_at": 1.5}, "$.sent_at"),
        ({"sent_at": 32_503_680_000_000}, "$.sent_at"),
        ({"sent_at": "3000-01-01T00:00:00Z"}, "$.sent_at"),
        ({"sent_at": "0001-01-01T00:00:00+05:00"}, "$.sent_at"),
        ({"text": None}, "$.text"),
        ({"text": 5}, "$.text"),
        ({"language": "english please"}, "$.language"),
        ({"assistant": {"confidence": 1.01}}, "$.assistant.confidence"),
        ({"assistant": {"answered": "no"}}, "$.assistant.answered"),
        ({"attributes": {"tags": ["a"]}}, "$.attributes.tags"),
        ({"attributes": {"order_total": 5, "note": "x" * 2_001}}, "$.attributes.note"),
        ({"attributes": {"+44 20 7946 0958": ["a"]}}, "$.attributes[...]"),
        ({"attributes": {"442079460958": ["a"]}}, "$.attributes[...]"),
        ({"attributes": {"x" * 41: ["a"]}}, "$.attributes[...]"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_path_of_the_field(changes: dict[str, Any], path: str) -> None:
    with pytest.raises(InvalidEventError) as refused:
        decoded(**changes)
    assert refused.value.code is DeadLetterReason.INVALID
    assert refused.value.path == path


def test_a_number_that_no_computer_holds_is_told_by_the_name_of_its_attribute() -> None:
    data = json.dumps(VALID)[:-1] + ', "attributes": {"order_total": 5, "weight": 1e999}}'
    with pytest.raises(InvalidEventError) as refused:
        decode(data, MESSAGES)
    assert refused.value.path == "$.attributes.weight"
    assert "999" not in str(refused.value)


def test_an_attribute_that_does_not_fit_is_refused_though_what_is_not_json_comes_after_it() -> None:
    data = json.dumps(VALID)[:-1] + ', "attributes": {"order_total": {"": Infinity}}}'
    with pytest.raises(InvalidEventError) as refused:
        decode(data, MESSAGES)
    assert (refused.value.code, refused.value.path) == (DeadLetterReason.INVALID, "$.attributes[...]")


def test_the_values_that_a_field_may_have_are_listed() -> None:
    refused = error_of({"sender": "robot"})
    assert "robot" not in refused
    assert all(sender in refused for sender in Sender)
    outcome = {"outcome_id": "o1", "conversation_id": "c1", "business_id": "b1", "kind": "accepted"}
    with pytest.raises(InvalidEventError) as error:
        decode(json.dumps(outcome | {"at": 1_772_446_500_000, "verdict": "great"}), OUTCOMES)
    assert "great" not in str(error.value)
    assert all(verdict in str(error.value) for verdict in Verdict)


def test_seconds_are_not_taken_for_milliseconds() -> None:
    seconds = 1_772_446_500
    assert "milliseconds" in error_of({"sent_at": seconds})
    assert error_of({"sent_at": seconds * 1_000}) == ""
    outcome = {"outcome_id": "o1", "conversation_id": "c1", "business_id": "b1", "kind": "accepted"}
    with pytest.raises(InvalidEventError, match=r"^\$\.at: .*milliseconds"):
        decode(json.dumps(outcome | {"at": seconds}), OUTCOMES)
    assert decode(json.dumps(outcome | {"at": seconds * 1_000}), OUTCOMES).at == seconds * 1_000


@pytest.mark.parametrize("missing", sorted(VALID))
def test_a_missing_field_is_named(missing: str) -> None:
    with pytest.raises(InvalidEventError, match=missing):
        decode(json.dumps({name: value for name, value in VALID.items() if name != missing}), MESSAGES)


@pytest.mark.parametrize("data", [b"", b"\xff\xfe", b"{", b'{"text": "\\ud800"}', b"[" * 100_000])
def test_what_is_no_event_at_all_is_refused(data: bytes) -> None:
    with pytest.raises(InvalidEventError):
        decode(data, MESSAGES)


@given(st.sampled_from(sorted(VALID)), st.from_regex(r"\A[a-z]{12}\Z"))
def test_an_error_never_holds_a_value_of_the_event(name: str, secret: str) -> None:
    for value in ({secret: 1}, [secret], secret * 60_000):
        assert secret not in error_of({name: value})


@given(st.integers(0, 253_402_300_799_999))
def test_milliseconds_survive_the_wire(time: int) -> None:
    assert milliseconds(utc(time)) == time


@given(st.datetimes(min_value=datetime(1970, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - Hypothesis adds the zone
def test_a_time_is_rounded_down_to_milliseconds(time: datetime) -> None:
    assert 0 <= time.timestamp() * 1000 - milliseconds(time) < 1.1


def test_equal_events_give_equal_bytes() -> None:
    assert encode(decoded(channel="web")) == encode(decode(encode(decoded(channel="web")), MESSAGES))
