"""How many bytes a message becomes, topic by topic, and how long conversations are: what the plan of capacity rests on.

    .venv/bin/python -m tests.benchmarks.footprint [--events 60000] [--report FILE]

No broker is needed: the worker's own step folds the events of the benchmark, and the sizes of what it would publish are
added up. The same code and number of events give the same figures on any machine. Keys and values count; what Kafka
puts around them does not.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import Struct

from handraise.conversation import Processor
from handraise.conversation.processor import Processed
from handraise.detection import DETECTOR_VERSION, detect
from handraise.engine.topics import Topic
from handraise.events import MESSAGES, decode, encode
from handraise.policy import default_policy
from tests.benchmarks.traffic import Made, traffic

_REPORT: Final = """# What a message becomes

    .venv/bin/python -m tests.benchmarks.footprint --report {path}

{events:,} events of the benchmark in {conversations:,} conversations, folded one at a time as under light load, by
detector {detector}. Bytes are of keys and values, per message; under heavy load one state stands for all messages of a
conversation in a batch, so that the changelog has less.

| topic | bytes a message | records a message |
|---|--:|--:|
{rows}

```json
{json}
```
"""


class Footprint(Struct, frozen=True, kw_only=True):
    """What came of some messages."""

    events: int
    conversations: int
    bytes_by_topic: dict[Topic, int]
    """Of keys and values."""
    records_by_topic: dict[Topic, int]

    def bytes_a_message(self, topic: Topic) -> float:
        """Bytes that the topic gets for a message, on average."""
        return self.bytes_by_topic.get(topic, 0) / self.events

    def as_json(self) -> str:
        """The line that ends the report."""
        found: dict[str, Any] = {"messages_per_conversation": round(self.events / self.conversations, 2)}
        found["bytes_per_message"] = {topic.value: round(self.bytes_a_message(topic), 1) for topic in _WRITTEN}
        return msgspec.json.encode(found).decode()

    def report(self, path: Path) -> str:
        """The report in Markdown."""
        rows = "\n".join(
            f"| `{topic.value}` | {self.bytes_a_message(topic):,.1f} |"
            f" {self.records_by_topic.get(topic, 0) / self.events:.3f} |"
            for topic in _WRITTEN
        )
        return _REPORT.format(
            path=path,
            events=self.events,
            conversations=self.conversations,
            detector=DETECTOR_VERSION,
            rows=rows,
            json=self.as_json(),
        )


_WRITTEN: Final = (Topic.MESSAGES, Topic.STATE, Topic.DECISIONS, Topic.ESCALATIONS, Topic.CONTROL)


def footprint(messages: Iterable[Made], detector: Callable[..., Any] = detect) -> Footprint:
    """Fold messages, each as a batch of its own, and add up what comes of them."""
    policy = default_policy("benchmark")
    processor = Processor(lambda _: policy, detector)
    states: dict[bytes, bytes] = {}
    sizes: Counter[Topic] = Counter()
    records: Counter[Topic] = Counter()
    keys: set[bytes] = set()
    events = 0

    def wrote(topic: Topic, key: bytes, value: bytes | None) -> None:
        sizes[topic] += len(key) + len(value or b"")
        records[topic] += 1

    for made in messages:
        events += 1
        keys.add(made.key)
        wrote(Topic.MESSAGES, made.key, made.value)
        (done,) = processor.process([decode(made.value, MESSAGES)], states.get)
        if done.state is not None:
            states[done.key] = done.state
            wrote(Topic.STATE, done.key, done.state)
        _published(done, wrote)
    return Footprint(events=events, conversations=len(keys), bytes_by_topic=dict(sizes), records_by_topic=dict(records))


def _published(done: Processed, wrote: Callable[[Topic, bytes, bytes | None], None]) -> None:
    effects = done.effects
    for escalation in effects.escalations:
        wrote(Topic.ESCALATIONS, escalation.conversation_id.encode(), encode(escalation))
    for control in effects.controls:
        wrote(Topic.CONTROL, done.key, encode(control))
    for decision in effects.decisions:
        wrote(Topic.DECISIONS, decision.conversation_id.encode(), encode(decision))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print or write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=60_000)
    parser.add_argument("--report", type=Path, help="file to write the report to, in Markdown")
    given = parser.parse_args(arguments)
    found = footprint(traffic(given.events))
    if given.report:
        given.report.write_text(found.report(given.report), encoding="utf-8")
    sys.stdout.write(f"{found.as_json()}\n")


if __name__ == "__main__":
    main()
