"""The phrases of all lexicons, compiled."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from handraise.detection.lexicon import ASSISTANT_SIGNALS, CUSTOMER_SIGNALS, Lexicon, Pattern
from handraise.detection.normalise import fold
from handraise.detection.phrases import (
    UNKNOWN,
    Expression,
    Item,
    Parser,
    PhraseError,
    Word,
    expression,
    required,
    words_of,
)
from handraise.detection.preselection import SLOTS, Preselection
from handraise.detection.sentiment import words_of_sentiment
from handraise.detection.vocabulary import Vocabulary, aliases_of

_COMMON: Final = 40
"""How many rare words a function word weighs when the words to look at are chosen."""

EVERYWHERE: Final = frozenset({"human_request", "crisis"})
"""Signals whose phrases act in a text of any language: a mistaken language must not silence them."""

INTENT: Final = "intent:"
ASSISTANT: Final = frozenset(ASSISTANT_SIGNALS)


class Rule(Struct, frozen=True):
    """One phrase, ready to match."""

    signal: str
    score: float
    lexicon: str
    everywhere: bool
    group: int
    """The pattern that it belongs to: phrases of one pattern are not independent evidence."""
    matches: Expression
    unless: Expression | None
    negatable: bool
    says_not: bool
    """The phrase itself holds a negator, so that one within its words does not cancel it."""


class CompiledGuard(Struct, frozen=True):
    """A guard, ready to match."""

    signals: frozenset[str]
    matches: Expression
    factor: float
    scope: str


class Denial(Struct, frozen=True):
    """A language's negation, in symbols."""

    words: frozenset[str]
    adjacent: frozenset[str]
    pseudo: Expression | None
    breakers: frozenset[str]
    contrast: frozenset[str]
    reach: int
    after: int


class Speech:
    """How one language is written: what a token stands for, once contractions are opened and fillers left out."""

    def __init__(self, lexicon: Lexicon) -> None:
        self._fillers: Final = frozenset(map(fold, lexicon.fillers))
        self._expansions: Final = {
            fold(short): tuple(fold(word) for word in full.split()) for short, full in lexicon.expansions.items()
        }
        self.aliases: Final = dict[str, str]()

    def words(self, written: str) -> tuple[str, ...] | None:
        """The words that a folded token stands for, none for a filler; `None` if it stands for itself."""
        if written in self._fillers:
            return ()
        return self._expansions.get(written)

    def expand(self, written: str) -> tuple[str, ...]:
        """The words that a word of a phrase stands for."""
        word = fold(written)
        for alias in aliases_of(written):
            self.aliases[alias] = word
        known = self.words(word)
        return (word,) if known is None else known


class RuleBook:
    """Every rule, guard and negation, and the vocabulary that they share."""

    def __init__(self, lexicons: Mapping[str, Lexicon]) -> None:
        self.speech: Final = {name: Speech(lexicon) for name, lexicon in lexicons.items()}
        sources = [_Source(name, lexicon, self.speech[name]) for name, lexicon in lexicons.items()]
        self.vocabulary: Final = Vocabulary(
            (word for source in sources for word in source.words()),
            (fold(word) for lexicon in lexicons.values() for word in lexicon.anchors),
            (fold(word) for lexicon in lexicons.values() for word in lexicon.not_typos),
        )
        self.own_words: Final = {
            source.name: frozenset(word.text for word in source.words() if not word.prefix) for source in sources
        }
        for speech in self.speech.values():
            self.vocabulary.add_aliases(speech.aliases)
        self.guards: Final = {source.name: source.guards(self.vocabulary) for source in sources}
        self.denials: Final = {source.name: source.denial(self.vocabulary) for source in sources}
        common = frozenset(
            symbol
            for lexicon in lexicons.values()
            for word in (*lexicon.function_words, *lexicon.telling_words)
            if (symbol := self.vocabulary.known(fold(word)))
        )

        def commonness(symbols: frozenset[str]) -> float:
            return len(symbols) + _COMMON * len(symbols & common)

        self._rules: Final = [
            (rule, sorted(set(needs), key=lambda need: (commonness(need), min(need, default="")))[:SLOTS])
            for source in sources
            for rule, needs in source.rules(self.vocabulary, self.denials[source.name].words, commonness)
        ]
        self._preselections: Final = dict[tuple[str, bool], Preselection[Rule]]()

    def symbols(self, token: str, spoken: Sequence[str]) -> str:
        """The symbols of a token in a text that is read by the lexicons `spoken`, the text's own first."""
        folded = self.vocabulary.corrected(fold(token))
        for name in spoken:
            words = self.speech[name].words(folded)
            if words is not None:
                return "".join(self.vocabulary.known(word) or UNKNOWN for word in words)
            if folded in self.own_words[name]:
                break
        if "'" in folded[1:] and not self.vocabulary.known(folded):
            parts = [part for part in folded.split("'") if part]
            return "".join(self.symbols(part, spoken) for part in parts)
        return self.vocabulary.symbol(token)

    def candidates(self, encoded: str, lexicon: str, *, assistant: bool) -> list[Rule]:
        """The rules, of those for this language and sender, all of whose required words are in the text."""
        preselection = self._preselections.get((lexicon, assistant))
        if preselection is None:
            acts, others = _acts_in(lexicon), CUSTOMER_SIGNALS if assistant else ASSISTANT
            preselection = self._preselections[lexicon, assistant] = Preselection(
                [(rule, needs) for rule, needs in self._rules if acts(rule) and rule.signal not in others]
            )
        return preselection.of(encoded)


