"""Hindi in Latin letters, as people type it, so that what is learned of one script holds for the other.

Many who write Hindi to a business write it in Latin letters, by no standard. A table has the spelling of words
for which rules do not give it, most of them English (`lexicon/romanised.txt`). For all others there are rules, each
chosen by what the corpus's writers of Hindi in Latin letters type: a long vowel is doubled in a first syllable (for i
and u only if a consonant closes it), a nasal at a word's end is written after a long a alone, and a consonant's own
vowel is left out where it is not spoken: at the end of a word, and between two consonants of which a vowel stands
before the first and one after the second, found from the end (Ohala, "Aspects of Hindi Phonology", 1983).
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources
from typing import Final, NamedTuple

from handraise.detection.normalise import INVISIBLE

_DEVANAGARI: Final = re.compile("[\u0900-\u097f]")
_IGNORED: Final = re.compile(f"[{INVISIBLE}]")
_STRETCHED: Final = re.compile(r"(.)\1{2,}")
_NUKTA: Final = "\u093c"
_VIRAMA: Final = "\u094d"
_NASALS: Final = frozenset("\u0900\u0901\u0902")
_VISARGA: Final = "\u0903"
_SPELLED: Final = "k kh g gh n ch ch j jh n t th d dh n t th d dh n p f b bh m y r l l w sh sh s h"
_CONSONANTS: Final = dict(zip("कखगघङचछजझञटठडढणतथदधनपफबभमयरलळवशषसह", _SPELLED.split(), strict=True))
_DOTTED: Final = {"ज": "z"}
"""Letters that a dot makes another sound, if people write it so."""
_SPOKEN: Final = "A i I u U ri e ai o au o e"
_SIGNS: Final = dict(zip("ािीुूृेैोौॉॅ", _SPOKEN.split(), strict=True))
_VOWELS: Final = {"अ": "a", **dict(zip("आइईउऊऋएऐओऔऑऍ", _SPOKEN.split(), strict=True))}
"""Vowels; a capital stands for a long one of which the spelling depends on its place."""
_DOUBLED: Final = {"A": "aa", "I": "ee", "U": "oo"}
_ZERO: Final = 0x0966


class _Sound(NamedTuple):
    """A consonant, or none, and its vowel, or none; `own` if nobody wrote the vowel."""

    consonant: str
    vowel: str = ""
    own: bool = False

    def is_nasal(self) -> bool:
        return self.consonant in _NASALS


def romanised(word: str) -> str:
    """A word of Devanagari in Latin letters; any other word as it is."""
    if word.isascii() or not _DEVANAGARI.search(word):
        return word
    word = _STRETCHED.sub(r"\1\1", unicodedata.normalize("NFC", _IGNORED.sub("", word)))
    known = table().get(word)
    return _spelled(_spoken(_sounds(word))) if known is None else known


@cache
def table() -> dict[str, str]:
    """The words that are spelled otherwise than by rule, in Devanagari (NFC), and how."""
    lines = (resources.files("handraise.detection") / "lexicon" / "romanised.txt").read_text("utf-8").splitlines()
    pairs = (line.split() for line in lines if line and not line.startswith("#"))
    return {unicodedata.normalize("NFC", hindi): latin for hindi, latin in pairs}


def _sounds(word: str) -> list[_Sound]:
    found: list[_Sound] = []
    before = ""
    for letter in unicodedata.normalize("NFD", word):
        last = found[-1] if found else None
        if letter in _CONSONANTS:
            found.append(_Sound(_CONSONANTS[letter], "a", own=True))
        elif letter == _NUKTA and last and before in _DOTTED:
            found[-1] = last._replace(consonant=_DOTTED[before])
        elif letter in _SIGNS and last:
            found[-1] = last._replace(vowel=_SIGNS[letter], own=False)
        elif letter == _VIRAMA and last:
            found[-1] = last._replace(vowel="", own=False)
        elif letter in _VOWELS:
            found.append(_Sound("", _VOWELS[letter]))
        elif letter == _VISARGA:
            found.append(_Sound("h"))
        elif letter != _NUKTA and not (letter in _NASALS and last and last.is_nasal()):
            number = ord(letter) - _ZERO
            found.append(_Sound(str(number) if 0 <= number <= 9 else letter))  # noqa: PLR2004 - the ten figures
        before = letter
    return found


def _spoken(sounds: list[_Sound]) -> list[_Sound]:
    """Without the vowels that nobody speaks and the nasals that nobody writes."""
    if len(sounds) > 1 and sounds[-1].is_nasal():
        if sounds[-2].own:
            sounds[-1] = _Sound("m")
        elif sounds[-2].vowel != "A":
            sounds.pop()
    if len(sounds) > 1 and sounds[-1].own:
        sounds[-1] = sounds[-1]._replace(vowel="")
    for at in range(len(sounds) - 2, 0, -1):
        left, one, right = sounds[at - 1 : at + 2]
        if one.own and left.vowel and right.consonant and right.vowel:
            sounds[at] = one._replace(vowel="")
    return sounds


def _spelled(sounds: list[_Sound]) -> str:
    spelled = ""
    first = next((at for at, sound in enumerate(sounds) if sound.vowel), -1)
    for at, sound in enumerate(sounds):
        after = sounds[at + 1] if at + 1 < len(sounds) else None
        consonant = sound.consonant
        if sound.is_nasal():
            consonant = "m" if after and after.consonant[:1] in {"p", "b", "m"} else "n"
        elif not consonant and _glides(sounds[at - 1] if at else None, sound.vowel, spelled):
            consonant = "y"
        vowel = sound.vowel
        if vowel in _DOUBLED:
            is_closed = after is not None and not after.vowel
            doubles = at == first and after is not None and (vowel == "A" or is_closed)
            vowel = _DOUBLED[vowel] if doubles else vowel.lower()
        spelled += consonant + vowel
    return spelled


def _glides(before: _Sound | None, vowel: str, spelled: str) -> bool:
    """Whether a y is written before a vowel that follows another: gaye, liye, gayi, but bhai and koi."""
    return spelled[-1:] in {"i", "a"} if vowel == "e" else vowel == "I" and before is not None and before.own
