"""A run of events through detection and the fold: what the worker does with a batch, and `replay` with a file."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from msgspec import Struct

from handraise.conversation.effects import Effects
from handraise.conversation.fold import UnknownConversationError, advance, fold
from handraise.conversation.state import Conversation, StateHead, decode_state, encode_state, head_of_state, state_key
from handraise.detection import DETECTOR_VERSION, Detect, detect
from handraise.detection.detector import Begun, InSteps
from handraise.detection.signals import Intent, Signals
from handraise.events import ChatMessage, DeadLetterReason, Outcome, milliseconds
from handraise.policy.model import BusinessPolicy

_UNKNOWN: Final = (
    DeadLetterReason.UNKNOWN_CONVERSATION,
    "no message has opened this conversation, or it was over long before",
)
_TOO_LATE: Final = (DeadLetterReason.UNKNOWN_CONVERSATION, "this conversation was over before")
_HOT: Final = 4_096
"""Conversations that are kept decoded, some 5 kB each: most events belong to one that had an event a moment before."""
NO_SIGNALS: Final = Signals(language="und", sentiment=0.0, intent=Intent.OTHER)
"""What goes with an event that has no text."""


class Processed(Struct, kw_only=True):
    """What became of one event of a batch."""

    key: bytes
    """`business_id/conversation_id`"""
    state: bytes | None
    """The encoded state after the batch, with the last event that changed it; None with the others."""
    head: StateHead | None = None
    """What the engine wants to know of that state."""
    still: bool = False
    """Neither the conversation's time nor any of its timers has moved in that state."""
    forgotten: bool = False
    """The conversation has no state any more, with its last event: it is over, or erased."""
    effects: Effects
    signals: Signals
    rejected: tuple[DeadLetterReason, str] | None = None
    """Why the event could not be folded: the reason and one clause, without values of the event.

    `effects` are then of the timers that fired before it.
    """


Event = ChatMessage | Outcome
Load = Callable[[bytes], bytes | None]
"""The encoded state of a conversation by its key, or None."""


class Run(NamedTuple):
    """Events of a batch that are folded together."""

    events: slice
    """Which they are of the batch's."""
    messages: list[ChatMessage]
    """The messages among them."""
    places: range
    """Which these are of the batch's messages."""


def runs(events: Sequence[Event], hangs: Callable[[int], bool]) -> Iterator[Run]:
    """Cut a batch where a message hangs on what was said before it, and some of that is in the batch as well.

    Args:
        events: in order.
        hangs: whether a message, by its place among the messages, hangs on what was said before it.

    Yields:
        Runs, which have all events in order: each is to be folded before it is asked what the next says.
    """
    begin, first, messages = 0, 0, list[ChatMessage]()
    met: set[tuple[str, str]] = set()
    for at, event in enumerate(events):
        key = event.business_id, event.conversation_id
        if isinstance(event, ChatMessage):
            place = first + len(messages)
            if key in met and hangs(place):
                yield Run(slice(begin, at), messages, range(first, place))
                begin, first, messages, met = at, place, [], set()
            messages.append(event)
        met.add(key)
    if events:
        yield Run(slice(begin, len(events)), messages, range(first, first + len(messages)))


