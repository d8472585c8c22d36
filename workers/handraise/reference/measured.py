"""What README.md quotes of the reports in `ops/reports`: speed from `make bench`, faults from `make chaos`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec

BENCH: Final = Path("ops/reports/bench.md")
CHAOS: Final = Path("ops/reports/chaos.md")

_CONTENDERS: Final = {
    "handraise_exactly_once": "Handraise, whole, exactly-once",
    "engine_exactly_once": "its engine with a fold that only counts, exactly-once",
    "quix_at_least_once": "Quix Streams that counts, at-least-once",
    "stock_faust": "a stock Faust agent that counts, with a table",
    "raw_aiokafka": "a bare loop of aiokafka that does nothing",
}
_COMMAND: Final = re.compile(r"^    (make bench.*)$", re.MULTILINE)
_CONDITIONS: Final = re.compile(r"^(\d{4}-\d\d-\d\d): ([\d,]+) events.*? (\d+) cores$", re.MULTILINE)
_JSON: Final = re.compile(r"^```json\n(.*)\n```$", re.MULTILINE)
_COUNTED: Final = ("messages", "lost", "differing", "drift", "duplicate")


class ReportError(Exception):
    """A report lacks what is quoted of it; the message names the report and what is missing."""


def measured(root: Path) -> str:
    """The figures of both reports, with their commands.

    Raises:
        ReportError: a report lacks one.
    """
    return f"{_speed((root / BENCH).read_text('utf-8'))}\n{_faults((root / CHAOS).read_text('utf-8'))}"


def _speed(report: str) -> str:
    command, conditions, last = (_found(BENCH, report, what) for what in (_COMMAND, _CONDITIONS, _JSON))
    day, events, cores = conditions.groups()
    found: dict[str, Any] = msgspec.json.decode(last[1])
    latency = found["latency_ms"]
    rows = "".join(
        f"| {name} | {found[contender]:,} | {found['own_us'][contender]:,} |\n"
        for contender, name in _CONTENDERS.items()
    )
    command_ = command[1].replace(f" --report {BENCH}", "").replace(f'ARGS="--report {BENCH}"', "").rstrip()
    return (
        f"`{command_}` ([report]({BENCH}), {day}, {events} events, {cores} cores shared with Apache Kafka):\n\n"
        "| | events/s | µs of own processor time an event |\n|---|--:|--:|\n"
        f"{rows}\n"
        f"Latency at half of what it can do, exactly-once: p50 {latency['p50']:g} ms, p99 {latency['p99']:g} ms. A"
        f" million conversations are restored in {found['restore_1m_s']:g} s and take"
        f" {found['state_bytes']:,} bytes of memory each.\n"
    )


def _faults(report: str) -> str:
    lines = [line for line in report.splitlines() if line.startswith("| ")]
    rows = [[cell.strip() for cell in line.strip("| ").split("|")] for line in lines]
    if not rows or not {"fault", "guarantee", "holds", *_COUNTED} <= set(rows[0]):
        raise ReportError(f"{CHAOS} has no table of the faults")
    runs = [dict(zip(rows[0], row, strict=False)) for row in rows[1:] if not row[0].startswith("-")]
    once = _summed(run for run in runs if run["guarantee"] == "exactly-once")
    again = _summed(runs)["duplicate"] - once["duplicate"]
    hold = sum(run["holds"] == "yes" for run in runs)
    return (
        f"`make chaos` ([report]({CHAOS})): {len({run['fault'] for run in runs})} faults in {len(runs)} runs, of which"
        f" {hold} hold. Exactly-once, of {once['messages']:,} messages: {once['lost']} results lost,"
        f" {once['duplicate']} twice, {once['differing']} different, {once['drift']} states that drifted;"
        f" at-least-once, {again} results came again, the same.\n"
    )


def _summed(runs: Iterable[Mapping[str, str]]) -> dict[str, int]:
    totals = dict.fromkeys(_COUNTED, 0)
    for run in runs:
        for name in _COUNTED:
            totals[name] += int(run[name].replace(",", ""))
    return totals


def _found(report: Path, text: str, what: re.Pattern[str]) -> re.Match[str]:
    found = what.search(text)
    if found is None:
        raise ReportError(f"{report} has nothing like {what.pattern}")
    return found
