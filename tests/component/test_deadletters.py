"""Dead letters keep what came, within what a broker takes."""

from __future__ import annotations

from handraise.engine.clients import MAX_REQUEST_BYTES
from handraise.engine.deadletters import KEPT_BYTES, Letter, letter
from handraise.events import DeadLetterReason
from tests.support.records import FakeRecord


def size(made: Letter) -> int:
    """Bytes of key, value and headers."""
    return len(made.key or b"") + len(made.value or b"") + sum(len(n) + len(v) for n, v in made.headers)


def made_of(record: FakeRecord) -> Letter:
    """The letter for an invalid record."""
    return letter(record, DeadLetterReason.INVALID, "$.text: too long")


def test_the_original_is_kept_to_the_byte_and_described_in_headers() -> None:
    """Its own headers stand before ours."""
    made = made_of(FakeRecord(b"\xff\x00", partition=3, offset=42, key=b"\x01", headers=(("a", b"1"),)))
    assert (made.key, made.value, made.headers[0]) == (b"\x01", b"\xff\x00", ("a", b"1"))
    assert dict(made.headers[1:]) == {
        "handraise.reason": b"invalid",
        "handraise.source_topic": b"chat.messages",
        "handraise.source_partition": b"3",
        "handraise.source_offset": b"42",
        "handraise.error": b"$.text: too long",
        "handraise.cut_bytes": b"0",
    }


def test_a_large_value_is_cut_at_its_end_and_says_by_how_much() -> None:
    """The beginning is what a reader needs."""
    made = made_of(FakeRecord(b"ab" * KEPT_BYTES))
    assert made.value is not None
    assert made.value.startswith(b"abab")
    assert int(dict(made.headers)["handraise.cut_bytes"]) == 2 * KEPT_BYTES - len(made.value)
    assert KEPT_BYTES * 0.99 < size(made) < MAX_REQUEST_BYTES


def test_even_a_monstrous_key_or_headers_leave_a_letter_that_can_be_sent() -> None:
    """What was left out is said in the error."""
    made = made_of(FakeRecord(b"v" * 10, key=b"k" * 2_000_000, headers=(("h", b"x" * 2_000_000),)))
    error = dict(made.headers)["handraise.error"]
    assert size(made) < MAX_REQUEST_BYTES
    assert made.value == b"v" * 10
    assert b"the key is cut too" in error
    assert b"its own headers are left out" in error


def test_a_record_with_neither_key_nor_value_can_still_be_sent() -> None:
    """Kafka's client refuses to send nothing at all."""
    assert made_of(FakeRecord(None, key=None)).value == b""
    assert made_of(FakeRecord(None, key=b"k")).value is None


def test_of_a_dead_letter_that_comes_back_the_last_header_of_a_name_is_ours() -> None:
    """A dictionary of the headers tells the latest reason."""
    first = made_of(FakeRecord(b"x", offset=1))
    again = letter(FakeRecord(first.value, offset=9, headers=first.headers), DeadLetterReason.NOT_JSON, "$: not JSON")
    assert dict(again.headers)["handraise.reason"] == b"not_json"
    assert dict(again.headers)["handraise.source_offset"] == b"9"
