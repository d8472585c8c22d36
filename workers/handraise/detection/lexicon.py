"""The lexicons: what is known of each language, as data. `lexicon/README.md` describes their format."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field

FOLDER: Final = Path(__file__).with_name("lexicon")
NAMES: Final = tuple(
    name for name in ("en", "es", "pt", "fr", "de", "hi", "hi_latn", "ar") if (FOLDER / f"{name}.toml").exists()
)
"""The lexicons, each in a file of its name. The order settles ties between languages."""

CUSTOMER_SIGNALS: Final = ("human_request", "complaint", "high_value", "distress", "crisis", "affirm", "thanks")
ASSISTANT_SIGNALS: Final = ("admission", "promise", "deferral", "asks_detail", "offers_human", "errand", "fault")


class Pattern(Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases that are evidence for a signal."""

    signal: str
    score: float
    any: tuple[str, ...]
    negatable: bool = False
    unless: tuple[str, ...] = ()
    everywhere: bool = False
    """Acts in texts of any language, as human_request and crisis always do."""


class Guard(Struct, frozen=True, forbid_unknown_fields=True):
    """Phrases that take weight from evidence for `signals` in their scope: hypotheses, third parties, the past."""

    signals: tuple[str, ...]
    any: tuple[str, ...]
    factor: float = 0.0
    scope: str = "sentence"
    """`after` (what follows in the sentence), `sentence` or `message`."""


class Negation(Struct, frozen=True, forbid_unknown_fields=True):
    """How the language denies."""

    words: tuple[str, ...] = ()
    """Deny what follows in the clause, up to `reach` words on."""
    adjacent: tuple[str, ...] = ()
    """Deny only what follows at once: "no complaints"."""
    pseudo: tuple[str, ...] = ()
    """Phrases that hold such words and deny nothing: "why don't you", "not only"."""
    breakers: tuple[str, ...] = ()
    """Words that begin a new clause."""
    contrast: tuple[str, ...] = ()
    """Words after which comes what matters: "but"."""
    reach: int = 4
    after: int = 0
    """How many words after the evidence a negator may stand and still deny it."""


class Sentiment(Struct, frozen=True, forbid_unknown_fields=True):
    """Words by how good or bad they sound, from -1 to 1, and words that change the strength of the next one."""

    words: dict[str, float] = field(default_factory=dict)
    intensifiers: dict[str, float] = field(default_factory=dict)
    """Factors above 1 strengthen, below 1 weaken."""


class Lexicon(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is known of one language in one script."""

    language: str
    fillers: tuple[str, ...] = ()
    anchors: tuple[str, ...] = ()
    not_typos: tuple[str, ...] = ()
    function_words: tuple[str, ...] = ()
    telling_words: tuple[str, ...] = ()
    words: dict[str, tuple[str, ...]] = field(default_factory=dict)
    expansions: dict[str, str] = field(default_factory=dict)
    pattern: tuple[Pattern, ...] = ()
    guard: tuple[Guard, ...] = ()
    negation: Negation = field(default_factory=Negation)
    sentiment: Sentiment = field(default_factory=Sentiment)
    intent: dict[str, tuple[str, ...]] = field(default_factory=dict)


def load(name: str) -> Lexicon:
    """Read a lexicon of the package.

    Raises:
        ValueError: the file does not follow the format; the message says where.
    """
    with (FOLDER / f"{name}.toml").open("rb") as file:
        try:
            return msgspec.convert(tomllib.load(file), Lexicon, strict=False)
        except (msgspec.ValidationError, tomllib.TOMLDecodeError) as error:
            raise ValueError(f"lexicon {name}: {error}") from error
