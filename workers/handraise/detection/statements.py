"""How `lexicon/outright.toml` writes statements, and how the words of a text are compared with theirs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import product
from typing import Final, NamedTuple

from msgspec import Struct

from handraise.detection.normalise import fold

_CHOICE: Final = re.compile(r"\(([^()]+)\)(\??)")

Words = tuple[str, ...]


class Statements(Struct, frozen=True, forbid_unknown_fields=True):
    """What says a signal outright: as a whole sentence, or as the beginning of one."""

    whole: tuple[str, ...] = ()
    start: tuple[str, ...] = ()


class Joined(Statements, frozen=True, forbid_unknown_fields=True):
    """What says a signal outright, and any of its beginnings with any of its ends right behind it.

    Together they would stand for a million sentences, and each of them is looked up by its words.
    """

    head: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()


class Place(NamedTuple):
    """The first token of a statement, and the one behind its last."""

    begin: int
    end: int


def wordings(text: str) -> Iterator[str]:
    """Each sentence that one stands for: of `(a|b c)` either, of `(a)?` both with it and without."""
    parts = _CHOICE.split(text)
    choices = [
        [*inner.split("|"), *([""] if maybe else [])] for inner, maybe in zip(parts[1::3], parts[2::3], strict=True)
    ]
    for chosen in product(*choices):
        yield "".join(f"{before}{one}" for before, one in zip(parts[::3], (*chosen, ""), strict=True))


@lru_cache(maxsize=60_000)
def plain(word: str) -> str:
    """Folded, and without apostrophes."""
    return fold(word).replace("'", "")
