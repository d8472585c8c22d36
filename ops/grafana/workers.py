"""The second row, for who runs the workers: do they keep up?"""

from __future__ import annotations

from typing import Final

from panel import Panel, Query, Row, grown, over_range, quantiles, quantiles_of, whole

WORKERS: Final = Row(
    "Do the workers keep up?",
    (
        Panel(
            "Workers ready",
            "Workers whose partitions are assigned and restored.",
            (Query("sum(handraise_worker_ready)"),),
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Lag now",
            "How old the oldest record is that waits, over all partitions.",
            (Query("max(handraise_lag_seconds)"),),
            kind="stat",
            unit="s",
            width=4,
            height=4,
            bad_from=30,
        ),
        Panel(
            "Records missed",
            "Records that retention removed unread, in the time shown. Never anything but 0.",
            (Query(f"round(sum({grown('handraise_records_missed_total', '$__range', '$__range_s')}))"),),
            kind="stat",
            width=4,
            height=4,
            bad_from=1,
        ),
        Panel(
            "Dead letters",
            "Records that could not be used, in the time shown.",
            (Query(over_range("handraise_dead_letters_total")),),
            kind="stat",
            width=4,
            height=4,
        ),
        Panel(
            "Policies at fault",
            "Businesses whose newest policy is not in force as it is written, now. `refused`: the policy before serves,"
            " until a worker starts after Kafka has removed it. `without_base`: the built-in default stands in for"
            " what it inherits from. `unfit`: what it inherits serves alone.",
            (Query("max by (fault) (handraise_policies_faulty)", "{{fault}}"),),
            kind="stat",
            width=4,
            height=4,
            bad_from=1,
        ),
        Panel(
            "Sets of policies",
            "How many different sets are in force over the workers: 1, but for moments.",
            (Query("count(count by (version) (handraise_policies_info))"),),
            kind="stat",
            width=4,
            height=4,
            bad_from=2,
        ),
        Panel(
            "Messages",
            "Messages a second, by who wrote them. `unknown` are dead letters.",
            (
                Query("sum by (sender) (rate(handraise_messages_total[$__rate_interval]))", "{{sender}}"),
                Query(
                    'sum(rate(handraise_messages_total{outcome="duplicate"}[$__rate_interval]))',
                    "of these, duplicates",
                ),
            ),
            unit="mps",
        ),
        Panel(
            "Lag",
            "How old the oldest record is that waits, by topic and partition.",
            (Query("max by (topic, partition) (handraise_lag_seconds)", "{{topic}} {{partition}}"),),
            unit="s",
        ),
        Panel(
            "Records waiting",
            "Records that are not yet committed, by topic.",
            (Query("sum by (topic) (handraise_lag_records)", "{{topic}}"),),
        ),
        Panel("Batch time", "From taking a batch to its commit.", quantiles("handraise_batch_seconds"), unit="s"),
        Panel(
            "Transaction time",
            "From the first record sent to the commit.",
            quantiles("handraise_transaction_seconds"),
            unit="s",
        ),
        Panel("Detection time", "To look at a batch's messages.", quantiles("handraise_detection_seconds"), unit="s"),
        Panel("Batch size", "Records in a batch.", whole(quantiles("handraise_batch_records")), width=6),
        Panel(
            "Transactions that failed",
            "A minute. `fenced`: another worker had taken the partition over.",
            (
                Query(
                    'sum by (result) (rate(handraise_transactions_total{result!="committed"}[$__rate_interval])) * 60',
                    "{{result}}",
                ),
                Query("sum(rate(handraise_broker_retries_total[$__rate_interval])) * 60", "repeated requests"),
            ),
            width=6,
        ),
        Panel(
            "Dead letters by reason",
            "An hour.",
            (Query("sum by (reason) (increase(handraise_dead_letters_total[1h]))", "{{reason}}"),),
            width=6,
            bars=True,
            stacked=True,
        ),
        Panel(
            "Limit of unusable records",
            "How near each partition is to it, if there is one. At 100 % its worker stops.",
            (Query("max by (partition) (handraise_bad_records_limit_used_ratio)", "{{partition}}"),),
            unit="percentunit",
            width=6,
        ),
        Panel(
            "Records out of the ordinary",
            "An hour: older than the one before them, on another partition than their key asks for, or read again"
            " after a crash.",
            (
                Query("sum(increase(handraise_late_events_total[1h]))", "late"),
                Query("sum(increase(handraise_duplicate_events_total[1h]))", "duplicate"),
                Query("sum(increase(handraise_misrouted_records_total[1h]))", "misrouted"),
                Query("sum(increase(handraise_replayed_records_skipped_total[1h]))", "read again"),
            ),
        ),
        Panel(
            "Partitions and rebalances",
            "Partitions of each worker, and assignments in a quarter of an hour.",
            (
                Query("handraise_partitions_assigned", "{{instance}} partitions"),
                Query("max(increase(handraise_rebalances_total[15m]))", "rebalances"),
            ),
        ),
        Panel(
            "Restore",
            "Time to read a partition's state back.",
            quantiles_of(grown("handraise_restore_seconds_bucket", "1h", "3600")),
            unit="s",
        ),
        Panel(
            "Conversations in state",
            "What each worker keeps.",
            (Query("handraise_conversations_in_state", "{{instance}}"),),
        ),
        Panel(
            "Memory",
            "Resident memory of each worker.",
            (Query('process_resident_memory_bytes{job="handraise"}', "{{instance}}"),),
            unit="bytes",
        ),
        Panel(
            "Processor",
            "Seconds of processor time a second, of each worker; one is a whole core.",
            (Query('rate(process_cpu_seconds_total{job="handraise"}[$__rate_interval])', "{{instance}}"),),
        ),
    ),
)
