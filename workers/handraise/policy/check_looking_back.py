"""Check conditions that look back, and silences: what never holds, and what would remember too much."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from handraise.events import Condition, CountTest, Duration, Policy, Sender, SilenceTest
from handraise.policy import durations
from handraise.policy.conditions import mentions_sender, senders_of
from handraise.policy.problems import Path, Problem, error
from handraise.policy.remembered import MAX_CONDITIONS, MAX_MESSAGES, reach_of, slot_key, steps_of

_LONGEST_SILENCE_DAYS = 90


def parts_with_paths(condition: Condition, path: Path) -> Iterator[tuple[Condition, Path]]:
    """The conditions on the same message that are within a condition."""
    for key, parts in (("all", condition.all_of), ("any", condition.any_of)):
        for place, part in enumerate(parts or ()):
            yield part, (*path, key, place)
    if condition.none_of is not None:
        yield condition.none_of, (*path, "not")


def looked_back_at(condition: Condition, path: Path) -> Iterator[tuple[Condition, Path]]:
    """The conditions on other messages that are directly within a condition."""
    if condition.count is not None:
        yield condition.count.of, (*path, "count", "of")
    if condition.earlier is not None:
        yield condition.earlier.of, (*path, "earlier", "of")
    if condition.sequence is not None:
        listed = isinstance(condition.sequence, list)
        for place, step in enumerate(steps_of(condition.sequence).of):
            yield step, (*path, "sequence", place) if listed else (*path, "sequence", "of", place)


def looking_back_problems(condition: Condition, path: Path) -> Iterator[Problem]:
    """The problems of what a condition says of other messages; not those of the conditions within."""
    if condition.count is not None:
        yield from _count(condition.count, (*path, "count"))
    if condition.sequence is not None:
        sequence = steps_of(condition.sequence)
        yield from _reach(sequence.within, len(sequence.of), (*path, "sequence", "within"))
    if condition.earlier is not None and reach_of(condition.earlier.within).turns == 1:
        yield error((*path, "earlier", "within"), "one turn is this message alone", "look further back: `5 turns`")
    if condition.none_of is not None:
        yield from _denied(condition.none_of, (*path, "not"))
    yield from _apart(condition, path)
    if condition.silence is not None:
        yield from _silence(condition.silence, condition, (*path, "silence"))


def misplaced_silences(condition: Condition, path: Path, *, top: bool = True) -> Iterator[Problem]:
    """Silences within other conditions: a silence is waited for once all the rest holds."""
    if condition.silence is not None and not top:
        yield error((*path, "silence"), "`silence` stands at the top of `when` alone", "move it there")
    for part, here in (*parts_with_paths(condition, path), *looked_back_at(condition, path)):
        yield from misplaced_silences(part, here, top=False)


def memory_problems(policy: Policy) -> Iterator[Problem]:
    """More than a conversation may remember."""
    kept: dict[bytes, int] = {}
    silences = 0
    for name, own in policy.own_triggers.items():
        if own.when is None:
            continue
        silences += own.when.silence is not None
        for key, keep in _kept(own.when):
            kept[key] = max(keep, kept.get(key, 0))
        here: Path = ("own_triggers", name, "when")
        if len(kept) + silences > MAX_CONDITIONS:
            message = f"the policy looks back at more than {MAX_CONDITIONS} conditions, which is too much to remember"
            yield error(here, message, "drop some, or use the same condition in several triggers")
            return
        if sum(kept.values()) > MAX_MESSAGES:
            message = f"the policy remembers more than {MAX_MESSAGES} messages of a conversation"
            yield error(here, message, "lower `at_least` or `in_a_row` of some")
            return


def _kept(condition: Condition) -> Iterator[tuple[bytes, int]]:
    """What is remembered for a condition, and for those within it: keys and numbers of messages."""
    if condition.count is not None:
        yield (
            slot_key([condition.count.of], is_sequence=False),
            condition.count.in_a_row or condition.count.at_least or 1,
        )
    if condition.earlier is not None:
        yield slot_key([condition.earlier.of], is_sequence=False), 1
    if condition.sequence is not None:
        steps = steps_of(condition.sequence).of
        yield slot_key(steps, is_sequence=True), len(steps) - 1
    for part, _ in (*parts_with_paths(condition, ()), *looked_back_at(condition, ())):
        yield from _kept(part)


def _count(count: CountTest, path: Path) -> Iterator[Problem]:
    if count.at_least is None and count.in_a_row is None:
        yield error(path, "it does not say how many", "give `at_least: 3`, or `in_a_row: 2`")
    elif count.at_least is not None and count.in_a_row is not None:
        yield error((*path, "at_least"), "`at_least` and `in_a_row` are two ways to count", "drop one of the two")
    elif 1 in (count.at_least, count.in_a_row):
        yield error(
            path, "one message is what the condition alone says", "count 2 or more, or write what is under `of`"
        )
    yield from _reach(count.within, count.in_a_row or count.at_least or 1, (*path, "within"))


def _reach(within: str | None, wanted: int, path: Path) -> Iterator[Problem]:
    reach = reach_of(within)
    if reach.turns is not None and reach.turns < wanted:
        yield error(path, f"it never holds: there are no {wanted} messages in {within}", f"write `{wanted} turns`")
    if reach.ms == 0:
        yield error(path, "no time is too short", "write `10 minutes`")


def _denied(denied: Condition, path: Path) -> Iterator[Problem]:
    for key in ("count", "sequence"):
        if getattr(denied, key) is not None:
            message = f"`{key}` fails for nearly every message, so its opposite says nothing"
            yield error((*path, key), message, "write `not: {earlier: {of: …}}` for what has not been said")
    for part, here in parts_with_paths(denied, path):
        if here[-1] != "not":
            yield from _denied(part, here)


def _apart(condition: Condition, path: Path) -> Iterator[Problem]:
    """A count or sequence that ends with somebody else's message than the rest of the condition is about."""
    about = _about(condition)
    if about is None:
        return
    ends = {}
    if condition.count is not None:
        ends["count"] = senders_of(condition.count.of)
    if condition.sequence is not None:
        ends["sequence"] = senders_of(steps_of(condition.sequence).of[-1])
    for key, senders in ends.items():
        if not senders & about:
            theirs, ours = (" or ".join(sorted(names)) for names in (senders, about))
            message = f"it never holds: `{key}` ends with a message of the {theirs}, the rest is about the {ours}"
            yield error((*path, key), message, "look back with `earlier`, or name the `sender` of the rest")


