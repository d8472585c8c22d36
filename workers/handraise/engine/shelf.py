"""The policies in force: those of the local files, and over them those that were published."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from typing import Final

from handraise.engine.policies import PolicyRefusedError
from handraise.events import Policy
from handraise.policy import CompiledPolicy, PolicyBook, PolicyError, compile_policy, parse


class BookShelf:
    """Keeps a `PolicyBook` as the local files and the topic of policies say."""

    def __init__(self, base: Iterable[Policy] = ()) -> None:
        self._base: Final = {policy.business_id: policy for policy in base}
        self._in_force: Final = dict(self._base)
        self._published: Final[set[str]] = set()
        self._book: Final = PolicyBook(self._base.values())

    def policy(self, business_id: str) -> CompiledPolicy:
        """The policy in force for a business; the built-in default for one that has none."""
        return self._book[business_id]

    def accept(self, key: bytes | None, document: bytes) -> str:
        """Put a published policy in force; see `PolicyShelf`."""
        policy = _read(key, document)
        compiled = self._book.put(policy)
        self._in_force[policy.business_id] = policy
        self._published.add(policy.business_id)
        return compiled.version

    def remove(self, key: bytes) -> bool:
        """Go back from a published policy to that of the local files, or to the default."""
        business_id = key.decode(errors="replace")
        if business_id not in self._published:
            return False
        self._published.discard(business_id)
        base = self._base.get(business_id)
        if base is None:
            del self._in_force[business_id]
            self._book.remove(business_id)
        else:
            self._in_force[business_id] = base
            self._book.put(base)
        return True

    @property
    def businesses(self) -> int:
        """How many businesses have a policy of their own."""
        return len(self._in_force)

    @property
    def version(self) -> str:
        """Names the exact set of policies in force."""
        every = "\n".join(f"{name} {self._book[name].version}" for name in sorted(self._in_force))
        return hashlib.sha256(every.encode()).hexdigest()[:12]

    @property
    def own_triggers(self) -> Collection[str]:
        """The triggers that the policies in force add to the built-in ones, by name."""
        return sorted({name for policy in self._in_force.values() for name in policy.own_triggers or ()})


def check_policy(key: bytes | None, document: bytes) -> str | None:
    """What is wrong with a published policy, or None."""
    try:
        _read(key, document)
    except PolicyRefusedError as error:
        return str(error)
    return None


def _read(key: bytes | None, document: bytes) -> Policy:
    try:
        policy = parse(document)
        compile_policy(policy)
    except PolicyError as error:
        raise PolicyRefusedError(str(error)) from error
    if key is None or key.decode(errors="replace") != policy.business_id:
        # Compaction keeps the newest policy of a key: under another key, an older one would come back.
        raise PolicyRefusedError("$.business_id: the key of the record is another; publish it under the business_id")
    return policy
