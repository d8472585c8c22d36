"""Counts what the log does, and knows whether it does it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry

from handraise.engine.health import Health
from handraise.engine.topics import Topic
from handraise.instruments import Instruments
from handraise.review import metrics
from handraise.review.intake import READ, Rows


class LogObserver(Health):
    """The log's metrics, and its readiness."""

    def __init__(self, registry: CollectorRegistry, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._instruments: Final = Instruments(registry, metrics.CATALOGUE)
        self._instruments.set(metrics.LAST_WRITE, now())
        super().__init__(self._show_ready, {"start": "the log has not begun to read"})

    def written(self, rows: Rows, seconds: float) -> None:
        """A run of rows is in the database."""
        for topic, records in rows.records.items():
            self._instruments.count(metrics.RECORDS, (topic.value,), by=records)
        self._instruments.observe(metrics.WRITE_TIME, seconds)
        self._instruments.set(metrics.LAST_WRITE, self._now())

    def unreadable(self, topic: Topic) -> None:
        """A record was passed over."""
        self._instruments.count(metrics.UNREADABLE, (topic.value,))

    def missed(self, topic: Topic, records: int) -> None:
        """Retention was faster than the log."""
        self._instruments.count(metrics.MISSED, (topic.value,), by=records)

    def lag(self, records: Mapping[Topic, int]) -> None:
        """How much is not in the database yet."""
        for topic in READ:
            self._instruments.set(metrics.LAG, records.get(topic, 0), (topic.value,))

    def retried(self) -> None:
        """The database did not answer."""
        self._instruments.count(metrics.RETRIES)

    def expired(self, rows: int) -> None:
        """Old rows were removed."""
        self._instruments.count(metrics.EXPIRED, by=rows)

    def _show_ready(self, ready: bool) -> None:
        self._instruments.set(metrics.READY, int(ready))
