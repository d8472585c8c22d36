"""In which language a customer is answered: that of what they say, and not of a name or a scrap."""

from __future__ import annotations

import re
from typing import Final

from handraise.conversation.state import Conversation
from handraise.conversation.weights import STRONG
from handraise.detection.language import is_foreign
from handraise.detection.signals import Signals
from handraise.events import ChatMessage, Sender

_LATIN: Final = re.compile("[A-Za-z]")
_DEVANAGARI: Final = re.compile("[\u0904-\u0939]")
_WORD: Final = re.compile("[A-Za-z]+")
_LONGEST_SCRAP: Final = 2
"""Words of a message that does not tell its language; words in small letters of a name, an address or a number."""


def note_language(state: Conversation, message: ChatMessage, signals: Signals) -> None:
    """Take over the language of a customer's message, which is in the transcript already."""
    named = message.language if message.language != "und" else None
    if named and is_foreign(named):
        state.language = named
    elif not named and state.language and is_foreign(state.language):
        pass  # detection takes all Italian for Spanish: its guess is none that the customer has changed the language
    elif signals.language != "und" and not (state.language and _says_too_little(state, message, signals)):
        state.language = _as_written(signals.language, message.text)
    elif state.language is None and message.language:
        state.language = message.language


def _says_too_little(state: Conversation, message: ChatMessage, signals: Signals) -> bool:
    """Whether a message is too little to take it for the customer's language, where that is known.

    A name, an address or an order's number is in no language, and "hm ok" in many. What only one language has letters
    for is in it, and so is what the producer says.
    """
    if message.language or not message.text.isascii() or signals.question:
        return False
    if max(signals.human_request, signals.complaint, signals.high_value, signals.distress) >= STRONG:
        return False
    *earlier, _ = state.transcript
    if not any(turn.sender is Sender.CUSTOMER and len(turn.text.split()) > _LONGEST_SCRAP for turn in earlier):
        return False  # what it is known from is a scrap as well
    words = _WORD.findall(message.text)
    in_small_letters = sum(word.islower() for word in words)
    is_detail = in_small_letters == 0 or any(map(str.isdigit, message.text))
    return len(words) <= _LONGEST_SCRAP or (state.ai_asked and is_detail and in_small_letters <= _LONGEST_SCRAP)


def _as_written(language: str, text: str) -> str:
    """The language with the letters that it is written in, where that matters to who reads the answer."""
    in_latin_letters = _LATIN.search(text) and not _DEVANAGARI.search(text)
    return "hi-Latn" if language == "hi" and in_latin_letters else language
