"""A policy with every default filled in, written in one canonical way; its version names what it does."""

from __future__ import annotations

import hashlib
from typing import TypeVar

import msgspec

from handraise.events import (
    Condition,
    CountTest,
    EarlierTest,
    HighValuePolicy,
    Hours,
    Override,
    OwnTrigger,
    Policy,
    Priority,
    Replies,
    Sender,
    SequenceTest,
    SilenceTest,
    TriggerOverride,
    TriggerPolicy,
)
from handraise.policy import defaults, durations
from handraise.policy.hours import WEEKDAYS, parse_days, parse_times, week_of
from handraise.policy.overrides import normal_name
from handraise.policy.remembered import reach_of, steps_of
from handraise.policy.replies import normal_tag
from handraise.policy.wording import DEFAULT_OWNER
from handraise.policy.written import plain

TriggerT = TypeVar("TriggerT", bound=TriggerPolicy)
LookingT = TypeVar("LookingT", CountTest, EarlierTest)
_VERSION_BYTES = 8


def effective(policy: Policy) -> Policy:
    """The same policy, complete: applied to its own result, it changes nothing."""
    owner = policy.owner or DEFAULT_OWNER
    complete = msgspec.structs.replace(
        policy,
        owner=owner,
        name=policy.name or policy.business_id,
        fallback_owner=policy.fallback_owner or owner,
        within=_promise(policy.within),
        idle_after=durations.parse(policy.idle_after).written(),
        reply_valid_for=durations.parse(policy.reply_valid_for).written(),
        ai_answers_within=None
        if policy.ai_answers_within is None
        else durations.parse(policy.ai_answers_within).written(),
        hours=_hours(policy),
    )
    triggers = policy.triggers
    filled = {
        name: filled_trigger(getattr(triggers, name), complete, defaults.BUILTIN[name].priority)
        for name in defaults.BUILTIN
    }
    return msgspec.structs.replace(
        complete,
        triggers=msgspec.structs.replace(triggers, **filled),
        own_triggers={name: _own(trigger, complete) for name, trigger in policy.own_triggers.items()},
        overrides=[_override(override, complete) for override in policy.overrides],
    )


def version_of(policy: Policy) -> str:
    """A hash of what an effective policy does: without the business's id, and without a name that is only the id."""
    named = None if policy.name == policy.business_id else policy.name
    # What is not set has no part in it, so that a new option leaves the versions of all who do not use it.
    left_out = {"business_id", *(() if policy.overrides else ("overrides",))}
    set_fields = [name for name in policy.__struct_fields__ if getattr(policy, name) is not None]
    parts = {name: plain(getattr(policy, name)) for name in set_fields if name not in left_out}
    # Own triggers that are equally urgent are told apart by their order, which sorted keys would lose.
    own = [[name, plain(trigger)] for name, trigger in policy.own_triggers.items()]
    content = msgspec.json.encode(parts | {"name": named, "own_triggers": own}, order="sorted")
    return hashlib.sha256(content).hexdigest()[: 2 * _VERSION_BYTES]


def _promise(text: str) -> str:
    return durations.parse(text).written(business=True)


def _hours(policy: Policy) -> Hours:
    hours = policy.hours
    week = week_of(hours.days)
    return msgspec.structs.replace(
        hours,
        days={name: _times(opening) for name, opening in zip(WEEKDAYS, week, strict=True) if opening},
        closed=sorted({_days(text) for text in hours.closed}),
        special={day: _times(parse_times(times)) for day, times in sorted(hours.special.items())},
    )


def _times(opening: tuple[tuple[int, int], ...]) -> str:
    return ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in opening) or "closed"


def _clock(minutes: int) -> str:
    """24:00 is written so; later minutes are on the next day."""
    hour, minute = divmod(minutes if minutes <= 24 * 60 else minutes - 24 * 60, 60)
    return f"{hour:02}:{minute:02}"


def _days(text: str) -> str:
    first, last = parse_days(text)
    return f"{first}" if first == last else f"{first} to {last}"


