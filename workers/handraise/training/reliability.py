"""A reliability diagram of the held-out writers, as SVG: `python -m handraise.training.reliability > FILE`.

For each signal, scores are put into ten bins; a dot stands at the bin's mean score and at the share of its messages
for which the signal holds, and is larger the more there are. Dots on the diagonal are probabilities that mean what they
say.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from handraise.detection import Signals, detect
from handraise.detection.evaluation import CUSTOMER, Row, read_rows
from handraise.training.corpus import CORPUS

SHOWN: Final = CUSTOMER[:4]
_BINS: Final = 10
_SIZE: Final = 200
_GAP: Final = 50
_BATCH: Final = 400


def main() -> None:
    """Print the diagram."""
    rows = read_rows(
        sorted(path for path in (CORPUS / "heldout").glob("*.jsonl") if path.stem[:3] not in ("ai-", "pub"))
    )
    found = list(_detected(rows))
    panels = [_panel(at, label, rows, found) for at, label in enumerate(SHOWN)]
    width, height = len(SHOWN) * (_SIZE + _GAP) + _GAP, _SIZE + 2 * _GAP
    sys.stdout.write(
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"'
        ' font-family="sans-serif" font-size="12">\n'
        f'<rect width="{width}" height="{height}" fill="#fff"/>\n{"".join(panels)}</svg>\n'
    )


def _detected(rows: Sequence[Row]) -> Iterator[Signals]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield from detect([row.text for row in batch], before=[row.before for row in batch])


def _panel(at: int, label: str, rows: Sequence[Row], found: Sequence[Signals]) -> str:
    left, top = _GAP + at * (_SIZE + _GAP), _GAP
    bins = dict[int, list[tuple[float, bool]]]()
    for row, one in zip(rows, found, strict=True):
        score = float(getattr(one, label))
        bins.setdefault(min(int(score * _BINS), _BINS - 1), []).append((score, label in row.labels))
    parts = [
        f'<rect x="{left}" y="{top}" width="{_SIZE}" height="{_SIZE}" fill="none" stroke="#888"/>',
        f'<line x1="{left}" y1="{top + _SIZE}" x2="{left + _SIZE}" y2="{top}" stroke="#bbb"/>',
        f'<text x="{left + _SIZE / 2}" y="{top - 10}" text-anchor="middle">{label}</text>',
        f'<text x="{left + _SIZE / 2}" y="{top + _SIZE + 30}" text-anchor="middle">score</text>',
        f'<text x="{left - 8}" y="{top + 10}" text-anchor="end">1</text>',
        f'<text x="{left - 8}" y="{top + _SIZE}" text-anchor="end">0</text>',
    ]
    for _, some in sorted(bins.items()):
        score = sum(score for score, _ in some) / len(some)
        share = sum(holds for _, holds in some) / len(some)
        x, y = left + score * _SIZE, top + (1 - share) * _SIZE
        title = f"{len(some)} messages: mean score {score:.2f}, holds for {share:.2f}"
        parts.append(
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{2 + len(some) ** 0.5 / 5:.1f}" fill="#36c" fill-opacity="0.7">'
            f"<title>{title}</title></circle>"
        )
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    main()
