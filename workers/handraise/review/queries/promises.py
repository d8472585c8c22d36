"""Promises: whether people answered by the time that customers were told."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from typing import TypeVar

from msgspec import Struct
from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from handraise.intervals import Share, share
from handraise.review.queries.scope import Scope
from handraise.review.tables import PromiseRow

KeyT = TypeVar("KeyT", bound=Hashable)


class PromiseFigures(Struct, frozen=True, kw_only=True):
    """What became of the promises of one owner for one trigger."""

    owner: str
    trigger: str
    kept: int
    broken: int
    """Answered after it was due, or due by now and nobody has answered."""
    waiting: int
    """Not due yet."""
    replaced: int
    """Another promise took its place before it was due."""

    @property
    def share_kept(self) -> Share | None:
        """Of those that are decided."""
        return share(self.kept, self.kept + self.broken)


def promise_figures(session: Session, scope: Scope, *, now: datetime) -> list[PromiseFigures]:
    """The promises made in a period, by owner and trigger, as they stand at `now`."""
    row = PromiseRow
    stands = row.kept.is_(None) & row.replaced_at.is_(None)
    became = case(
        (row.kept.is_(True), "kept"),
        (row.kept.is_(False) | (stands & (row.due_at < now)), "broken"),
        (stands, "waiting"),
        else_="replaced",
    )
    statement = (
        select(row.owner, row.trigger, became, func.count())
        .where(*scope.of(row.business_id, row.made_at))
        .group_by(row.owner, row.trigger, became)
    )
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for owner, trigger, what, count in session.execute(statement):
        counts.setdefault((owner, trigger), {})[what] = count
    return [
        PromiseFigures(
            owner=owner,
            trigger=trigger,
            kept=found.get("kept", 0),
            broken=found.get("broken", 0),
            waiting=found.get("waiting", 0),
            replaced=found.get("replaced", 0),
        )
        for (owner, trigger), found in sorted(counts.items())
    ]


def together(figures: list[PromiseFigures], key: Callable[[PromiseFigures], KeyT]) -> dict[KeyT, PromiseFigures]:
    """The figures of several owners or triggers as one, under the owner and trigger of the first."""
    sums: dict[KeyT, PromiseFigures] = {}
    for one in figures:
        before = sums.get(key(one))
        sums[key(one)] = (
            one
            if before is None
            else PromiseFigures(
                owner=before.owner,
                trigger=before.trigger,
                kept=before.kept + one.kept,
                broken=before.broken + one.broken,
                waiting=before.waiting + one.waiting,
                replaced=before.replaced + one.replaced,
            )
        )
    return sums