class Processor:
    """Detection and the fold over batches of events. Pure, given pure policies.

    Args:
        policies: the policy in force for a business_id.
        detector: texts to signals: in the steps of a `Detector`, or what is called like `handraise.detection.detect`.
        detector_version: goes on every event that comes out.
    """

    def __init__(
        self,
        policies: Callable[[str], BusinessPolicy],
        detector: Detect | InSteps = detect,
        detector_version: str = DETECTOR_VERSION,
    ) -> None:
        self._policies = policies
        self._steps = detector if isinstance(detector, InSteps) else None
        self._detect = detect if isinstance(detector, InSteps) else detector
        self._detector_version = detector_version
        self._hot = OrderedDict[bytes, tuple[bytes, Conversation]]()
        """The states of conversations that were looked at lately, beside the bytes that they are encoded to."""

    def process(self, events: Sequence[Event], load: Load) -> list[Processed]:
        """Detect and fold events in order.

        Args:
            events: of one partition or file, in order.
            load: the encoded state of a conversation by its key, or None.

        Returns:
            One result an event, in the same order.
        """
        messages = [event for event in events if isinstance(event, ChatMessage)]
        begun = None
        if self._steps is not None:
            begun = self._steps.begin(
                [message.text for message in messages],
                [message.sender for message in messages],
                [message.language for message in messages],
            )
        results: list[Processed] = []
        left: dict[bytes, Processed] = {}

        def loaded(key: bytes) -> bytes | None:
            return left[key].state if key in left else load(key)

        for run in runs(events, (lambda _: True) if begun is None else begun.in_doubt):
            done = self.fold(events[run.events], self._signals(begun, run, loaded), loaded)
            for one in done:
                if one.state is not None or one.forgotten:
                    if one.key in left:
                        left[one.key].state, left[one.key].head, left[one.key].forgotten = None, None, False
                    left[one.key] = one
            results += done
        return results

    def _signals(self, begun: Begun | None, run: Run, load: Load) -> list[Signals]:
        """What the messages of a run say."""
        if begun is None or self._steps is None:
            return self._detect(
                [message.text for message in run.messages],
                senders=[message.sender for message in run.messages],
                languages=[message.language for message in run.messages],
                before=[self.before(message, load) for message in run.messages],
            )
        read = [self._steps.read(begun, at, before) for at, before in self.asked(begun, run, load)]
        return self._steps.end(begun, run.places, read)

    def asked(self, begun: Begun, run: Run, load: Load) -> list[tuple[int, tuple[str, ...]]]:
        """The places of a run's messages that are in doubt, and the turns before each."""
        placed = zip(run.places, run.messages, strict=True)
        return [(at, self.before(message, load)) for at, message in placed if begun.in_doubt(at)]

    def before(self, message: ChatMessage, load: Load) -> tuple[str, ...]:
        """The turns of its conversation that stand before a message, as far as detection reads them.

        There are none if the conversation is over by then, whether or not its timers have fired yet.
        """
        key = state_key(message.business_id, message.conversation_id)
        stored = load(key)
        if stored is None:
            return ()
        state, at = self._decoded(key, stored), milliseconds(message.sent_at)
        if state.timers and state.timers[0][1] <= at:
            after, _ = advance(state, at, self._policies(message.business_id), self._detector_version)
            return () if after is None else after.said_last()
        return state.said_last()

    def fold(
        self,
        events: Sequence[Event],
        signals: Sequence[Signals],
        load: Load,
    ) -> list[Processed]:
        """Fold events in order, as `process` does, of whose messages these are the signals, in the same order."""
        found = iter(signals)
        states: dict[bytes, Conversation | None] = {}
        began: dict[bytes, Conversation | None] = {}
        last: dict[bytes, int] = {}
        results = []
        for at, event in enumerate(events):
            seen = next(found) if isinstance(event, ChatMessage) else NO_SIGNALS
            key = state_key(event.business_id, event.conversation_id)
            if key not in states:
                stored = load(key)
                began[key] = states[key] = None if stored is None else self._decoded(key, stored)
            try:
                state, effects = fold(
                    states[key], event, seen, self._policies(event.business_id), self._detector_version
                )
            except UnknownConversationError:
                results.append(Processed(key=key, state=None, effects=Effects(), signals=seen, rejected=_UNKNOWN))
                continue
            if state is None or state is not states[key]:
                states[key], last[key] = state, at
            rejected = _TOO_LATE if effects.came_too_late else None
            results.append(Processed(key=key, state=None, effects=effects, signals=seen, rejected=rejected))
        for key, at in last.items():
            self._keep(results[at], states[key])
            results[at].still = _stands_still(began[key], states[key])
        return results

    def advance(self, key: bytes, state: bytes, until: int) -> Processed:
        """Fire the timers of a conversation that are due by `until` (epoch milliseconds) though no event has come."""
        before = self._decoded(key, state)
        policy = self._policies(before.business_id)
        after, effects = advance(before, until, policy, self._detector_version)
        done = Processed(key=key, state=None, effects=effects, signals=NO_SIGNALS)
        self._keep(done, after)
        return done

    def forget(self, load: Load) -> None:
        """Let go of what is kept decoded of the conversations that `load` knows; another worker goes on with them."""
        for key in [key for key in self._hot if load(key) is not None]:
            del self._hot[key]

    def _decoded(self, key: bytes, stored: bytes) -> Conversation:
        known = self._hot.get(key)
        # Only what belongs to these very bytes: a batch that was not committed leaves others behind.
        if known is not None and known[0] is stored:
            return known[1]
        state = decode_state(stored)
        self._remember(key, stored, state)
        return state

    def _remember(self, key: bytes, stored: bytes, state: Conversation) -> None:
        self._hot.pop(key, None)
        self._hot[key] = stored, state
        if len(self._hot) > _HOT:
            self._hot.popitem(last=False)

    def _keep(self, done: Processed, state: Conversation | None) -> None:
        """Put the state that an event leaves into what became of it."""
        if state is None:
            self._hot.pop(done.key, None)
            done.forgotten = True
            return
        done.state, done.head = encode_state(state), head_of_state(state)
        self._remember(done.key, done.state, state)


def _stands_still(before: Conversation | None, after: Conversation | None) -> bool:
    """Whether neither time nor any timer has moved."""
    if before is None or after is None:
        return False
    return (before.seen_at, before.timers) == (after.seen_at, after.timers)
