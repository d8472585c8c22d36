"""Problems of policies that are written for a test."""

from __future__ import annotations

from collections.abc import Iterable

from handraise.policy.problems import Problem

A_CRISIS_WAITS = "opening hours alone"


def but_of_crisis(problems: Iterable[Problem]) -> list[Problem]:
    """All but the warning that who is in danger waits until the business opens, which every short policy gets."""
    return [problem for problem in problems if A_CRISIS_WAITS not in problem.message]
