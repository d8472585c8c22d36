"""What Kafka still holds of a conversation that was erased, and until when."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from handraise.engine.clients import Clients
from handraise.engine.topics import Topic, TopicNames, options, options_of
from handraise.settings import Settings

HOLDING: Final = (
    Topic.MESSAGES,
    Topic.OUTCOMES,
    Topic.ESCALATIONS,
    Topic.DECISIONS,
    Topic.DEAD_LETTERS,
    Topic.CONTROL,
    Topic.STATE,
)
"""The topics that speak of conversations."""
_SEGMENT_MS: Final = 604_800_000
"""Kafka's default: so long a file of a topic takes in records, and it is deleted as a whole."""
_CLEANING: Final = timedelta(hours=1)
"""Kafka looks for old files every five minutes, and a busy cleaner takes its time."""
FOREVER: Final = timedelta(days=36_500)


class Held(Struct, frozen=True, kw_only=True):
    """What one topic still holds."""

    topic: str
    until: datetime | None
    """At the latest; None if the topic keeps everything for ever."""
    because: str


async def held_by_topics(settings: Settings, clients: Clients, now: datetime) -> list[Held]:
    """What each topic holds of what was written up to now.

    Raises:
        EngineError: no broker answers.
    """
    names = TopicNames(settings.topic_prefix)
    found = await options_of(settings, clients, HOLDING)
    return [
        held(
            names[topic],
            options(topic, settings.retention_days, settings.delivery) | found[topic],
            now,
            told=bool(found[topic]),
        )
        for topic in HOLDING
    ]


def held(topic: str, found: Mapping[str, str], now: datetime, *, told: bool = True) -> Held:
    """What a topic with these options holds of what was written up to now.

    Args:
        topic: its name.
        found: its options.
        now: when the last record was written.
        told: whether the broker told the options, and they are not only what the settings ask for.
    """
    segment = timedelta(milliseconds=int(found.get("segment.ms", _SEGMENT_MS)))
    ends = []
    if "delete" in found["cleanup.policy"] and (retention := int(found["retention.ms"])) >= 0:
        kept = timedelta(milliseconds=retention)
        ends.append((kept + segment, f"kept for {_days(kept)}, in files that grow for up to {_days(segment)}"))
    if "compact" in found["cleanup.policy"]:
        lag = timedelta(milliseconds=min(int(found.get("max.compaction.lag.ms", 2**63 - 1)), FOREVER // _MS))
        if lag < FOREVER:
            ends.append((lag, f"replaced by nothing, and compacted within {_days(lag)}"))
    if not ends:
        return Held(
            topic=topic, until=None, because="its options set no end: see retention.ms and max.compaction.lag.ms"
        )
    after, because = min(ends)
    unsure = "" if told else "; the broker does not tell, so this is what the settings ask for"
    return Held(topic=topic, until=now + after + _CLEANING, because=because + unsure)


_MS: Final = timedelta(milliseconds=1)


def _days(length: timedelta) -> str:
    days = length / timedelta(days=1)
    if days >= 1:
        return f"{days:g} {'day' if days == 1 else 'days'}"
    return f"{length / timedelta(hours=1):.2g} hours"
