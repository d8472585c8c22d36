"""A business's policy as the console knows it: what is in force, what was before, and whether a text is one."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct
from sqlalchemy.orm import Session

from handraise.policy import (
    CompiledPolicy,
    Draft,
    PolicyBook,
    PolicyError,
    Problem,
    Severity,
    examine_text,
    load_drafts,
)
from handraise.policy.defaults import BUILTIN, QUANTITY, THRESHOLD
from handraise.policy.document import UnreadableError, documents_in
from handraise.policy.inheritance import DEFAULT, MAX_GENERATIONS
from handraise.policy.problems import error
from handraise.policy.written import draft_to_yaml
from handraise.review.queries import businesses, decision_page, policy_history
from handraise.review.queries.decisions import DecisionFilter
from handraise.review.tables import PolicyRow
from handraise.settings import Settings

FILE: Final = "policy"
"""What problems call the text of the editor."""
MOST_VERSIONS: Final = 50


class Proposal(Struct, frozen=True, kw_only=True):
    """A text that may be the next policy of a business."""

    problems: list[Problem]
    draft: Draft | None
    """What would be published; None while there is an error."""
    compiled: CompiledPolicy | None
    """What it comes to, with what it inherits."""
    family: list[Draft]
    """The policies that have a part in that, itself among them."""

    @property
    def errors(self) -> list[Problem]:
        """What keeps it from being published."""
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]

    @property
    def version(self) -> str | None:
        """The version that decisions would name."""
        return self.compiled.version if self.compiled else None


class InForce(Struct, frozen=True, kw_only=True):
    """What the workers follow for a business, as far as the log and the settings tell."""

    document: str
    """YAML, with its comments where it was written with any."""
    compiled: CompiledPolicy
    family: list[Draft]
    """The policies that have a part in it."""
    publication: PolicyRow | None
    """None of what a file of the workers or a default says."""
    source: str
    """Where it comes from, in words, if it was not published."""
    beneath: Proposal | None
    """What the workers' file says, where something was published over it."""
    followed_at: datetime | None
    """When the newest decision was made, if that was under this version."""

    @property
    def version(self) -> str:
        """The version that decisions name."""
        return self.compiled.version


class Policies:
    """The policies that are published or in the workers' files, read as they are asked for."""

    def __init__(self, session: Session, settings: Settings) -> None:
        self._session = session
        self._files = _files(settings.policy_path) if settings.policy_path else {}
        self._published: dict[str, PolicyRow | None] = {}
        self._drafts: dict[str, Draft | None] = {}

    def in_force(self, business: str) -> InForce:
        """What holds for a business now."""
        draft, publication = self.find(business), self._publication(business)
        family = self._family(business)
        compiled = PolicyBook(family)[business]
        if publication is not None and publication.document is not None:
            document, source = publication.document, ""
        elif draft is not None:
            document, source = draft_to_yaml(draft), "from a file of the workers"
        else:
            inherits = self.find(DEFAULT) is not None
            document = heir_document(business) if inherits else starting_document(business)
            source = f"the policy of “{DEFAULT}”" if inherits else "the built-in default"
        file = self._files.get(business) if publication is not None else None
        newest = decision_page(self._session, DecisionFilter(business=business), limit=1).rows
        return InForce(
            document=document,
            compiled=compiled,
            family=family,
            publication=publication,
            source=source,
            beneath=self.propose(business, draft_to_yaml(file)) if file is not None else None,
            followed_at=newest[0].occurred_at if newest and newest[0].policy_version == compiled.version else None,
        )

    def propose(self, business: str, document: str) -> Proposal:
        """Read a text as the policy of a business, with everything that is wrong with it."""
        found = examine_text(document, FILE, self.find, lambda: businesses(self._session))
        problems = list(found.problems)
        if len(found.drafts) > 1:
            problems.append(error((), "this holds several policies", f"keep the one of `{business}`"))
        elif found.drafts and found.drafts[0].business_id != business:
            told = error(("business_id",), "this is of another business", f"write `business_id: {business}`")
            problems.append(msgspec.structs.replace(told, file=FILE, line=_line_of_business(document)))
        if any(problem.severity is Severity.ERROR for problem in problems) or not found.drafts:
            return Proposal(problems=problems, draft=None, compiled=None, family=[])
        draft = found.drafts[0]
        family = [one for one in self._family(draft.inherits or business) if one.business_id != business]
        compiled = PolicyBook([*family, draft])[business]
        return Proposal(problems=problems, draft=draft, compiled=compiled, family=[*family, draft])

    def find(self, business: str) -> Draft | None:
        """The policy of a business as it was written, if it has one: the published one before that of a file."""
        if business not in self._drafts:
            row = self._publication(business)
            # Read alone, as by the workers: what it inherits is joined where it is compiled.
            drafts = examine_text(row.document, FILE).drafts if row is not None and row.document is not None else []
            self._drafts[business] = drafts[0] if drafts else self._files.get(business)
        return self._drafts[business]

    def _publication(self, business: str) -> PolicyRow | None:
        """The newest event of its topic, unless that took the policy back."""
        if business not in self._published:
            row = next(iter(policy_history(self._session, business, limit=1)), None)
            self._published[business] = row if row is not None and row.document is not None else None
        return self._published[business]

    def _family(self, business: str) -> list[Draft]:
        """The policies that have a part in that of a business."""
        drafts: dict[str, Draft] = {}
        for first in (business, DEFAULT):
            name: str | None = first
            for _ in range(MAX_GENERATIONS + 1):
                draft = self.find(name) if name is not None and name not in drafts else None
                if draft is None:
                    break
                drafts[draft.business_id] = draft
                name = draft.inherits
        return list(drafts.values())


def versions(session: Session, business: str) -> list[PolicyRow]:
    """What was published, the newest first."""
    return policy_history(session, business, limit=MOST_VERSIONS)


def starting_document(business: str) -> str:
    """The built-in default with what one may want to change written out; it does the very same."""
    lines = [
        "# What is not written here has a sensible default.",
        f"business_id: {_quoted(business)}",
        "owner: our team          # whom customers are told of",
        "within: 1 business day   # by when a person answers",
        "",
        "# A higher threshold fires less often, a lower one sooner.",
        "triggers:",
    ]
    for name in BUILTIN:
        lines += [f"  {name}:", f"    threshold: {THRESHOLD}"]
        if name == "high_value":
            lines.append(f"    quantity: {QUANTITY:g}          # so many of anything are a large enquiry")
    return "\n".join(lines) + "\n"


def heir_document(business: str) -> str:
    """A policy that does what that of `default` does, to be added to."""
    told = f"# What is not written here is as in the policy of `{DEFAULT}`."
    return f"{told}\nbusiness_id: {_quoted(business)}\ninherits: {DEFAULT}\n"


@cache
def _files(path: Path) -> dict[str, Draft]:
    """The workers' files, which they too read once; none where they cannot be read here."""
    try:
        return {draft.business_id: draft for draft in load_drafts(path)}
    except (PolicyError, OSError):
        return {}


def _line_of_business(document: str) -> int | None:
    try:
        (found,) = documents_in(document)
    except (UnreadableError, ValueError):
        return None
    return found.line_of(("business_id",))


def _quoted(text: str) -> str:
    """A text as a YAML scalar, in quotes where it would be read as something else without."""
    try:
        is_plain = [document.value for document in documents_in(f"text: {text}")] == [{"text": text}]
    except UnreadableError:
        is_plain = False
    return text if is_plain else msgspec.json.encode(text).decode()
