"""What the customer is told through the AI, and how it is known when it comes back as a message."""

from __future__ import annotations

import hashlib

from handraise.conversation import presence
from handraise.conversation.effects import Effects, Fact, Note
from handraise.conversation.moment import Moment, reply_id
from handraise.conversation.state import MAX_REPLIES, Conversation, GivenReply
from handraise.events import ChatMessage, ControlState, Reply, Sender, utc
from handraise.policy.model import CRISIS, Rule


def make_reply(
    state: Conversation,
    effects: Effects,
    moment: Moment,
    trigger_class: str | None,
    rule: Rule,
    due_at: int,
    *,
    offered: bool = False,
    delayed: bool = False,
) -> Reply | None:
    """What the customer is to be told now; nothing while a human is there to speak.

    Whoever is in danger is told what to do at once, unless a human has just spoken to them: one who has taken the
    conversation and says nothing is of no help.
    """
    alone = delayed or (trigger_class == CRISIS and not presence.is_spoken_to(state, moment.at))
    if state.control is ControlState.HUMAN and not alone:
        return None
    made = moment.policy.reply(
        rule,
        trigger_class,
        language=state.language,
        at_ms=moment.at,
        due_ms=due_at,
        customer_name=state.customer.name if state.customer else None,
        delayed=delayed,
    )
    if trigger_class == CRISIS:
        state.warned_at = moment.at
    if made.fell_back:
        effects.notes.append(Note(Fact.REPLY_FELL_BACK, rule.trigger))
    reply = Reply(
        reply_id=reply_id(state, moment, offered=offered),
        text=made.text,
        language=made.language,
        valid_until=utc(moment.at + moment.policy.reply_valid_ms),
    )
    state.replies = [*state.replies, GivenReply(reply.reply_id, _text_hash(reply.text))][-MAX_REPLIES:]
    return reply


def is_given(state: Conversation, message: ChatMessage) -> bool:
    """Whether this is a reply that Handraise itself gave the AI to send."""
    if message.sender is not Sender.ASSISTANT or not state.replies:
        return False
    if message.reply_id is not None and any(reply.reply_id == message.reply_id for reply in state.replies):
        return True
    text = _text_hash(message.text)
    return any(reply.text_hash == text for reply in state.replies)


def _text_hash(text: str) -> bytes:
    """Stands for a reply's text, white space apart."""
    return hashlib.blake2b(" ".join(text.split()).encode("utf-8", "surrogatepass"), digest_size=8).digest()
