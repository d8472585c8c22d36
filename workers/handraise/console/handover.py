"""An escalation as a person reads it, put together from what the log holds of its conversation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import accumulate
from operator import itemgetter

from msgspec import Struct

from handraise.console import words
from handraise.console.highlight import Piece, pieces
from handraise.events import (
    Attempt,
    ClosedBecause,
    Escalation,
    EscalationType,
    Evidence,
    OutcomeKind,
    Reply,
    Sender,
    Turn,
    Verdict,
)
from handraise.review.queries import History
from handraise.review.tables import EscalationRow, OutcomeRow


class Line(Struct, frozen=True, kw_only=True):
    """One turn of the conversation."""

    sender: Sender
    who: str
    at: datetime
    pieces: list[Piece]
    cut: int
    raised: bool
    """Whether a revision of the escalation was caused by it."""


class Happening(Struct, frozen=True, kw_only=True):
    """Something that happened to the escalation."""

    at: datetime
    what: str
    note: str | None = None


class Handover(Struct, frozen=True, kw_only=True):
    """What the page shows of one escalation."""

    standing: EscalationRow
    mark: str
    """Changes whenever something happens to the escalation."""
    customer: str | None
    also: list[str]
    state: str
    reply: Reply | None
    """The last that the customer was given."""
    attempts: list[Attempt]
    turns: list[Line]
    omitted: int
    events: list[Happening]


def handover(history: History, escalation_id: str) -> Handover:
    """The escalation of this id, which is one of the history's."""
    standing = next(row for row in history.escalations if row.escalation_id == escalation_id)
    revisions = history.revisions[escalation_id]
    outcomes = [outcome for outcome in history.outcomes if outcome.escalation_id == escalation_id]
    newest = revisions[-1]
    evidence = [one for revision in revisions for one in revision.evidence]
    causes = {revision.caused_by for revision in revisions if revision.type is not EscalationType.CLOSED}
    return Handover(
        standing=standing,
        mark=f"{standing.revision}.{len(outcomes)}.{standing.claimed_at is not None:d}",
        customer=newest.customer.name if newest.customer else None,
        also=[words.trigger(name) for name in newest.also],
        state=_state(standing),
        reply=next((revision.reply for revision in reversed(revisions) if revision.reply), None),
        attempts=newest.attempts,
        turns=[_line(turn, evidence, causes, newest) for turn in newest.transcript.turns],
        omitted=newest.transcript.omitted,
        events=in_order(steps(revisions), deeds(outcomes)),
    )


def _line(turn: Turn, evidence: list[Evidence], causes: set[str], newest: Escalation) -> Line:
    customer = newest.customer.name if newest.customer else None
    return Line(
        sender=turn.sender,
        who=(customer if turn.sender is Sender.CUSTOMER else None) or words.SENDERS[turn.sender],
        at=turn.sent_at,
        pieces=pieces(turn.text, [one for one in evidence if one.message_id == turn.message_id]),
        cut=turn.cut,
        raised=turn.message_id in causes,
    )


def _state(standing: EscalationRow) -> str:
    if standing.closed_at is not None:
        return words.CLOSINGS[ClosedBecause(standing.closed_because)] if standing.closed_because else "Closed"
    if standing.claimed_at is not None:
        return f"{standing.claimed_by or 'Somebody'} has it"
    return "Unclaimed"


def steps(revisions: list[Escalation]) -> Iterator[Happening]:
    """What the worker did with it."""
    before: Escalation | None = None
    for revision in revisions:
        name = words.trigger(revision.trigger, revision.trigger_class)
        if revision.type is EscalationType.CLOSED:
            because = words.CLOSINGS[revision.closed_because] if revision.closed_because else "Closed"
            what = f"Over: {because[:1].lower()}{because[1:]}."
        elif before is None:
            what = f"Raised: {name}, for {revision.owner}."
        elif revision.trigger != before.trigger:
            what = f"More urgent now: {name}, for {revision.owner}."
        else:
            what = revision.reason
        yield Happening(at=revision.occurred_at, what=what)
        before = revision


def in_order(*courses: Iterable[Happening]) -> list[Happening]:
    """What happened in some courses of events, by time; what a course has later never stands before its earlier."""
    placed: list[tuple[datetime, Happening]] = []
    for course in courses:
        happened = list(course)
        # A late event gives a step a time before that of the step that it followed.
        placed += zip(accumulate((one.at for one in happened), max), happened, strict=True)
    return [one for _, one in sorted(placed, key=itemgetter(0))]


def deeds(outcomes: list[OutcomeRow]) -> Iterator[Happening]:
    """What people did about it."""
    for outcome in outcomes:
        who, kind = outcome.by or "Somebody", OutcomeKind(outcome.kind)
        what = words.OUTCOMES[kind]
        if outcome.verdict:
            what = f"judged it: {words.VERDICTS[Verdict(outcome.verdict)].lower()}"
        yield Happening(at=outcome.at, what=f"{who} {what}.", note=outcome.note)
