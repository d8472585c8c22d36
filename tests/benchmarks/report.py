"""The results of a run: as a table, as one line of JSON, and as a report in Markdown."""

from __future__ import annotations

import platform
import re
import statistics
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import msgspec
import psutil
from msgspec import Struct

from tests.benchmarks.job import Took
from tests.benchmarks.latency import Latency
from tests.benchmarks.restoring import Restore
from tests.benchmarks.sharing import Shared
from tests.benchmarks.turns import AtTurn
from tests.support.brokers import POM

_IN_JSON: Final = (
    "handraise_exactly_once",
    "handraise_at_least_once",
    "engine_exactly_once",
    "stock_faust",
    "quix_at_least_once",
    "quix_exactly_once",
    "raw_aiokafka",
)
_PACKAGES: Final = ("handraise", "faust-streaming", "aiokafka", "quixstreams", "msgspec", "numpy", "onnxruntime")


_KAFKA: Final = re.compile(r"<artifactId>kafka_2.13</artifactId>\s*<version>([^<]+)")
_REPORT: Final = """# Benchmark

    make bench ARGS="{arguments}"

{day}: {events} events, medians of {rounds} rounds, every contender once a round; {minutes:.0f} minutes. {cores} cores
({processor}), on which Apache Kafka {kafka} ran as well, under a load of {load:.1f} at the end;
Python {python}; {versions}.

{table}

`of Faust` and `of Quix` are multiples of stock Faust and of Quix Streams at-least-once. `own µs` and `broker's µs` are
the processor time of one event; what else the machine does changes the events a second, and these hardly.
`handraise_…` is the whole path with detection, the others count the messages of each conversation in a state with a
changelog, and publish a record for every tenth: `engine_…` on Handraise's engine, `stock_faust` with an agent and a
table, `quix_…` with a stateful function. `raw_aiokafka` reads and does nothing. An event is done when its batch is
committed; with Quix when its last checkpoint is; with Faust when the agent has had it.

{rest}

```json
{json}
```
"""

_LOADS: Final = """Latency of the whole path, exactly-once, under loads from light to heavy: from when a message was due
to be sent to when a `read_committed` reader had its decision. Under light load a batch is what is there, so that
nothing waits for more; under heavy load it is what came meanwhile, so that what a transaction costs is shared by many.

| messages/s | p50 | p99 | records in a batch | decisions |
|--:|--:|--:|--:|--:|"""

_LIVE: Final = """Live conversations, and a message to any of them, exactly-once; with
`HANDRAISE_DETECTOR=fast`, so that the cost of the reader hides no difference:

| live conversations | restored in | bytes in memory | own µs a message |
|--:|--:|--:|--:|"""


