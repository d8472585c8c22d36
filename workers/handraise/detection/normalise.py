"""Bring text to the form in which it is matched, without losing where each word stood in the original."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Final

HEAD: Final = 6_000
TAIL: Final = 2_000
"""Longer texts are read at their first `HEAD` and last `TAIL` code points: a rant says what it wants at its ends."""

INVISIBLE: Final = "\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
"""Zero-width characters, bidirectional controls and variation selectors, as a range for a character class."""

_MASK: Final = "\ue000"
"""Stands for each character of an address or a link, so that offsets keep their meaning."""

_INVISIBLE: Final = re.compile(f"[{INVISIBLE}]")
_NEEDS_MASK: Final = re.compile(r"[@`<&]|://|www\.|^\s*>|^-- $|\.(?:com|org|net)\b", re.MULTILINE)
_LINK: Final = re.compile(
    r"(?i:https?://|www\.)[^\s<>\"]+"
    r"|[\w.+-]+@[\w-]+(?:\.[\w-]+)+"
    r"|(?<!\w)@\w{2,}"
    r"|\b[\w-]+\.(?:com|org|net)(?:/[^\s<>\"]*)?\b"
)
_NOT_SAID: Final = re.compile(
    r"```.*?(?:```|\Z)"
    r"|`[^`\n]{1,200}`"
    r"|(?i:<(?:script|style)\b.*?</(?:script|style)>)"
    r"|</?[A-Za-z][^<>\n]{0,300}>"
    r"|^[ \t]*>+(?![^\S\n]*[\d<])[^\n]*$"
    r"|^On [^\n]{5,100} wrote:[ \t]*$"
    r"|^-- \n.*\Z",
    re.DOTALL | re.MULTILINE,
)
_LINE_QUOTE: Final = re.compile(r"^[ \t]*>+[^\n]*$", re.MULTILINE)
_ENTITY: Final = re.compile(r"&(?:nbsp|amp|lt|gt|quot|apos|#\d{1,6}|#[xX][0-9a-fA-F]{1,6});")
_APOSTROPHE_ENTITIES: Final = frozenset({"&apos;", "&#39;", "&#x27;", "&#8217;", "&#x2019;"})

_APOSTROPHES: Final = str.maketrans(dict.fromkeys("’‘ʼ`´＇", "'"))
_ARABIC: Final = str.maketrans(
    {
        **dict.fromkeys("أإآٱ", "ا"),
        "ى": "ي",
        "ی": "ي",
        "ئ": "ي",
        "ؤ": "و",
        "ة": "ه",
        "ک": "ك",
        "ـ": None,
        **dict.fromkeys((chr(code) for code in range(0x064B, 0x0660)), None),
        "\u0670": None,
    }
)
_DEVANAGARI: Final = str.maketrans({"\u093c": None, "\u0901": "\u0902"})
_HOMOGLYPHS: Final = str.maketrans(
    {  # Cyrillic, then Greek, by the Latin letter that they look like
        **dict(zip("авекмнорстухіјѕԁԛԝ", "abekmhopctyxijsdqw", strict=True)),
        **dict(zip("αβεικνορτυχ", "abeiknoptux", strict=True)),
    }
)
_LATIN: Final = re.compile("[a-z]")
_CYRILLIC_OR_GREEK: Final = re.compile("[\u0370-\u03ff\u0400-\u052f]")
_COMBINING: Final = re.compile("[\u0300-\u036f]+")


def clip(text: str) -> str:
    """The part of a text that is read: all of it, or its head and its tail on lines of their own."""
    if len(text) <= HEAD + TAIL:
        return text
    return f"{text[:HEAD]}\n{text[-TAIL:]}"


def original_offset(offset: int, length: int) -> int:
    """Where an offset into `clip(text)` lies in a text of `length` code points."""
    if length <= HEAD + TAIL or offset <= HEAD:
        return offset
    return offset - HEAD - 1 + length - TAIL


def mask(text: str) -> str:
    """Blank what the writer did not say: markup, code, quoted replies; links and addresses become `MASK` characters.

    The result has the length of the text.
    """
    if not _NEEDS_MASK.search(text):
        return text
    text = _ENTITY.sub(_entity, text)
    text = _NOT_SAID.sub(_blank, text)
    text = _LINE_QUOTE.sub(_blank, text)
    return _LINK.sub(lambda found: _MASK * len(found[0]), text)


def is_masked(token: str) -> bool:
    """Whether a token stands for a link or an address."""
    return token[0] == _MASK


def _blank(found: re.Match[str]) -> str:
    return " " * len(found[0])


def _entity(found: re.Match[str]) -> str:
    if found[0].lower() in _APOSTROPHE_ENTITIES:
        return "'" + "\u200b" * (len(found[0]) - 1)
    return _blank(found)


def fold(word: str) -> str:
    """One word as it is looked up.

    Compatibility forms, case, invisible characters, Latin diacritics, look-alike letters within Latin words, Arabic
    vowel marks and letter variants, and the Devanagari nukta are unified; Devanagari vowel signs stay, since words
    differ by them.
    """
    if word.isascii():
        return word.lower().strip("_")
    word = unicodedata.normalize("NFKC", _INVISIBLE.sub("", word)).casefold().translate(_APOSTROPHES)
    if word.isascii():
        return word.strip("_")
    word = unicodedata.normalize("NFC", _COMBINING.sub("", unicodedata.normalize("NFD", word)))
    return unmixed(word).translate(_ARABIC).translate(_DEVANAGARI).strip("_")


def unmixed(word: str) -> str:
    """A word in lower case without the Cyrillic and Greek letters that stand for Latin ones among Latin ones."""
    if _CYRILLIC_OR_GREEK.search(word) and _LATIN.search(word):
        return word.translate(_HOMOGLYPHS)
    return word


@cache
def umlaut_spelling(word: str) -> str:
    """A German word as it is written without umlauts: `möchte` is `moechte`."""
    word = unicodedata.normalize("NFC", word).casefold()
    return word.replace("ä", "ae").replace("ö", "oe").replace("ü", "ue")
