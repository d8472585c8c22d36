"""A policy made ready to be asked at every message."""

from __future__ import annotations

import copy
import math
from functools import lru_cache
from typing import Final, Self

import msgspec
from msgspec import Struct

from handraise.detection.amounts import number_text
from handraise.detection.meaning import Examples, Likeness
from handraise.detection.signals import Amount, Intent, Quantity, Signals, Span
from handraise.events import (
    Action,
    ChatMessage,
    Condition,
    OwnTrigger,
    Policy,
    Priority,
    ReplyTexts,
    Sender,
    TriggerPolicy,
)
from handraise.policy import defaults, durations
from handraise.policy.case import Case, Check, counted
from handraise.policy.conditions import ConditionCompiler, example_tests
from handraise.policy.durations import TimeSpan
from handraise.policy.effective import effective, version_of
from handraise.policy.hours import OpeningHours
from handraise.policy.model import CRISIS, ConversationFacts, HighValue, Memory, OwnMatch, OwnMatches, ReplyText, Rule
from handraise.policy.overrides import fitting, normal_name, overridden
from handraise.policy.replies import Handover, normal_tag, render, texts_by_language
from handraise.policy.silence import Silence, silence_of, without_silence
from handraise.policy.wording import DEFAULT_OWNER, WORDINGS, wording_for

LARGE: Final = 0.6
"""The score of an enquiry that reaches a floor: it stands alone at the default threshold."""
LARGE_IN_PASSING: Final = 0.3
"""The score where the number may belong to something else, such as an order already made: it needs a second sign."""
UNLIKELY: Final = 0.1
"""A text that scores less is no such enquiry, whatever numbers are in it."""
FAR_ABOVE: Final = 5.0
"""A question that names an amount is mostly about one item's price; at so many times the floor it no longer is."""

MAX_SCOPES: Final = 1_024
"""Combinations of overrides that are kept ready."""

_NO_LANGUAGE: Final = "und"
_WEEK: Final = 5
_HOLIDAYS: Final = 2
_BUYING: Final = frozenset({Intent.ORDER, Intent.HIGH_VALUE})
_PAST: Final = frozenset({Intent.COMPLAINT, Intent.CHANGE, Intent.PRAISE, Intent.SMALLTALK})


class _Trigger(Struct, frozen=True):
    """What a trigger needs beyond its rule."""

    rule: Rule
    promise: TimeSpan
    around_the_clock: bool
    texts: dict[str, str | ReplyTexts]


class _OwnTrigger(Struct, frozen=True):
    """An own trigger's condition and scope."""

    name: str
    check: Check
    channels: frozenset[str] | None
    languages: tuple[str, ...]
    silence: Silence | None


