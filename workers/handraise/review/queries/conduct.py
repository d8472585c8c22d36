"""What the AI did that it should not: speak while a human held the conversation, and promise a person unasked."""

from __future__ import annotations

from datetime import timedelta
from typing import Final, TypeVar

from sqlalchemy import BigInteger, Over, and_, exists, func, or_, select, type_coerce
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from handraise.conversation.fold import TALKED_OVER_MS
from handraise.events import ControlState, DecisionResult, OutcomeKind
from handraise.review.queries.scope import Scope
from handraise.review.tables import ControlRow, DecisionRow, OutcomeRow

ValueT = TypeVar("ValueT")
_AROUND: Final = timedelta(days=1)
"""What came before and after the first and last turn of a period lies around it."""
_HANDED_BACK: Final = (OutcomeKind.RELEASED, OutcomeKind.RESOLVED)


def talked_over(session: Session, scope: Scope) -> int:
    """How often an AI turn came between two turns of a human, the second within five minutes of it.

    Such a turn took the conversation back from the human, and the human took it again at once. Where the human's tool
    had handed it over itself, nobody was talked over.

    A state is published again, with the same `since`, whenever the customer is told something in it: once is enough.
    """
    row = ControlRow
    since = type_coerce(row.since, BigInteger)
    steps = (
        select(
            row.business_id,
            row.conversation_id,
            row.since,
            row.state,
            _in_turn(func.lag(row.state)).label("before"),
            _in_turn(func.lead(row.state)).label("after"),
            (_in_turn(func.lead(since)) - since).label("until"),
        )
        .where(row.since >= scope.since - _AROUND, row.since < scope.until + _AROUND)
        .group_by(row.business_id, row.conversation_id, row.since, row.state)
    )
    if scope.business is not None:
        steps = steps.where(row.business_id == scope.business)
    step = steps.subquery()
    by_the_tool = exists().where(
        and_(
            OutcomeRow.business_id == step.c.business_id,
            OutcomeRow.conversation_id == step.c.conversation_id,
            OutcomeRow.at == step.c.since,
            OutcomeRow.kind.in_(_HANDED_BACK),
        )
    )
    statement = select(func.count()).where(
        step.c.state == ControlState.AI,
        step.c.before == ControlState.HUMAN,
        step.c.after == ControlState.HUMAN,
        step.c.until <= TALKED_OVER_MS,
        step.c.since >= scope.since,
        step.c.since < scope.until,
        ~by_the_tool,
    )
    return session.scalar(statement) or 0


def broken_promises(session: Session, scope: Scope) -> int:
    """How often the AI promised that a person follows up, and no escalation was open."""
    row = DecisionRow
    nobody_told = or_(
        row.result == DecisionResult.FIRED,
        and_(row.result == DecisionResult.SUPPRESSED, row.escalation_id.is_(None)),
    )
    where = (row.trigger == "broken_promise", nobody_told, *scope.of(row.business_id, row.occurred_at))
    return session.scalar(select(func.count()).select_from(row).where(*where)) or 0


def _in_turn(value: FunctionElement[ValueT]) -> Over[ValueT]:
    """Of the state before or after, in the same conversation.

    A turn of the AI that is escalated at once begins two states at one moment: by name, `ai` is the first of them.
    """
    row = ControlRow
    return value.over(partition_by=(row.business_id, row.conversation_id), order_by=(row.since, row.state))