def _acts_in(text: str) -> Callable[[Rule], bool]:
    """Whether a rule acts in a text of this lexicon. Romanised Hindi is always mixed with English."""
    own = {text, "en"} if text == "hi_latn" else {text}
    return lambda rule: text == "und" or rule.lexicon in own or rule.everywhere


class _Source:
    """One lexicon, parsed, on its way to rules."""

    def __init__(self, name: str, lexicon: Lexicon, speech: Speech) -> None:
        self.name: Final = name
        self._lexicon: Final = lexicon
        parser = Parser(lexicon.words, speech.expand)

        def parse(phrases: Iterable[str]) -> list[Item]:
            try:
                return [parser.parse(phrase) for phrase in phrases]
            except PhraseError as error:
                raise ValueError(f"lexicon {name}: {error}") from error

        intents = (Pattern(f"{INTENT}{intent}", 0.0, phrases) for intent, phrases in lexicon.intent.items())
        self._patterns: Final = [
            (pattern, parse(pattern.any), parse(pattern.unless)) for pattern in (*lexicon.pattern, *intents)
        ]
        self._guards: Final = [(guard, parse(guard.any)) for guard in lexicon.guard]
        negation = lexicon.negation
        self._pseudo: Final = parse(negation.pseudo)
        self._denials: Final = {
            kind: [Word(part) for word in words for part in speech.expand(word)]
            for kind, words in (
                ("words", negation.words),
                ("adjacent", negation.adjacent),
                ("breakers", negation.breakers),
                ("contrast", negation.contrast),
            )
        }

    def words(self) -> Iterator[Word]:
        """Every word that the lexicon matches on."""
        items = [
            *(item for _, any_of, unless in self._patterns for item in (*any_of, *unless)),
            *(item for _, any_of in self._guards for item in any_of),
            *self._pseudo,
        ]
        for item in items:
            yield from words_of(item)
        for words in self._denials.values():
            yield from words
        yield from words_of_sentiment(self._lexicon)

    def guards(self, vocabulary: Vocabulary) -> list[CompiledGuard]:
        return [
            CompiledGuard(frozenset(guard.signals), _either(any_of, vocabulary), guard.factor, guard.scope)
            for guard, any_of in self._guards
        ]

    def denial(self, vocabulary: Vocabulary) -> Denial:
        symbols = {
            kind: frozenset(symbol for word in words for symbol in vocabulary.symbols_of(word))
            for kind, words in self._denials.items()
        }
        return Denial(
            **symbols,
            pseudo=_either(self._pseudo, vocabulary) if self._pseudo else None,
            reach=self._lexicon.negation.reach,
            after=self._lexicon.negation.after,
        )

    def rules(
        self,
        vocabulary: Vocabulary,
        negators: frozenset[str],
        commonness: Callable[[frozenset[str]], float],
    ) -> Iterator[tuple[Rule, list[frozenset[str]]]]:
        """The rules, each with the sets of symbols of which a text must hold one each."""
        for group, (pattern, any_of, unless) in enumerate(self._patterns):
            exception = _exception(unless, vocabulary) if unless else None
            for item in any_of:
                source = expression(item, vocabulary.symbols_of)
                rule = Rule(
                    signal=pattern.signal,
                    score=pattern.score,
                    lexicon=self.name,
                    group=group,
                    everywhere=pattern.everywhere or pattern.signal in EVERYWHERE,
                    matches=Expression(source),
                    unless=exception,
                    negatable=pattern.negatable,
                    says_not=not negators.isdisjoint(source),
                )
                yield rule, required(item, vocabulary.symbols_of, commonness)


def _either(items: list[Item], vocabulary: Vocabulary) -> Expression:
    return Expression("|".join(expression(item, vocabulary.symbols_of) for item in items))


def _exception(items: list[Item], vocabulary: Vocabulary) -> Expression:
    """Like `_either`, but a gap at the end reaches as far as it may, so that it covers the evidence behind it."""
    sources = (expression(item, vocabulary.symbols_of) for item in items)
    return Expression("|".join(source.removesuffix("?") if source.endswith("}?") else source for source in sources))
