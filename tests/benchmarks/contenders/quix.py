"""Quix Streams as its documentation shows it: a stateful function over a topic, state in RocksDB with a changelog.

The second argument is the guarantee: `at-least-once` or `exactly-once`.
"""

from __future__ import annotations

import sys
from typing import Any

from quixstreams import Application, State

from tests.benchmarks.job import TELLS_AT, Stopwatch, given_job


def main() -> None:
    """Run until every event is counted and the last checkpoint is committed."""
    job = given_job()
    watch = Stopwatch(job)
    app = Application(
        broker_address=job.servers,
        consumer_group=job.name,
        auto_offset_reset="earliest",
        processing_guarantee="exactly-once" if sys.argv[2] == "exactly-once" else "at-least-once",
        state_dir=job.folder,
        loglevel="WARNING",
    )

    def count(message: dict[str, Any], state: State) -> dict[str, Any] | None:
        number = state.get("count", 0) + 1
        state.set("count", number)
        if watch.counted() == job.events:
            app.stop()
        return None if number % TELLS_AT else {"about": message["message_id"], "count": number}

    tenths = app.topic(job.tells, value_serializer="json")
    counted = app.dataframe(app.topic(job.topic, value_deserializer="json")).apply(count, stateful=True)
    counted.filter(lambda told: told is not None).to_topic(tenths)
    app.run()
    # State is in the changelog only after the last checkpoint, which belongs to the job as much as the counting.
    watch.ended()


if __name__ == "__main__":
    main()
