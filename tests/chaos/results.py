"""What was found, fault by fault: kept in a file, so that a run that was cut off goes on."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from handraise.settings import Delivery
from tests.chaos.verdict import Verdict
from tests.support.cluster import ROOT


class Results:
    """The verdicts by fault and guarantee; of a file, if they are to be kept."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        there = path is not None and path.exists()
        self.kept: dict[str, dict[str, dict[str, Any]]] = json.loads(path.read_text()) if path and there else {}

    def has(self, fault: str, delivery: Delivery) -> bool:
        """Whether the fault has been tried under this guarantee."""
        return delivery.value in self.kept.get(fault, {})

    def put(self, fault: str, delivery: Delivery, verdict: Verdict, seconds: float) -> None:
        """Keep a verdict."""
        about = {"date": datetime.now(UTC).date().isoformat(), "commit": _commit(), "seconds": seconds}
        self.kept.setdefault(fault, {})[delivery.value] = {**about, **verdict.as_json()}
        if self._path is not None:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._path.write_text(json.dumps(self.kept, indent=1))

    def summary(self) -> Mapping[str, Any]:
        """Lost, duplicate, drift and progress of each."""
        return {
            fault: {
                delivery: {
                    **{name: one["findings"][name] for name in ("lost", "duplicate", "drift")},
                    "progress": one["progress"],
                }
                for delivery, one in by_delivery.items()
            }
            for fault, by_delivery in self.kept.items()
        }

    def hold(self) -> bool:
        """Whether every guarantee was kept."""
        return all(one["holds"] for by_delivery in self.kept.values() for one in by_delivery.values())


def _commit() -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return done.stdout.strip() or "unknown"
