"""The policies in force, by business."""

from __future__ import annotations

from collections.abc import Iterable

from handraise.events import Policy
from handraise.policy.compiled import CompiledPolicy, compile_policy, default_policy


class PolicyBook:
    """Maps each business to its policy, and one that has none to the built-in default."""

    def __init__(self, policies: Iterable[Policy] = ()) -> None:
        self._compiled = {policy.business_id: compile_policy(policy) for policy in policies}

    def __getitem__(self, business_id: str) -> CompiledPolicy:
        found = self._compiled.get(business_id)
        return default_policy(business_id) if found is None else found

    def __len__(self) -> int:
        return len(self._compiled)

    def businesses(self) -> list[str]:
        """The businesses that have a policy of their own, by name."""
        return sorted(self._compiled)

    def put(self, policy: Policy) -> CompiledPolicy:
        """Put a policy into force, in place of the one before; a policy that does not compile leaves that one."""
        compiled = compile_policy(policy)
        self._compiled[policy.business_id] = compiled
        return compiled

    def remove(self, business_id: str) -> None:
        """Go back to the default for a business."""
        self._compiled.pop(business_id, None)
