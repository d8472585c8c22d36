"""Compare what a turn brought about with what a scenario expects of it."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from handraise.conversation import Assessment, Effects, Processed, decode_state
from handraise.events import Action, ControlState, Decision, DecisionResult, Escalation, Reply
from handraise.policy import CompiledPolicy
from handraise.policy.model import CRISIS, Rule
from handraise.scenarios.model import Fired, Names, ScenarioTurn, listed
from handraise.scenarios.read import REPLY, SPEAKERS

Decided = dict[DecisionResult, dict[str, Decision]]


def differences(
    turn: ScenarioTurn, about: Names | None, processed: Processed, policy: CompiledPolicy, zone: ZoneInfo
) -> list[str]:
    """What is not as expected at one turn, in sentences: nothing may fire but what is named, or is not `about`."""
    decided = _decided(processed)
    return [
        *_missing(turn, decided, processed, policy),
        *_otherwise(turn, decided, processed, zone),
        *_unexpected(turn, about, decided),
        *_wrong_state(turn, processed),
    ]


def _missing(turn: ScenarioTurn, decided: Decided, processed: Processed, policy: CompiledPolicy) -> Iterator[str]:
    for result, names, words in (
        (DecisionResult.FIRED, turn.fires, "fire"),
        (DecisionResult.SUPPRESSED, turn.suppressed, "be suppressed"),
        (DecisionResult.NEAR, turn.near, "nearly fire"),
    ):
        for name in listed(names):
            if name not in decided[result]:
                yield f"`{name}` must {words} here: {_instead(name, turn, decided, processed, policy)}"


def _otherwise(turn: ScenarioTurn, decided: Decided, processed: Processed, zone: ZoneInfo) -> Iterator[str]:
    for name, wanted in turn.fires.items() if isinstance(turn.fires, dict) else ():
        if name in decided[DecisionResult.FIRED]:
            yield from _details(name, wanted, decided[DecisionResult.FIRED][name], processed, zone)


def _unexpected(turn: ScenarioTurn, about: Names | None, decided: Decided) -> Iterator[str]:
    for name, decision in decided[DecisionResult.FIRED].items():
        watched = about is None or name in listed(about)
        unnamed = name not in listed(turn.fires) and watched and decision.action is not Action.SHADOW
        if name in listed(turn.must_not) or unnamed:
            yield f"`{name}` must not fire here: {decision.because}"


def _wrong_state(turn: ScenarioTurn, processed: Processed) -> Iterator[str]:
    if turn.state is None:
        return
    if processed.state is None:
        if turn.state is not ControlState.CLOSED:
            yield f"the state must be `{turn.state}` here, and the conversation has ended"
        return
    state = decode_state(processed.state).control
    if state is not turn.state:
        yield f"the state must be `{turn.state}` here, and is `{state}`"


def _decided(processed: Processed) -> Decided:
    """The decisions of a turn by result and by trigger, crisis by its own name."""
    found: Decided = {result: {} for result in DecisionResult}
    left = list(processed.effects.assessments)
    for decision in processed.effects.decisions:
        about = next(
            (one for one in left if (one.trigger, one.score) == (decision.trigger, decision.score)),
            None,
        )
        if about is not None:
            left.remove(about)
        found[decision.result][_name(about, decision)] = decision
    return found


def _name(about: Assessment | None, decision: Decision) -> str:
    return CRISIS if about is not None and about.trigger_class == CRISIS else decision.trigger


def _instead(name: str, turn: ScenarioTurn, decided: Decided, processed: Processed, policy: CompiledPolicy) -> str:
    """What became of a trigger that was expected to do something else."""
    for result, words in (
        (DecisionResult.FIRED, "it fired"),
        (DecisionResult.SUPPRESSED, "it was suppressed"),
        (DecisionResult.NEAR, "it did not quite"),
    ):
        if name in decided[result]:
            return f"{words}, {decided[result][name].because}"
    rule = _rule(name, policy)
    if not rule.enabled:
        return "it is turned off in the policy"
    trigger, trigger_class = ("distress", CRISIS) if name == CRISIS else (name, None)
    scores = [one.score for one in processed.effects.assessments if _is(one, trigger, trigger_class)]
    if scores:
        return f"its score is {max(scores):g}, its threshold {rule.threshold:g}"
    if rule.builtin:
        return "nothing in the turn speaks for it"
    return _unlike_its_examples(name, turn, policy) or "its condition does not hold"


def _unlike_its_examples(name: str, turn: ScenarioTurn, policy: CompiledPolicy) -> str | None:
    """How far the text of a turn is from the examples of a trigger, if it has some; of several, from the nearest."""
    text = next((said for speaker in SPEAKERS if (said := getattr(turn, speaker))), None)
    found = policy.likenesses(name, text) if text is not None and text != REPLY else []
    if not found:
        return None
    likeness, at_least = max(found, key=lambda one: one[0].counted - one[1])
    if likeness.is_other:
        return f"it is {likeness.like:.3f} like its examples, and as near or nearer to one of `unlike`"
    if likeness.counted >= at_least:
        return f"it is {likeness.like:.3f} like its examples, and something else of its condition does not hold"
    return f"it is {likeness.like:.3f} like its examples, and must be at least {at_least:g}"


def _is(one: Assessment, trigger: str, trigger_class: str | None) -> bool:
    return one.trigger == trigger and one.trigger_class == trigger_class


def _rule(name: str, policy: CompiledPolicy) -> Rule:
    return policy.rule("distress", CRISIS) if name == CRISIS else policy.rule(name)


def _details(name: str, wanted: Fired, decision: Decision, processed: Processed, zone: ZoneInfo) -> Iterator[str]:
    escalation = processed.effects.escalation_of(decision)
    reply = escalation.reply if escalation else _offered(decision, processed.effects)
    found = {
        "action": decision.action,
        "priority": escalation.priority if escalation else None,
        "owner": escalation.owner if escalation else None,
        "queue": escalation.queue if escalation else None,
        "due_at": _due(escalation, zone),
    }
    for key, value in found.items():
        expected = getattr(wanted, key)
        if expected is not None and expected != value:
            yield f"`{name}` must have {key} `{expected}`, and has {f'`{value}`' if value else 'none'}"
    if wanted.reply is not None and not _holds(reply, wanted.reply):
        said = f"it is “{reply.text}”" if reply else "there is none"
        yield f"the reply of `{name}` must hold “{wanted.reply}”, and {said}"


def _offered(decision: Decision, effects: Effects) -> Reply | None:
    """The reply of a decision that escalated nothing: each offer has one, and no other reply is without escalation."""
    told = [event.reply.reply_id for event in effects.escalations if event.reply]
    replies = [control.reply for control in effects.controls if control.reply and control.reply.reply_id not in told]
    offers = [
        one
        for one in effects.decisions
        if one.result is DecisionResult.FIRED and one.action is Action.OFFER and effects.escalation_of(one) is None
    ]
    return next((reply for one, reply in zip(offers, replies, strict=False) if one is decision), None)


def _due(escalation: Escalation | None, zone: ZoneInfo) -> str | None:
    return None if escalation is None else f"{escalation.due_at.astimezone(zone):%Y-%m-%d %H:%M}"


def _holds(reply: Reply | None, words: str) -> bool:
    return reply is not None and " ".join(words.split()).casefold() in " ".join(reply.text.split()).casefold()
