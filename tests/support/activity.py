"""What happens to a worker's metrics: events and effects to count, and everything that an engine can tell."""

from __future__ import annotations

from handraise.conversation.effects import Effects, Fact, Miss, Note, Suppression
from handraise.engine.observer import Folded
from handraise.events import (
    Action,
    ClosedBecause,
    DeadLetterReason,
    Decision,
    DecisionResult,
    Escalation,
    EscalationType,
    Outcome,
    OutcomeKind,
    Priority,
    Sender,
    Verdict,
    utc,
)
from handraise.policy.model import BUILTIN_TRIGGERS
from handraise.telemetry import Metrics
from tests.support import made

NOW = 1_700_000_000.0
AT = int(NOW * 1000)


def an_outcome(kind: OutcomeKind = OutcomeKind.RESOLVED, verdict: Verdict | None = None) -> Outcome:
    """What a human tool reports."""
    return Outcome(outcome_id="o", conversation_id="c", business_id="b", kind=kind, at=AT, verdict=verdict)


def a_decision(
    trigger: str, result: DecisionResult = DecisionResult.FIRED, action: Action = Action.ESCALATE
) -> Decision:
    """A decision on a trigger."""
    return made.a_decision(trigger=trigger, result=result, action=action)


def an_escalation(
    trigger: str,
    *,
    type_: EscalationType = EscalationType.RAISED,
    trigger_class: str | None = None,
    priority: Priority = Priority.NORMAL,
    action: Action = Action.ESCALATE,
    occurred_at_ms: int = AT,
    closed_because: ClosedBecause | None = None,
    caused_by: str = "m",
) -> Escalation:
    """One step of an escalation."""
    return made.an_escalation(
        type=type_,
        trigger=trigger,
        trigger_class=trigger_class,
        action=action,
        priority=priority,
        occurred_at=utc(occurred_at_ms),
        emitted_at=utc(AT),
        closed_because=closed_because,
        caused_by=caused_by,
    )


def everything_happens(worker: Metrics, version: str) -> None:
    """Tell a worker's metrics all that an engine can tell, once; `version` names the policies in force."""
    effects = [_effects(trigger) for trigger in (*BUILTIN_TRIGGERS, "vip")]
    events: list[Sender | Outcome] = [*Sender]
    events += [an_outcome(kind) for kind in OutcomeKind]
    events += [an_outcome(OutcomeKind.VERDICT, verdict) for verdict in Verdict]
    folded = [Folded(Sender.CUSTOMER, one) for one in effects] + [Folded(one, Effects()) for one in events]
    folded.append(Folded(Sender.CUSTOMER, Effects(notes=[Note(Fact.DUPLICATE, "message")])))
    worker.policies_in_force(2, version, ["vip"])
    worker.policies_faulty(refused=1, without_base=1, unfit=1)
    worker.policy_accepted()
    worker.policy_refused()
    worker.policy_removed()
    worker.rebalanced(4)
    worker.restored(0, 12, 0.2)
    worker.detected(0.003)
    worker.transaction_committed(0.01)
    worker.transaction_aborted(0.1)
    worker.transaction_fenced(0.1)
    worker.broker_retried()
    worker.batch_committed(0, len(folded), 0.02, folded)
    for reason in DeadLetterReason:
        worker.dead_letter("chat.messages", reason)
    worker.bad_records(0, 0.25)
    worker.misrouted("chat.messages")
    worker.replays_skipped(1)
    worker.records_missed("chat.messages", 0, 1)
    worker.state_held(0, 12, {"complaint": 2, "vip": 1})
    worker.lag("chat.messages", 0, 3, 1.5)
    worker.lag("chat.outcomes", 0, 0, 0)
    worker.ready(True)


def _effects(trigger: str) -> Effects:
    notes = [Note(fact) for fact in Fact if fact not in {Fact.DUPLICATE, Fact.SUPPRESSED, Fact.PROBABLE_MISS}]
    notes = [Note(note.fact, trigger) for note in notes]
    notes += [Note(Fact.SUPPRESSED, reason.value) for reason in Suppression]
    notes += [Note(Fact.PROBABLE_MISS, miss.value) for miss in Miss]
    return Effects(
        decisions=[a_decision(trigger, result) for result in DecisionResult],
        escalations=[
            an_escalation(trigger),
            an_escalation(trigger, type_=EscalationType.UPDATED),
            an_escalation(trigger, type_=EscalationType.CLOSED, closed_because=ClosedBecause.RESOLVED),
        ],
        notes=notes,
    )
