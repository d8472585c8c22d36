"""What a customer reports of somebody's call, answer or visit: that it was promised and has not come, or that it has.

The learned models hear the person in "I was told that someone would ring me, and nobody has", which asks for nobody.
The statements are in `lexicon/reported.toml`. A message that besides asks for anything reports nothing here: it is
worse to miss who wants a person than to take a complaint for one who does.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from functools import cache, lru_cache
from itertools import accumulate
from types import MappingProxyType
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct, field

from handraise.detection.lexicon import FOLDER
from handraise.detection.normalise import umlaut_spelling
from handraise.detection.statements import plain
from handraise.detection.tokens import CLAUSE_MARKS

_ASKING: Final = frozenset("?؟")
_ENDING: Final = frozenset(".!…۔।")
_NAME: Final = re.compile(r"<(\w+)>")
_PART: Final = re.compile(r"\(|\)\??|\||\^|~\d+|[^\s()|]+")
_PARTS: Final = {"(": "(?:", ")": ")", ")?": ")?", "|": "|", "^": r"(?:(?<=[.,] )|\A)"}
_SCRIPTS: Final = ("[a-z]", "[\u0900-\u097f]", "[\u0600-\u06ff]")
_READ_AS: Final = MappingProxyType({"en": ("en",), "hi": ("hi", "hi_latn", "en"), "und": ("en",)})
"""In which ways of writing a text is read, by its language; others in their own and in English."""
_BREAKS: Final = frozenset((". ", ", "))
_MOST_LEADING: Final = 6
"""So many words before what is reported are its subject, or its day."""
_MOST_WORDS: Final = 120
"""Whoever writes more is read by the models alone: somewhere in it, something may be asked for."""


class Reporting(Struct, frozen=True, forbid_unknown_fields=True):
    """What is reported in one way of writing, in the notation that `lexicon/README.md` describes."""

    stems: tuple[str, ...]
    """Beginnings of words; a text that has none of them reports nothing."""
    words: dict[str, str] = field(default_factory=dict)
    """Named alternations, used as `<name>`."""
    missed: tuple[str, ...] = ()
    """That a call, an answer or a person that was promised has not come."""
    promised: tuple[str, ...] = ()
    """That one was promised; with one of the next two, it has not come."""
    silence: tuple[str, ...] = ()
    """That nobody has called, answered or come."""
    since: tuple[str, ...] = ()
    """What says so only of something that was promised: that it is Thursday now."""
    been: tuple[str, ...] = ()
    """That somebody has called, answered or come."""
    asks: tuple[str, ...] = ()
    """What a message that wants something has, anywhere; "^" is the beginning of a clause."""


class Report(NamedTuple):
    """What a message reports."""

    missed: bool
    """Whether something that was promised has not come."""
    rest: list[str]
    """What else it says, clause by clause, and all of it."""


class _Language(NamedTuple):
    asks: re.Pattern[str]
    missed: re.Pattern[str]
    promised: re.Pattern[str]
    silence: re.Pattern[str]
    been: re.Pattern[str]
    since: re.Pattern[str]


class Reports:
    """Finds out what a message reports, in its own language and in English: people mix them."""

    def __init__(self, languages: Mapping[str, Reporting]) -> None:
        self._stems: Final = tuple(plain(stem) for one in languages.values() for stem in one.stems)
        self._is_telling: Final = lru_cache(maxsize=20_000)(lambda word: plain(word).startswith(self._stems))
        scripts = [(script, re.compile(script)) for script in _SCRIPTS]
        self._languages: Final = {
            name: (next(script for _, script in scripts if script.match(plain(one.stems[0]))), _language(one))
            for name, one in languages.items()
        }

    def find(self, tokens: Sequence[str], language: str) -> Report | None:
        """What a message of a language, named as in `Signals`, reports, if it does and asks for nothing besides."""
        if len(tokens) > _MOST_WORDS or not any(map(self._is_telling, tokens)):
            return None
        words = [_word(token) for token in tokens]
        text = "".join(words)
        if "?" in text:
            return None
        for name in _READ_AS.get(language, (language, "en")):
            script, known = self._languages[name]
            report = _read(known, text, words, tokens) if script.search(text) else None
            if report is not None:
                return report
        return None


def _read(language: _Language, text: str, words: Sequence[str], tokens: Sequence[str]) -> Report | None:
    """What a message reports in one language."""
    missed, promised = _spans(language.missed, text), _spans(language.promised, text)
    silence, been = _spans(language.silence, text), _spans(language.been, text)
    since = _spans(language.since, text) if promised else []
    has_not_come = bool(missed) or (bool(promised) and bool(silence or since))
    if not (has_not_come or silence or been) or language.asks.search(text):
        return None
    ends = list(accumulate(map(len, words)))
    said = {
        at
        for begin, end in (*missed, *promised, *silence, *since, *been)
        for at in range(bisect_right(ends, begin), bisect_right(ends, end - 1) + 1)
    }
    return Report(has_not_come, _rest(words, tokens, said))


def _rest(words: Sequence[str], tokens: Sequence[str], said: set[int]) -> list[str]:
    """What is left without some tokens: what stands together of it, clause by clause, and all of it.

    A few words that lead up to what is reported, "the manager" or "me", are looked at only among all of it.
    """
    found, left = list[str](), list[str]()
    clause = list[str]()
    for at, (word, token) in enumerate(zip((*words, ". "), (*tokens, "."), strict=True)):
        if word and word not in _BREAKS and at not in said:
            clause.append(token)
        elif clause and (word or at in said):
            left.append(" ".join(clause))
            if at not in said or len(clause) > _MOST_LEADING:
                found.append(left[-1])
            clause = []
    return [*found, " . ".join(left)] if found != left or len(left) > 1 else found


def _spans(pattern: re.Pattern[str], text: str) -> list[tuple[int, int]]:
    return [found.span() for found in pattern.finditer(text)]


def _word(token: str) -> str:
    """A token as the statements have it, with a space behind it; nothing of what is neither a word nor a mark."""
    first = token[0]
    if first.isalnum():
        return f"{plain(token)} "
    if not _ASKING.isdisjoint(token):
        return "? "
    if first in _ENDING or "\n" in token:
        return ". "
    return ", " if first in CLAUSE_MARKS else ""


def _language(one: Reporting) -> _Language:
    return _Language(*(_compiled(_named(getattr(one, kind), one.words)) for kind in _Language._fields))


def _named(texts: Iterable[str], names: Mapping[str, str]) -> list[str]:
    """Statements with what the names in them stand for, which may have names in it too."""
    found = list(texts)
    while any(map(_NAME.search, found)):
        found = [_NAME.sub(lambda name: names[name[1]], text) for text in found]
    return found


def _compiled(texts: Iterable[str]) -> re.Pattern[str]:
    written = ["".join(map(_part, _PART.findall(text))) for text in texts]
    return re.compile(rf"(?<![^ ])(?:{'|'.join(written) or '(?!)'})")


def _part(part: str) -> str:
    if part in _PARTS:
        return _PARTS[part]
    if part[0] == "~":
        return rf"(?:[^ .]+ ){{0,{part[1:]}}}?"
    word = part.removesuffix("*")
    rest = "[^ ]* " if part != word else " "
    spellings = {re.escape(plain(word)), re.escape(plain(umlaut_spelling(word)))}
    return f"(?:{'|'.join(sorted(spellings))}){rest}"


@cache
def default_reports() -> Reports:
    """The statements of the package, read once in a process."""
    stored = tomllib.loads((FOLDER / "reported.toml").read_text("utf-8"))
    return Reports(msgspec.convert(stored, dict[str, Reporting]))
