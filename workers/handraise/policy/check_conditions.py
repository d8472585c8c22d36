"""Check the conditions of own triggers: bad patterns, keywords that are too broad, conditions that contradict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import UNSET

from handraise.detection.meaning import is_readable
from handraise.detection.signals import SIGNALS
from handraise.events import AttributeTest, Bounds, Condition, ExampleTest
from handraise.policy.check_looking_back import looked_back_at, looking_back_problems, parts_with_paths
from handraise.policy.conditions import InvalidPatternError, compile_pattern
from handraise.policy.keywords import is_unspaced, normalise_keyword
from handraise.policy.problems import Path, Problem, did_you_mean, error, warning

SHORTEST_STEM: Final = 3
_COMMON: Final = """
a an the and or but if of to in on at for from with by is are was be am it its this that i you he she we they me my
your our do does did have has had not no yes so as can will would what when where how who why please thanks hello
hi ok okay
el la los las un una y o de en que es por para con si mi su se lo al del hola gracias
os as um uma e em com do da não na eu oi obrigado
le les une et ou du des qui est pour avec je tu il elle nous vous pas bonjour merci
der die das ein eine und oder von zu mit ist ich er sie wir ihr nicht den dem auf hallo danke bitte
का की के में है और को से यह वह मैं नहीं हैं पर
من في على إلى عن ما لا هذا هذه و أن هل
"""
COMMON_WORDS: Final = frozenset(normalise_keyword(word) for word in _COMMON.split())
"""The commonest words of the built-in languages: a keyword that is only one of them fires on nearly every message."""

LEAST_LIKENESS: Final = 0.3
"""Below it, texts are alike that have nothing to do with each other.

