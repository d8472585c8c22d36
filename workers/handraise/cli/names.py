"""The names that the options over the log may give: those that the log has met, or that a policy has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import typer
from sqlalchemy.orm import Session

from handraise.cli.configured import configured
from handraise.policy import Draft, PolicyError, examine_text, load_drafts
from handraise.policy.defaults import BUILTIN
from handraise.policy.problems import did_you_mean
from handraise.review.queries import businesses, names, policy_history
from handraise.terminal import printable

_NAMED: Final = 5
"""So many names are told; there may be thousands."""


def tell_unknown_business(session: Session, business: str | None) -> None:
    """Say if neither the log nor a policy knows a business, so that a misspelt one is not taken for a quiet one."""
    if business is not None and business not in (met := businesses(session)):
        _tell("business", business, {*met, *(draft.business_id for draft in _in_files())})


def tell_unknown_trigger(session: Session, trigger: str | None) -> None:
    """The same for a trigger."""
    if trigger is not None and trigger not in BUILTIN:
        drafts = (*published_drafts(session), *_in_files())
        own = (name for draft in drafts for name in _own_triggers(draft))
        _tell("trigger", trigger, {*BUILTIN, *names(session).triggers, *own})


def published_drafts(session: Session) -> Iterator[Draft]:
    """The policies that the log knows to be in force."""
    for business in businesses(session):
        newest = policy_history(session, business, limit=1)
        if newest and newest[0].document:
            yield from examine_text(newest[0].document, business).drafts


def _in_files() -> list[Draft]:
    """The policies that the setting names; none where there is no such setting here, or they are refused."""
    path = configured().policy_path
    try:
        return [] if path is None else load_drafts(path)
    except (OSError, PolicyError):
        return []


def _own_triggers(draft: Draft) -> Iterable[str]:
    own = draft.value.get("own_triggers")
    return own if isinstance(own, dict) else ()


def _tell(kind: str, name: str, known: Iterable[str]) -> None:
    every = sorted(known)
    if name in every:
        return
    more = f" and {len(every) - _NAMED} more" if len(every) > _NAMED else ""
    hint = did_you_mean(name, every, f"known are {', '.join(every[:_NAMED])}{more}") if every else "none is known yet"
    typer.echo(printable(f"There is no {kind} `{name}` in the log or in a policy: {hint}"), err=True)
