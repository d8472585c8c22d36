"""An AI's long turn, sentence by sentence: what counts may stand in half a line amid much that is kind and helpful.

Agents that are language models write so. Heard as a whole, a turn is what most of it is: of 240 such turns by a writer
who knew nothing of it (`twentieth/ai-2`, held out of the corpus) an admission was heard in 25 of 56, an offer of a
person in 17 of 24, a fault in 3 of 24; with this 41, 24 and 13. `ops/decisions/0007` has what it costs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from msgspec.structs import replace

from handraise.detection.signals import Signals
from handraise.events import Sender

LONG: Final = 36
"""From so many words on a turn is long: of shorter ones hardly anything more is heard that way, and more amiss."""
MOST: Final = 24
"""So many sentences are read at most."""
CLEAR: Final = 0.8
"""From this score a sentence alone admits or promises something: below, the whole knows better."""
_FEW: Final = 3
"""A sentence of fewer words says nothing of the kind."""
_SENTENCE: Final = re.compile(r"(?:[^.!?।؟…\n]|[.!?।؟…](?!\s|\Z))+[.!?।؟…]*")
_SCORES: Final = ("admission", "promise")
_FLAGS: Final = ("offers_human", "fault")


class Sentence(NamedTuple):
    """A sentence, and where in its text it begins (code points)."""

    begin: int
    text: str


def sentences_of(text: str, sender: Sender) -> list[Sentence]:
    """The sentences of an AI's long turn that are worth reading alone; of all else none."""
    if sender is not Sender.ASSISTANT or len(text.split(maxsplit=LONG)) < LONG:
        return []
    found = list(_sentences(text))
    return found if len(found) > 1 else []


def _sentences(text: str) -> Iterator[Sentence]:
    count = 0
    for match in _SENTENCE.finditer(text):
        said = match[0].strip()
        if len(said.split(maxsplit=_FEW)) < _FEW:
            continue
        yield Sentence(match.start() + match[0].index(said), said)
        count += 1
        if count == MOST:
            return


def heard_in_any(whole: Signals, parts: Iterable[tuple[Sentence, Signals]]) -> Signals:
    """What an AI's turn says, as a whole or in one of its sentences."""
    heard = whole
    for sentence, said in parts:
        clearer = {
            name for name in _SCORES if getattr(said, name) >= CLEAR and getattr(said, name) > getattr(heard, name)
        }
        clearer |= {name for name in _FLAGS if getattr(said, name) and not getattr(heard, name)}
        if clearer:
            kept = [span for span in heard.spans if span.signal not in clearer]
            shown = [
                replace(span, start=span.start + sentence.begin, end=span.end + sentence.begin)
                for span in said.spans
                if span.signal in clearer
            ]
            spans = sorted((*kept, *shown), key=lambda span: (span.start, span.end, span.signal))
            heard = replace(heard, spans=tuple(spans), **{name: getattr(said, name) for name in clearer})
    return heard