def _about(condition: Condition) -> frozenset[Sender] | None:
    """Whose message the rest of a condition is about; None if it says nothing of the message itself."""
    rest = msgspec.structs.replace(condition, count=None, sequence=None, earlier=None, silence=None)
    return None if rest == Condition() else senders_of(condition)


def _silence(test: SilenceTest, condition: Condition, path: Path) -> Iterator[Problem]:
    yield from _length(test.lasts, (*path, "for"))
    named = test.silent if isinstance(test.silent, list) else [test.silent] if test.silent else []
    silent = frozenset(named) or frozenset({Sender.ASSISTANT, Sender.HUMAN})
    if silent >= {Sender.CUSTOMER, Sender.ASSISTANT, Sender.HUMAN}:
        yield error((*path, "from"), "nobody is left whose message could begin it", "name those who are to answer")
        return
    rest = msgspec.structs.replace(condition, silence=None)
    about = senders_of(rest) if mentions_sender(rest) or _about(rest) is not None else None
    if about is not None and about <= silent:
        who = " or ".join(sorted(about))
        message = f"it never begins: the rest is about messages of the {who}, whose silence it is"
        yield error(path, message, "name the `sender` of the message before, or change `from`")


def _length(lasts: Duration, path: Path) -> Iterator[Problem]:
    span = durations.parse(lasts)
    if not span.count:
        yield error(path, "no time is too short", "write `10 minutes`")
    elif span.ms > _LONGEST_SILENCE_DAYS * durations.DAY_MS:
        yield error(path, f"`{lasts}` is too long to wait", f"wait {_LONGEST_SILENCE_DAYS} days or less")
