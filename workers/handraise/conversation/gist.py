"""The part of a message that says what it is about, quoted and never rewritten, short enough to be read at a glance."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from handraise.detection.signals import Span

GIST: Final = 160
"""Code points of a gist, at most."""
OPENING: Final = 100
"""The same of the first message, where something else is wanted by now."""
_SENTENCE_END: Final = re.compile(r"[.!?…؟।]+[\"”’»)\]]*\s+|\n+\s*")
_ABBREVIATED: Final = re.compile(
    r"(?:^|[\s(])(?:mr|mrs|ms|dr|dra|sr|sra|st|no|nr|hr|fr|m|mme|prof|tel|str|abs|num|núm|z|bzw|ca|vs|p|ej|ext|art)\.\s+$",
    re.IGNORECASE,
)
"""Before a full stop that ends no sentence: `Mr.`, `Sra.`, `No.`."""
_CONTRAST: Final = re.compile(
    r"(?:^|[,;–—] )(?:but|however|though|except|pero|sin embargo|mas|só que|porém|mais|sauf que|par contre|aber"
    r"|allerdings|lekin|magar|लेकिन|मगर|परंतु|परन्तु|पर|لكن|ولكن|بس|غير أن|إلا أن)\b",
    re.IGNORECASE,
)
"""After kind words, what it is really about begins so."""
_COURTESY: Final = re.compile(r"!+[\"”’»)\]]*\s*$")
_WORD: Final = re.compile(r"\w{4,}")
_NO_REFERENCE: Final = re.compile(r"(?<![\w-])[^\W\d_]{3,}(?![\w-]*\d)|[^\W\d_\u0000-\u024f]")
"""What a message has that is more than references, such as "TW 88210 4" or "MBJ-3071": a word of three letters, or any
of another script."""
_BARE_WORDS: Final = 2
"""A sentence of so few words (`Bonsoir.`) is no answer where there is another one."""
_SPACED_ENOUGH: Final = 0.5
"""A cut is put back to a space if that leaves so much of what would fit."""
_PHRASE: Final = 3.0
_LONE: Final = 0.5
_TURN: Final = 1.5
"""What a phrase, a lone word and a turn of the thought weigh."""
_JOINERS: Final = frozenset("\u200d\ufe0f")


class _Sentence(NamedTuple):
    """A sentence, and where it begins in the text."""

    start: int
    text: str


def clip(text: str, limit: int) -> str:
    """At most `limit` code points, on one line, cut between words, with an ellipsis where something was left out."""
    line = " ".join(text.split())
    if len(line) <= limit:
        return line
    end = limit - 1
    if not line[end].isspace():
        space = line.rfind(" ", 0, end)
        end = space if space >= _SPACED_ENOUGH * limit else _between_characters(line, end)
    return line[:end].rstrip(' ,;:–—-،؛(«“"') + "…"


def is_more_than_a_reference(text: str) -> bool:
    """Whether a text has a word in it, and not only the number of an order, say, or of a phone."""
    return _NO_REFERENCE.search(text) is not None


def gist_of_request(text: str, spans: Iterable[Span]) -> str:
    """What a customer's message is about: from the sentence on that says most of it, if the message is long."""
    return _gist(text, lambda sentences: _most_telling(sentences, _weights(text, sentences, spans)))


def gist_of_answer(text: str, spans: Iterable[Span], request: str) -> str:
    """What an AI turn says: from the sentence on that admits or promises something, or that speaks of the request.

    Courtesies before it are left out where the turn is long.
    """
    told = list(spans)

    def choose(sentences: list[_Sentence]) -> int:
        if told:
            return _most_telling(sentences, _weights(text, sentences, told))
        return _nearest(sentences, request)

    return _gist(text, choose)


def _gist(text: str, choose: Callable[[list[_Sentence]], int]) -> str:
    line = " ".join(text.split())
    if len(line) <= GIST:
        return line
    sentences = _sentences(text)
    first = choose(sentences)
    left = GIST - 2 - sum(len(sentence.text) + 1 for sentence in sentences[first:])
    while first > 0 and len(sentences[first - 1].text) + 1 <= left:
        first -= 1
        left -= len(sentences[first].text) + 1
    rest = " ".join(sentence.text for sentence in sentences[first:])
    return clip(rest, GIST) if first == 0 else "…" + clip(rest, GIST - 1)


def _sentences(text: str) -> list[_Sentence]:
    found: list[_Sentence] = []
    start = 0
    for end in _SENTENCE_END.finditer(text):
        if "\n" not in end[0] and _ABBREVIATED.search(text[start : end.end()]):
            continue
        found.append(_Sentence(start, " ".join(text[start : end.end()].split())))
        start = end.end()
    found.append(_Sentence(start, " ".join(text[start:].split())))
    return [sentence for sentence in found if sentence.text] or [_Sentence(0, "")]


def _weights(text: str, sentences: list[_Sentence], spans: Iterable[Span]) -> list[float]:
    """How much of what was detected each sentence holds: a phrase is surer of its place than a lone word."""
    weights = [_TURN if _CONTRAST.search(sentence.text) else 0.0 for sentence in sentences]
    for span in spans:
        place = max((place for place, one in enumerate(sentences) if one.start <= span.start), default=0)
        is_phrase = len(text[span.start : span.end].split()) > 1
        weights[place] += span.score * (_PHRASE if is_phrase else _LONE)
    return weights


def _most_telling(sentences: list[_Sentence], weights: list[float]) -> int:
    """The first of the sentences that weigh most."""
    return max(range(len(sentences)), key=lambda place: (weights[place], -place))


def _nearest(sentences: list[_Sentence], request: str) -> int:
    """The sentence with the most words of the request; of several, the first that is more than a courtesy."""
    asked = set(_WORD.findall(request.casefold()))

    def worth(place: int) -> tuple[bool, int, int]:
        sentence = sentences[place].text
        bare = _COURTESY.search(sentence) is not None or len(sentence.split()) <= _BARE_WORDS
        return (not bare, len(asked & set(_WORD.findall(sentence.casefold()))), -place)

    return max(range(len(sentences)), key=worth)


def _between_characters(text: str, end: int) -> int:
    """Not within what is read as one character: before its marks and joiners."""
    while end > 0 and (unicodedata.category(text[end])[0] == "M" or text[end] in _JOINERS or text[end - 1] == "\u200d"):
        end -= 1
    return end
