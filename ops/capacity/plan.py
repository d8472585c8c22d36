"""What a rate of messages needs: arithmetic on the figures, nothing else."""

from __future__ import annotations

import math
from typing import Final

from msgspec import Struct

from handraise.engine.topics import Topic, options
from handraise.settings import Settings
from ops.capacity.closed_forms import even_counts
from ops.capacity.figures import Figures

LADDER: Final = (12, 24, 60, 120, 240, 360, 720)
"""Numbers of partitions that many numbers of workers share evenly; `HANDRAISE_PARTITIONS` takes no more than 1,000."""
_ROOM: Final = 2
"""Partitions for each worker at least, so that there is somewhere to grow to: they cannot be more later."""
_LEAST_WORKERS: Final = 2
_LEAST_BROKERS: Final = 3
_SEGMENT_SECONDS: Final = 7 * 86_400
"""A segment is closed after this even if it is not full: `segment.ms`, Kafka's default."""
_ELSEWHERE: Final = 2 / 3
"""Of three zones, the leader is in another one than the client two times of three."""
_MONTH: Final = 30 * 86_400


class Plan(Struct, frozen=True, kw_only=True):
    """What it takes. Bytes and seconds; rates a second; everything together unless it says otherwise."""

    rate: float
    cells: int
    workers: int
    partitions: int
    """Of each topic of each cell."""
    live: float
    """Conversations that are not over."""
    memory_of_worker: float
    changelog_of_partition: float
    """At most."""
    restore_of_worker: float
    """All its partitions, by itself: after everything was down, or where all partitions move."""
    broker_cores: float
    """At most: as if a copy cost what the first one does."""
    brokers: int
    """At least, by the number of partitions; cores and disk may ask for more."""
    disk: float
    crossing: float
    """Bytes a second from one zone to another."""
    dollars: float
    """A month, for what crosses."""


def plan(rate: float, idle: float, found: Figures) -> Plan:
    """What a rate needs where a conversation is forgotten after so many seconds without an event (`idle_after`)."""
    live = rate / found.messages_per_conversation * idle
    by_processor = rate / (found.utilisation * found.capacity)
    by_memory = live * found.memory_bytes / found.memory_of_worker_bytes
    needed = max(_LEAST_WORKERS, math.ceil(max(by_processor, by_memory)))
    most = max(count for count in even_counts(LADDER[-1] // _ROOM) if count <= found.workers_of_cell)
    cells = math.ceil(needed / most)
    partitions, of_cell = _shared(math.ceil(needed / cells), found.workers_of_cell)
    workers = cells * of_cell
    changelog = changelog_of_partition(rate / (cells * partitions), live / (cells * partitions), found)
    written = _written(found)
    kept = found.message_bytes + found.decision_bytes + found.escalation_bytes
    days = Settings.model_fields["retention_days"].default
    crossing = rate * (
        written * (found.replication - 1)
        + _ELSEWHERE * written
        # Workers read the messages, and somebody what comes of them; the state is read in a restore alone.
        + _ELSEWHERE * (written - found.state_bytes)
    )
    return Plan(
        rate=rate,
        cells=cells,
        workers=workers,
        partitions=partitions,
        live=live,
        memory_of_worker=live * found.memory_bytes / workers,
        changelog_of_partition=changelog,
        restore_of_worker=changelog * partitions / of_cell / found.restore_bytes_a_second,
        broker_cores=rate * found.broker_microseconds / 1e6 * found.replication / found.utilisation,
        brokers=max(
            _LEAST_BROKERS,
            math.ceil(cells * partitions * len(Topic) * found.replication / found.replicas_per_broker),
        ),
        disk=found.replication * (rate * kept * days * 86_400 + changelog * partitions * cells),
        crossing=crossing,
        dollars=crossing * _MONTH / 1e9 * found.dollars_per_gigabyte,
    )


def changelog_of_partition(rate: float, live: float, found: Figures) -> float:
    """Bytes of the changelog of a partition with such a rate and so many live conversations, at most.

    What is compacted may be duplicates up to the dirty share; what is younger than the compaction lag, and the newest
    segment, is not compacted at all.
    """
    writes = rate * found.state_bytes
    made_with = options(Topic.STATE, 1)
    lag = int(made_with["min.compaction.lag.ms"]) / 1_000
    newest = min(int(made_with["segment.bytes"]), writes * _SEGMENT_SECONDS)
    return live * found.changelog_bytes / (1 - found.dirty_share) + writes * lag + newest


def _shared(least: int, most: float) -> tuple[int, int]:
    """The fewest partitions that so many workers, or a few more, share evenly with room to grow, and how many do."""
    return next(
        (partitions, workers)
        for partitions in LADDER
        for workers in even_counts(partitions)
        if least <= workers <= min(most, partitions // _ROOM)
    )


def _written(found: Figures) -> float:
    """Bytes that a message brings into all topics, one copy."""
    return found.message_bytes + found.state_bytes + found.decision_bytes + found.escalation_bytes + found.control_bytes
