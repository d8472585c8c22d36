"""README.md with what is generated in it, each part between two markers."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from handraise.reference import example, measured, tables

README: Final = Path("README.md")


class MarkerMissingError(Exception):
    """A text has no place for a part; the message names the markers."""


def render(root: Path) -> dict[Path, str]:
    """README.md with its example and its tables as the code would write them.

    Raises:
        MarkerMissingError: README.md has no place for a part.
        ExampleMissingError: README.md shows no event.
        ReportError: a report lacks what README.md quotes of it.
    """
    path = root / README
    text = path.read_text(encoding="utf-8")
    parts = {
        "escalation": example.escalation(text, root / example.POLICY),
        "control": example.control(text, root / example.POLICY),
        "measured": measured.measured(root),
        "settings": tables.settings(),
        "metrics": tables.metrics(),
        "log-metrics": tables.log_metrics(),
        "alerts": tables.alerts(root / tables.ALERTS),
    }
    for name, part in parts.items():
        text = between_markers(text, name, part)
    return {path: text}


def between_markers(text: str, name: str, part: str) -> str:
    """The text with the part between `<!-- NAME:begin -->` and `<!-- NAME:end -->`, in place of what is there.

    Raises:
        MarkerMissingError: the text has not each marker once, in this order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    before, found, rest = text.partition(begin)
    _, also_found, after = rest.partition(end)
    if not found or not also_found or begin in rest or end in after:
        raise MarkerMissingError(f"{README} needs `{begin}` and, after it, `{end}`, each on a line of its own, once")
    return f"{before}{begin}\n{part}{end}{after}"
