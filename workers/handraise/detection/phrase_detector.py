"""Detection by phrases: rules, lexicons and parsing; what it finds, it is mostly sure of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Final, TypeVar

from msgspec.structs import replace

from handraise.detection import lexicon as lexicons
from handraise.detection.amounts import amounts_in, quantities_in
from handraise.detection.evidence import MOST_SPANS, Found, Judge, combine, shown, strongest
from handraise.detection.fingerprint import fingerprint, hash_of
from handraise.detection.gibberish import is_gibberish, is_one_key_held
from handraise.detection.glance import CURRENCY, DIGIT, HELD_KEY, MARKUP, NUMBER_WORD, glance
from handraise.detection.intent import intent_of
from handraise.detection.language import UNDETERMINED, Languages
from handraise.detection.machine import machine_output
from handraise.detection.normalise import HEAD, TAIL, clip, fold, mask, original_offset
from handraise.detection.phrases import ASK, FIRST_WORD, LINK, NUMBER
from handraise.detection.reading import Reading
from handraise.detection.rules import INTENT, RuleBook
from handraise.detection.sentiment import Valences
from handraise.detection.signals import SIGNALS, Amount, Intent, Quantity, Signals, Span
from handraise.detection.stakes import counted, stakes
from handraise.detection.tokens import TOKEN
from handraise.events import Sender

_FLAGS: Final = ("deferral", "asks_detail", "offers_human", "errand", "fault")
_SCORED: Final = frozenset((*SIGNALS, *_FLAGS))
_BUYING: Final = frozenset({"order", "high_value", "buying"})
_FELT: Final = {"complaint": 0.4, "distress": 0.5, "crisis": 0.7}
"""How negative a text is at least, at a full score of the signal."""
_THANKED: Final = 0.4
"""How positive a thank-you is at least, unless something else in it is not."""
_SURE: Final = 0.5


class PhraseDetector:
    """Detects by the lexicons given, by default those of the package. Building one takes some tenths of a second."""

    def __init__(self, names: Iterable[str] = lexicons.NAMES) -> None:
        loaded = {name: lexicons.load(name) for name in names}
        self._book: Final = RuleBook(loaded)
        self.function_words: Final = frozenset(fold(word) for known in loaded.values() for word in known.function_words)
        self._languages: Final = Languages(loaded, self._book.own_words)
        self._judge: Final = Judge(self._book)
        self._output: Final = {**{name: known.language for name, known in loaded.items()}, UNDETERMINED: UNDETERMINED}
        vocabulary, denials = self._book.vocabulary, self._book.denials
        self._valences: Final = {}
        self._tokens: Final = {}
        for name in (*loaded, UNDETERMINED):
            spoken = [key for key in _spoken_with(name) if key in loaded]
            self._valences[name] = Valences(
                [loaded[key] for key in spoken],
                vocabulary,
                frozenset[str]().union(*(denials[key].words | denials[key].adjacent for key in spoken)),
                frozenset[str]().union(*(denials[key].contrast for key in spoken)),
            )
            self._tokens[name] = _Tokens(self._book, spoken, [loaded[key].function_words for key in spoken])

    def detect(self, text: str, sender: Sender = Sender.CUSTOMER, language: str | None = None) -> Signals:
        """What one message says. `language` is what its producer says of it, a BCP 47 tag."""
        return self.read(text, sender, language)[0]

    def read(self, text: str, sender: Sender, language: str | None) -> tuple[Signals, list[str]]:
        """What one message says, and the tokens that it was cut into."""
        seen = glance(text)
        read = mask(clip(text)) if MARKUP in seen else clip(text)
        tokens = TOKEN.findall(read)
        return self._signals(text, read, tokens, seen, sender, language), tokens

    def _signals(
        self, text: str, read: str, tokens: list[str], seen: list[int], sender: Sender, language: str | None
    ) -> Signals:
        name = self._languages.lexicon(tokens, language)
        known = self._tokens[name]
        looked_up = list(map(known.__getitem__, tokens))
        symbols = "".join([symbol for symbol, _ in looked_up])
        prints = fingerprint([content for _, content in looked_up])
        spoken = self._output[name]
        if sender in (Sender.HUMAN, Sender.SYSTEM):
            return Signals(language=spoken, sentiment=0.0, intent=Intent.OTHER, fingerprint=prints)
        reading = Reading(read, symbols, known)
        rules = self._book.candidates(symbols, name, assistant=sender is Sender.ASSISTANT)
        found = self._judge.evidence(reading, rules, name) if rules else []
        if sender is Sender.ASSISTANT:
            return self._of_assistant(text, reading, found, spoken, prints)
        return self._of_customer(text, reading, seen, found, name, prints)

    def _of_assistant(
        self, text: str, reading: Reading, found: list[Found], language: str, prints: tuple[int, ...]
    ) -> Signals:
        scores, spans = self._scores(text, reading, found)
        printed = machine_output(text)
        if printed:
            scores["fault"] = 1.0
            spans = (Span("fault", *printed, 1.0), *spans)
        return Signals(
            language=language,
            sentiment=0.0,
            intent=Intent.OTHER,
            admission=scores.get("admission", 0.0),
            promise=scores.get("promise", 0.0),
            deferral=scores.get("deferral", 0.0) >= _SURE,
            asks_detail=scores.get("asks_detail", 0.0) >= _SURE,
            offers_human=scores.get("offers_human", 0.0) >= _SURE,
            errand=scores.get("errand", 0.0) >= _SURE,
            fault=scores.get("fault", 0.0) >= _SURE,
            question=_asks(reading.symbols, {one.signal for one in found}),
            spans=spans,
            fingerprint=prints,
        )

    def _of_customer(
        self, text: str, reading: Reading, seen: list[int], found: list[Found], name: str, prints: tuple[int, ...]
    ) -> Signals:
        symbols = reading.symbols
        signals = {one.signal for one in found}
        cues = {signal.removeprefix(INTENT) for signal in signals if signal.startswith(INTENT)}
        question = _asks(symbols, signals)
        amounts, quantities = tuple[Amount, ...](), tuple[Quantity, ...]()
        numbers = list[tuple[int, int, float]]()
        if DIGIT in seen or NUMBER_WORD in seen:
            amounts = amounts_in(reading.text) if DIGIT in seen and CURRENCY in seen else ()
            quantities = counted(quantities_in(reading.text, amounts, in_words=NUMBER_WORD in seen))
            buying = question or "high_value" in signals or not _BUYING.isdisjoint(cues)
            buying = buying and "change" not in cues
            numbers = stakes(quantities, amounts, buying=buying)
        scores, spans = self._scores(text, reading, found, numbers)
        tones = [(one.start, one.end, one.score) for one in found if one.signal == "tone"] if "tone" in signals else ()
        sentiment = self._valences[name].score(symbols, reading.text, tones)
        if scores:
            sentiment = _with_signals(sentiment, scores)
        if scores.get("crisis", 0.0) > scores.get("distress", 0.0):
            scores["distress"] = scores["crisis"]
        length = len(text)
        return Signals(
            language=self._output[name],
            sentiment=round(sentiment, 3) + 0.0,
            intent=intent_of(scores, cues, question=question, sentiment=sentiment),
            question=question,
            gibberish=(HELD_KEY in seen and is_one_key_held(text)) or self._is_gibberish(symbols, reading.text),
            spans=spans,
            amounts=_placed(amounts, length),
            quantities=_placed(quantities, length),
            fingerprint=prints,
            human_request=scores.get("human_request", 0.0),
            complaint=scores.get("complaint", 0.0),
            high_value=scores.get("high_value", 0.0),
            distress=scores.get("distress", 0.0),
            crisis=scores.get("crisis", 0.0),
            affirm=scores.get("affirm", 0.0),
            thanks=scores.get("thanks", 0.0),
        )

    def _scores(
        self,
        text: str,
        reading: Reading,
        found: list[Found],
        numbers: Sequence[tuple[int, int, float]] = (),
    ) -> tuple[dict[str, float], tuple[Span, ...]]:
        """Scores by signal, and the evidence to show, in offsets of the original text."""
        by_signal = dict[str, list[Found]]()
        for one in found:
            if one.signal in _SCORED:
                by_signal.setdefault(one.signal, []).append(one)
        if not by_signal and not numbers:
            return {}, ()
        scores = {signal: combine([one.score for one in strongest(group)]) for signal, group in by_signal.items()}
        spans = [
            Span(one.signal, *reading.span(one.start, one.end), round(one.score, 3))
            for group in by_signal.values()
            for one in shown(group)
        ]
        if numbers:
            stated = [score for _, _, score in numbers]
            scores["high_value"] = combine([scores.get("high_value", 0.0), max(stated)])
            spans += [Span("high_value", start, end, round(score, 3)) for start, end, score in numbers[:MOST_SPANS]]
        spans.sort(key=lambda span: (span.start, span.end, span.signal))
        return {signal: round(score, 3) for signal, score in scores.items()}, _placed(tuple(spans), len(text))

    def _is_gibberish(self, symbols: str, text: str) -> bool:
        if any(ord(symbol) >= FIRST_WORD or symbol in (NUMBER, LINK) for symbol in symbols):
            return False
        words = [token for token in TOKEN.findall(text) if token[0].isalpha()]
        return is_gibberish(words, text)


class _Tokens(dict[str, tuple[str, int]]):
    """Each token's symbols and the hash of its content in one language, remembered."""

    _MOST = 100_000

    def __init__(self, book: RuleBook, spoken: Sequence[str], function_words: Iterable[Iterable[str]]) -> None:
        super().__init__()
        self._book = book
        self._spoken = spoken
        self._plain = frozenset(fold(word) for words in function_words for word in words)

    def __missing__(self, token: str) -> tuple[str, int]:
        if len(self) >= self._MOST:
            self.clear()
        symbols = self._book.symbols(token, self._spoken)
        word = fold(token)
        content = hash_of(word) if word[:1].isalnum() and word not in self._plain else 0
        known = self[token] = (symbols, content)
        return known


