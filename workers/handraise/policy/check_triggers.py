"""Check triggers: what can never fire, what always would, and what should not be turned off."""

from __future__ import annotations

from collections.abc import Iterator

from handraise.events import Action, Condition, OwnTrigger, Policy, Priority, TriggerPolicy
from handraise.policy.check_conditions import condition_problems, needless_problems
from handraise.policy.check_looking_back import memory_problems, misplaced_silences
from handraise.policy.defaults import ACTION, BUILTIN, OWN_URGENCY, THRESHOLD
from handraise.policy.keywords import normalise_keyword
from handraise.policy.model import CRISIS, STRENGTH
from handraise.policy.problems import Path, Problem, error, warning
from handraise.policy.replies import normal_tag

NEVER_MISSED = ("human_request", CRISIS)
_LOW, _HIGH = 0.2, 0.95


def trigger_problems(policy: Policy) -> Iterator[Problem]:
    """The problems of the built-in and of the own triggers."""
    for name in BUILTIN:
        trigger: TriggerPolicy = getattr(policy.triggers, name)
        if trigger.enabled:
            yield from threshold_problems(("triggers", name), trigger.threshold)
    for name in NEVER_MISSED:
        trigger = getattr(policy.triggers, name)
        yield from off_problems(("triggers", name), name, enabled=trigger.enabled, action=trigger.action)
    for name, own in policy.own_triggers.items():
        yield from _own(name, own, policy)
    yield from memory_problems(policy)
    yield from _outranked(policy)


def off_problems(path: Path, name: str, *, enabled: bool, action: Action | None) -> Iterator[Problem]:
    """What is to be said of turning a trigger off that nobody should miss."""
    off = "turned off" if not enabled else "only counted" if action is Action.SHADOW else None
    if off and name in NEVER_MISSED:
        what = "who asks for a person" if name == "human_request" else "who is in danger"
        yield warning(path, f"`{name}` is {off}: a customer {what} gets no human", "turn it on again")


def threshold_problems(path: Path, threshold: float | None) -> Iterator[Problem]:
    """The problems of the threshold of the trigger at a path."""
    if threshold is None:
        return
    here = (*path, "threshold")
    if threshold == 0:
        yield error(here, "a threshold of 0 fires on every message", "start from 0.5")
    elif path[-1] not in BUILTIN:
        # The default is what `handraise policy show` writes for every trigger.
        if threshold != THRESHOLD:
            message = "an own trigger scores 1 or nothing, so its threshold changes nothing"
            mend = "drop it; how much it takes is said in `when`: by `at_least` of `examples`, or by `signals`"
            yield warning(here, message, mend)
    elif threshold < _LOW:
        yield warning(here, f"a threshold of {threshold:g} fires on hardly any evidence", "start from 0.5")
    elif threshold > _HIGH:
        mend = "lower it; to turn the trigger off, write `enabled: false`"
        yield warning(here, f"a threshold of {threshold:g} is hardly ever reached", mend)


def _own(name: str, own: OwnTrigger, policy: Policy) -> Iterator[Problem]:
    path: Path = ("own_triggers", name)
    if name in BUILTIN:
        yield error(
            path, f"`{name}` is a built-in trigger", f"set it under `triggers: {name}:`, or choose another name"
        )
    yield from threshold_problems(path, own.threshold)
    if own.languages:
        served = {normal_tag(language).partition("-")[0] for language in policy.languages}
        if not served & {normal_tag(language).partition("-")[0] for language in own.languages}:
            message = "the policy names none of these languages, so its customers hardly write in them"
            yield warning((*path, "languages"), message, "add them to `languages`, or drop them here")
    if own.when is None:
        mend = "add `when:` with what the message must be, for example `keywords: [refund*]`"
        yield error(path, "`when` is missing", mend)
    else:
        yield from condition_problems(own.when, (*path, "when"))
        yield from needless_problems(own.when, (*path, "when"))
        yield from misplaced_silences(own.when, (*path, "when"))


