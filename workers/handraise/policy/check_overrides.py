"""Check overrides: what never applies, what changes nothing, and what contradicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

import msgspec
from msgspec import Struct

from handraise.events import Override, OwnTrigger, Policy, Priority, TriggerOverride, TriggerPolicy
from handraise.policy.check_hours import crisis_problems, promise_problem
from handraise.policy.check_replies import text_problems
from handraise.policy.check_triggers import off_problems, threshold_problems
from handraise.policy.defaults import BUILTIN
from handraise.policy.effective import filled_trigger
from handraise.policy.inheritance import Origin
from handraise.policy.model import CRISIS
from handraise.policy.overrides import normal_name, overridden, rank
from handraise.policy.problems import Path, Problem, did_you_mean, error, warning

_FLOORS: Final = ("quantity", "amounts")


class _Entry(Struct, frozen=True):
    """What one override says of one trigger."""

    place: int
    override: Override
    name: str
    change: TriggerOverride
    origin: Origin

    @property
    def path(self) -> Path:
        return ("overrides", self.place, "triggers", self.name)

    def says(self) -> dict[str, object]:
        return {key: value for key, value in msgspec.structs.asdict(self.change).items() if value is not None}


def override_problems(policy: Policy, origins: Sequence[Origin] = ()) -> Iterator[Problem]:
    """The problems of overrides; those of the policy around them are told elsewhere."""
    origins = origins or [Origin(policy.business_id, place) for place in range(len(policy.overrides))]
    for place, override in enumerate(policy.overrides):
        if rank(override) == 0:
            message = "neither `channels` nor `segments` are given, so it holds for everybody"
            yield error(("overrides", place), message, "name them, or write it under `triggers` or `own_triggers`")
    entries = [
        _Entry(place, override, name, change, origins[place])
        for place, override in enumerate(policy.overrides)
        for name, change in override.triggers.items()
    ]
    known = {*BUILTIN, *policy.own_triggers}
    for entry in entries:
        if entry.name not in known:
            mend = did_you_mean(entry.name, known, "name a built-in trigger, or one of `own_triggers`")
            yield error(entry.path, f"there is no trigger `{entry.name}`", mend)
            continue
        yield from _entry(entry, policy)
    yield from _contradictions([entry for entry in entries if entry.name in known])


def _entry(entry: _Entry, policy: Policy) -> Iterator[Problem]:
    change = entry.change
    if not entry.says():
        yield error(entry.path, "it changes nothing", "say what is different: `threshold: 0.4`, `owner: Vera`")
        return
    for key in _FLOORS:
        if getattr(change, key) is not None and entry.name != "high_value":
            yield error((*entry.path, key), f"only `high_value` has `{key}`", "drop it, or move it to `high_value`")
    yield from threshold_problems(entry.path, change.threshold)
    yield from off_problems(entry.path, entry.name, enabled=change.enabled is not False, action=change.action)
    if change.within is not None:
        always = _trigger(policy, entry.name).around_the_clock
        clock = always if change.around_the_clock is None else change.around_the_clock
        yield from promise_problem((*entry.path, "within"), change.within, policy, around_the_clock=clock)
    if change.reply:
        action = change.action or _trigger(policy, entry.name).action
        yield from text_problems((*entry.path, "reply"), change.reply, action, policy)
    if entry.name == CRISIS:
        yield from _crisis(entry, policy)
    yield from _scope(entry, policy)
    yield from _without_effect(entry, policy)


def _crisis(entry: _Entry, policy: Policy) -> Iterator[Problem]:
    """Someone in danger who waits for the opening hours by this override, and otherwise would not."""
    if not any(crisis_problems(policy)):
        for problem in crisis_problems(_alone(entry, policy)):
            mend = "if somebody is there then, write `around_the_clock: true` here"
            yield msgspec.structs.replace(problem, path=entry.path, mend=mend)


def _scope(entry: _Entry, policy: Policy) -> Iterator[Problem]:
    own = policy.own_triggers.get(entry.name)
    if own is None or own.channels is None or entry.override.channels is None:
        return
    watched = {normal_name(channel) for channel in own.channels}
    if not watched & {normal_name(channel) for channel in entry.override.channels}:
        message = f"it never applies: `{entry.name}` is looked at on {', '.join(own.channels)} alone"
        yield error(entry.path, message, "name one of these channels, or widen `channels` of the trigger")


def _without_effect(entry: _Entry, policy: Policy) -> Iterator[Problem]:
    trigger = _trigger(policy, entry.name)
    if not trigger.enabled and entry.change.enabled is not True:
        message = f"it never applies: `{entry.name}` is turned off"
        if not _turned_on_elsewhere(entry, policy):
            yield warning(entry.path, message, "turn it on here: `enabled: true`")
        return
    if _filled(_alone(entry, policy), entry.name) == _filled(policy, entry.name) and not _narrows(entry, policy):
        yield warning(entry.path, "it says what holds for everybody anyhow", "drop it, or say what is different")


def _turned_on_elsewhere(entry: _Entry, policy: Policy) -> bool:
    """Whether another override that may fit as well turns the trigger on."""
    return any(
        other.triggers[entry.name].enabled is True
        for place, other in enumerate(policy.overrides)
        if place != entry.place and entry.name in other.triggers and _overlap(other, entry.override)
    )


def _narrows(entry: _Entry, policy: Policy) -> bool:
    """Whether a less specific override says otherwise, so that this one goes back to what holds for everybody."""
    return any(
        entry.name in other.triggers and rank(other) < rank(entry.override) and _overlap(other, entry.override)
        for place, other in enumerate(policy.overrides)
        if place != entry.place
    )


def _alone(entry: _Entry, policy: Policy) -> Policy:
    """The policy as this entry makes it, without any other."""
    only = msgspec.structs.replace(entry.override, triggers={entry.name: entry.change})
    return overridden(msgspec.structs.replace(policy, overrides=[only]), [0])


def _trigger(policy: Policy, name: str) -> TriggerPolicy | OwnTrigger:
    found: TriggerPolicy = getattr(policy.triggers, name) if name in BUILTIN else policy.own_triggers[name]
    return found


def _filled(policy: Policy, name: str) -> TriggerPolicy | OwnTrigger:
    priority = BUILTIN[name].priority if name in BUILTIN else Priority.NORMAL
    return filled_trigger(_trigger(policy, name), policy, priority)


def _contradictions(entries: list[_Entry]) -> Iterator[Problem]:
    """Equally specific overrides that fit the same customer and say different things, or the same twice."""
    for number, entry in enumerate(entries):
        for before in entries[:number]:
            if before.name != entry.name or rank(before.override) != rank(entry.override):
                continue
            if not _overlap(before.override, entry.override):
                continue
            yield from _contradiction(*sorted((before, entry), key=lambda one: one.origin.generation))


def _contradiction(before: _Entry, entry: _Entry) -> Iterator[Problem]:
    """Told of the second one, the heir's where the other is inherited."""
    earlier, later = before.says(), entry.says()
    number, whose = before.origin.number + 1, before.origin.business_id
    inherited = f" of `{whose}`, inherited" if whose != entry.origin.business_id else ""
    where = f"override {number}{inherited}, which is as specific and fits {_shared(before, entry)} too"
    for key in earlier.keys() & later.keys():
        if earlier[key] == later[key]:
            yield warning((*entry.path, key), f"`{key}` is said already by {where}", "drop one of the two")
        else:
            mend = "name each channel and segment in one of them, or join the two"
            yield error((*entry.path, key), f"`{key}` contradicts {where}", mend)


def _overlap(one: Override, other: Override) -> bool:
    return all(
        not getattr(one, scope) or not getattr(other, scope) or _names(one, scope) & _names(other, scope)
        for scope in ("channels", "segments")
    )


def _shared(one: _Entry, other: _Entry) -> str:
    names = [
        name
        for scope in ("channels", "segments")
        for name in sorted(_names(one.override, scope) & _names(other.override, scope))
    ]
    return ", ".join(f"`{name}`" for name in names)


def _names(override: Override, scope: str) -> set[str]:
    return {normal_name(name) for name in getattr(override, scope) or ()}
