"""What a dashboard is made of, and the expressions that recur."""

from __future__ import annotations

from typing import NamedTuple


class Query(NamedTuple):
    """One expression, and the name of its lines."""

    expr: str
    legend: str = "__auto"


class Panel(NamedTuple):
    """One panel. `width` is in columns of 24, `height` in rows of about 30 pixels."""

    title: str
    help: str
    queries: tuple[Query, ...]
    kind: str = "timeseries"
    unit: str = "short"
    width: int = 8
    height: int = 8
    stacked: bool = False
    bars: bool = False
    bad_from: float | None = None
    """From this value on it is shown in red."""


class Row(NamedTuple):
    """A heading and the panels under it, filled from left to right."""

    title: str
    panels: tuple[Panel, ...]


def over_range(counter: str, by: str = "") -> str:
    """How much a counter grew over the time that the dashboard shows; whole numbers, which `increase` does not give."""
    grouping = f" by ({by})" if by else ""
    return f"round(sum{grouping} (increase({counter}[$__range])))"


def grown(counter: str, window: str, seconds: str) -> str:
    """How much each series of a counter grew within a window, which is so many seconds.

    Of a worker that has started within it, also what was counted before its first scrape, where there is no increase.
    """
    new = f"{counter} and on (job, instance) time() - process_start_time_seconds < {seconds}"
    return f"({new}) > increase({counter}[{window}]) or increase({counter}[{window}])"


def quantiles(histogram: str, window: str = "$__rate_interval") -> tuple[Query, ...]:
    """The median and the 95th percentile of a histogram over all workers."""
    return quantiles_of(f"rate({histogram}_bucket[{window}])")


def quantiles_of(buckets: str) -> tuple[Query, ...]:
    """The same of buckets."""
    return tuple(
        Query(f"histogram_quantile({q}, sum by (le) ({buckets}))", name)
        for q, name in ((0.5, "median"), (0.95, "95 %"))
    )


def whole(queries: tuple[Query, ...]) -> tuple[Query, ...]:
    """Quantiles of what is counted: taken from within a bucket, they would be half a turn where all are the first."""
    return tuple(Query(f"ceil({query.expr})", query.legend) for query in queries)