def _outranked(policy: Policy) -> Iterator[Problem]:
    """Own triggers whose keywords all belong to one that goes first as well."""
    lone = {
        name: own
        for name, own in policy.own_triggers.items()
        # What is in shadow is logged whatever else fires, and holds nothing up.
        if own.enabled and own.action is not Action.SHADOW and _only_keywords(own)
    }
    for name, own in lone.items():
        stronger = [
            (other_name, [_Words(keyword) for keyword in _keywords(other)])
            for other_name, other in lone.items()
            if _order(other) < _order(own) and _covers_scope(other, own)
        ]
        if not stronger:
            continue
        exact = {words.text: other for other, many in stronger for words in many if not words.wild}
        wild = [(words, other) for other, many in stronger for words in many if words.wild]
        keywords = _keywords(own)
        losing: dict[int, str] = {}
        for place, keyword in enumerate(keywords):
            words = _Words(keyword)
            winner = None if words.wild else exact.get(words.text)
            winner = winner or next((other for many, other in wild if many.covers(words)), None)
            if winner:
                losing[place] = winner
        if len(losing) == len(keywords):
            winners = list(dict.fromkeys(losing.values()))
            others = ", ".join(f"`{other}`, {_why(lone[other], own)}" for other in winners)
            message = f"`{name}` {_how_often(winners, own, lone)} fires: {others}, has the same keywords"
            further = any(_strength(lone[other]) < _strength(own) for other in winners)
            mend = "give both the same action" if further else "raise its priority"
            yield warning(("own_triggers", name), message, f"{mend}, or give it keywords of its own")
            continue
        for place, other in losing.items():
            often = _how_often([other], own, lone)
            message = f"`{keywords[place]}` {often} counts here: `{other}`, {_why(lone[other], own)}, has it too"
            yield warning(("own_triggers", name, "when", "keywords", place), message, "keep it in one of them")


def _why(winner: OwnTrigger, own: OwnTrigger) -> str:
    return "with a stronger action" if _strength(winner) < _strength(own) else "more urgent"


def _how_often(winners: list[str], own: OwnTrigger, lone: dict[str, OwnTrigger]) -> str:
    """An open escalation that is less urgent holds up what would go first, and takes what is more urgent."""
    return "hardly ever" if any(_urgency(own) < _urgency(lone[winner]) for winner in winners) else "never"


class _Words:
    """A keyword as it is matched."""

    def __init__(self, keyword: str) -> None:
        self.text = normalise_keyword(keyword)
        self.head, self.tail = keyword.startswith("*"), keyword.endswith("*")
        self.wild = self.head or self.tail

    def covers(self, other: _Words) -> bool:
        """Whether whatever holds the other keyword holds this one, both being one word or phrase."""
        if (other.head and not self.head) or (other.tail and not self.tail):
            return False
        if self.head and self.tail:
            return self.text in other.text
        return other.text.startswith(self.text) if self.tail else other.text.endswith(self.text)


def _only_keywords(own: OwnTrigger) -> bool:
    return bool(_keywords(own)) and own.when == Condition(keywords=_keywords(own))


def _keywords(own: OwnTrigger) -> list[str]:
    return (own.when.keywords if own.when is not None else None) or []


def _covers_scope(wider: OwnTrigger, narrower: OwnTrigger) -> bool:
    return all(
        getattr(wider, scope) is None
        or (set(getattr(narrower, scope) or ()) and set(getattr(narrower, scope)) <= set(getattr(wider, scope)))
        for scope in ("channels", "languages")
    )


def _urgency(own: OwnTrigger) -> int:
    return OWN_URGENCY[own.priority or Priority.NORMAL]


def _strength(own: OwnTrigger) -> int:
    return STRENGTH[own.action or ACTION]


def _order(own: OwnTrigger) -> tuple[int, int]:
    """Who goes first on one message, as the conversation decides it."""
    return _strength(own), _urgency(own)
