"""From what was written to a policy: its shape, what it inherits, and every problem, each at a line of its own text."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import cast

import msgspec
from msgspec import Struct

from handraise.events import Hours, Policy, TriggerPolicy
from handraise.policy.check import problems_in
from handraise.policy.defaults import BUILTIN
from handraise.policy.document import Document, Plain
from handraise.policy.inheritance import MAX_GENERATIONS, Draft, Find, Joined, Origin, join, without_what_is_gone
from handraise.policy.problems import Path, PolicyError, Problem, Severity, did_you_mean, error, warning
from handraise.policy.shape import problems_of_shape, without

_INHERITS: Path = ("inherits",)
_NEVER_NOTHING = ("business_id", "overrides")
"""Whose policy it is; and a list that is joined, so that nothing would take nothing away."""


class Written(Struct, frozen=True):
    """One policy of a file: what can be read of it, and what is wrong with its shape."""

    document: Document
    draft: Draft | None
    problems: list[Problem]

    @property
    def is_sound(self) -> bool:
        """Whether all of it can be read."""
        return self.draft is not None and not self.problems


class _Completed(Struct, frozen=True):
    policy: Policy | None
    problems: list[Problem]
    """With paths into the joined document."""
    joined: Joined


def read(document: Document) -> Written:
    """Read one policy; of one whose shape is wrong, what is left without the entries that do not fit."""
    value = document.value
    heir = isinstance(value, dict) and isinstance(value.get("inherits"), str)
    of_shape = problems_of_shape(_without_nothing(value) if heir else value)
    problems = document.problems + of_shape
    # Of a key that is given twice the first one counts meanwhile, so that it is not missed as well.
    sound = without(value, [problem.path for problem in of_shape])
    if not isinstance(sound, dict):
        return Written(document, None, problems)
    inherits = sound.get("inherits")
    draft = Draft(str(sound["business_id"]), inherits if isinstance(inherits, str) else None, sound)
    return Written(document, draft, problems)


class Family:
    """The policies that may inherit from one another; what each comes to is worked out once.

    Args:
        find: a policy by its business, or None.
        known: the businesses that there are, to say which was meant.
    """

    def __init__(self, find: Find, known: Callable[[], Iterable[str]] = tuple) -> None:
        self._find = find
        self._known = known
        self._completed: dict[str, _Completed] = {}

    def examine(self, written: Written) -> tuple[Policy | None, list[Problem]]:
        """The policy, if its shape is right, and all that is wrong with it; not what is wrong with what it inherits."""
        draft = written.draft
        if draft is None:
            return None, written.problems
        completed = self._complete(draft)
        problems = [*written.problems]
        if not (completed.policy is None and problems):
            own = self._own(draft, completed, written.document)
            problems += [problem for problem in own if not _follows(problem, written.problems)]
        return (completed.policy if written.is_sound else None), problems

    def _complete(self, draft: Draft) -> _Completed:
        joined = join(draft, self._find)
        value = joined.value if joined.missing is None else without_what_is_gone(joined.value)
        policy = _converted(value)
        if isinstance(policy, Problem):
            return _Completed(None, [policy], joined)
        return _Completed(policy, problems_in(policy, _origins(joined, policy)), joined)

    def _own(self, draft: Draft, completed: _Completed, document: Document) -> list[Problem]:
        if draft.inherits is None:
            return completed.problems
        if completed.joined.missing is not None:
            return [self._missing(completed.joined.missing, completed.joined), *completed.problems]
        parent = self._find(draft.inherits)
        if parent is None:
            raise AssertionError("what is not missing is found")
        if parent.business_id not in self._completed:
            self._completed[parent.business_id] = self._complete(parent)
        dropped = _nobodys_triggers(draft, self._completed[parent.business_id].policy)
        inherited = _as_an_heir_has_them(self._completed[parent.business_id])
        return [
            *dropped,
            *(
                _placed(problem, draft, completed.joined, document)
                for problem in completed.problems
                if (problem.path, problem.message) not in inherited
            ),
        ]

    def _missing(self, missing: str, joined: Joined) -> Problem:
        if joined.circular:
            return error(_INHERITS, f"`{missing}` would inherit from itself", "drop one `inherits` of the circle")
        if self._find(missing) is None:
            mend = did_you_mean(missing, self._known(), "name the file that it is in too")
            return error(_INHERITS, f"there is no policy of `{missing}` to inherit from", mend)
        return error(_INHERITS, f"more than {MAX_GENERATIONS} policies inherit from one another", "drop one `inherits`")


def complete(draft: Draft, find: Find) -> Policy:
    """A draft as it is put into force, whatever of what it inherits is there.

    Raises:
        PolicyError: it does not go together with what it inherits.
    """
    joined = join(draft, find)
    policy = _converted(without_what_is_gone(joined.value) if draft.inherits else draft.value)
    if isinstance(policy, Problem):
        raise PolicyError([policy])
    found = problems_in(policy, _origins(joined, policy))
    errors = [problem for problem in found if problem.severity is Severity.ERROR]
    if errors:
        raise PolicyError(errors)
    return policy


def draft_of(policy: Policy) -> Draft:
    """The draft of a policy that is complete in itself."""
    return Draft(policy.business_id, None, cast("dict[str, Plain]", msgspec.to_builtins(policy)))


def _without_nothing(value: Plain, path: Path = ()) -> Plain:
    """What is written without what an heir sets to nothing (`within: ~`), which is the built-in default."""
    if not isinstance(value, dict) or len(path) > 2:  # noqa: PLR2004 - no deeper than an entry of a trigger
        return value
    return {
        key: _without_nothing(item, (*path, key))
        for key, item in value.items()
        if item is not None or not _may_be_nothing((*path, key))
    }


def _may_be_nothing(path: Path) -> bool:
    match path:
        case (key,):
            return key in Policy.__struct_fields__ and key not in _NEVER_NOTHING
        case ("hours", key):
            return key in Hours.__struct_fields__
        case ("triggers", name):
            return name in BUILTIN
        case ("triggers" | "own_triggers", _, key):
            return key in TriggerPolicy.__struct_fields__
        case _:
            return path[0] == "own_triggers" and len(path) == 2  # noqa: PLR2004 - own_triggers, name


def _converted(value: dict[str, Plain]) -> Policy | Problem:
    try:
        return msgspec.convert(_without_nothing(value), Policy)
    except (msgspec.ValidationError, RecursionError) as refused:
        return error((), " ".join(str(refused).split()), "see the examples in ops/policies")


def _nobodys_triggers(draft: Draft, parent: Policy | None) -> list[Problem]:
    """Triggers that an heir drops and does not inherit."""
    own = draft.value.get("own_triggers")
    if parent is None or not isinstance(own, dict):
        return []
    return [
        warning(
            ("own_triggers", name),
            f"no trigger `{name}` is inherited that could be dropped",
            did_you_mean(name, parent.own_triggers, "drop the line"),
        )
        for name, trigger in own.items()
        if trigger is None and name not in parent.own_triggers
    ]


def _follows(problem: Problem, of_shape: list[Problem]) -> bool:
    """Whether a problem is only that an entry is not there which could not be read."""
    depth = len(problem.path)
    return depth > 1 and any(one.path[:depth] == problem.path for one in of_shape)


def _origins(joined: Joined, policy: Policy) -> tuple[Origin, ...]:
    """Where the overrides of a policy come from; nothing where some are gone with what was to be inherited."""
    return joined.overrides if len(joined.overrides) == len(policy.overrides) else ()


def _as_an_heir_has_them(completed: _Completed) -> set[tuple[Path, str]]:
    """The problems of a policy by place and message; a reply that is one text may stand under its language there."""
    known = {(problem.path, problem.message) for problem in completed.problems}
    if completed.policy is not None:
        first = completed.policy.languages[0]
        known |= {((*path, first), message) for path, message in known if path[-1:] == ("reply",)}
    return known


def _placed(problem: Problem, draft: Draft, joined: Joined, document: Document) -> Problem:
    """A problem that comes of the heir, at a place in its own text."""
    path = problem.path
    if path[:1] == ("overrides",) and len(path) > 1 and isinstance(path[1], int):
        origin = joined.overrides[path[1]]
        own = origin.business_id == draft.business_id
        path = ("overrides", origin.number, *path[2:]) if own else _INHERITS
    if path[:1] not in document.lines and document.lines:
        path = _INHERITS
    return msgspec.structs.replace(problem, path=path)
