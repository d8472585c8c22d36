"""What detection says of one message: the interface between a detector, of any kind, and the conversation."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from msgspec import Struct

SIGNALS: Final = (
    "human_request",
    "complaint",
    "high_value",
    "distress",
    "crisis",
    "admission",
    "promise",
    "affirm",
    "thanks",
)
"""The scored signals, in the order in which they are shown."""


class Intent(StrEnum):
    """What a message is for, as a support team would sort it."""

    QUESTION = "question"
    ORDER = "order"
    CHANGE = "change"
    COMPLAINT = "complaint"
    REQUEST_HUMAN = "request_human"
    HIGH_VALUE = "high_value"
    PRAISE = "praise"
    SMALLTALK = "smalltalk"
    OTHER = "other"


class Span(Struct, frozen=True, array_like=True):
    """Words that moved a signal: offsets in code points of the original text, end exclusive."""

    signal: str
    start: int
    end: int
    score: float


class Amount(Struct, frozen=True, array_like=True):
    """A sum of money in the text. `currency` is ISO 4217; `$` alone is USD."""

    value: float
    currency: str
    start: int
    end: int


class Quantity(Struct, frozen=True, array_like=True):
    """A number of things in the text: `unit` is the noun counted, in lower case and as written."""

    value: float
    unit: str
    start: int
    end: int


class Signals(Struct, frozen=True, kw_only=True):
    """One message as detection sees it, without regard to the messages around it.

    Scores are in [0, 1], rounded to three decimals. 0.5 and above is evidence that can stand alone for a trigger whose
    threshold is 0.5, the default; from 0.2 to 0.5 is weak evidence, which needs a second sign from the conversation.
    """

    language: str
    """The language that the text is in: `en`, `es`, `pt`, `fr`, `de`, `hi`, `ar`, or `und` when it cannot be told."""
    sentiment: float
    """From -1, very negative, to 1, very positive; 0 is neutral."""
    intent: Intent
    human_request: float = 0.0
    """The customer asks for a person, in any words."""
    complaint: float = 0.0
    """The customer is unhappy about something of the business's that has happened or fails now."""
    high_value: float = 0.0
    """Large quantity or amount, custom work, special pricing, contract, corporate, partnership, reseller."""
    distress: float = 0.0
    """Upset, angry, desperate, or in a personal difficulty. At least `crisis`."""
    crisis: float = 0.0
    """Self-harm, or danger to someone."""
    admission: float = 0.0
    """An AI turn that says it does not have the answer or cannot do what was asked."""
    promise: float = 0.0
    """An AI turn that says a person will follow up."""
    affirm: float = 0.0
    """A yes: agreement to what was just proposed."""
    thanks: float = 0.0
    """The customer thanks, or says that the matter is settled."""
    question: bool = False
    """The text asks something, or asks for something to be done."""
    gibberish: bool = False
    """No words of any language that is known: key mashing, symbols, noise. Emoji alone are not gibberish."""
    deferral: bool = False
    """An AI turn that puts the answer off ("let me check that for you") without giving one."""
    asks_detail: bool = False
    """An AI turn that asks the customer for a detail that it needs to go on ("what is your order number?")."""
    offers_human: bool = False
    """An AI turn that asks the customer whether a person is wanted ("shall I connect you with a colleague?")."""
    errand: bool = False
    """An AI turn that says that whoever brings something rings before coming: no promise of an answer."""
    fault: bool = False
    """An AI turn that says that something technical of its own, or of a system that it works with, fails now."""
    corrects: bool = False
    """The customer says that the answer is not what was asked, or that it was told already."""
    spans: tuple[Span, ...] = ()
    amounts: tuple[Amount, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    fingerprint: tuple[int, ...] = ()
    """Hashes of the content words, sorted, 32 at most: equal texts have equal fingerprints, reworded ones overlap."""
