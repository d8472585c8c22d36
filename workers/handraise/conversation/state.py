"""The state of one conversation: compact, versioned, and all that the fold remembers."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import msgspec
from msgspec import Struct, field, structs
from msgspec.structs import replace

from handraise.detection.pieces import BEFORE
from handraise.events import Action, ChatMessage, ControlState, Customer, Holder, Outcome, Priority, Sender
from handraise.policy.model import Memory

STATE_VERSION: Final = 1
RECENT_IDS: Final = 64
ID_BYTES: Final = 6
"""48 bits an id: two different ids among 64 collide in one of 10^11 conversations."""
MAX_TURNS: Final = 20
MAX_TURN_TEXT: Final = 500
MAX_TURN_END: Final = 80
_WITH_THEIR_END: Final = BEFORE + 1
"""Turns that keep the end of a clipped text: as many as are heard, and one more, since those of the system are not."""
MAX_TRANSCRIPT_BYTES: Final = 7_000
"""Together with the bounded rest this keeps the encoded state under 16 kB, whatever a stream sends."""
MAX_FINGERPRINTS: Final = 5
MAX_REPLIES: Final = 4
MAX_ALSO: Final = 8
MAX_OFFER_TURNS: Final = 3
UNSENT_MS: Final = 30_000
"""A timer's offer goes out so long after its time if no event comes: what the worker waits for where nobody set it."""
UNSEEN_MS: Final = 10_000
"""An offer that goes out is then still to be sent, read and answered."""


class StoredTurn(Struct, frozen=True, array_like=True):
    """One turn as it is kept: text masked and clipped, times in epoch milliseconds."""

    message_id: str
    sender: Sender
    sent_at: int
    text: str
    cut: int
    given: bool
    """True for a reply that Handraise gave the AI to send."""
    end: str = ""
    """How the text ends, of one of the last turns that was clipped: detection hears it, and it may be a question."""


def size_of(turns: Sequence[StoredTurn]) -> int:
    """Bytes that turns take in the encoded state, at most."""
    said = "".join([text for turn in turns for text in (turn.text, turn.message_id, turn.end)])
    return (len(said) if said.isascii() else len(said.encode("utf-8", "surrogatepass"))) + 32 * len(turns)


class Mood(Struct, frozen=True, array_like=True):
    """The customer's sentiment over time; see `conversation.mood`."""

    now: float = 0.0
    mean: float = 0.0
    fast: float = 0.0
    slow: float = 0.0
    lowest: float = 0.0
    streak: int = 0


class Episode(Struct, frozen=True, array_like=True):
    """The one escalation that is open."""

    escalation_id: str
    revision: int
    trigger: str
    trigger_class: str | None
    action: Action
    urgency: int
    priority: Priority
    owner: str
    queue: str
    due_at: int
    also: tuple[str, ...]
    claimed: bool = False
    """Somebody has taken it."""
    answered: bool = False
    """A human has spoken to the customer since it was raised."""
    overdue: bool = False
    """Its due time passed without that."""
    renewed: bool = False
    """A human had answered, and somebody has been given another time for it since."""
    let_pass: str = ""
    """Who has let it pass to the fallback owner last."""


class Offer(Struct, frozen=True, array_like=True):
    """A human was offered; a yes within the turns that are left escalates."""

    trigger: str
    trigger_class: str | None
    score: float
    turns_left: int
    said: str = ""
    """What made the trigger hold, as it is quoted."""
    unseen_until: int = 0
    """What is written before this time answers something else."""


class GivenReply(Struct, frozen=True, array_like=True):
    """A reply that the AI was told to send, so that it is known when it comes back as a message."""

    reply_id: str
    text_hash: bytes


