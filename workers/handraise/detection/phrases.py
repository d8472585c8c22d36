"""The notation of the lexicons: phrases over words, parsed and turned into regular expressions over symbols.

A text is matched as a string with one symbol (a character) per word, so that an expression is short, and spelling,
casing, inflection and typing mistakes have been dealt with before. `lexicon/README.md` describes the notation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Final, NamedTuple

from handraise.detection.normalise import fold

STOP: Final = "."
ASK: Final = "?"
CRY: Final = "!"
UNKNOWN: Final = "X"
NAME: Final = "N"
NUMBER: Final = "D"
LINK: Final = "L"
"""Symbols of no word in particular: ends of sentences, words that no lexicon has (the second with a capital), numbers,
links and addresses. Words of the lexicons have symbols from `FIRST_WORD` on."""

FIRST_WORD: Final = 0x3400
LAST_WORD: Final = 0xD7FF

_ENDS: Final = STOP + ASK + CRY
_ANY_WORD: Final = f"[^{_ENDS}]"
_CLASSES: Final = {
    "word": _ANY_WORD,
    "unknown": f"[{UNKNOWN}{NAME}]",
    "name": f"[{NAME}]",
    "number": f"[{NUMBER}]",
    "link": f"[{LINK}]",
    "ask": f"[{ASK}]",
    "cry": f"[{CRY}]",
    "end": f"[{_ENDS}]",
}
_REQUIRED_CLASSES: Final = {"name": NAME, "number": NUMBER, "link": LINK, "ask": ASK, "cry": CRY}


class Word(NamedTuple):
    """A word of a lexicon, folded; with `prefix`, every word that begins so."""

    text: str
    prefix: bool = False


class Gap(NamedTuple):
    """At most `most` words of any kind within the sentence."""

    most: int


class Edge(NamedTuple):
    """The beginning or the end of a sentence."""

    end: bool


class Class(NamedTuple):
    """Any symbol of a named class."""

    name: str


class Sequence(NamedTuple):
    """Items one after the other."""

    items: tuple[Item, ...]


class Choice(NamedTuple):
    """One of several items."""

    options: tuple[Item, ...]


class Repeat(NamedTuple):
    """An item that may be missing, or stand more than once."""

    item: Item
    least: int
    many: bool


Item = Word | Gap | Edge | Class | Sequence | Choice | Repeat
Symbols = Callable[[Word], str]
"""The symbols that a word of a phrase stands for: those of all words that it covers."""

_TOKEN: Final = re.compile(r"\s*(?:([()|?+^$])|<([\w-]+)>|\{(\w+)\}|~(\d+)|([^\s()|?+^$<>{}~]+))")


class Expression:
    """A regular expression over symbols, compiled when a text first needs it: most of the lexicons' never are."""

    def __init__(self, source: str) -> None:
        self._source: Final = source

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """The compiled expression."""
        return re.compile(self._source)


class PhraseError(ValueError):
    """A phrase that does not follow the notation."""


_FILLER: Final = Sequence(())
"""A word that texts are read without. An option that holds one is no option: less than it says would match it."""
_NEVER: Final = "(?!)"
"""Matches nothing: an alternation of which no option is left."""


