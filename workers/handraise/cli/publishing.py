"""`handraise policy push`, `history` and `revert`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

from handraise.cli.configured import configured
from handraise.cli.errors import UserError
from handraise.cli.names import published_drafts
from handraise.cli.period import reading_the_log
from handraise.cli.person import By
from handraise.cli.problems import shown
from handraise.cli.tables import table_console
from handraise.engine.errors import EngineError
from handraise.policy import Draft, Examined, compile_policy, examine_text
from handraise.policy.problems import did_you_mean
from handraise.policy.written import draft_to_yaml
from handraise.review.database import log_database
from handraise.review.errors import LogError
from handraise.review.publishing import ReadTo, UnreadPolicyError, policies_read_to, publish_policy, version_in_history
from handraise.review.queries import businesses, policy_history, policy_version
from handraise.review.tables import PolicyRow
from handraise.terminal import printable

_NAMED: Final = 5
"""So many businesses are told; there may be thousands."""

Note = Annotated[str | None, typer.Option("--note", metavar="TEXT", help="Why.")]
Business = Annotated[str, typer.Argument(metavar="BUSINESS", help="Whose policy.")]


def push(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", exists=True, dir_okay=False, help="A policy, or several: YAML or JSON.")
    ],
    *,
    note: Note = None,
    by: By,
) -> None:
    """Put the policies of a file into force: check them, and publish them to chat.policies. Workers follow at once."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"{file} is not UTF-8: save it as UTF-8") from error
    examined = _examined(text, str(file))
    if examined.errors:
        console = Console(highlight=False, soft_wrap=True, stderr=True)
        for problem in examined.errors:
            console.print(shown(problem))
        raise UserError(f"{file} has errors, so nothing was published")
    for policy, draft in zip(examined.policies, examined.drafts, strict=True):
        # A file of one policy is kept as it is, with its comments.
        document = text if len(examined.drafts) == 1 else draft_to_yaml(draft)
        version, in_force = version_in_history(draft), compile_policy(policy).version
        beside = "" if version == in_force else f"; with what it inherits, decisions name {in_force}"
        _publish(draft, document, by, note)
        typer.echo(f"{draft.business_id}: version {version} is published, by {by}{beside}")


def history(
    business: Business,
    *,
    show: Annotated[
        str | None, typer.Option("--show", metavar="VERSION", help="Print this version; its beginning is enough.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """The versions of a business's policy that were published, the newest first, with who, when and why."""
    with reading_the_log() as session:
        if show is not None:
            typer.echo((_version(session, business, show).document or "").encode(), nl=False)
            return
        rows = policy_history(session, business)
        if not rows:
            raise UserError(_nothing(session, business))
    if json:
        typer.echo(msgspec.json.format(msgspec.json.encode([_plain(row) for row in rows]), indent=2))
        return
    table = Table(box=None, pad_edge=False)
    for name in ("version", "published", "by", "note"):
        table.add_column(name)
    for row in rows:
        table.add_row(
            row.version or "given up",
            f"{row.published_at:%Y-%m-%d %H:%M:%S} UTC",
            printable(row.by or "·"),
            printable(row.note or "·"),
        )
    table_console().print(table)


def revert(
    business: Business,
    version: Annotated[
        str | None,
        typer.Argument(metavar="[VERSION]", help="Its beginning is enough; without it, the one before the newest."),
    ] = None,
    *,
    note: Note = None,
    by: By,
) -> None:
    """Publish an earlier version of a policy again."""
    with reading_the_log() as session:
        row = _before(session, business) if version is None else _version(session, business, version)
        # Who names the version means it, whatever holds now; the one before the newest is as the log has it.
        read_to = policies_read_to(session, configured()) if version is None else None
    document, found = row.document or "", row.version
    examined = _examined(document, f"{business} {found}")
    if examined.errors or len(examined.drafts) != 1:
        raise UserError(f"version {found} is no longer a valid policy: {examined.errors[0].message}")
    _publish(examined.drafts[0], document, by, note or f"back to {found}", read_to)
    typer.echo(f"{business}: version {found} is published again, by {by}")


def _publish(draft: Draft, document: str, by: str, note: str | None, read_to: ReadTo | None = None) -> None:
    try:
        asyncio.run(publish_policy(configured(), draft, document=document, by=by, note=note, read_to=read_to))
    except UnreadPolicyError as error:
        raise UserError(f"{error}, or name the version to go back to") from error
    except (EngineError, LogError) as error:
        raise UserError(str(error)) from error


def _examined(text: str, name: str) -> Examined:
    """What is wrong with policies that may inherit from what was published."""
    published = _published()
    return examine_text(text, name, published.get, published.keys)


def _published() -> dict[str, Draft]:
    """The policies that the log knows to be in force; none where there is no log to ask."""
    found: dict[str, Draft] = {}
    try:
        with log_database(configured()) as database:
            database.check()
            with database.reading() as session:
                for draft in published_drafts(session):
                    found[draft.business_id] = draft
    except LogError:
        return found
    return found


def _version(session: Session, business: str, version: str) -> PolicyRow:
    row = policy_version(session, business, version)
    if row is None or row.document is None:
        raise UserError(f"{business} has no one version that begins with {version}: see `handraise policy history`")
    return row


def _before(session: Session, business: str) -> PolicyRow:
    rows = policy_history(session, business)
    if not rows:
        raise UserError(_nothing(session, business))
    for row in rows:
        if row.version != rows[0].version and row.document is not None:
            return row
    raise UserError(f"no other version of {business} was ever published: there is nothing to go back to")


def _nothing(session: Session, business: str) -> str:
    known = businesses(session)
    if business in known:
        return f"no policy of {business} was ever published: it follows a file of the workers, or a default"
    more = f" and {len(known) - _NAMED} more" if len(known) > _NAMED else ""
    hint = did_you_mean(business, known, f"the log knows {', '.join(known[:_NAMED])}{more}") if known else ""
    return f"no policy of {business} was ever published{hint and f'; {hint}'}"


def _plain(row: PolicyRow) -> dict[str, object]:
    return {
        "version": row.version or None,
        "published_at": row.published_at,
        "by": row.by,
        "note": row.note,
        "document": row.document,
    }
