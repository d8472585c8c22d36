"""The figures of `figures.toml`: measured here and read from their reports, named from elsewhere, or chosen."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

ROOT: Final = Path(__file__).resolve().parents[2]
LIST: Final = Path(__file__).with_name("figures.toml")


class FigureMissingError(Exception):
    """A report has no such figure, or more than one; the message names the report and the pattern."""


class Figure(Struct, frozen=True, kw_only=True):
    """One number and where it is from."""

    name: str
    value: float
    meaning: str
    unit: str
    origin: str
    """The command that measures it, or the address of who says so, or `chosen`."""
    report: str | None = None
    """The report that holds it."""


class Figures(Struct, frozen=True, kw_only=True):
    """What the plan and the simulation calculate with; `figures.toml` says what each is."""

    worker_microseconds: float
    broker_microseconds: float
    restored_conversations: float
    restore_seconds: float
    changelog_bytes: float
    memory_bytes: float
    rebalance_seconds: float
    messages_per_conversation: float
    message_bytes: float
    state_bytes: float
    decision_bytes: float
    escalation_bytes: float
    control_bytes: float
    replicas_per_broker: float
    dollars_per_gigabyte: float
    dirty_share: float
    scaler_sync_seconds: float
    scaler_tolerance: float
    scale_down_window_seconds: float
    utilisation: float
    memory_of_worker_bytes: float
    workers_of_cell: float
    replication: float
    pod_start_seconds: float

    @property
    def capacity(self) -> float:
        """Messages a second that one worker does on a core of its own."""
        return 1e6 / self.worker_microseconds

    @property
    def restore_bytes_a_second(self) -> float:
        """Bytes of the changelog that a worker reads back in a second."""
        return self.restored_conversations * self.changelog_bytes / self.restore_seconds


def read_figures(root: Path = ROOT) -> list[Figure]:
    """Every figure of the list, in its order.

    Raises:
        FigureMissingError: a report does not hold what the list says.
    """
    listed = tomllib.loads(LIST.read_text(encoding="utf-8"))
    found = [
        Figure(
            name=name,
            value=_measured(root, entry),
            meaning=entry["meaning"],
            unit=entry["unit"],
            origin=f"`{entry['command']}`",
            report=entry["report"],
        )
        for name, entry in listed["measured"].items()
    ]
    for kind in ("named", "chosen"):
        found += [
            Figure(
                name=name,
                value=entry["value"],
                meaning=entry["meaning"],
                unit=entry["unit"],
                origin=entry.get("url", "chosen"),
            )
            for name, entry in listed[kind].items()
        ]
    return found


def figures(found: list[Figure]) -> Figures:
    """The same to calculate with."""
    return msgspec.convert({figure.name: float(figure.value) for figure in found}, Figures)


def _measured(root: Path, entry: dict[str, Any]) -> float:
    text = (root / entry["report"]).read_text(encoding="utf-8")
    values = set(re.findall(entry["pattern"], text, re.MULTILINE))
    if len(values) != 1:
        raise FigureMissingError(
            f"{entry['report']} has {len(values)} figures for {entry['pattern']!r}: mend ops/capacity/figures.toml,"
            f" or write the report anew with `{entry['command']}`"
        )
    return float(values.pop().replace(",", ""))
