"""States of other versions: what is added at the end is read past, and what means something else is refused."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import msgspec
import pytest
from msgspec.structs import replace

from handraise.conversation import UnknownStateVersionError
from handraise.conversation.state import (
    MAX_OFFER_TURNS,
    STATE_VERSION,
    Conversation,
    Offer,
    decode_state,
    encode_state,
    head_of,
    head_of_state,
)
from handraise.events import Action, BuiltinTriggers, OutcomeKind, TriggerPolicy
from tests.support.chats import Chat, said
from tests.support.shops import SHOP, shop

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


def test_an_escalation_and_an_offer_of_an_earlier_version_go_on() -> None:
    """What was added to them since has its default."""
    chat = shop(replace(SHOP, triggers=BuiltinTriggers(complaint=TriggerPolicy(action=Action.NOTIFY))))
    chat.customer(said(complaint=0.95))
    assert chat.state is not None
    chat.state.offer = Offer("high_value", None, 0.9, MAX_OFFER_TURNS, "a hundred lamps")
    fields = msgspec.msgpack.decode(encode_state(chat.state))
    for name, known in (("episode", 13), ("offer", 4)):
        place = Conversation.__struct_fields__.index(name)
        fields[place] = fields[place][:known]
    earlier = msgspec.msgpack.encode(fields)
    assert head_of(earlier) == head_of_state(chat.state)
    chat.state = decode_state(earlier)
    (update,) = chat.customer(said(affirm=0.95)).escalations
    assert (update.revision, update.trigger, update.action) == (1, "high_value", Action.ESCALATE)


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