class CompiledPolicy:
    """Implements `handraise.policy.model.BusinessPolicy` for one `Policy`.

    Raises:
        InvalidPatternError, ValueError, KeyError: a policy that `problems_in` would have refused.
    """

    def __init__(self, policy: Policy) -> None:
        complete = effective(policy)
        self.business_id = complete.business_id
        self.version = version_of(complete)
        self.business_name = complete.name or complete.business_id
        self.fallback_owner = complete.fallback_owner or complete.owner or DEFAULT_OWNER
        self.idle_after_ms = durations.parse(complete.idle_after).ms
        self.reply_valid_ms = durations.parse(complete.reply_valid_for).ms
        silence = complete.ai_answers_within
        self.ai_answers_within_ms = None if silence is None else durations.parse(silence).ms
        self._complete = complete
        self._scoped: dict[tuple[int, ...], CompiledPolicy] = {}
        self._languages = complete.languages
        self.wording = wording_for(complete.languages[0]) or WORDINGS["en"]
        self._hours = OpeningHours(complete.hours)
        self._set_triggers(complete)
        compiler = ConditionCompiler()
        self._own = [_own(name, trigger, compiler) for name, trigger in complete.own_triggers.items()]
        self._keywords = compiler.index()
        self._slots = compiler.slots

    def _set_triggers(self, complete: Policy) -> None:
        self._quantity_floor = complete.triggers.high_value.quantity or defaults.QUANTITY
        self._amount_floors = complete.triggers.high_value.amounts or {}
        self._triggers = {
            _key(name): self._trigger(name, getattr(complete.triggers, name), own=False) for name in defaults.BUILTIN
        }
        for name, trigger in complete.own_triggers.items():
            self._triggers[name, None] = self._trigger(name, trigger, own=True)

    def for_business(self, business_id: str) -> CompiledPolicy:
        """The same policy under the id of another business, which is also its name."""
        other = copy.copy(self)
        other.business_id = other.business_name = business_id
        return other

    def in_scope(self, channel: str | None, segment: str | None) -> CompiledPolicy:
        """The policy as its overrides make it on a channel and for a segment of customers."""
        if not self._complete.overrides:
            return self
        places = fitting(self._complete.overrides, channel, segment)
        found = self._scoped.get(places)
        if found is None:
            if len(self._scoped) >= MAX_SCOPES:
                self._scoped.clear()
            found = self._scoped[places] = self._as_for(places)
        if found.business_id != self.business_id:
            found = copy.copy(found)
            found.business_id, found.business_name = self.business_id, self.business_name
        return found

    def _as_for(self, places: tuple[int, ...]) -> Self:
        other = copy.copy(self)
        other._set_triggers(overridden(self._complete, places))  # noqa: SLF001 - a copy of its own
        return other

    def rule(self, trigger: str, trigger_class: str | None = None) -> Rule:
        """The rule of a built-in or own trigger. Raises KeyError for a trigger that the policy does not have."""
        return self._triggers[trigger, trigger_class].rule

    @property
    def has_own_triggers(self) -> bool:
        """Whether there is anything to ask of `own_matches`."""
        return bool(self._own)

    def own_matches(self, message: ChatMessage, signals: Signals, facts: ConversationFacts) -> OwnMatches:
        """The own triggers that hold for this message; to be asked once for every message, in their order."""
        if not self._own:
            return OwnMatches([])
        turns = counted(facts.memory, message.sender)
        case = Case(message, signals, facts, self._keywords.find(message.text), turns, {})
        held_before = self._slots.note(case)
        silences = self._waiting(facts.memory, message.sender)
        known = facts.memory.began if facts.memory is not None else {}
        began = {key: known[key] for key in silences if key in known}
        channel = normal_name(message.channel or facts.channel or "")
        spoken = _spoken(message, signals, facts)
        found: list[OwnMatch] = []
        for own in self._own:
            held = own.check(case) if _in_scope(own, channel, spoken) else None
            if held is None:
                continue
            if own.silence is None:
                because = "; ".join(held.because) or "its condition holds"
                found.append(OwnMatch(trigger=own.name, score=1.0, because=because, spans=held.spans))
            elif own.silence.key not in silences and own.silence.begins(message.sender, facts):
                silences[own.silence.key] = self._ends(own.silence, facts.at_ms)
                began[own.silence.key] = facts.at_ms
        remembers = bool(self._slots) or bool(silences)
        return OwnMatches(found, Memory(turns, held_before, silences, began) if remembers else None)

    def likenesses(self, trigger: str, text: str) -> list[tuple[Likeness, float]]:
        """How alike a text is to each set of examples of an own trigger, and how alike it must be at least."""
        own = self._complete.own_triggers.get(trigger)
        tests = example_tests(own.when) if own is not None and own.when is not None else []
        return [(Examples(test.like, test.unlike or ()).compare(text), test.at_least) for test in tests]

    def spoken(self, memory: Memory | None, sender: Sender) -> Memory | None:
        """What is remembered once somebody has said something of which no condition is asked."""
        if memory is None or not memory.silences:
            return memory
        return msgspec.structs.replace(memory, silences=self._waiting(memory, sender))

    def silent(self, memory: Memory | None, at_ms: int) -> OwnMatches:
        """The own triggers whose silence has lasted long enough at a time, and what is remembered from then on."""
        if memory is None:
            return OwnMatches([])
        silences = memory.silences | self._lengthened(memory)
        over = {key for key, ends in silences.items() if ends <= at_ms}
        found = [
            OwnMatch(trigger=own.name, score=1.0, because=own.silence.because, spans=())
            for own in self._own
            if own.silence is not None and own.silence.key in over
        ]
        left = {key: ends for key, ends in silences.items() if key not in over}
        return OwnMatches(found, msgspec.structs.replace(memory, silences=left))

    def _waiting(self, memory: Memory | None, sender: Sender) -> dict[bytes, int]:
        """The silences that go on though this sender has spoken."""
        before = memory.silences if memory is not None else {}
        if not before:
            return {}
        going_on = {own.silence.key for own in self._own if own.silence and sender not in own.silence.silent}
        return {key: ends for key, ends in before.items() if key in going_on}

    def _lengthened(self, memory: Memory) -> dict[bytes, int]:
        """The silences that last for longer by now than what was to be waited for when they began."""
        lengthened = {}
        for silence in (own.silence for own in self._own if own.silence is not None):
            if silence.key in memory.silences and silence.key in memory.began:
                ends = self._ends(silence, memory.began[silence.key])
                lengthened[silence.key] = max(ends, memory.silences[silence.key])
        return lengthened

    def _ends(self, silence: Silence, at_ms: int) -> int:
        return self._hours.due(at_ms, silence.lasts, around_the_clock=not silence.in_hours)

    def high_value_score(self, signals: Signals) -> HighValue:
        """The detector's `high_value`, raised by quantities and amounts that reach the business's floors.

        A number in a text that is surely no such enquiry, such as an order's, raises nothing, unless it is an amount
        far above the floor that is ordered for.
        """
        spans = tuple(span for span in signals.spans if span.signal == "high_value")
        large = max(
            (
                *(self._large_quantity(quantity, signals.intent) for quantity in signals.quantities),
                *(self._large_amount(amount, signals.intent) for amount in signals.amounts),
            ),
            key=lambda found: found.score,
            default=_NOTHING,
        )
        if large.score <= signals.high_value:
            return HighValue(score=signals.high_value, spans=spans, because="")
        if signals.high_value < UNLIKELY and not self._orders_for_much(signals):
            aside = f"{large.because} counts only where something speaks of buying, from {UNLIKELY:.2f} on"
            return HighValue(score=signals.high_value, spans=spans, because="", aside=aside)
        return HighValue(score=large.score, spans=(*spans, *large.spans), because=large.because)

    def _orders_for_much(self, signals: Signals) -> bool:
        """Of pieces, as many may be an ordinary order: of business cards, or of bolts."""
        return signals.intent in _BUYING and any(
            found.value >= FAR_ABOVE * self._amount_floors.get(found.currency, math.inf) for found in signals.amounts
        )

    def due_at(self, rule: Rule, at_ms: int) -> int:
        """When a human has answered at the latest, as the business's hours allow: epoch milliseconds, after `at_ms`."""
        trigger = self._of(rule)
        return self._hours.due(at_ms, trigger.promise, around_the_clock=trigger.around_the_clock)

    def reply(
        self,
        rule: Rule,
        trigger_class: str | None,
        *,
        language: str | None,
        at_ms: int,
        due_ms: int,
        customer_name: str | None,
        delayed: bool = False,
    ) -> ReplyText:
        """What the customer is told when this rule fires; for the action `offer`, whether a person is wanted.

        `delayed` where the promise that was made has passed: an apology, and a new one. The own text of a trigger that
        offers is the question, so that it does not say what follows a yes.
        """
        trigger = self._triggers[rule.trigger, trigger_class]
        is_open = trigger.around_the_clock or self._hours.is_open(at_ms)
        handover = Handover(
            business=self.business_name,
            owner=rule.owner,
            customer=customer_name,
            now=self._hours.local(at_ms),
            due=self._hours.local(due_ms),
            is_open=is_open,
            within=trigger.promise if self._holds_as_length(trigger, at_ms, due_ms) else None,
            around_the_clock=trigger.around_the_clock,
        )
        offered = "offer_crisis" if trigger_class == CRISIS else "offer"
        builtin = offered if rule.action is Action.OFFER else (trigger_class or rule.trigger) if rule.builtin else "own"
        accepted = trigger.rule.action is Action.OFFER and rule.action is not Action.OFFER
        texts = {} if accepted else trigger.texts
        if delayed:
            texts, builtin = {}, "delayed_crisis" if trigger_class == CRISIS else "delayed"
        rendered = render(texts, builtin, language, self._languages, handover)
        return ReplyText(text=rendered.text, language=rendered.language, fell_back=rendered.fell_back)

    def _holds_as_length(self, trigger: _Trigger, at_ms: int, due_ms: int) -> bool:
        """Whether the due time is just the promise from now, so that "within 2 hours" is true as it is said."""
        if trigger.around_the_clock or trigger.promise.unit != "day":
            return due_ms - at_ms == trigger.promise.ms
        days = (self._hours.local(due_ms).date() - self._hours.local(at_ms).date()).days
        is_near = days <= _longest_in_days(trigger.promise.count)
        return is_near and self._hours.is_open(at_ms) and due_ms == self._hours.due(at_ms, trigger.promise)

    def _of(self, rule: Rule) -> _Trigger:
        """The trigger of a rule, which may have been given another owner since."""
        crisis = self._triggers["distress", CRISIS]
        if rule.trigger == "distress" and rule.urgency == crisis.rule.urgency:
            return crisis
        return self._triggers[rule.trigger, None]

    def _trigger(self, name: str, trigger: TriggerPolicy, *, own: bool) -> _Trigger:
        priority = trigger.priority or Priority.NORMAL
        rule = Rule(
            trigger=_key(name)[0] if not own else name,
            builtin=not own,
            enabled=trigger.enabled,
            action=trigger.action or defaults.ACTION,
            threshold=defaults.THRESHOLD if trigger.threshold is None else trigger.threshold,
            cooldown_ms=durations.parse(trigger.cooldown or defaults.COOLDOWN).ms,
            owner=trigger.owner or "",
            queue=trigger.queue or "",
            priority=priority,
            urgency=defaults.OWN_URGENCY[priority] if own else defaults.BUILTIN[name].urgency,
        )
        return _Trigger(
            rule,
            durations.parse(trigger.within or ""),
            trigger.around_the_clock,
            texts_by_language(trigger.reply, self._languages[0]),
        )

    def _large_quantity(self, found: Quantity, intent: Intent) -> HighValue:
        if found.value < self._quantity_floor:
            return _NOTHING
        score = LARGE_IN_PASSING if intent in _PAST else LARGE
        span = Span("high_value", found.start, found.end, score)
        return HighValue(
            score=score, spans=(span,), because=f"a quantity of at least {number_text(self._quantity_floor)}"
        )

    def _large_amount(self, found: Amount, intent: Intent) -> HighValue:
        floor = self._amount_floors.get(found.currency)
        if floor is None or found.value < floor:
            return _NOTHING
        buying = intent in _BUYING or (intent not in _PAST and found.value >= FAR_ABOVE * floor)
        score = LARGE if buying else LARGE_IN_PASSING
        span = Span("high_value", found.start, found.end, score)
        because = f"an amount of at least {number_text(floor)} {found.currency}"
        return HighValue(score=score, spans=(span,), because=because)


