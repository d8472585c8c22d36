"""A run of events through detection and the fold: what the worker does with a batch, and `replay` with a file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from handraise.conversation.effects import Effects
from handraise.conversation.fold import UnknownConversationError, advance, fold
from handraise.conversation.state import Conversation, StateHead, decode_state, encode_state, head_of_state, state_key
from handraise.detection import DETECTOR_VERSION, detect
from handraise.detection.signals import Intent, Signals
from handraise.events import ChatMessage, DeadLetterReason, Outcome
from handraise.policy.model import BusinessPolicy

_UNKNOWN: Final = (DeadLetterReason.UNKNOWN_CONVERSATION, "no message has opened this conversation")
_HOT: Final = 4_096
"""Conversations that are kept decoded, some 5 kB each: most events belong to one that had an event a moment before."""
NO_SIGNALS: Final = Signals(language="und", sentiment=0.0, intent=Intent.OTHER)
"""What goes with an event that has no text."""


class Processed(Struct, kw_only=True):
    """What became of one event of a batch."""

    key: bytes
    """`business_id/conversation_id`"""
    state: bytes | None
    """The encoded state after the batch, with the last event of each conversation; None with the events before it."""
    head: StateHead | None = None
    """What the engine wants to know of that state."""
    forgotten: bool = False
    """The conversation has no state any more, with its last event: it is over, or erased."""
    effects: Effects
    signals: Signals
    rejected: tuple[DeadLetterReason, str] | None = None
    """Why the event could not be folded: the reason and one clause, without values of the event.

    `effects` are then of the timers that fired before it.
    """


class Processor:
    """Detection and the fold over batches of events. Pure, given pure policies.

    Args:
        policies: the policy in force for a business_id.
        detector: texts to signals; see `handraise.detection.detect`.
        detector_version: goes on every event that comes out.
    """

    def __init__(
        self,
        policies: Callable[[str], BusinessPolicy],
        detector: Callable[..., list[Signals]] = detect,
        detector_version: str = DETECTOR_VERSION,
    ) -> None:
        self._policies = policies
        self._detect = detector
        self._detector_version = detector_version
        self._hot = OrderedDict[bytes, tuple[bytes, Conversation]]()
        """The states of conversations that were folded lately, beside the bytes that they were encoded to."""

    def process(
        self, events: Sequence[ChatMessage | Outcome], load: Callable[[bytes], bytes | None]
    ) -> list[Processed]:
        """Detect and fold events in order.

        Args:
            events: of one partition or file, in order.
            load: the encoded state of a conversation by its key, or None.

        Returns:
            One result an event, in the same order.
        """
        messages = [event for event in events if isinstance(event, ChatMessage)]
        signals = self._detect(
            [message.text for message in messages],
            senders=[message.sender for message in messages],
            languages=[message.language for message in messages],
        )
        return self.fold(events, signals, load)

    def fold(
        self,
        events: Sequence[ChatMessage | Outcome],
        signals: Sequence[Signals],
        load: Callable[[bytes], bytes | None],
    ) -> list[Processed]:
        """Fold events in order, as `process` does, of whose messages these are the signals, in the same order."""
        found = iter(signals)
        states: dict[bytes, Conversation | None] = {}
        last: dict[bytes, int] = {}
        results = []
        for at, event in enumerate(events):
            seen = next(found) if isinstance(event, ChatMessage) else NO_SIGNALS
            key = state_key(event.business_id, event.conversation_id)
            if key not in states:
                stored = load(key)
                states[key] = None if stored is None else self._decoded(key, stored)
            try:
                state, effects = fold(
                    states[key], event, seen, self._policies(event.business_id), self._detector_version
                )
            except UnknownConversationError:
                results.append(Processed(key=key, state=None, effects=Effects(), signals=seen, rejected=_UNKNOWN))
                continue
            states[key], last[key] = state, at
            rejected = _UNKNOWN if effects.came_too_late else None
            results.append(Processed(key=key, state=None, effects=effects, signals=seen, rejected=rejected))
        for key, at in last.items():
            self._keep(results[at], states[key])
        return results

    def advance(self, key: bytes, state: bytes, until: int) -> Processed:
        """Fire the timers of a conversation that are due by `until` (epoch milliseconds) though no event has come."""
        before = self._decoded(key, state)
        policy = self._policies(before.business_id)
        after, effects = advance(before, until, policy, self._detector_version)
        done = Processed(key=key, state=None, effects=effects, signals=NO_SIGNALS)
        self._keep(done, after)
        return done

    def forget(self, load: Callable[[bytes], bytes | None]) -> None:
        """Let go of what is kept decoded of the conversations that `load` knows; another worker goes on with them."""
        for key in [key for key in self._hot if load(key) is not None]:
            del self._hot[key]

    def _decoded(self, key: bytes, stored: bytes) -> Conversation:
        known = self._hot.get(key)
        # Only what was encoded to these very bytes: a batch that was not committed leaves others behind.
        return known[1] if known is not None and known[0] is stored else decode_state(stored)

    def _keep(self, done: Processed, state: Conversation | None) -> None:
        """Put the state that an event leaves into what became of it."""
        self._hot.pop(done.key, None)
        if state is None:
            done.forgotten = True
            return
        done.state, done.head = encode_state(state), head_of_state(state)
        self._hot[done.key] = done.state, state
        if len(self._hot) > _HOT:
            self._hot.popitem(last=False)
