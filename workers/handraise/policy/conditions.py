"""The conditions of own triggers, compiled: quick to ask at every message, and able to say which part held."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final, Protocol, cast

import re2
from msgspec import UNSET

from handraise.detection.meaning import Examples
from handraise.detection.signals import Span
from handraise.events import AttributeTest, Bounds, Condition, ExampleTest, Scalar, Sender
from handraise.policy.case import Case, Check, Held
from handraise.policy.keywords import KeywordIndex
from handraise.policy.remembered import (
    Slot,
    Slots,
    count_check,
    earlier_check,
    sequence_check,
    slot_key,
    steps_of,
)

MAX_SPANS: Final = 16
PATTERN_MEMORY: Final = 8 << 20
"""Bytes that one compiled pattern may use; RE2 refuses a pattern that needs more."""
_EVERYONE: Final = frozenset(Sender)


class Found(Protocol):
    """A match of RE2, as far as it is used."""

    def span(self) -> tuple[int, int]:
        """Start and end in code points."""
        ...


class Pattern(Protocol):
    """A compiled pattern of RE2, whose package carries no types."""

    def search(self, text: str) -> Found | None:
        """The first match."""
        ...


class InvalidPatternError(ValueError):
    """A pattern that RE2 does not take, with its reason."""


class ConditionCompiler:
    """Compiles the conditions of one policy; keyword lists and what is remembered are gathered over all of them."""

    def __init__(self) -> None:
        self._lists: list[list[str]] = []
        self.slots: Final = Slots()
        """What the conditions remember."""

    def index(self) -> KeywordIndex:
        """The index of all keyword lists compiled so far."""
        return KeywordIndex(self._lists)

    def compile(self, condition: Condition, trigger: str) -> Check:
        """A check of the condition; evidence is marked with the trigger's name.

        Raises:
            InvalidPatternError: a pattern that RE2 does not take.
        """
        return self._every(condition, trigger, said=False)

    def _every(self, condition: Condition, trigger: str, *, said: bool) -> Check:
        """A check of the condition; `said` is whether what surrounds it says whose message it is about."""
        checks = self._of_message(condition, trigger)
        if condition.none_of is not None:
            checks.append(_not(self._every(condition.none_of, trigger, said=True)))
        if checks and not said and not mentions_sender(condition):
            checks.insert(0, _sender([Sender.CUSTOMER]))
        checks += [self._every(part, trigger, said=known) for part, known in _joined(condition, said=said)]
        if condition.any_of is not None:
            parts = [self._every(part, trigger, said=known) for part, known in _alternatives(condition, said=said)]
            checks.append(_any(parts))
        return _all(checks + self._looking_back(condition, trigger))

    def _of_message(self, condition: Condition, trigger: str) -> list[Check]:
        checks: list[Check] = []
        if condition.message_type is not None:
            checks.append(_message_type(_listed(condition.message_type)))
        if condition.sender is not None:
            checks.append(_sender(_listed(condition.sender)))
        if condition.keywords is not None:
            self._lists.append(condition.keywords)
            checks.append(_keywords(len(self._lists) - 1, trigger))
        if condition.patterns is not None:
            checks.append(_patterns(condition.patterns, trigger))
        if condition.examples is not None:
            checks.append(_examples(condition.examples, trigger))
        return checks + _of_attributes(condition) + _of_numbers(condition, trigger)

    def _looking_back(self, condition: Condition, trigger: str) -> list[Check]:
        checks: list[Check] = []
        if condition.count is not None:
            keep = condition.count.in_a_row or condition.count.at_least or 1
            checks.append(count_check(self._slot([condition.count.of], trigger, keep), condition.count))
        if condition.sequence is not None:
            sequence = steps_of(condition.sequence)
            key = self._slot(sequence.of, trigger, len(sequence.of) - 1, is_sequence=True)
            checks.append(sequence_check(key, len(sequence.of), sequence.within))
        if condition.earlier is not None:
            checks.append(earlier_check(self._slot([condition.earlier.of], trigger, 1), condition.earlier))
        return checks

    def _slot(self, conditions: list[Condition], trigger: str, keep: int, *, is_sequence: bool = False) -> bytes:
        checks = tuple(self.compile(condition, trigger) for condition in conditions)
        audience = frozenset[Sender]().union(*map(senders_of, conditions))
        key = slot_key(conditions, is_sequence=is_sequence)
        return self.slots.add(Slot(key, audience, checks, keep, is_sequence))


def senders_of(condition: Condition) -> frozenset[Sender]:
    """Whom a condition is about: the senders that it names, and the customer where it names none."""
    return _senders_of(condition, said=False) or _EVERYONE


def _senders_of(condition: Condition, *, said: bool) -> frozenset[Sender]:
    if not mentions_sender(condition):
        return _EVERYONE if said else frozenset({Sender.CUSTOMER})
    about = _EVERYONE
    if condition.sender is not None:
        about &= {Sender(str(sender)) for sender in _listed(condition.sender)}
    for part, known in _joined(condition, said=said):
        about &= _senders_of(part, said=known)
    if condition.any_of is not None:
        about &= frozenset[Sender]().union(
            *(_senders_of(part, said=known) for part, known in _alternatives(condition, said=said))
        )
    return about


def _joined(condition: Condition, *, said: bool) -> Iterator[tuple[Condition, bool]]:
    """The members of `all`, each with whether anything else says whose message it is about."""
    for part in condition.all_of or ():
        yield part, said or _is_said_beside(condition, names=_names_sender(part), mentions=mentions_sender(part))


def _alternatives(condition: Condition, *, said: bool) -> Iterator[tuple[Condition, bool]]:
    """The members of `any`, each with whether anything but them says whose message it is about."""
    parts = condition.any_of or ()
    names, mentions = all(map(_names_sender, parts)), any(map(mentions_sender, parts))
    known = said or _is_said_beside(condition, names=names, mentions=mentions)
    return ((part, known) for part in parts)


def _is_said_beside(condition: Condition, *, names: bool, mentions: bool) -> bool:
    """Whether what stands beside an entry says whose message the entry is about.

    Beside an entry that mentions no sender, alternatives of which only some name one say it too: the rest are the
    customer's.
    """
    return _naming(condition) > names or (mentions_sender(condition) and not mentions)


def _naming(condition: Condition) -> int:
    """How many of the entries that must hold together name a sender, in each of their alternatives."""
    return sum(
        (
            condition.sender is not None,
            _excludes_sender(condition),
            bool(condition.any_of) and all(map(_names_sender, condition.any_of or ())),
            *map(_names_sender, condition.all_of or ()),
        )
    )


def _names_sender(condition: Condition) -> bool:
    return _naming(condition) > 0


def _excludes_sender(condition: Condition) -> bool:
    """Whether `not` says whose message it is about: a sender alone among what it denies is enough."""
    denied = condition.none_of
    return denied is not None and (_names_sender(denied) or any(map(_is_sender_alone, denied.any_of or ())))


def _is_sender_alone(condition: Condition) -> bool:
    return condition.sender is not None and condition == Condition(sender=condition.sender)


def _positive(condition: Condition) -> Iterator[Condition]:
    yield condition
    for part in (*(condition.all_of or ()), *(condition.any_of or ())):
        yield from _positive(part)


def example_tests(condition: Condition) -> list[ExampleTest]:
    """The examples of a condition and of what it joins, as tests."""
    return [_as_test(part.examples) for part in _positive(condition) if part.examples is not None]


def _as_test(examples: list[str] | ExampleTest) -> ExampleTest:
    return ExampleTest(like=examples) if isinstance(examples, list) else examples


def mentions_sender(condition: Condition) -> bool:
    """Whether a condition says whose message it is about; one that does not is about the customer's.

    What it says of other messages, in `count`, `sequence` and `earlier`, is apart from that.
    """
    parts = (*(condition.all_of or ()), *(condition.any_of or ()))
    return condition.sender is not None or _excludes_sender(condition) or any(map(mentions_sender, parts))


def compile_pattern(pattern: str) -> Pattern:
    """Compile one pattern, indifferent to case.

    Raises:
        InvalidPatternError: RE2 does not take it.
    """
    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = PATTERN_MEMORY
    try:
        return cast("Pattern", re2.compile(pattern, options))
    except re2.error as error:
        reason = error.args[0]
        raise InvalidPatternError(
            reason.decode("utf-8", "replace") if isinstance(reason, bytes) else str(reason)
        ) from None


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def _all(checks: list[Check]) -> Check:
    if len(checks) == 1:
        return checks[0]

    def check(case: Case) -> Held | None:
        because: list[str] = []
        spans: list[Span] = []
        for part in checks:
            held = part(case)
            if held is None:
                return None
            because += held.because
            spans += held.spans
        return Held(tuple(because), tuple(spans[:MAX_SPANS]))

    return check


def _any(checks: list[Check]) -> Check:
    def check(case: Case) -> Held | None:
        return next((held for part in checks if (held := part(case)) is not None), None)

    return check


def _not(inner: Check) -> Check:
    return lambda case: Held(()) if inner(case) is None else None


def _holds(because: str = "") -> Held:
    return Held((because,) if because else ())


def _message_type(types: Iterable[object]) -> Check:
    wanted = frozenset(types)
    return lambda case: (
        _holds(f"message type {case.message.message_type}") if case.message.message_type in wanted else None
    )


def _sender(senders: Iterable[object]) -> Check:
    wanted = frozenset(senders)
    return lambda case: _holds() if case.message.sender in wanted else None


def _keywords(number: int, trigger: str) -> Check:
    def check(case: Case) -> Held | None:
        finds = case.keywords.get(number)
        if not finds:
            return None
        names = dict.fromkeys(find.keyword for find in finds)
        shown = ", ".join(f"`{name}`" for name in list(names)[:3])
        return Held(
            (f"keyword {shown}" if len(names) == 1 else f"keywords {shown}",),
            tuple(Span(trigger, find.start, find.end, 1.0) for find in finds[:MAX_SPANS]),
        )

    return check


def _patterns(patterns: list[str], trigger: str) -> Check:
    compiled = [compile_pattern(pattern) for pattern in patterns]

    def check(case: Case) -> Held | None:
        for number, pattern in enumerate(compiled, start=1):
            found = pattern.search(case.message.text)
            if found is not None:
                start, end = found.span()
                return Held((f"pattern {number}",), (Span(trigger, start, end, 1.0),))
        return None

    return check


def _examples(examples: list[str] | ExampleTest, trigger: str) -> Check:
    test = _as_test(examples)
    known = Examples(test.like, test.unlike or ())

    def check(case: Case) -> Held | None:
        text = case.message.text
        likeness = known.likeness(text) if text else 0.0
        if likeness <= 0.0 or likeness < test.at_least:
            return None
        return Held((f"like its examples ({likeness:g})",), (Span(trigger, 0, len(text), likeness),))

    return check


def _within(bounds: Bounds, value: float) -> bool:
    return (bounds.at_least is None or value >= bounds.at_least) and (bounds.at_most is None or value <= bounds.at_most)


def _of_attributes(condition: Condition) -> list[Check]:
    return [_attribute(name, test) for name, test in (condition.attributes or {}).items()]


def _attribute(name: str, test: AttributeTest | Scalar) -> Check:
    wanted = test if isinstance(test, AttributeTest) else AttributeTest(equals=test)

    def check(case: Case) -> Held | None:
        attributes = case.message.attributes or {}
        return _holds(f"attribute `{name}`") if _attribute_holds(wanted, attributes, name) else None

    return check


def _attribute_holds(test: AttributeTest, attributes: dict[str, Scalar], name: str) -> bool:
    exists = attributes.get(name) is not None
    value = attributes.get(name)
    if test.exists is not None and test.exists != exists:
        return False
    if test.equals is not UNSET and not _same(value, test.equals):
        return False
    if test.one_of is not None and not any(_same(value, option) for option in test.one_of):
        return False
    if test.at_least is None and test.at_most is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and _within(test, value)


def _same(left: Scalar, right: object) -> bool:
    """Equality that keeps `true` apart from 1, and looks past the case of words."""
    if isinstance(left, str) and isinstance(right, str):
        return left.strip().casefold() == right.strip().casefold()
    return isinstance(left, bool) == isinstance(right, bool) and left == right


def _of_numbers(condition: Condition, trigger: str) -> list[Check]:
    checks: list[Check] = []
    if (amount := condition.amount) is not None:
        checks.append(
            lambda case: _first_span(
                trigger,
                "an amount",
                (
                    (found.start, found.end)
                    for found in case.signals.amounts
                    if amount.currency in (None, found.currency) and _within(amount, found.value)
                ),
            )
        )
    if (quantity := condition.quantity) is not None:
        unit = quantity.unit.casefold() if quantity.unit is not None else None
        checks.append(
            lambda case: _first_span(
                trigger,
                "a quantity",
                (
                    (found.start, found.end)
                    for found in case.signals.quantities
                    if unit in (None, found.unit.casefold()) and _within(quantity, found.value)
                ),
            )
        )
    if (sentiment := condition.sentiment) is not None:
        checks.append(
            lambda case: _holds("sentiment of the message") if _within(sentiment, case.signals.sentiment) else None
        )
    if (mean := condition.sentiment_mean) is not None:
        checks.append(
            lambda case: _holds("sentiment of the conversation") if _within(mean, case.facts.sentiment_mean) else None
        )
    if (streak := condition.negative_streak) is not None:
        checks.append(
            lambda case: _holds("negative messages in a row") if case.facts.negative_streak >= streak else None
        )
    if (turns := condition.customer_turns) is not None:
        checks.append(
            lambda case: _holds("turns of the customer") if _within(turns, case.facts.customer_turns) else None
        )
    checks += [_signal(name, floor) for name, floor in (condition.signals or {}).items()]
    return checks


def _first_span(trigger: str, because: str, places: Iterable[tuple[int, int]]) -> Held | None:
    place = next(iter(places), None)
    return None if place is None else Held((because,), (Span(trigger, *place, 1.0),))


def _signal(name: str, floor: float) -> Check:
    def check(case: Case) -> Held | None:
        score: float = getattr(case.signals, name)
        if score < floor:
            return None
        spans = tuple(span for span in case.signals.spans if span.signal == name)
        return Held((f"signal {name}",), spans)

    return check
