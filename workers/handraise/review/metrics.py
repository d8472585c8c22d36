"""The catalogue of the metrics of `handraise log`. The table in README.md is made from it."""

from __future__ import annotations

from typing import Final

from handraise.metrics import Kind, Label, Metric
from handraise.review.intake import READ

_TOPIC: Final = Label("topic", tuple(topic.value for topic in READ))
# A batch of a few records takes some milliseconds; one of 2,000 from a backlog, with an index that no longer fits into
# memory, a second. What takes longer waits for a lock or for a database in trouble.
WRITE_TIMES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)

RECORDS: Final = Metric(
    "handraise_log_records_total", Kind.COUNTER, "Records that are in the log's database, by topic.", (_TOPIC,)
)
UNREADABLE: Final = Metric(
    "handraise_log_unreadable_records_total",
    Kind.COUNTER,
    "Records that could not be read and were passed over, by topic. The messages and outcomes among them are dead"
    " letters too.",
    (_TOPIC,),
)
MISSED: Final = Metric(
    "handraise_log_records_missed_total",
    Kind.COUNTER,
    "Records that retention removed before the log could read them, by topic.",
    (_TOPIC,),
)
LAG: Final = Metric(
    "handraise_log_lag_records", Kind.GAUGE, "Records that are not in the log's database yet, by topic.", (_TOPIC,)
)
WRITE_TIME: Final = Metric(
    "handraise_log_write_seconds", Kind.HISTOGRAM, "Time of one transaction of the database.", (), WRITE_TIMES
)
RETRIES: Final = Metric(
    "handraise_log_database_retries_total", Kind.COUNTER, "Times that the database did not answer and was asked again."
)
EXPIRED: Final = Metric(
    "handraise_log_expired_rows_total", Kind.COUNTER, "Rows that were older than the settings say, and were removed."
)
LAST_WRITE: Final = Metric(
    "handraise_log_last_write_timestamp_seconds",
    Kind.GAUGE,
    "When the log last wrote; its start before the first time.",
)
READY: Final = Metric("handraise_log_ready", Kind.GAUGE, "1 while the log reads and the database answers, otherwise 0.")

CATALOGUE: Final = (RECORDS, UNREADABLE, MISSED, LAG, WRITE_TIME, RETRIES, EXPIRED, LAST_WRITE, READY)
"""Every metric of the log, in the order of the table."""
