"""When and by what something happens, and the ids of what comes of it, the same whenever it is folded again."""

from __future__ import annotations

import hashlib
from typing import Final

from msgspec import Struct

from handraise.conversation.state import Conversation
from handraise.policy.model import BusinessPolicy

TIMER: Final = "timer:"
"""How `caused_by` begins where a timer, and no event, has brought something about."""


class Moment(Struct, frozen=True, kw_only=True):
    """When and by what something happens, and under which versions."""

    at: int
    caused_by: str
    policy: BusinessPolicy
    detector_version: str


def escalation_id(state: Conversation, moment: Moment) -> str:
    """The id of an escalation that is raised now, the same whenever this is folded again."""
    come_to = _come_to(state, moment)
    return _digest("escalation", state.business_id, state.conversation_id, moment.caused_by, come_to)


def reply_id(state: Conversation, moment: Moment, *, offered: bool) -> str:
    """The id of what the customer is told now: of an offer, or of the open escalation in its revision."""
    episode = state.episode
    seed = f"offer/{_come_to(state, moment)}"
    if episode is not None and not offered:
        seed = f"{episode.escalation_id}/{episode.revision}"
    return _digest("reply", state.business_id, state.conversation_id, seed)


def _come_to(state: Conversation, moment: Moment) -> str:
    """When the conversation began and how far it has come, since a producer may use a message_id again later.

    And the time of a timer, which may fire again before another message comes.
    """
    come_to = f"{state.started_at}/{state.turns}"
    return f"{come_to}/{moment.at}" if moment.caused_by.startswith(TIMER) else come_to


def _digest(*parts: str) -> str:
    """A hash of several strings that no other division of their characters gives."""
    joined = b"".join(b"%d:%s" % (len(data), data) for data in (part.encode("utf-8") for part in parts))
    return hashlib.blake2b(joined, digest_size=16).hexdigest()