class Conversation(Struct, kw_only=True, array_like=True):
    """Everything that the fold knows of a conversation. Times are epoch milliseconds; 0 is never.

    The fold owns its copy: `copy()` before changing, so that a state that was handed in stays as it was.
    """

    version: int = STATE_VERSION
    business_id: str
    conversation_id: str
    started_at: int
    last_at: int
    control: ControlState = ControlState.AI
    since: int = 0
    turns: int = 0
    customer_turns: int = 0
    recent_ids: bytes = b""
    transcript: list[StoredTurn] = field(default_factory=list)
    opening: StoredTurn | None = None
    """The first message in which the customer wanted something, its text cut to what is quoted of it."""
    language: str | None = None
    channel: str | None = None
    customer: Customer | None = None
    mood: Mood = Mood()
    intents: dict[str, int] = field(default_factory=dict)
    asked_again: int = 0
    questions: list[tuple[int, ...]] = field(default_factory=list)
    """Fingerprints of the customer's last messages of substance, to notice what is asked again."""
    open_questions: int = 0
    """How many of those came after the AI or a human last spoke: they are one request, not a repetition."""
    answers: list[tuple[int, ...]] = field(default_factory=list)
    """Fingerprints of the AI's last turns, to notice that it repeats itself."""
    asking_again: bool = False
    """Since the AI's last turn the customer has asked again what was asked before."""
    repeats: int = 0
    """How many AI turns in a row said what an earlier one had said."""
    pending: bool = False
    """The customer has asked for something that no AI turn has answered yet."""
    gap_signs: tuple[str, ...] = ()
    """Signs of a knowledge gap on the AI's last turn; see `conversation.weights`."""
    weak: dict[str, float] = field(default_factory=dict)
    """Weak evidence of earlier messages, by signal, fading with each customer turn."""
    failed: bool = False
    """The AI admitted that it could not answer, or failed, since the last close."""
    ai_asked: bool = False
    """The AI's last turn asked the customer something."""
    ai_offered_human: bool = False
    """The AI's last turn asked, in its own words, whether a person is wanted."""
    episode: Episode | None = None
    offer: Offer | None = None
    replies: list[GivenReply] = field(default_factory=list)
    closed_at: int = 0
    cooled: dict[str, int] = field(default_factory=dict)
    """When a shadow trigger last fired, or an offer of it lapsed: its cooldown counts from then."""
    human_spoke: bool = False
    """A human has spoken and still holds the conversation."""
    taken_back_at: int = 0
    """When the AI last spoke after a human had: a human who goes on soon after was talked over."""
    timers: tuple[tuple[str, int], ...] = ()
    """Names and due times, the next one first; see `conversation.timers`."""
    seen_at: int = 0
    """How far time has come here: the latest of the events and of the timers that fired."""
    waiting_since: int = 0
    """Since when a customer's message of substance waits for whoever holds the conversation; 0 if none does."""
    wait_told: bool = False
    """That wait has been noticed by a timer."""
    missed: tuple[str, ...] = ()
    """What has told of a probable miss since the last close; each does once."""
    last_trigger: str = ""
    """The trigger of the last escalation that was resolved."""
    announced: bool = False
    """There is a record of this conversation in the control topic."""
    memory: Memory | None = None
    """What conditions of own triggers remember of the messages before, since the last close."""
    request: str = ""
    """What the customer has asked for last, as it is quoted: `conversation.gist`."""
    request_is_opening: bool = False
    """That was the first thing asked for."""
    answer: str = ""
    """What the AI has said last in its own words, in the same way."""
    closed_action: Action = Action.ESCALATE
    """What the escalation that was closed last did, and how urgent it was: what goes further is not held up by it."""
    closed_urgency: int = 0
    left_to_ai: bool = False
    """The last close has left the AI a question of the customer's, which nobody has answered yet."""
    put_off: bool = False
    """The AI's last turn said that it would look something up."""
    human_spoke_at: int = 0
    """When a human last spoke to the customer."""
    warned_at: int = 0
    """When the customer was last told what to do in danger."""
    ended_at: int = 0
    """When a human reported the end of what they held, until the customer writes again or a human holds once more."""
    corrected: int = 0
    """Which customer turn, counted from 1, told last that the AI's answer was beside the point; 0 if none did."""
    corrected_as: int = 0
    """How it told so; see `conversation.corrections.Beside`."""
    thanked: bool = False
    """The customer has thanked since they last were in trouble, or asked for a person."""
    left_out_at: int = 0
    """Which customer turn last came back to a word that the answers left out, were it with the next question; or 0."""
    questioned: bool = False
    """The customer has asked a question since the AI or a human last spoke."""
    served: bool = False
    """A human had spoken to the customer before the last close: what comes after it is not what they dealt with."""
    closed_for: tuple[str, ...] = ()
    """What the last close settled: the trigger of the escalation, and what held besides; unknown of an older one."""

    @property
    def holder(self) -> Holder:
        """Who answers the customer now."""
        return Holder.HUMAN if self.control in (ControlState.ESCALATED, ControlState.HUMAN) else Holder.AI

    def copy(self) -> Conversation:
        """A copy that shares nothing that can be changed."""
        new = copy.copy(self)
        new.transcript = self.transcript.copy()
        new.intents = self.intents.copy()
        new.questions = self.questions.copy()
        new.answers = self.answers.copy()
        new.weak = self.weak.copy()
        new.replies = self.replies.copy()
        new.cooled = self.cooled.copy()
        return new

    def seen(self, event: ChatMessage | Outcome) -> bool:
        """Whether a message, or an outcome, of the same id is among the last 64 of both."""
        mark, ids = id_mark(event), self.recent_ids
        at = ids.find(mark)
        while at % ID_BYTES and at >= 0:
            # The end of one id and the beginning of the next.
            at = ids.find(mark, at + 1)
        return at >= 0

    def remember(self, event: ChatMessage | Outcome) -> None:
        """Add the id of a message or outcome to those that were seen."""
        self.recent_ids = (self.recent_ids + id_mark(event))[-RECENT_IDS * ID_BYTES :]

    def said_last(self) -> tuple[str, ...]:
        """The last turns of people and the AI, the oldest first, as many as detection reads before a text.

        Of a turn that was clipped there is the beginning, and in a line of its own the end.
        """
        found = [turn for turn in self.transcript if turn.text.strip() and turn.sender is not Sender.SYSTEM]
        return tuple(f"{turn.text}\n{turn.end}" if turn.end else turn.text for turn in found[-BEFORE:])

    def add_turn(self, turn: StoredTurn) -> None:
        """Append to the transcript, dropping the oldest turns that no longer fit."""
        turns = self.transcript
        turns.append(turn)
        if len(turns) > _WITH_THEIR_END and turns[-_WITH_THEIR_END - 1].end:
            turns[-_WITH_THEIR_END - 1] = replace(turns[-_WITH_THEIR_END - 1], end="")
        size = size_of(turns)
        while len(turns) > 1 and (len(turns) > MAX_TURNS or size > MAX_TRANSCRIPT_BYTES):
            size -= size_of([turns.pop(0)])


