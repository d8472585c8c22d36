"""The tables that the runbook and the README show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from ops.capacity import scenarios
from ops.capacity.closed_forms import hottest_share, usable_share, waiting
from ops.capacity.figures import Figure, Figures
from ops.capacity.plan import Plan, plan
from ops.capacity.queueing import played_waiting
from ops.capacity.skew import BUSINESSES, businesses, conversations, hottest, largest_business

RATES: Final = (1, 10, 100, 1_000, 10_000, 100_000, 1_000_000)
LONG_IDLE: Final = scenarios.DAY
"""`idle_after`, unless a policy says otherwise."""
SHORT_IDLE: Final = 2 * scenarios.HOUR
_SEED: Final = 7
_QUEUED: Final = 200_000
_PAUSE: Final = 60.0
_FEW_SECONDS: Final = 10


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table in Markdown: the first column to the left, the others to the right."""
    lines = [f"| {' | '.join(head)} |", f"|---|{'--:|' * (len(head) - 1)}"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join(lines) + "\n"


def used(found: Iterable[Figure]) -> str:
    """Every figure and where it is from."""
    return table(
        ("figure", "value", "what it is", "from"),
        ((f"`{one.name}`", f"{one.value:,.10g} {one.unit}".strip(), one.meaning, _origin(one)) for one in found),
    )


def planned(found: Figures, idle: float) -> str:
    """The workers that each rate needs."""
    head = ("messages/s", "workers", "cells", "partitions of each", "live conversations", "memory a worker")
    return table(
        (*head, "a worker reads back in"),
        (
            (
                f"{one.rate:,.0f}",
                f"{one.workers:,}",
                f"{one.cells:,}",
                f"{one.partitions}",
                count(one.live),
                size(one.memory_of_worker),
                duration(one.restore_of_worker),
            )
            for one in _plans(found, idle)
        ),
    )


def carried(found: Figures) -> str:
    """The Kafka that each rate needs."""
    head = ("messages/s", "cores of brokers, at most", "brokers by partitions", "disk", "between zones")
    return table(
        (*head, "$ a month for that"),
        (
            (
                f"{one.rate:,.0f}",
                f"{one.broker_cores:,.1f}",
                f"{one.brokers}",
                size(one.disk),
                f"{size(one.crossing)}/s",
                f"{one.dollars:,.0f}",
            )
            for one in _plans(found, LONG_IDLE)
        ),
    )


def planned_shortly(found: Figures) -> str:
    """The same for the README."""
    days, hours = _plans(found, LONG_IDLE), _plans(found, SHORT_IDLE)
    return table(
        ("messages/s", "workers", "cells", "memory a worker", "a worker reads back in", "with `idle_after` of 2 h"),
        (
            (
                f"{one.rate:,.0f}",
                f"{one.workers:,}",
                f"{one.cells:,}",
                size(one.memory_of_worker),
                duration(one.restore_of_worker),
                f"{other.workers:,} workers, {size(other.memory_of_worker)}, {duration(other.restore_of_worker)}",
            )
            for one, other in zip(days, hours, strict=True)
        ),
    )


def queued(found: Figures) -> str:
    """What it costs to have workers busier."""

    def rows() -> Iterator[Sequence[str]]:
        for part in (0.3, 0.5, 0.7, 0.8, 0.9, 0.95):
            rate = part * found.capacity
            formula, played = scenarios.paused(part, _PAUSE, found)
            yield (
                f"{part:.0%}",
                f"{1e3 * waiting(rate, found.capacity):.2f} ms",
                f"{1e3 * played_waiting(rate, found.capacity, _QUEUED, _SEED):.2f} ms",
                f"{formula:,.0f} s",
                f"{played:,.0f} s",
            )

    return table(
        ("how busy", "waits for its turn", "played out", f"caught up, {_PAUSE:.0f} s paused", "played out"), rows()
    )


def skewed(found: Figures) -> str:
    """How unevenly partitions are loaded."""

    def rows() -> Iterator[Sequence[str]]:
        spread = (1 - 1 / found.messages_per_conversation) ** 0.5
        keyed = {live: conversations(live, found.messages_per_conversation, _SEED) for live in (1_000, 10_000, 100_000)}
        for partitions in (12, 120):
            for live, keys in keyed.items():
                yield (
                    f"{live:,} conversations",
                    f"{partitions}",
                    f"{hottest(keys, partitions):.2f}",
                    f"{hottest_share(partitions, live, spread):.2f}",
                )
            yield (
                f"{BUSINESSES} businesses",
                f"{partitions}",
                f"{hottest(businesses(_SEED), partitions):.2f}",
                f"at least {largest_business() * partitions:.2f}",
            )

    return table(("keyed by", "partitions", "hottest, of the mean", "by the formula"), rows())


def shared(partitions: int) -> str:
    """What part of the workers' capacity counts, by how many there are."""
    return table(
        ("workers", "partitions of the fullest", "of their capacity counts"),
        (
            (f"{workers}", f"{-(-partitions // workers)}", f"{usable_share(partitions, workers):.0%}")
            for workers in range(2, partitions + 1)
        ),
    )


def lost(found: Figures) -> str:
    """What the loss of a worker does."""

    def rows() -> Iterator[Sequence[str]]:
        for idle in (LONG_IDLE, SHORT_IDLE):
            for ways in scenarios.WAYS:
                for part in (0.5, 0.7):
                    told = scenarios.lost(found, ways, part, idle)
                    yield (
                        ways.words,
                        duration(idle),
                        f"{part:.0%}",
                        f"{told.restores}",
                        duration(told.worst_lag),
                        duration(told.caught_up_at),
                        f"{told.rebalances}",
                    )

    return table(
        ("how workers are run", "idle_after", "how busy", "read back", "longest wait", "caught up", "rebalances"),
        rows(),
    )


def rolled(found: Figures) -> str:
    """What an upgrade does, worker by worker."""

    def rows() -> Iterator[Sequence[str]]:
        for idle in (LONG_IDLE, SHORT_IDLE):
            for ways in scenarios.WAYS:
                told, took = scenarios.rolled(found, ways, idle)
                yield (
                    ways.words,
                    duration(idle),
                    duration(took),
                    f"{told.restores}",
                    duration(told.worst_lag),
                    f"{told.late_share:.1%}",
                    f"{told.rebalances}",
                )

    return table(
        ("how workers are run", "idle_after", "takes", "read back", "longest wait", "decided late", "rebalances"),
        rows(),
    )


def scaled(found: Figures) -> str:
    """What it does to set the number of workers by one thing or another."""
    return table(
        ("number of workers", "worker hours", "at most", "rebalances", "read back", "longest wait", "decided late"),
        (
            (
                scaling.words,
                f"{told.worker_seconds / scenarios.HOUR:,.0f}",
                f"{told.most_workers}",
                f"{told.rebalances}",
                f"{told.restores}",
                duration(told.worst_lag),
                f"{told.late_share:.1%}",
            )
            for scaling, told in scenarios.all_scaled(found, SHORT_IDLE)
        ),
    )


def duration(seconds: float) -> str:
    """In a unit that suits it."""
    for unit, length in (("h", 3_600), ("min", 60)):
        if seconds >= 2 * length:
            return f"{seconds / length:,.1f} {unit}".replace(".0 ", " ")
    return f"{seconds:.1f} s" if 0 < seconds < _FEW_SECONDS else f"{seconds:,.0f} s"


def size(count_of_bytes: float) -> str:
    """Bytes, in a unit that suits them."""
    for unit, length in (("PB", 1e15), ("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count_of_bytes >= length:
            return f"{count_of_bytes / length:,.1f} {unit}"
    return f"{count_of_bytes:,.0f} B"


def count(number: float) -> str:
    """A number in words of which the first two digits count."""
    for unit, length in ((" billion", 1e9), (" million", 1e6)):
        if number >= length:
            return f"{number / length:,.1f}{unit}"
    return f"{number:,.0f}"


def _plans(found: Figures, idle: float) -> list[Plan]:
    return [plan(rate, idle, found) for rate in RATES]


def _origin(one: Figure) -> str:
    if one.report is not None:
        return f"{one.origin}, `{one.report}`"
    return f"<{one.origin}>" if one.origin.startswith("https:") else one.origin