class Parser:
    """Parses the phrases of one lexicon.

    `names` are the lexicon's named alternations, and `expand` gives the words that a written word stands for
    (`don't`: `do`, `not`).
    """

    def __init__(self, names: Mapping[str, Iterable[str]], expand: Callable[[str], tuple[str, ...]]) -> None:
        self._sources = names
        self._expand = expand
        self._names: dict[str, Item] = {}
        self._open: list[str] = []

    def parse(self, phrase: str) -> Item:
        """Parse one phrase.

        Raises:
            PhraseError: the notation is broken, or a name is unknown or refers to itself.
        """
        tokens = self._tokens(phrase)
        item, rest = self._alternatives(tokens, 0, phrase)
        if rest != len(tokens):
            raise PhraseError(f"unbalanced parenthesis in {phrase!r}")
        return item

    def _tokens(self, phrase: str) -> list[re.Match[str]]:
        tokens, position = [], 0
        phrase = phrase.rstrip()
        while position < len(phrase):
            found = _TOKEN.match(phrase, position)
            if not found:
                raise PhraseError(f"cannot read {phrase!r} from {phrase[position:]!r}")
            tokens.append(found)
            position = found.end()
        return tokens

    def _alternatives(self, tokens: list[re.Match[str]], at: int, phrase: str) -> tuple[Item, int]:
        options, items = [], list[Item]()
        emptied = [False]
        while at < len(tokens) and tokens[at][1] != ")":
            mark = tokens[at][1]
            if mark == "|":
                options.append(_sequence(items))
                items = []
                emptied.append(False)
                at += 1
                continue
            if mark in {"?", "+"}:
                if not items:
                    raise PhraseError(f"nothing to repeat before {mark!r} in {phrase!r}")
                items[-1] = Repeat(items[-1], least=0 if mark == "?" else 1, many=mark == "+")
                at += 1
                continue
            item, at = self._item(tokens, at, phrase)
            emptied[-1] |= item == _FILLER
            items.append(item)
        options.append(_sequence(items))
        if len(options) == 1:
            return options[0], at
        if any(isinstance(option, Repeat) and not option.least for option in options):
            raise PhraseError(f"an option that may be nothing makes all of them optional, in {phrase!r}")
        return Choice(tuple(option for option, lost in zip(options, emptied, strict=True) if not lost)), at

    def _item(self, tokens: list[re.Match[str]], at: int, phrase: str) -> tuple[Item, int]:
        mark, name, kind, gap, word = tokens[at].groups()
        if mark == "(":
            item, at = self._alternatives(tokens, at + 1, phrase)
            if at >= len(tokens):
                raise PhraseError(f"unbalanced parenthesis in {phrase!r}")
            return item, at + 1
        if mark:
            return Edge(end=mark == "$"), at + 1
        if name:
            return self._named(name), at + 1
        if kind:
            if kind not in _CLASSES:
                raise PhraseError(f"unknown class {kind!r} in {phrase!r}")
            return Class(kind), at + 1
        if gap:
            return Gap(int(gap)), at + 1
        if word == "*":
            return Class("word"), at + 1
        if word.endswith("*"):
            return Word(fold(word[:-1]), prefix=True), at + 1
        return _sequence([Word(part) for part in self._expand(word)]), at + 1

    def _named(self, name: str) -> Item:
        if name not in self._names:
            if name not in self._sources:
                raise PhraseError(f"unknown name <{name}>")
            if name in self._open:
                raise PhraseError(f"<{name}> refers to itself")
            self._open.append(name)
            parsed = [self.parse(phrase) for phrase in self._sources[name]]
            self._names[name] = Choice(tuple(item for item in parsed if item != _FILLER))
            self._open.pop()
        return self._names[name]


def _sequence(items: list[Item]) -> Item:
    return items[0] if len(items) == 1 else Sequence(tuple(items))


def words_of(item: Item) -> Iterable[Word]:
    """Every word that a phrase mentions."""
    match item:
        case Word():
            yield item
        case Sequence(items) | Choice(items):
            for part in items:
                yield from words_of(part)
        case Repeat(part):
            yield from words_of(part)


def expression(item: Item, symbols: Symbols) -> str:
    """The phrase as a regular expression over symbols."""
    match item:
        case Word():
            return _class(symbols(item))
        case Gap(most):
            return f"{_ANY_WORD}{{0,{most}}}?"
        case Edge(end):
            return f"(?![^{_ENDS}])" if end else f"(?<![^{_ENDS}])"
        case Class(name):
            return _CLASSES[name]
        case Sequence(items):
            return "".join(expression(part, symbols) for part in items)
        case Choice(options):
            single = [_single(option, symbols) for option in options]
            rest = [expression(option, symbols) for option, one in zip(options, single, strict=True) if not one]
            together = [_class("".join(single))] if any(single) else []
            parts = list(dict.fromkeys([*filter(None, rest), *together]))
            return f"(?:{'|'.join(parts)})" if parts else _NEVER
        case Repeat(part, least, many):
            return f"(?:{expression(part, symbols)}){('+' if least else '*') if many else '?'}"


def required(item: Item, symbols: Symbols, commonness: Callable[[frozenset[str]], float]) -> list[frozenset[str]]:
    """Sets of symbols, from each of which a text must hold one for the phrase to match.

    Of an option's sets the least common stands for the option.
    """
    match item:
        case Word():
            return [frozenset(symbols(item))]
        case Class(name):
            return [frozenset(_REQUIRED_CLASSES[name])] if name in _REQUIRED_CLASSES else []
        case Sequence(items):
            return [one for part in items for one in required(part, symbols, commonness)]
        case Choice(options):
            needs = [required(option, symbols, commonness) for option in options]
            if not all(needs):
                return []
            return [frozenset[str]().union(*(min(need, key=commonness) for need in needs))]
        case Repeat(part, least):
            return required(part, symbols, commonness) if least else []
    return []


def _single(item: Item, symbols: Symbols) -> str:
    """The symbols of an item that is always one word, else nothing."""
    match item:
        case Word():
            return symbols(item)
        case Choice(options):
            parts = [_single(option, symbols) for option in options]
            return "".join(parts) if all(parts) else ""
    return ""


def _class(symbols: str) -> str:
    unique = sorted(set(symbols))
    return unique[0] if len(unique) == 1 else f"[{''.join(unique)}]"