Of the customers' messages of the demo, this share is like one of three messages to another of its businesses: 77 % at
0.1, 34 % at 0.2, 14 % at 0.3, 6 % at 0.4 and 2 % at the default of 0.55.
"""

_RANGES: Final[dict[str, tuple[float, float | None]]] = {
    "sentiment": (-1.0, 1.0),
    "sentiment_mean": (-1.0, 1.0),
    "customer_turns": (1.0, None),
}
_PROBES: Final = ("a", "5", "я", "a 5 я " * 200)
"""Texts that have nothing in common; the last one is longer than any number of times that a pattern may ask for."""
_NUMBERS: Final = ("amount", "quantity", "sentiment", "sentiment_mean", "customer_turns")


def condition_problems(condition: Condition, path: Path) -> Iterator[Problem]:
    """The problems of a condition and of those within it."""
    if condition == Condition():
        yield error(path, "an empty condition holds for every message", "say what must hold: `keywords: [refund*]`")
    for place, keyword in enumerate(condition.keywords or ()):
        yield from _keyword(keyword, (*path, "keywords", place))
    for place, pattern in enumerate(condition.patterns or ()):
        yield from _pattern(pattern, (*path, "patterns", place))
    yield from _examples(condition, path)
    for name in condition.signals or ():
        if name not in SIGNALS:
            mend = did_you_mean(name, SIGNALS, f"known are {', '.join(SIGNALS)}")
            yield error((*path, "signals", name), f"there is no signal `{name}`", mend)
    yield from _bounds(condition, path)
    yield from _contradictions(condition, path)
    yield from looking_back_problems(condition, path)
    for part, here in (*parts_with_paths(condition, path), *looked_back_at(condition, path)):
        yield from condition_problems(part, here)


def needless_problems(condition: Condition, path: Path) -> Iterator[Problem]:
    """What holds for every message: an error where all of a condition does, or else only said to no purpose."""
    always = _holds_always(condition)
    for here, message, mend in _needless(condition, path, about_customers=always):
        yield (error if always else warning)(here, message, mend)


def _needless(condition: Condition, path: Path, *, about_customers: bool) -> Iterator[tuple[Path, str, str]]:
    """The entries that hold for every message: where, what is said of each, and the mend.

    Of another's message, `customer_turns: {at_least: 1}` says that the customer has written before.
    """
    for place, pattern in enumerate(condition.patterns or ()):
        if _matches_anything(pattern):
            message = "the pattern matches whatever is written, so it holds for every message"
            yield (*path, "patterns", place), message, "write what the text must have: `refund`"
    for name, floor in (condition.signals or {}).items():
        if floor == 0:
            yield (*path, "signals", name), "a floor of 0 holds for every message", "start from 0.5"
    for name in _RANGES:
        if _covers_all(name, getattr(condition, name)) and (about_customers or name != "customer_turns"):
            yield (*path, name), "every value lies there, so it holds for every message", "narrow it, or drop it"
    for part, here in (*parts_with_paths(condition, path), *looked_back_at(condition, path)):
        yield from _needless(part, here, about_customers=about_customers)


def _holds_always(condition: Condition) -> bool:
    """Whether all that a condition asks for holds for whatever the customer writes."""
    entries = [name for name in Condition.__struct_fields__ if getattr(condition, name) is not None]
    return bool(entries) and all(_entry_holds_always(condition, name) for name in entries)


def _entry_holds_always(condition: Condition, name: str) -> bool:
    entry = getattr(condition, name)
    if name == "all_of":
        return all(map(_holds_always, entry))
    if name == "any_of":
        return any(map(_holds_always, entry))
    if name == "patterns":
        return any(map(_matches_anything, entry))
    if name == "signals":
        return not any(entry.values())
    return name in _RANGES and _covers_all(name, entry)


def _matches_anything(pattern: str) -> bool:
    """Whether a pattern finds something in any text at all; what it finds in none is told elsewhere."""
    try:
        compiled = compile_pattern(pattern)
    except InvalidPatternError:
        return False
    return compiled.search("") is None and all(compiled.search(probe) is not None for probe in _PROBES)


def _covers_all(name: str, bounds: Bounds | None) -> bool:
    if bounds is None or bounds == Bounds():
        return False
    (lowest, highest), least, most = _RANGES[name], bounds.at_least, bounds.at_most
    return (least is None or least <= lowest) and (most is None or (highest is not None and most >= highest))


def _keyword(keyword: str, path: Path) -> Iterator[Problem]:
    bare = normalise_keyword(keyword)
    wild = keyword.startswith("*") or keyword.endswith("*")
    if "*" in keyword.strip("*"):
        yield error(path, f"`{keyword}` has a `*` within", "put `*` first or last, or use `patterns`")
    elif not any(character.isalnum() for character in bare):
        if wild or not bare:
            yield error(path, f"`{keyword}` matches everything", "write a word: `refund*`")
    elif bare in COMMON_WORDS or (len(bare) == 1 and not is_unspaced(bare)):
        yield error(path, f"`{keyword}` is too broad: it is in nearly every message", "use a longer word or a phrase")
    elif wild and len(bare) < SHORTEST_STEM and not is_unspaced(bare[0]):
        yield error(path, f"`{keyword}` is too broad", f"give at least {SHORTEST_STEM} letters beside the `*`")


def _examples(condition: Condition, path: Path) -> Iterator[Problem]:
    if condition.examples is None:
        return
    here: Path = (*path, "examples")
    if isinstance(condition.examples, ExampleTest):
        places = [((*here, "like"), condition.examples.like), ((*here, "unlike"), condition.examples.unlike or [])]
    else:
        places = [(here, condition.examples)]
    for where, sentences in places:
        for place, sentence in enumerate(sentences):
            if not is_readable(sentence):
                message = "there is nothing to read in this example"
                yield error((*where, place), message, "write a sentence that a customer might send, or drop it")

    if isinstance(condition.examples, ExampleTest):
        yield from _likeness(condition.examples, here)


def _likeness(test: ExampleTest, path: Path) -> Iterator[Problem]:
    """What never counts because its opposite is the same, and what would count nearly always."""
    unlike = {_plain(sentence) for sentence in test.unlike or ()}
    for place, sentence in enumerate(test.like):
        if _plain(sentence) in unlike:
            message = "this sentence stands under `unlike` too, so nothing that means it is ever caught"
            yield warning((*path, "like", place), message, "keep it in one of them")
    if test.at_least < LEAST_LIKENESS:
        message = f"an `at_least` of {test.at_least:g} catches much that has nothing to do with the examples"
        mend = (
            f"start from {ExampleTest(like=test.like).at_least:g}; `handraise trigger try` shows what a value catches"
        )
        yield warning((*path, "at_least"), message, mend)


def _plain(sentence: str) -> str:
    return " ".join(sentence.split()).casefold()


def _pattern(pattern: str, path: Path) -> Iterator[Problem]:
    try:
        compiled = compile_pattern(pattern)
    except InvalidPatternError as reason:
        mend = "use what RE2 offers, which is safe for any text: no look-around and no back-references"
        yield error(path, f"the pattern is refused: {reason}", mend)
        return
    if compiled.search("") is not None:
        yield error(path, "the pattern matches the empty text, so it holds for every message", "make a part obligatory")


def _bounds(condition: Condition, path: Path) -> Iterator[Problem]:
    for name in _NUMBERS:
        bounds: Bounds | None = getattr(condition, name)
        if bounds is not None:
            yield from _one(
                bounds, (*path, name), _RANGES.get(name, (None, None)), needs_bound=name not in {"amount", "quantity"}
            )
    for name, test in (condition.attributes or {}).items():
        if isinstance(test, AttributeTest):
            here = (*path, "attributes", name)
            if test == AttributeTest():
                yield error(here, "the test says nothing", "give `equals`, `in`, `at_least`, `at_most` or `exists`")
            yield from _one(test, here, (None, None), needs_bound=False)
            others = test.equals is not UNSET or test.one_of or test.at_least is not None or test.at_most is not None
            if test.exists is False and others:
                yield error(here, "an attribute that does not exist has no value", "drop `exists: false`")


def _one(
    bounds: Bounds, path: Path, limits: tuple[float | None, float | None], *, needs_bound: bool
) -> Iterator[Problem]:
    least, most = bounds.at_least, bounds.at_most
    lowest, highest = limits
    if needs_bound and least is None and most is None:
        yield error(path, "no bound is given", "give `at_least` or `at_most`")
    if least is not None and most is not None and least > most:
        yield error(path, f"nothing is at least {least:g} and at most {most:g}", "exchange them")
    if (highest is not None and least is not None and least > highest) or (
        lowest is not None and most is not None and most < lowest
    ):
        yield error(
            path, "no value lies there", f"it goes from {lowest:g}" + (f" to {highest:g}" if highest else " up")
        )


def _contradictions(condition: Condition, path: Path) -> Iterator[Problem]:
    """What must hold together and cannot: different senders or types, bounds that do not meet, a thing and its not."""
    together = list(_conjuncts(condition))
    for name in ("message_type", "sender"):
        choices = [_choices(getattr(part, name)) for part in together if getattr(part, name) is not None]
        if len(choices) > 1 and not frozenset.intersection(*choices):
            yield error(path, f"no message has a `{name}` that fits all of these", "use `any:` for alternatives")
    for name in ("sentiment", "sentiment_mean", "customer_turns"):
        pairs = [getattr(part, name) for part in together if getattr(part, name) is not None]
        least = max((pair.at_least for pair in pairs if pair.at_least is not None), default=None)
        most = min((pair.at_most for pair in pairs if pair.at_most is not None), default=None)
        if len(pairs) > 1 and least is not None and most is not None and least > most:
            yield error(path, f"no `{name}` fits all of these", "use `any:` for alternatives")
    for part in together:
        if part.none_of is not None and _denied(part.none_of, together):
            yield error(path, "it never holds: what `not` excludes is also required", "drop one of the two")
            return


def _conjuncts(condition: Condition) -> Iterator[Condition]:
    yield condition
    for part in condition.all_of or ():
        yield from _conjuncts(part)


def _choices(value: object) -> frozenset[object]:
    return frozenset(value) if isinstance(value, list) else frozenset([value])


def _denied(denied: Condition, together: list[Condition]) -> bool:
    """Whether every entry of the denied condition is required by a part: then the whole cannot hold."""
    entries = [name for name in Condition.__struct_fields__ if getattr(denied, name) is not None]
    return bool(entries) and all(any(_implies(part, denied, name) for part in together) for name in entries)


def _implies(part: Condition, denied: Condition, name: str) -> bool:
    required, excluded = getattr(part, name), getattr(denied, name)
    if required is None or name in {"all_of", "any_of", "none_of"}:
        return required is not None and required == excluded
    if name in {"keywords", "message_type", "sender", "patterns"}:
        return _choices(required) <= _choices(excluded)
    return bool(required == excluded)
