"""Where an escalation stands, and what became of its promises: computed from its events alone, in any order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from handraise.events import ClosedBecause, ControlState, Escalation, EscalationType, OutcomeKind
from handraise.review.tables import ControlRow, OutcomeRow

ACTED: Final = frozenset({OutcomeKind.ACCEPTED, OutcomeKind.REPLIED, OutcomeKind.RELEASED, OutcomeKind.RESOLVED})
"""Outcomes that say a person has seen to it."""
_CLOSED_BY_PEOPLE: Final = frozenset({ClosedBecause.RESOLVED, ClosedBecause.RELEASED, ClosedBecause.HANDED_BACK})


class Standing(NamedTuple):
    """Rows of `escalations` and `promises`."""

    escalation: dict[str, Any]
    promises: list[dict[str, Any]]


class _Claim(NamedTuple):
    at: datetime
    by: str | None


def standing(
    revisions: Sequence[Escalation], outcomes: Sequence[OutcomeRow], controls: Sequence[ControlRow]
) -> Standing:
    """Where one escalation stands.

    Args:
        revisions: its events, at least one, in order.
        outcomes: those of its conversation.
        controls: those of its conversation.
    """
    first, last = revisions[0], revisions[-1]
    closed = last if last.type is EscalationType.CLOSED else None
    caused = next((event for event in reversed(revisions) if event.type is not EscalationType.CLOSED), last)
    proven = next((event for event in reversed(revisions) if event.evidence), None)
    claim = _claim(revisions, outcomes, controls)
    judged = max(
        (row for row in outcomes if row.verdict is not None and row.escalation_id == last.escalation_id),
        key=lambda row: (row.at, row.outcome_id),
        default=None,
    )
    escalation = {
        "escalation_id": last.escalation_id,
        "business_id": last.business_id,
        "conversation_id": last.conversation_id,
        "revision": last.revision,
        "trigger": last.trigger,
        "trigger_class": last.trigger_class,
        "first_trigger": first.trigger,
        "action": last.action.value,
        "priority": last.priority.value,
        "owner": last.owner,
        "queue": last.queue,
        "channel": last.channel,
        "reason": caused.reason,
        "summary": last.summary,
        "score": None if proven is None else max(one.score for one in proven.evidence),
        "policy_version": last.policy_version,
        "raised_at": first.occurred_at,
        "due_at": last.due_at,
        "claimed_at": None if claim is None else claim.at,
        "claimed_by": None if claim is None else claim.by,
        "closed_at": None if closed is None else closed.occurred_at,
        "closed_because": None if last.closed_because is None else last.closed_because.value,
        "verdict": None if judged is None else judged.verdict,
        "verdict_by": None if judged is None else judged.by,
        "verdict_note": None if judged is None else judged.note,
        "verdict_at": None if judged is None else judged.at,
    }
    return Standing(escalation, _promises(revisions, claim, closed))


def _claim(
    revisions: Sequence[Escalation], outcomes: Sequence[OutcomeRow], controls: Sequence[ControlRow]
) -> _Claim | None:
    """The first sign that a person has taken it on."""
    first, last = revisions[0], revisions[-1]
    ended = last.occurred_at if last.type is EscalationType.CLOSED else None
    claims = [
        _Claim(max(row.at, first.occurred_at), row.by)
        for row in outcomes
        if row.kind in ACTED
        and (
            row.escalation_id == last.escalation_id
            # One that names none is about whatever is open.
            or (row.escalation_id is None and row.at >= first.occurred_at and (ended is None or row.at <= ended))
        )
    ]
    claims += [
        _Claim(max(row.since, first.occurred_at), None)
        for row in controls
        if row.state == ControlState.HUMAN and row.escalation_id == last.escalation_id
    ]
    if ended is not None and last.closed_because in _CLOSED_BY_PEOPLE:
        claims.append(_Claim(ended, None))
    # Of the same moment, the one that says who it was.
    return min(claims, key=lambda claim: (claim.at, claim.by is None, claim.by or ""), default=None)


def _promises(revisions: Sequence[Escalation], claim: _Claim | None, closed: Escalation | None) -> list[dict[str, Any]]:
    made = [event for event in revisions if event.type is not EscalationType.CLOSED]
    made = [
        event
        for place, event in enumerate(made)
        if place == 0 or (event.owner, event.due_at) != (made[place - 1].owner, made[place - 1].due_at)
    ]
    rows = []
    for place, event in enumerate(made):
        replaced_at = made[place + 1].occurred_at if place + 1 < len(made) else None
        replaced = replaced_at is not None and replaced_at < event.due_at and (claim is None or claim.at >= replaced_at)
        rows.append(
            {
                "escalation_id": event.escalation_id,
                "revision": event.revision,
                "business_id": event.business_id,
                "conversation_id": event.conversation_id,
                "trigger": event.trigger,
                "owner": event.owner,
                "made_at": event.occurred_at,
                "due_at": event.due_at,
                "replaced_at": replaced_at,
                "claimed_at": None if replaced or claim is None else claim.at,
                "kept": None if replaced else _kept(event.due_at, claim, ended=bool(replaced_at or closed)),
            }
        )
    return rows


def _kept(due_at: datetime, claim: _Claim | None, *, ended: bool) -> bool | None:
    if claim is not None:
        return claim.at <= due_at
    return False if ended else None
