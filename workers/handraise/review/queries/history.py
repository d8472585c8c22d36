"""One conversation, turn by turn: what was said, what each trigger made of it, and what people did."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from handraise.events import Escalation, Evidence, Turn
from handraise.review.tables import ControlRow, DecisionRow, EscalationRow, OutcomeRow, PromiseRow, RevisionRow

MOST_DECISIONS: Final = 2_000
"""Of a conversation that has more, the newest."""
_ESCALATION: Final = msgspec.json.Decoder(Escalation)


class Exchange(Struct, frozen=True, kw_only=True):
    """One message of the conversation, or a timer of it, and what was decided on it."""

    message_id: str
    at: datetime
    turn: Turn | None
    """What was said; None of a timer, and of a message that no escalation has in its transcript."""
    evidence: list[Evidence]
    """The words that moved a trigger, each once."""
    decisions: list[DecisionRow]


class History(Struct, frozen=True, kw_only=True):
    """A conversation as far as the log knows it; every list has the oldest first."""

    business_id: str
    conversation_id: str
    escalations: list[EscalationRow]
    revisions: dict[str, list[Escalation]]
    """Every event of each escalation, by its id, in the order of revisions: a late event gives one an earlier time."""
    promises: list[PromiseRow]
    exchanges: list[Exchange]
    outcomes: list[OutcomeRow]
    controls: list[ControlRow]


def escalation_history(session: Session, escalation_id: str) -> History | None:
    """The conversation of an escalation; None if the log has no such escalation."""
    row = session.get(EscalationRow, escalation_id)
    return None if row is None else conversation_history(session, row.business_id, row.conversation_id)


def conversation_history(session: Session, business_id: str, conversation_id: str) -> History | None:
    """A conversation; None if nothing was ever decided on it."""
    newest = (
        select(DecisionRow)
        .where(*_of(DecisionRow, business_id, conversation_id))
        .order_by(DecisionRow.decision_id.desc())
        .limit(MOST_DECISIONS)
    )
    decided = list(session.scalars(newest))[::-1]
    escalations = list(
        session.scalars(
            select(EscalationRow)
            .where(*_of(EscalationRow, business_id, conversation_id))
            .order_by(EscalationRow.raised_at, EscalationRow.escalation_id)
        )
    )
    if not decided and not escalations:
        return None
    revisions: dict[str, list[Escalation]] = {row.escalation_id: [] for row in escalations}
    for row in session.scalars(
        select(RevisionRow)
        .where(*_of(RevisionRow, business_id, conversation_id))
        .order_by(RevisionRow.escalation_id, RevisionRow.revision)
    ):
        revisions.setdefault(row.escalation_id, []).append(_ESCALATION.decode(row.event))
    return History(
        business_id=business_id,
        conversation_id=conversation_id,
        escalations=escalations,
        revisions=revisions,
        promises=list(
            session.scalars(
                select(PromiseRow)
                .where(PromiseRow.escalation_id.in_(revisions))
                .order_by(PromiseRow.made_at, PromiseRow.escalation_id, PromiseRow.revision)
            )
        ),
        exchanges=_exchanges([event for events in revisions.values() for event in events], decided),
        outcomes=list(
            session.scalars(
                select(OutcomeRow)
                .where(*_of(OutcomeRow, business_id, conversation_id))
                .order_by(OutcomeRow.at, OutcomeRow.outcome_id)
            )
        ),
        controls=list(
            session.scalars(
                select(ControlRow).where(*_of(ControlRow, business_id, conversation_id)).order_by(ControlRow.control_id)
            )
        ),
    )


_Table = type[DecisionRow] | type[RevisionRow] | type[EscalationRow] | type[OutcomeRow] | type[ControlRow]


def _of(table: _Table, business_id: str, conversation_id: str) -> list[ColumnElement[bool]]:
    return [table.business_id == business_id, table.conversation_id == conversation_id]


def _exchanges(events: list[Escalation], decided: list[DecisionRow]) -> list[Exchange]:
    """Every turn that some transcript has, and everything decided, in the order of time."""
    turns = {turn.message_id: turn for event in events for turn in event.transcript.turns}
    evidence: dict[str, dict[tuple[str, int, int], Evidence]] = {}
    for event in events:
        for one in event.evidence:
            evidence.setdefault(one.message_id, {})[one.signal, one.start, one.end] = one
    decisions: dict[str, list[DecisionRow]] = {}
    for row in decided:
        decisions.setdefault(row.message_id, []).append(row)
    at = {message_id: rows[0].occurred_at for message_id, rows in decisions.items()}
    at |= {message_id: turn.sent_at for message_id, turn in turns.items()}
    # Messages of the same moment stay in the order of the transcript, which `at` has after what only was decided.
    return [
        Exchange(
            message_id=message_id,
            at=at[message_id],
            turn=turns.get(message_id),
            evidence=list(evidence.get(message_id, {}).values()),
            decisions=decisions.get(message_id, []),
        )
        for message_id in sorted(at, key=lambda message_id: at[message_id])
    ]
