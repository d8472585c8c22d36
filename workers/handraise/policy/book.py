"""The policies in force, by business, each joined with what it inherits."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from handraise.events import Policy
from handraise.policy.compiled import CompiledPolicy, compile_policy, default_policy
from handraise.policy.drafts import complete, draft_of
from handraise.policy.inheritance import DEFAULT, Draft
from handraise.policy.problems import PolicyError

Broken = Callable[[str, PolicyError], None]
"""Is told of a business whose policy does not go together with what it inherits."""


def _ignore(business_id: str, error: PolicyError) -> None:
    del business_id, error


class PolicyBook:
    """Maps each business to its policy; one that has none to the policy of `default`, or to the built-in one.

    What is in force follows from the policies that are there, in whatever order they came. A policy that inherits is
    worked out when it is first asked for after it, or what it inherits, has changed. One that does not go together with
    what it inherits gives way to that.
    """

    def __init__(self, policies: Iterable[Policy | Draft] = (), broken: Broken = _ignore) -> None:
        self._drafts: dict[str, Draft] = {}
        self._compiled: dict[str, CompiledPolicy] = {}
        self._heirs: dict[str, set[str]] = {}
        self._broken = broken
        self._unfit: set[str] = set()
        for policy in policies:
            self.put(policy)

    def __getitem__(self, business_id: str) -> CompiledPolicy:
        found = self._compiled.get(business_id)
        if found is not None:
            return found
        draft = self._drafts.get(business_id)
        if draft is None:
            found = self._compiled.get(DEFAULT) or (self[DEFAULT] if DEFAULT in self._drafts else None)
            return default_policy(business_id) if found is None else found.for_business(business_id)
        found = self._compiled[business_id] = self._in_force(draft)
        return found

    def __len__(self) -> int:
        return len(self._drafts)

    def businesses(self) -> list[str]:
        """The businesses that have a policy of their own, by name."""
        return sorted(self._drafts)

    def covers(self, business_id: str) -> bool:
        """Whether a policy that is here holds for a business: its own, or that of `default`."""
        return business_id in self._drafts or DEFAULT in self._drafts

    def draft(self, business_id: str) -> Draft | None:
        """The policy of a business as it was written, if it has one."""
        return self._drafts.get(business_id)

    def without_base(self) -> list[str]:
        """The businesses whose policy inherits from one that is not there."""
        return sorted(name for base, heirs in self._heirs.items() if base not in self._drafts for name in heirs)

    def unfit(self) -> list[str]:
        """The businesses whose policy was asked for, and does not go together with what it inherits as it is now."""
        return sorted(self._unfit)

    def put(self, policy: Policy | Draft) -> None:
        """Put a policy into force, in place of the one before; one that does not compile in itself leaves that one."""
        compiled = compile_policy(policy) if isinstance(policy, Policy) else None
        draft = draft_of(policy) if isinstance(policy, Policy) else policy
        self._forget(draft.business_id)
        self._drafts[draft.business_id] = draft
        if draft.inherits is not None:
            self._heirs.setdefault(draft.inherits, set()).add(draft.business_id)
        if compiled is not None:
            self._compiled[draft.business_id] = compiled

    def remove(self, business_id: str) -> None:
        """Go back to the default for a business."""
        self._forget(business_id)
        self._drafts.pop(business_id, None)

    def _forget(self, business_id: str) -> None:
        """Forget what a policy and those that inherit from it came to."""
        before = self._drafts.get(business_id)
        if before is not None and before.inherits is not None:
            self._heirs[before.inherits].discard(business_id)
        stale, seen = [business_id], {business_id}
        while stale:
            name = stale.pop()
            self._compiled.pop(name, None)
            self._unfit.discard(name)
            heirs = self._heirs.get(name, set()) - seen
            seen |= heirs
            stale += heirs

    def _in_force(self, draft: Draft) -> CompiledPolicy:
        tried: set[str] = set()
        one: Draft | None = draft
        while one is not None and one.business_id not in tried:
            tried.add(one.business_id)
            try:
                compiled = compile_policy(complete(one, self._drafts.get))
            except PolicyError as error:
                self._unfit.add(one.business_id)
                self._broken(one.business_id, error)
                one = self._drafts.get(one.inherits) if one.inherits is not None else None
            else:
                return compiled if one is draft else compiled.for_business(draft.business_id)
        return default_policy(draft.business_id)
