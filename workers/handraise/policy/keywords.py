"""Find the keywords of a business in a message: tens of thousands in one pass, as whole words in any script.

All keyword lists of a policy share one Aho-Corasick automaton (Aho and Corasick, 1975), which finds the keywords as
strings; whether a find is a whole word is then looked up in the text. With 10,000 keywords, on one core of a small
virtual machine under Python 3.11: 40 ms to build, 2 µs for a message of 100 ASCII characters, 12 µs for 1,000, and
45 µs for 100 characters with accents or in Devanagari, most of which is folding.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import ahocorasick_rs
from msgspec import Struct

from handraise.detection.normalise import fold

_fold = lru_cache(maxsize=8_192)(fold)

_JOINERS: Final = frozenset("\u200b\u200c\u200d\ufeff\u00ad")
_UNSPACED: Final = (
    (0x0E00, 0x0EFF),  # Thai, Lao
    (0x1000, 0x109F),  # Myanmar
    (0x1780, 0x17FF),  # Khmer
    (0x3040, 0x30FF),  # Hiragana, Katakana
    (0x3400, 0x4DBF),  # Han
    (0x4E00, 0x9FFF),  # Han
    (0xF900, 0xFAFF),  # Han
    (0x20000, 0x3FFFF),  # Han
)
"""Scripts that put no space between words: there a keyword is found wherever it stands."""


class KeywordFind(Struct, frozen=True, order=True):
    """A keyword in a text: offsets in code points of the original text, end exclusive."""

    start: int
    end: int
    keyword: str


class _Entry(Struct, frozen=True):
    keyword: str
    lists: tuple[int, ...]
    open_start: bool
    open_end: bool


class KeywordIndex:
    """The keyword lists of one policy, each known by its place in `lists`."""

    def __init__(self, lists: Sequence[Sequence[str]]) -> None:
        members: dict[str, list[int]] = {}
        for number, keywords in enumerate(lists):
            for keyword in keywords:
                members.setdefault(keyword, []).append(number)
        by_needle: dict[str, list[_Entry]] = {}
        for keyword, numbers in members.items():
            needle = normalise_keyword(keyword)
            if needle:
                entry = _Entry(keyword, tuple(numbers), keyword.startswith("*"), keyword.endswith("*"))
                by_needle.setdefault(needle, []).append(entry)
        self._entries = list(by_needle.values())
        self._automaton = ahocorasick_rs.AhoCorasick(list(by_needle)) if by_needle else None

    def find(self, text: str) -> dict[int, list[KeywordFind]]:
        """The keywords in a text, by list, in the order of the text."""
        if self._automaton is None or not text:
            return {}
        folded, offsets = folded_text(text)
        found: dict[int, list[KeywordFind]] = {}
        for number, start, end in self._automaton.find_matches_as_indexes(folded, overlapping=True):
            for entry in self._entries[number]:
                place = _whole_words(folded, start, end, entry)
                if place is None:
                    continue
                find = KeywordFind(offsets[place[0]], _cluster_end(text, offsets[place[1] - 1]), entry.keyword)
                for keywords in entry.lists:
                    found.setdefault(keywords, []).append(find)
        for finds in found.values():
            finds.sort()
        return found


def normalise_keyword(keyword: str) -> str:
    """A keyword without its wildcards, as it is searched for."""
    return folded_text(keyword.strip("*"))[0].strip()


def folded_text(text: str) -> tuple[str, Sequence[int]]:
    """The text as it is matched, and for each of its characters where it came from in the original.

    Case, compatibility forms, accents and other spellings of one letter are unified as detection does it; white space
    is one space.
    """
    if text.isascii() and "  " not in text and not any(space in text for space in "\t\n\r\v\f"):
        return text.lower(), range(len(text))
    folded: list[str] = []
    offsets: list[int] = []
    start = 0
    while start < len(text):
        if text[start].isspace():
            if folded and folded[-1] != " ":
                folded.append(" ")
                offsets.append(start)
            start += 1
            continue
        end = _cluster_end(text, start)
        cluster = text[start] if text[start] == "_" else _fold(text[start:end])
        folded.append(cluster)
        offsets += [start] * len(cluster)
        start = end
    return "".join(folded), offsets


def _cluster_end(text: str, start: int) -> int:
    """Where the character at `start` ends, with the marks that follow it."""
    end = start + 1
    while end < len(text) and (unicodedata.combining(text[end]) or text[end] in _JOINERS):
        end += 1
    return end


def _whole_words(folded: str, start: int, end: int, entry: _Entry) -> tuple[int, int] | None:
    """Where the find lies, grown to the whole word at a wildcard; None if it is only a part of a word."""
    if entry.open_start:
        while start and not _boundary(folded, start):
            start -= 1
    elif not _boundary(folded, start):
        return None
    if entry.open_end:
        while end < len(folded) and not _boundary(folded, end):
            end += 1
    elif not _boundary(folded, end):
        return None
    return start, end


def _boundary(folded: str, offset: int) -> bool:
    """Whether a word may begin or end here."""
    if offset in (0, len(folded)):
        return True
    before, after = folded[offset - 1], folded[offset]
    return not (_in_word(before) and _in_word(after)) or (is_unspaced(before) and is_unspaced(after))


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_" or unicodedata.category(character)[0] == "M"


def is_unspaced(character: str) -> bool:
    """Whether a script puts no space between words."""
    code = ord(character)
    return code >= _UNSPACED[0][0] and any(first <= code <= last for first, last in _UNSPACED)
