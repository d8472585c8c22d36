"""Where an escalation stands, and what became of its promises: computed from its events alone, in any order. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from handraise.events import ClosedBecause, ControlState, Escalation, EscalationType, OutcomeKind
from handraise.review.tables import ControlRow, OutcomeRow

_ANSWERED: Final = frozenset({OutcomeKind.REPLIED, OutcomeKind.RELEASED, OutcomeKind.RESOLVED})
"""Outcomes after which the customer is no longer waiting: an answer, or that it was settled without one."""
_CLAIMED: Final = frozenset({OutcomeKind.ACCEPTED})
"""Outcomes that say a person has taken it on and has not answered yet."""
_FAILED: Final = frozenset({OutcomeKind.FAILED})
"""Outcomes that say whoever had taken it on cannot."""
_SETTLED: Final = frozenset({ClosedBecause.RESOLVED, ClosedBecause.RELEASED})
"""Endings that a person brought about. That the AI went on is none: a person who wrote first counts by that."""


class Standing(NamedTuple):
    """Rows of `escalations` and `promises`."""

    escalation: dict[str, Any]
    promises: list[dict[str, Any]]


class _Sign(NamedTuple):
    """When a person did something, and who if it is known."""

    at: datetime
    by: str | None


def standing(
    revisions: Sequence[Escalation],
    outcomes: Sequence[OutcomeRow],
    controls: Sequence[ControlRow],
    spoken: Sequence[datetime],
) -> Standing:
    """Where one escalation stands.

    Args:
        revisions: its events, at least one, in order.
        outcomes: those of its conversation.
        controls: those of its conversation.
        spoken: when people wrote to the customer in its conversation.
    """
    first, last = revisions[0], revisions[-1]
    closed = last if last.type is EscalationType.CLOSED else None
    caused = next((event for event in reversed(revisions) if event.type is not EscalationType.CLOSED), last)
    proven = next((event for event in reversed(revisions) if event.evidence), None)
    answers = _answers(revisions, outcomes, spoken)
    # Of the same moment, the one that says who it was.
    claim = min(
        [*answers, *_claims(revisions, outcomes, controls)],
        key=lambda sign: (sign.at, sign.by is None, sign.by or ""),
        default=None,
    )
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
        "answered_at": min((answer.at for answer in answers), default=None),
        "closed_at": None if closed is None else closed.occurred_at,
        "closed_because": None if last.closed_because is None else last.closed_because.value,
        "verdict": None if judged is None else judged.verdict,
        "verdict_by": None if judged is None else judged.by,
        "verdict_note": None if judged is None else judged.note,
        "verdict_at": None if judged is None else judged.at,
    }
    return Standing(escalation, _promises(revisions, [answer.at for answer in answers], closed))


def _answers(
    revisions: Sequence[Escalation], outcomes: Sequence[OutcomeRow], spoken: Sequence[datetime]
) -> list[_Sign]:
    """Every sign that the customer was answered, or that there is nothing left to answer."""
    first, last = revisions[0], revisions[-1]
    signs = _told(revisions, outcomes, _ANSWERED)
    signs += [_Sign(at, None) for at in spoken if _is_open(revisions, at)]
    if last.type is EscalationType.CLOSED and last.closed_because in _SETTLED:
        signs.append(_Sign(max(first.occurred_at, last.occurred_at), None))
    return signs


def _claims(
    revisions: Sequence[Escalation], outcomes: Sequence[OutcomeRow], controls: Sequence[ControlRow]
) -> list[_Sign]:
    """Every sign that a person has taken it on, besides the answers, and has not failed to take it since.

    Who held the conversation before it was raised has not: it tells somebody else.
    """
    first = revisions[0]
    holds = [row for row in controls if row.state == ControlState.HUMAN]
    before = {row.since for row in holds if row.escalation_id != first.escalation_id}
    held = [
        _Sign(max(row.since, first.occurred_at), None)
        for row in holds
        if row.escalation_id == first.escalation_id and row.since not in before
    ]
    claims = [*_told(revisions, outcomes, _CLAIMED), *held]
    failures = [sign.at for sign in _told(revisions, outcomes, _FAILED) if _is_open(revisions, sign.at)]
    return [claim for claim in claims if claim.at > max(failures)] if failures else claims


def _told(
    revisions: Sequence[Escalation], outcomes: Sequence[OutcomeRow], kinds: frozenset[OutcomeKind]
) -> list[_Sign]:
    """Outcomes about this escalation; one that names none is about whatever is open."""
    first = revisions[0]
    return [
        _Sign(max(row.at, first.occurred_at), row.by)
        for row in outcomes
        if row.kind in kinds
        and (row.escalation_id == first.escalation_id or (row.escalation_id is None and _is_open(revisions, row.at)))
    ]


def _is_open(revisions: Sequence[Escalation], at: datetime) -> bool:
    first, last = revisions[0], revisions[-1]
    return first.occurred_at <= at and (last.type is not EscalationType.CLOSED or at <= last.occurred_at)


def _promises(
    revisions: Sequence[Escalation], answers: Sequence[datetime], closed: Escalation | None
) -> list[dict[str, Any]]:
    made = [event for event in revisions if event.type is not EscalationType.CLOSED]
    made = [
        event
        for place, event in enumerate(made)
        if place == 0 or (event.owner, event.due_at) != (made[place - 1].owner, made[place - 1].due_at)
    ]
    rows = []
    for place, event in enumerate(made):
        replaced_at = made[place + 1].occurred_at if place + 1 < len(made) else None
        answered_at = min((at for at in answers if at >= event.occurred_at), default=None)
        replaced = (
            replaced_at is not None
            and replaced_at < event.due_at
            and (answered_at is None or answered_at >= replaced_at)
        )
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
                "answered_at": None if replaced else answered_at,
                "kept": None if replaced else _kept(event.due_at, answered_at, ended=bool(replaced_at or closed)),
            }
        )
    return rows


def _kept(due_at: datetime, answered_at: datetime | None, *, ended: bool) -> bool | None:
    if answered_at is not None:
        return answered_at <= due_at
    return False if ended else None
