"""Dead letters: a record that could not be used, kept as it came, with the reason beside it."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from handraise.engine.record import Record
from handraise.events import DeadLetter, DeadLetterReason

KEPT_BYTES: Final = 900_000
"""Key, headers and value together stay under this, so that the letter fits where the broker's limit is 1 MiB."""
_KEPT_KEY_BYTES: Final = 100_000
_HEADER_PREFIX: Final = "handraise."

Headers = tuple[tuple[str, bytes], ...]


class Letter(NamedTuple):
    """A record for the dead-letter topic."""

    key: bytes | None
    value: bytes | None
    headers: Headers


def letter(record: Record, reason: DeadLetterReason, error: str) -> Letter:
    """Make the dead letter of a record: its own key, headers and value, and our headers after them.

    What is too large to keep is cut at the end: the value first, and only of a monstrous record the key, or the
    headers as a whole; `handraise.error` says so then. Where the record already has headers of our names, because it
    is a dead letter that was sent again, the last of a name counts.
    """
    key, headers = record.key, tuple(record.headers)
    if key is not None and len(key) > _KEPT_KEY_BYTES:
        key, error = key[:_KEPT_KEY_BYTES], f"{error}; the key is cut too"
    room = KEPT_BYTES - len(key or b"")
    if _size(headers) > room // 2:
        headers, error = (), f"{error}; its own headers are left out"
    room -= _size(headers)
    value = record.value
    cut = 0 if value is None else max(0, len(value) - room)
    if value is not None and cut:
        value = value[:room]
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


def _headers(described: DeadLetter) -> Headers:
    return tuple(
        (_HEADER_PREFIX + name, str(value).encode()) for name, value in msgspec.structs.asdict(described).items()
    )


def _size(headers: Headers) -> int:
    return sum(len(name) + len(value or b"") for name, value in headers)
