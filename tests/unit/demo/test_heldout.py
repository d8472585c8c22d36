"""Conversations that nobody who writes rules has read, in totals."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from handraise.demo.samples import load_samples
from tests.support.scoring import Totals

HELD_OUT: Final = Path(__file__).parents[2] / "data" / "conversations" / "heldout.jsonl"
LEAST_RIGHT: Final = 0.6
MOST_FALSE: Final = 0.45
"""What the rules reach, less some noise. A change may not fall behind it; the learned detector has to go beyond."""


def test_held_out_conversations_are_decided_as_well_as_before() -> None:
    totals = Totals.of(load_samples([HELD_OUT]))
    assert totals.wholly_right >= LEAST_RIGHT * totals.conversations, str(totals)
    assert totals.false_alarms <= MOST_FALSE * totals.quiet, str(totals)