def _longest_in_days(business_days: int) -> int:
    """How many days away the end of so many business days may be: weekends, and two holidays, are between.

    A business that is closed for longer than that is not back "within one business day", as customers count.
    """
    return business_days + 2 * math.ceil(business_days / _WEEK) + _HOLIDAYS


_NOTHING: Final = HighValue(score=0.0, spans=(), because="")


def _key(name: str) -> tuple[str, str | None]:
    """Trigger and class of an entry of `triggers`: `crisis` is a class of `distress`."""
    return ("distress", CRISIS) if name == CRISIS else (name, None)


def _own(name: str, trigger: OwnTrigger, compiler: ConditionCompiler) -> _OwnTrigger:
    return _OwnTrigger(
        name,
        compiler.compile(without_silence(_when(name, trigger)), name),
        frozenset(map(normal_name, trigger.channels)) if trigger.channels else None,
        tuple(trigger.languages or ()),
        silence_of(name, trigger),
    )


def _when(name: str, trigger: OwnTrigger) -> Condition:
    if trigger.when is None:
        raise ValueError(f"the own trigger {name} has no condition")
    return trigger.when


def _in_scope(own: _OwnTrigger, channel: str, spoken: str) -> bool:
    if own.channels is not None and channel not in own.channels:
        return False
    if not own.languages:
        return True
    return any(
        spoken == language or spoken.startswith(f"{language}-") or language.partition("-")[0] == spoken
        for language in own.languages
    )


def _spoken(message: ChatMessage, signals: Signals, facts: ConversationFacts) -> str:
    """The tag of the language of a message; of a picture or an "ok", which are in none, that of the conversation."""
    named = (language for language in (message.language, signals.language, facts.language) if language)
    return next((tag for tag in map(normal_tag, named) if tag != _NO_LANGUAGE), _NO_LANGUAGE)


def compile_policy(policy: Policy) -> CompiledPolicy:
    """Make a policy ready to be asked."""
    return CompiledPolicy(policy)


@lru_cache(maxsize=1)
def _default() -> CompiledPolicy:
    return CompiledPolicy(defaults.default_document("default"))


def default_policy(business_id: str) -> CompiledPolicy:
    """The built-in policy for a business that has none of its own; it has one version for all."""
    return _default().for_business(business_id)
