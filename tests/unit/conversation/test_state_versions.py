"""States of other versions: what is added at the end is read past, and what means something else is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
import pytest

from handraise.conversation import UnknownStateVersionError
from handraise.conversation.state import (
    STATE_VERSION,
    Conversation,
    decode_state,
    encode_state,
    head_of,
    head_of_state,
)
from handraise.events import OutcomeKind
from tests.support.chats import Chat, said

STATE = Conversation(business_id="casa-lua", conversation_id="c-1", started_at=1, last_at=2)


def test_a_field_that_a_later_version_has_added_is_read_past() -> None:
    fields = msgspec.msgpack.decode(encode_state(STATE))
    later = msgspec.msgpack.encode([*fields, "more"])
    assert decode_state(later) == STATE
    assert head_of(later) == head_of_state(STATE)


def test_a_field_that_an_earlier_version_lacks_takes_its_default() -> None:
    fields = msgspec.msgpack.decode(encode_state(STATE))
    earlier = msgspec.msgpack.encode(fields[:6])
    assert decode_state(earlier) == STATE
    assert head_of(earlier) == head_of_state(STATE)


def test_a_close_that_an_earlier_version_has_written_holds_up_as_much_as_it_did_there() -> None:
    """How far what was closed went is not known of it: the cooldown holds for all that is not unconditional."""
    chat = Chat()
    chat.customer(said(complaint=0.95))
    chat.outcome(OutcomeKind.RESOLVED)
    assert chat.state is not None
    fields = msgspec.msgpack.decode(encode_state(chat.state))
    place = Conversation.__struct_fields__.index("closed_action")
    chat.state = decode_state(msgspec.msgpack.encode(fields[:place]))
    assert not chat.customer(said(distress=0.95)).escalations


def test_a_message_that_an_earlier_version_has_folded_is_a_duplicate_still() -> None:
    """Its mark there was the hash of its id alone."""
    chat = Chat()
    chat.customer(said())
    assert chat.state is not None
    assert chat.state.recent_ids == hashlib.blake2b(b"m1", digest_size=6).digest()


@pytest.mark.parametrize("read", [decode_state, head_of])
@pytest.mark.parametrize("body", [[], ["casa-lua", "c-1", 1, 2], [{"business": "casa-lua"}]])
def test_a_later_version_is_refused_even_where_it_looks_like_this_one(
    body: list[object], read: Callable[[bytes], object]
) -> None:
    later = msgspec.msgpack.encode([STATE_VERSION + 1, *body])
    with pytest.raises(UnknownStateVersionError, match=f"version {STATE_VERSION + 1}, this worker knows") as told:
        read(later)
    assert "casa-lua" not in str(told.value)
