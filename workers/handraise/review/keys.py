"""Keys that the log makes itself: of events that carry no id, and of people who must not stand in it by name."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Final

from handraise.events import milliseconds

_EVENT_BYTES: Final = 10
_PERSON_BYTES: Final = 16


def event_key(at: datetime, value: bytes) -> str:
    """A key of 32 hexadecimal digits for an event: its time, then a hash of its bytes.

    Keys sort by time, so that rows which are written one after the other lie together in an index.
    """
    return f"{first_key(at)}{hashlib.blake2b(value, digest_size=_EVENT_BYTES).hexdigest()}"


def first_key(at: datetime) -> str:
    """What is not after any key of this time, and after every key of an earlier one."""
    return f"{max(0, milliseconds(at)):012x}"


def customer_key(business_id: str, customer_id: str) -> str:
    """Stands for a customer of a business."""
    return _hash(b"customer", business_id, customer_id)


def conversation_key(business_id: str, conversation_id: str) -> str:
    """Stands for a conversation of a business."""
    return _hash(b"conversation", business_id, conversation_id)


def _hash(kind: bytes, business_id: str, name: str) -> str:
    # No business has a slash in its name, so no two pairs read the same.
    data = f"{business_id}/{name}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(data, digest_size=_PERSON_BYTES, person=kind).hexdigest()
