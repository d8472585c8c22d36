"""Dead letters: a record that could not be used, kept as it came, with the reason beside it.

When one is replayed, a receipt is put behind it in its partition: a record with one header, `handraise.replayed`, that
holds the offset of the letter.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec

from handraise.engine.record import Record
from handraise.events import DeadLetter, DeadLetterReason

KEPT_BYTES: Final = 900_000
"""Key, headers and value together stay under this, so that the letter fits where the broker's limit is 1 MiB."""
_KEPT_KEY_BYTES: Final = 100_000
_HEADER_PREFIX: Final = "handraise."
_FIELDS: Final = msgspec.structs.fields(DeadLetter)
_RECEIPT: Final = _HEADER_PREFIX + "replayed"
REPLAYED_FROM: Final = _HEADER_PREFIX + "replayed_from"
"""Topic, partition and offset of the dead letter that a record was replayed from."""

Headers = tuple[tuple[str, bytes], ...]


class Letter(NamedTuple):
    """A record for the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: Headers


def letter(record: Record, reason: DeadLetterReason, error: str) -> Letter:
    """Make the dead letter of a record: its own key, headers and value, and our headers after them.

    What is too large to keep is cut at the end: the value first, and only of a monstrous record the key, or the
    headers as a whole; `handraise.error` says so then, and `handraise.cut_bytes` counts all that is missing. Where the
    record already has headers of our names, because it is a dead letter that was sent again by hand, the last of a name
    counts.
    """
    key, headers = record.key, tuple(record.headers)
    if key is not None and len(key) > _KEPT_KEY_BYTES:
        key, error = key[:_KEPT_KEY_BYTES], f"{error}; the key is cut too"
    room = KEPT_BYTES - len(key or b"")
    if _size(headers) > room // 2:
        headers, error = (), f"{error}; its own headers are left out"
    room -= _size(headers)
    value = record.value if record.value is None else record.value[:room]
    cut = size_of(record) - len(key or b"") - len(value or b"") - _size(headers)
    described = DeadLetter(
        reason=reason,
        source_topic=record.topic,
        source_partition=record.partition,
        source_offset=record.offset,
        error=error,
        cut_bytes=cut,
    )
    if key is None and value is None:
        # A record with neither cannot be sent; an empty value is the nearest to none.
        value = b""
    return Letter(key, value, headers + _headers(described))


def read_letter(record: Record) -> DeadLetter | None:
    """What a record of the dead-letter topic says of itself; None if it is no letter."""
    said = {name.removeprefix(_HEADER_PREFIX): value for name, value in record.headers}
    try:
        fields = {field.name: (said[field.name] or b"").decode() for field in _FIELDS}
        return msgspec.convert(fields, DeadLetter, strict=False)
    except (KeyError, UnicodeDecodeError, msgspec.ValidationError):
        return None


def original_headers(record: Record) -> Headers:
    """Those to replay a letter with: its own, without ours, and where it comes from."""
    own = (header for header in record.headers[: -len(_FIELDS)] if header[0] != REPLAYED_FROM)
    return (*own, (REPLAYED_FROM, f"{record.topic}/{record.partition}/{record.offset}".encode()))


def receipt_headers(record: Record) -> Headers:
    """Those of the receipt for a letter, which goes to the letter's own partition."""
    return ((_RECEIPT, str(record.offset).encode()),)


def receipt_of(record: Record) -> tuple[int, int] | None:
    """The partition and offset of the letter that a record of the dead-letter topic is the receipt for."""
    # A letter may have the header too, if the record that it holds had it.
    if len(record.headers) == 1 and record.headers[0][0] == _RECEIPT and record.headers[0][1].isdigit():
        return record.partition, int(record.headers[0][1])
    return None


def size_of(record: Record) -> int:
    """Bytes of key, value and headers together."""
    size = len(record.key or b"") + len(record.value or b"")
    return size + _size(record.headers) if record.headers else size


def _headers(described: DeadLetter) -> Headers:
    return tuple(
        (_HEADER_PREFIX + name, str(value).encode()) for name, value in msgspec.structs.asdict(described).items()
    )


def _size(headers: Sequence[tuple[str, bytes]]) -> int:
    return sum(len(name) + len(value or b"") for name, value in headers)
