"""Detection whose answer hangs on every turn before a text, for tests of what stands before it; and chats for it."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeVar, cast

import numpy as np
from hypothesis import strategies as st

from handraise.conversation.processor import Event
from handraise.detection import Detector, Signals
from handraise.detection.heads import HEADS
from handraise.detection.mixture import default_mixture
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.reader import PARTS, Reader
from handraise.detection.signals import Intent
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender
from tests.support.chats import MINUTE, START

if TYPE_CHECKING:
    import numpy.typing as npt

AnyEvent = TypeVar("AnyEvent")
TEXTS: Final = (
    "broken",
    "the manager",
    "it doesn't work",
    "I can't take this any more",
    "I will check and get back to you",
    "Can I talk to a real person please?",
    "My password is hunter2now",
    "Thank you",
    "",
)
"""The first four are in doubt of a customer, the fifth of an AI."""
_PAUSES: Final = (0, 1_000, 1_000, MINUTE, 11 * MINUTE, -2 * MINUTE, 25 * 60 * MINUTE)
"""By the last of them, a conversation is over."""


class Hearing:
    """A reader that says something else of a text after other turns, and with each word; what it was asked is kept."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, tuple[str, ...]]] = []

    def read(self, tokens: Sequence[str], before: Sequence[Sequence[str]] = ()) -> Iterator[npt.NDArray[np.float64]]:
        """Log-odds that nobody foresees, and that are the same each time."""
        asked = " ".join(tokens), tuple(map(" ".join, before))
        self.asked.append(asked)
        random = np.random.default_rng(zlib.crc32(repr(asked).encode()))
        for _ in range(PARTS):
            yield random.normal(0.0, 4.0, len(HEADS))


def hearing_detector(reader: Hearing) -> Detector:
    """The detector with another reader."""
    return Detector(default_phrases(), default_ngrams(), default_mixture(), cast(Reader, reader))


def hearing(
    texts: Sequence[str],
    *,
    senders: Sequence[Sender],
    languages: Sequence[str | None],
    before: Sequence[Sequence[str]],
) -> list[Signals]:
    """A plain function that says something else of each text after other turns."""
    found = []
    for asked in zip(texts, senders, languages, map(tuple, before), strict=True):
        chance = np.random.default_rng(zlib.crc32(repr(asked).encode()))
        complaint, request, affirm = chance.uniform(0.0, 1.0, 3).round(3).tolist()
        found.append(
            Signals(
                language="en",
                sentiment=-complaint,
                intent=Intent.OTHER,
                complaint=complaint,
                human_request=request,
                affirm=affirm,
            )
        )
    return found


@st.composite
def chats(draw: st.DrawFn) -> list[Event]:
    """Several conversations at once, with outcomes and erasures among the messages, and events that come again."""
    found: list[Event] = []
    at = START
    for number in range(draw(st.integers(2, 20))):
        if found and draw(st.integers(0, 7)) == 0:
            found.append(draw(st.sampled_from(found)))
            continue
        at += draw(st.sampled_from(_PAUSES))
        # The same id in two businesses is two conversations.
        business, conversation = draw(st.sampled_from((("shop", "c1"), ("shop", "c2"), ("bank", "c1"))))
        if draw(st.integers(0, 4)) == 0:
            kind = draw(st.sampled_from((OutcomeKind.ERASED, *OutcomeKind)))
            found.append(
                Outcome(outcome_id=f"o{number}", conversation_id=conversation, business_id=business, kind=kind, at=at)
            )
            continue
        found.append(
            ChatMessage(
                message_id=f"m{number}",
                conversation_id=conversation,
                business_id=business,
                sender=draw(st.sampled_from((Sender.CUSTOMER, Sender.CUSTOMER, *Sender))),
                sent_at=at,
                text=draw(st.sampled_from(TEXTS)),
            )
        )
    return found


@st.composite
def cuts(draw: st.DrawFn, events: Sequence[AnyEvent]) -> list[Sequence[AnyEvent]]:
    """Events or their records in batches, however they are cut."""
    places = sorted(draw(st.sets(st.integers(1, max(1, len(events) - 1)), max_size=4)))
    edges = [0, *places, len(events)]
    return [events[begin:end] for begin, end in pairwise(edges)]
