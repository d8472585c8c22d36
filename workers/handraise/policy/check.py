"""What is wrong with a policy whose shape is right: what cannot work, and what is probably not meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from handraise.events import Policy
from handraise.policy.check_hours import crisis_problems, hours_problems, promise_problems
from handraise.policy.check_overrides import override_problems
from handraise.policy.check_replies import reply_problems
from handraise.policy.check_triggers import trigger_problems
from handraise.policy.inheritance import Origin
from handraise.policy.problems import Problem, error

_CHECKS: Final = (promise_problems, crisis_problems, reply_problems, trigger_problems)


def problems_in(policy: Policy, origins: Sequence[Origin] = ()) -> list[Problem]:
    """Every problem of a policy, errors and warnings; a policy without errors compiles.

    Args:
        policy: joined with what it inherits.
        origins: where each of its overrides comes from, where it inherits.
    """
    problems = [*_names(policy), *hours_problems(policy.hours)]
    problems += [problem for check in _CHECKS for problem in check(policy)]
    problems += override_problems(policy, origins)
    return problems


def _names(policy: Policy) -> list[Problem]:
    if policy.owner is None:
        return [error((), "`owner` is missing", "add `owner: Rosa`, the person or the team that customers are told of")]
    return [
        error((name,), f"`{name}` is blank", f"fill it in: `{name}: {example}`")
        for name, value, example in (
            ("owner", policy.owner, "Rosa"),
            ("business_id", policy.business_id, "cafe-lua"),
        )
        if not value.strip()
    ]