class Results(Struct, kw_only=True):
    """Everything that a run measured; what it left out is None, or not there."""

    events: int
    rounds: int
    seconds: float = 0.0
    """That the whole run took."""
    took: Mapping[str, Sequence[Took]]
    """By contender, one a round."""
    latency: Sequence[Latency] = ()
    """At several rates, from light to heavy."""
    half_load: float | None = None
    """The rate that counts as half load."""
    restores: Sequence[Restore] = ()
    """Of several numbers of conversations, the largest last."""
    turns: Sequence[AtTurn] = ()
    shared: Sequence[Shared] = ()

    def a_second(self, name: str) -> float | None:
        """The median of a contender's events a second."""
        return self._median(name, "a_second")

    def _median(self, name: str, what: str) -> float | None:
        took = self.took.get(name)
        return statistics.median(getattr(one, what) for one in took) if took else None

    def table(self) -> str:
        """One line a contender."""
        head = "| | events/s | of Faust | of Quix | own µs | broker's µs | batch |"
        lines = [head, "|---|--:|--:|--:|--:|--:|--:|"]
        for name in self.took:
            rate = self.a_second(name)
            cells = [
                name,
                _number(rate),
                _ratio(rate, self.a_second("stock_faust")),
                _ratio(rate, self.a_second("quix_at_least_once")),
                _number(self._median(name, "cpu_microseconds"), 1),
                _number(self._median(name, "broker_microseconds"), 1),
                _number(self._median(name, "batch")),
            ]
            lines.append(f"| {' | '.join(cells)} |")
        return "\n".join(lines)

    def rest(self) -> str:
        """Latency, what many conversations cost, what long ones cost, and several workers: a paragraph each."""
        parts = (self._latency(), self._restores(), self._turns(), self._shared())
        return "\n\n".join(part for part in parts if part)

    def _latency(self) -> str:
        if not self.latency:
            return ""
        rows = [
            f"| {one.rate:,.0f} | {one.p50:.1f} ms | {one.p99:.1f} ms | {one.batch:.1f} | {one.decisions:,} |"
            for one in self.latency
        ]
        backlog = self._median("handraise_exactly_once", "batch")
        if backlog is not None:
            rows.append(f"| {self.a_second('handraise_exactly_once'):,.0f}: a backlog | | | {backlog:,.1f} | |")
        return "\n".join([_LOADS, *rows])

    def _restores(self) -> str:
        if not self.restores:
            return ""
        most = self.restores[-1]
        rows = [
            f"| {one.conversations:,} | {one.seconds:.1f} s | {one.memory_bytes:,.0f}"
            f" | {one.message_microseconds:.1f} |"
            for one in self.restores
        ]
        first, *others = (f"{one:.1f}" for one in most.starts)
        restored = (
            f"Restore of {most.conversations:,} conversations: {most.seconds:.1f} s, the median of workers that began"
            f" one after the other;\n{first} s by the first, which takes memory that the machine may never have given"
            f" out, then {' and '.join(others)}.\n"
            f"{most.encoded_bytes:,.0f} bytes each in the changelog, {most.memory_bytes:,.0f} in memory."
        )
        return "\n".join([restored, "", _LIVE, *rows])

    def _turns(self) -> str:
        costs = ", ".join(f"{one.cpu_microseconds:.1f} µs at turn {one.turn}" for one in self.turns)
        return f"The fold alone, by how far a conversation has come: {costs}." if costs else ""

    def _shared(self) -> str:
        lines = [
            f"| {one.workers} | {one.a_second:,.0f} | {one.cpu_microseconds:.1f} | {one.cores:.2f}"
            f" | {one.broker_cores:.2f} |"
            for one in self.shared
        ]
        if not lines:
            return ""
        head = "| workers | events/s | own µs | cores of the workers | cores of the broker |"
        return "\n".join(["The whole path, exactly-once, on one backlog:", "", head, "|--:|--:|--:|--:|--:|", *lines])

    def as_json(self) -> str:
        """The line that ends a run."""
        found: dict[str, Any] = {name: _rounded(self.a_second(name)) for name in _IN_JSON}
        half = next((one for one in self.latency if one.rate == self.half_load), None)
        found["latency_ms"] = {"p50": half and round(half.p50, 1), "p99": half and round(half.p99, 1)}
        largest = self.restores[-1] if self.restores else None
        found["restore_1m_s"] = largest and round(largest.seconds * 1e6 / largest.conversations, 2)
        found["state_bytes"] = largest and round(largest.memory_bytes)
        found["own_us"] = {name: _rounded(self._median(name, "cpu_microseconds")) for name in _IN_JSON}
        return msgspec.json.encode(found).decode()

    def write(self, path: Path) -> None:
        """The report."""
        versions = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
        path.write_text(
            _REPORT.format(
                arguments=" ".join(sys.argv[1:]),
                minutes=self.seconds / 60,
                load=psutil.getloadavg()[0],
                day=f"{datetime.now(UTC):%Y-%m-%d}",
                events=f"{self.events:,}",
                rounds=self.rounds,
                cores=psutil.cpu_count(),
                processor=_processor(),
                python=platform.python_version(),
                kafka=_KAFKA.findall(POM.read_text())[0],
                versions=versions,
                table=self.table(),
                rest=self.rest(),
                json=self.as_json(),
            )
        )


def _number(value: float | None, digits: int = 0) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _ratio(value: float | None, other: float | None) -> str:
    return "" if value is None or other is None else f"{value / other:.2f}"


def _rounded(value: float | None) -> int | None:
    return None if value is None else round(value)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(": ")[2]
    return platform.processor()