def filled_trigger(trigger: TriggerT, policy: Policy, priority: Priority) -> TriggerT:
    """A trigger with every default filled in, those of its policy too."""
    filled = msgspec.structs.replace(
        trigger,
        action=trigger.action or defaults.ACTION,
        threshold=defaults.THRESHOLD if trigger.threshold is None else trigger.threshold,
        cooldown=durations.parse(trigger.cooldown or defaults.COOLDOWN).written(),
        owner=trigger.owner or policy.owner,
        queue=trigger.queue or policy.queue,
        priority=trigger.priority or priority,
        within=_promise(trigger.within or policy.within),
        reply=_reply(trigger.reply, policy),
    )
    if isinstance(filled, HighValuePolicy):
        amounts = dict(sorted((defaults.AMOUNTS | (filled.amounts or {})).items()))
        filled = msgspec.structs.replace(filled, quantity=filled.quantity or defaults.QUANTITY, amounts=amounts)
    return filled


def _reply(reply: Replies | None, policy: Policy) -> Replies | None:
    if reply is None or reply == {}:
        return None
    texts = {policy.languages[0]: reply} if isinstance(reply, str) else reply
    return {normal_tag(language): texts[language] for language in sorted(texts)}


def _own(trigger: OwnTrigger, policy: Policy) -> OwnTrigger:
    filled = filled_trigger(trigger, policy, Priority.NORMAL)
    return msgspec.structs.replace(
        filled,
        when=None if trigger.when is None else _condition(trigger.when),
        channels=sorted(set(trigger.channels)) if trigger.channels else None,
        languages=sorted({normal_tag(language) for language in trigger.languages}) if trigger.languages else None,
    )


def _override(override: Override, policy: Policy) -> Override:
    return msgspec.structs.replace(
        override,
        channels=sorted(set(map(normal_name, override.channels))) if override.channels else None,
        segments=sorted(set(map(normal_name, override.segments))) if override.segments else None,
        triggers={name: _change(change, policy) for name, change in sorted(override.triggers.items())},
    )


def _change(change: TriggerOverride, policy: Policy) -> TriggerOverride:
    return msgspec.structs.replace(
        change,
        cooldown=None if change.cooldown is None else durations.parse(change.cooldown).written(),
        within=None if change.within is None else _promise(change.within),
        reply=_reply(change.reply, policy),
        amounts=dict(sorted(change.amounts.items())) if change.amounts else None,
    )


def _condition(condition: Condition) -> Condition:
    return msgspec.structs.replace(
        condition,
        all_of=None if condition.all_of is None else [_condition(part) for part in condition.all_of],
        any_of=None if condition.any_of is None else [_condition(part) for part in condition.any_of],
        none_of=None if condition.none_of is None else _condition(condition.none_of),
        keywords=None if condition.keywords is None else sorted(set(condition.keywords)),
        patterns=None if condition.patterns is None else sorted(set(condition.patterns)),
        count=None if condition.count is None else _looking_back(condition.count),
        sequence=None if condition.sequence is None else _sequence(condition.sequence),
        earlier=None if condition.earlier is None else _looking_back(condition.earlier),
        silence=None if condition.silence is None else _silence(condition.silence),
    )


def _looking_back(test: LookingT) -> LookingT:
    return msgspec.structs.replace(test, of=_condition(test.of), within=_window(test.within))


def _sequence(sequence: list[Condition] | SequenceTest) -> SequenceTest:
    test = steps_of(sequence)
    return SequenceTest(of=[_condition(step) for step in test.of], within=_window(test.within))


def _silence(silence: SilenceTest) -> SilenceTest:
    senders = silence.silent if isinstance(silence.silent, list) else [silence.silent or Sender.HUMAN]
    answering = silence.silent is None or set(senders) == {Sender.ASSISTANT, Sender.HUMAN}
    return msgspec.structs.replace(
        silence,
        lasts=durations.parse(silence.lasts).written(),
        silent=None if answering else sorted(set(senders)),
    )


def _window(within: str | None) -> str | None:
    if within is None:
        return None
    reach = reach_of(within)
    if reach.turns is not None:
        return f"{reach.turns} turn{'' if reach.turns == 1 else 's'}"
    return durations.parse(within).written()