def id_mark(event: ChatMessage | Outcome) -> bytes:
    """A short hash that stands for an event's id in the state. An outcome may have the id of a message."""
    if isinstance(event, Outcome):
        return _hash(event.outcome_id, b"outcome")
    return _hash(event.message_id, b"")


@lru_cache(maxsize=8)
def _hash(identifier: str, person: bytes) -> bytes:
    return hashlib.blake2b(identifier.encode("utf-8"), digest_size=ID_BYTES, person=person).digest()


def state_key(business_id: str, conversation_id: str) -> bytes:
    """The key of a conversation's state, and of its record in `chat.control`."""
    return f"{business_id}/{conversation_id}".encode()


class UnknownStateVersionError(ValueError):
    """A state was written by a newer Handraise than this one: upgrade this worker."""


_ENCODER: Final = msgspec.msgpack.Encoder()
_DECODER: Final = msgspec.msgpack.Decoder(Conversation)
_VERSION: Final = msgspec.msgpack.Decoder(list[msgspec.Raw])


def encode_state(conversation: Conversation) -> bytes:
    """The state as MessagePack, the version first: equal states give equal bytes."""
    return _ENCODER.encode(conversation)


def decode_state(data: bytes) -> Conversation:
    """The state from its bytes.

    Raises:
        UnknownStateVersionError: the bytes are of a version that this code does not know.
    """
    try:
        state: Conversation = _DECODER.decode(data)
    except msgspec.ValidationError as error:
        raise _unknown(msgspec.msgpack.decode(_VERSION.decode(data)[0])) from error
    if state.version > STATE_VERSION:
        # It may look the same and mean something else.
        raise _unknown(state.version)
    return state


def _unknown(version: object) -> UnknownStateVersionError:
    return UnknownStateVersionError(
        f"state of version {version}, this worker knows {STATE_VERSION}: upgrade every worker of the group"
        " (ops/runbooks/upgrading.md)"
    )


class StateHead(Struct, frozen=True, gc=False):
    """What the engine wants to know of a state without decoding the whole of it."""

    open_trigger: str | None
    """The trigger of the escalation that is open, if one is."""
    seen_at: int
    """How far time has come in the conversation, epoch milliseconds."""
    next_timer_at: int | None
    """When its next timer is due, in the same time; none if nothing waits."""


class _UpToItsTrigger(Struct, frozen=True, array_like=True, gc=False):
    """An `Episode` as far as its trigger."""

    escalation_id: msgspec.Raw
    revision: int
    trigger: str


def _up_to_its_head() -> type[Any]:
    """A conversation as far as the last field that its head is of, the others left as their bytes.

    An array has to be walked in order, so what a head costs is what stands before it: a number takes the least. What
    stands behind is never looked at.
    """
    fields: list[Any] = []
    for one in structs.fields(Conversation):
        kind = {"episode": _UpToItsTrigger | None, "timers": one.type, int: int, bool: bool}
        read_as = kind.get(one.name) or kind.get(one.type) or msgspec.Raw
        default = None if read_as is msgspec.Raw else one.default
        fields.append((one.name, read_as) if one.required else (one.name, read_as, default))
        if one.name == "seen_at":
            break
    return msgspec.defstruct("StateUpToItsHead", fields, array_like=True, frozen=True, kw_only=True, gc=False)


_HEAD: Final = msgspec.msgpack.Decoder(_up_to_its_head())


def head_of_state(state: Conversation) -> StateHead:
    """The head of a state."""
    return StateHead(
        open_trigger=state.episode.trigger if state.episode else None,
        seen_at=state.seen_at or state.last_at,
        next_timer_at=state.timers[0][1] if state.timers else None,
    )


def head_of(state: bytes) -> StateHead:
    """The head of an encoded state.

    Raises:
        UnknownStateVersionError: the bytes are of a version that this code does not know.
    """
    try:
        parts = _HEAD.decode(state)
    except msgspec.ValidationError as error:
        raise _unknown(msgspec.msgpack.decode(_VERSION.decode(state)[0])) from error
    if parts.version > STATE_VERSION:
        raise _unknown(parts.version)
    return StateHead(
        open_trigger=parts.episode.trigger if parts.episode else None,
        seen_at=parts.seen_at or parts.last_at,
        next_timer_at=parts.timers[0][1] if parts.timers else None,
    )