def _spoken_with(name: str) -> tuple[str, ...]:
    """The lexicons by which a text's words are read: its own, then those with which it is usually mixed."""
    return {"en": ("en",), "hi_latn": ("hi_latn", "en"), UNDETERMINED: ("en",)}.get(name, (name, "en"))


_Placed = TypeVar("_Placed", Span, Amount, Quantity)


def _placed(parts: tuple[_Placed, ...], length: int) -> tuple[_Placed, ...]:
    """Parts of the text that was read, at their places in the whole text of `length` code points."""
    if length <= HEAD + TAIL:
        return parts
    return tuple(
        replace(part, start=original_offset(part.start, length), end=original_offset(part.end, length))
        for part in parts
    )


def _asks(symbols: str, signals: set[str]) -> bool:
    return ASK in symbols or "question" in signals


def _with_signals(sentiment: float, scores: Mapping[str, float]) -> float:
    """Sentiment, moved by what the signals say: a calm complaint is negative though no word of it is."""
    low = max(
        (_FELT[signal] * score for signal, score in scores.items() if signal in _FELT and score >= _SURE), default=0.0
    )
    if low:
        return max(-1.0, min(sentiment, 0.0) * (1.0 - low) - low)
    if scores.get("thanks", 0.0) >= _SURE and sentiment >= 0.0:
        return max(sentiment, _THANKED)
    return sentiment


@cache
def default_phrases() -> PhraseDetector:
    """The detector of the package's phrases, built once in a process."""
    return PhraseDetector()
