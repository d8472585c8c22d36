"""Prints every table of the runbook on capacity, or writes them into it and the README: `python -m ops.capacity`."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Final

from handraise.reference.readme import between_markers
from ops.capacity import tables
from ops.capacity.figures import ROOT, figures, read_figures
from ops.capacity.scaling import expression
from ops.capacity.scenarios import BUSY, LEAST, PARTITIONS

AUTOSCALING: Final = Path("ops/kubernetes/autoscaling.yaml")
_QUERY: Final = re.compile(r"(?<= query: ).*")
RUNBOOK: Final = Path("ops/runbooks/capacity.md")
README: Final = Path("README.md")


def all_tables(root: Path = ROOT) -> dict[Path, dict[str, str]]:
    """By document, the tables that stand in it by name."""
    listed = read_figures(root)
    found = figures(listed)
    return {
        README: {"capacity": tables.planned_shortly(found)},
        RUNBOOK: {
            "plan": tables.planned(found, tables.LONG_IDLE),
            "plan-short": tables.planned(found, tables.SHORT_IDLE),
            "kafka": tables.carried(found),
            "busy": tables.queued(found),
            "skew": tables.skewed(found),
            "shared": tables.shared(PARTITIONS),
            "lost": tables.lost(found),
            "rolled": tables.rolled(found),
            "scaled": tables.scaled(found),
            "figures": tables.used(listed),
        },
    }


def documents(root: Path = ROOT) -> dict[Path, str]:
    """Each document as the tables would have it, and the manifest with the rates that fit the measurement."""
    written = {}
    for path, by_name in all_tables(root).items():
        text = (root / path).read_text(encoding="utf-8")
        for name, table in by_name.items():
            text = between_markers(text, name, table)
        written[root / path] = text
    manifest = (root / AUTOSCALING).read_text(encoding="utf-8")
    return written | {root / AUTOSCALING: _QUERY.sub(_expression(root), manifest)}


def _expression(root: Path) -> str:
    found = figures(read_figures(root))
    return expression(PARTITIONS, LEAST, BUSY * found.capacity)


def main() -> None:
    """Print, or write."""
    parser = argparse.ArgumentParser(prog="python -m ops.capacity", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write them into the runbook, the README and the manifest")
    if parser.parse_args().write:
        for path, text in documents().items():
            if path.read_text(encoding="utf-8") != text:
                path.write_text(text, encoding="utf-8")
                sys.stdout.write(f"wrote {path.relative_to(ROOT)}\n")
        return
    for by_name in all_tables().values():
        for name, table in by_name.items():
            sys.stdout.write(f"{name}\n\n{table}\n")


if __name__ == "__main__":
    main()
