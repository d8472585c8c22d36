"""The policies in force: those of the local files, and over them those that were published."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec
import structlog

from handraise.engine.policies import PolicyRefusedError
from handraise.policy import CompiledPolicy, Draft, PolicyBook, PolicyError, parse_draft

log = structlog.get_logger(__name__)


class BookShelf:
    """Keeps a `PolicyBook` as the local files and the topic of policies say."""

    def __init__(self, base: Iterable[Draft] = ()) -> None:
        self._base: Final = {draft.business_id: draft for draft in base}
        self._published: Final[set[str]] = set()
        self._book: Final = PolicyBook(self._base.values(), _tell_broken)

    def policy(self, business_id: str) -> CompiledPolicy:
        """The policy in force for a business; the default for one that has none."""
        return self._book[business_id]

    def accept(self, key: bytes | None, document: bytes) -> str:
        """Put a published policy in force; see `PolicyShelf`."""
        draft = _read(key, document)
        self._book.put(draft)
        self._published.add(draft.business_id)
        return self._book[draft.business_id].version

    def remove(self, key: bytes) -> bool:
        """Go back from a published policy to that of the local files, or to the default."""
        business_id = key.decode(errors="replace")
        if business_id not in self._published:
            return False
        self._published.discard(business_id)
        base = self._base.get(business_id)
        if base is None:
            self._book.remove(business_id)
        else:
            self._book.put(base)
        return True

    @property
    def businesses(self) -> int:
        """How many businesses have a policy of their own."""
        return len(self._book)

    @property
    def without_base(self) -> Collection[str]:
        """The businesses whose policy inherits from one that is not there: the built-in default stands in for it."""
        return self._book.without_base()

    @property
    def unfit(self) -> Collection[str]:
        """The businesses whose policy does not go together with what it inherits, of those asked for."""
        return self._book.unfit()

    @property
    def version(self) -> str:
        """Names the exact set of policies in force."""
        every = "\n".join(f"{draft.business_id} {_digest(draft)}" for draft in self._drafts())
        return hashlib.sha256(every.encode()).hexdigest()[:12]

    @property
    def own_triggers(self) -> Collection[str]:
        """The triggers that the policies in force add to the built-in ones, by name."""
        every = (draft.value.get("own_triggers") for draft in self._drafts())
        return sorted({name for own in every if isinstance(own, dict) for name in own})

    def _drafts(self) -> Iterator[Draft]:
        for name in self._book.businesses():
            draft = self._book.draft(name)
            if draft is not None:
                yield draft


def check_policy(key: bytes | None, document: bytes) -> str | None:
    """What is wrong with a published policy, or None."""
    try:
        _read(key, document)
    except PolicyRefusedError as error:
        return str(error)
    return None


def _read(key: bytes | None, document: bytes) -> Draft:
    try:
        draft = parse_draft(document)
    except PolicyError as error:
        raise PolicyRefusedError(str(error)) from error
    if key is None or key.decode(errors="replace") != draft.business_id:
        # Compaction keeps the newest policy of a key: under another key, an older one would come back.
        raise PolicyRefusedError("$.business_id: the key of the record is another; publish it under the business_id")
    return draft


def _digest(draft: Draft) -> str:
    """Stands for a policy as it is written; what a policy that inherits comes to would take long to work out."""
    return hashlib.sha256(msgspec.json.encode(draft.value, order="sorted")).hexdigest()


def _tell_broken(business_id: str, error: PolicyError) -> None:
    log.warning(
        "policy_does_not_fit_its_base",
        business_id=business_id,
        problem=str(error),
        effect="what it inherits serves alone",
    )
