"""From the rules that can match a text to scores with evidence: negation, exceptions, guards, and what adds up."""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Final

from msgspec import Struct

from handraise.detection.phrases import ASK, CRY, STOP
from handraise.detection.reading import Reading
from handraise.detection.rules import CompiledGuard, Denial, Rule, RuleBook

STRONG: Final = 0.5
"""Evidence from here on stands alone."""

CEILING: Final = 0.99
_ECHO: Final = 0.5
"""What further evidence counts beside the strongest: two phrases for one thing are never quite independent."""

MOST_SPANS: Final = 4
"""Spans shown per signal."""

_ENDS: Final = frozenset((STOP, ASK, CRY))


class Found(Struct, frozen=True):
    """A rule that matched: from symbol `start` to symbol `end`, exclusive."""

    signal: str
    score: float
    group: tuple[str, int]
    start: int
    end: int


class Judge:
    """Decides which matches of which rules count."""

    def __init__(self, book: RuleBook) -> None:
        self._book: Final = book

    def evidence(self, text: Reading, rules: Iterable[Rule], lexicon: str) -> list[Found]:
        """Every match that is not denied, excepted or guarded away; one per rule, the first that counts."""
        symbols, found = text.symbols, []
        denied = dict[str, _Denied]()
        for rule in rules:
            pattern = rule.matches.pattern
            if not pattern.search(symbols):
                continue
            for match in pattern.finditer(symbols):
                start, end = match.span()
                if self._cancelled(rule, text, start, end, lexicon, denied):
                    continue
                score = rule.score
                for guard in self._book.guards[rule.lexicon]:
                    if rule.signal in guard.signals and _guarded(guard, symbols, start):
                        score *= guard.factor
                if score or not rule.score:
                    found.append(Found(rule.signal, score, (rule.lexicon, rule.group), start, end))
                    break
        return found

    def _cancelled(
        self, rule: Rule, text: Reading, start: int, end: int, lexicon: str, denied: dict[str, _Denied]
    ) -> bool:
        symbols = text.symbols
        if (start == end and rule.score) or _is_a_homograph(rule, lexicon, end - start, symbols):
            return True
        if rule.unless and _overlaps(rule.unless.pattern, symbols, start, end):
            return True
        if not rule.negatable:
            return False
        if rule.lexicon not in denied:
            denied[rule.lexicon] = _Denied(text, self._book.denials[rule.lexicon])
        return denied[rule.lexicon].covers(start, end, says_not=rule.says_not)


class _Denied:
    """Where a text's negators are and how far they reach."""

    def __init__(self, text: Reading, denial: Denial) -> None:
        self._text: Final = text
        self._denial: Final = denial
        symbols, harmless = text.symbols, set[int]()
        self._words, self._adjacent = list[int](), list[int]()
        if denial.words.isdisjoint(symbols) and denial.adjacent.isdisjoint(symbols):
            return
        if denial.pseudo:
            for match in denial.pseudo.pattern.finditer(symbols):
                harmless.update(range(*match.span()))
        self._words += [i for i, s in enumerate(symbols) if s in denial.words and i not in harmless]
        self._adjacent += [i for i, s in enumerate(symbols) if s in denial.adjacent and i not in harmless]

    @cached_property
    def _clauses(self) -> list[int]:
        """For each symbol, a number of the clause that it is in."""
        clause, clauses = 0, list[int]()
        for symbol, mark in zip(self._text.symbols, self._text.clauses, strict=True):
            clause += symbol in self._denial.breakers or symbol in _ENDS
            clauses.append(clause + 1_000 * mark)
        return clauses

    def covers(self, start: int, end: int, *, says_not: bool) -> bool:
        """Whether the words from `start` to `end` are denied."""
        if not self._words and not self._adjacent:
            return False
        clauses = self._clauses
        for at in self._words:
            if at < start:
                if start - at <= self._denial.reach and clauses[at] == clauses[start]:
                    return True
            elif at < end:
                if not says_not:
                    return True
            elif at - end < self._denial.after and clauses[at] == clauses[end - 1]:
                return True
        return any(at == start - 1 and clauses[at] == clauses[start] for at in self._adjacent)


def _overlaps(exception: re.Pattern[str], symbols: str, start: int, end: int) -> bool:
    return any(match.start() < end and match.end() > start for match in exception.finditer(symbols))


def _guarded(guard: CompiledGuard, symbols: str, start: int) -> bool:
    if guard.scope == "message":
        return guard.matches.pattern.search(symbols) is not None
    begin = max((symbols.rfind(end, 0, start) for end in _ENDS), default=-1) + 1
    ends = [at for end in _ENDS if (at := symbols.find(end, start)) >= 0]
    stop = min(ends, default=len(symbols)) + 1
    for match in guard.matches.pattern.finditer(symbols, begin, stop):
        if guard.scope == "sentence" or match.start() <= start:
            return True
    return False


def strongest(found: Iterable[Found]) -> list[Found]:
    """The strongest evidence of each pattern."""
    best = dict[tuple[str, int], Found]()
    for one in found:
        if one.group not in best or best[one.group].score < one.score:
            best[one.group] = one
    return list(best.values())


def combine(scores: Iterable[float]) -> float:
    """One score of independent pieces of evidence ("noisy or").

    The strongest stands; each of the others takes half its share of the doubt that is left.
    """
    doubt = 1.0
    for rank, score in enumerate(sorted(scores, reverse=True)):
        doubt *= 1.0 - (score if rank == 0 else score * _ECHO)
    return min(CEILING, 1.0 - doubt)


def shown(found: Iterable[Found]) -> list[Found]:
    """The evidence to show for a signal: the strongest, longest first, without overlaps."""
    kept = list[Found]()
    for one in sorted(found, key=lambda f: (-f.score, f.start - f.end, f.start)):
        if all(one.end <= other.start or one.start >= other.end for other in kept):
            kept.append(one)
    return sorted(kept[:MOST_SPANS], key=lambda f: f.start)


def _is_a_homograph(rule: Rule, lexicon: str, length: int, symbols: str) -> bool:
    """Whether a single word of another language matched, in a text that says more than that word."""
    foreign = lexicon not in ("und", rule.lexicon) and not (lexicon == "hi_latn" and rule.lexicon == "en")
    return foreign and length <= 1 and length < len(symbols.strip("".join(_ENDS)))
