"""The tables say what was played."""

from __future__ import annotations

import pytest

from handraise.metrics import RESTORE_TIMES
from ops.capacity import scenarios, tables
from ops.capacity.figures import figures, read_figures
from ops.capacity.plan import plan
from ops.capacity.simulation import Simulation

FOUND = figures(read_figures())


def test_what_is_read_back_twice_is_no_share_of_the_partitions(monkeypatch: pytest.MonkeyPatch) -> None:
    """With names and a short session five partitions move away and back, which is ten times and not ten of twelve."""
    begun: list[int] = []
    begin = Simulation._begin_restore  # noqa: SLF001 - which partition it is, nothing else tells

    def noted(self: Simulation, partition: int) -> None:
        begun.append(partition)
        begin(self, partition)

    monkeypatch.setattr(Simulation, "_begin_restore", noted)
    told = scenarios.lost(FOUND, scenarios.WAYS[1], 0.5, tables.LONG_IDLE)
    assert (told.restores, len(set(begun))) == (10, 5)
    (head, _, *rows) = tables.lost(FOUND).splitlines()
    place = head.split(" | ").index("read back")
    assert all(row.split(" | ")[place].isdigit() for row in rows)


def test_the_metric_of_restores_tells_those_that_are_planned_from_those_that_are_too_long() -> None:
    """The partitions of a worker are read back at the same time; ten minutes are too long, says worker-not-ready.md."""
    planned = max(plan(rate, tables.LONG_IDLE, FOUND).restore_of_worker for rate in tables.RATES)
    assert any(planned < bound < 600 for bound in RESTORE_TIMES)
    assert max(RESTORE_TIMES) >= 600
