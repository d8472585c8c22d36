"""Conversations that nobody who works on detection has read, in totals."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from handraise.demo.samples import load_samples
from tests.support.scoring import Totals

FOLDER: Final = Path(__file__).parents[2] / "data" / "conversations"
MEASURED: Final = {
    "heldout": (0.89, 0.11),
    "heldout-2": (0.85, 0.12),
    "heldout-3": (0.78, 0.21),
    "heldout-4": (0.88, 0.08),
    "heldout-5": (0.94, 0.06),
    "heldout-6": (0.87, 0.13),
    "heldout-7": (0.83, 0.16),
}
"""Of each file: the share of conversations that were wholly right, and of quiet ones that were raised."""
NOISE: Final = 0.05


@pytest.mark.parametrize(("name", "right", "false"), [(name, *shares) for name, shares in MEASURED.items()])
def test_held_out_conversations_are_decided_as_well_as_measured(name: str, right: float, false: float) -> None:
    totals = Totals.of(load_samples([FOLDER / f"{name}.jsonl"]))
    assert totals.wholly_right >= (right - NOISE) * totals.conversations, str(totals)
    assert totals.false_alarms <= (false + NOISE) * totals.quiet, str(totals)
