"""`handraise replay` prints the very bytes that the worker publishes, `emitted_at` aside."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Sized
from functools import partial
from pathlib import Path
from typing import Any, Final

from handraise.engine.topics import Topic
from tests.support.brokers import ROOT
from tests.support.installation import Installation, Record, WorkerProcess
from tests.support.waiting import until

WORKER: Final = ("-m", "handraise", "worker")
SAMPLES: Final = ROOT / "workers" / "handraise" / "demo" / "conversations"
OUTPUTS: Final = {
    Topic.ESCALATIONS: "escalations",
    Topic.CONTROL: "control",
    Topic.DECISIONS: "decisions",
}
EMITTED_AT: Final = re.compile(rb'"emitted_at":"[^"]+"')


def lines_of_the_samples() -> list[bytes]:
    """The messages of every sample conversation, one after the other, with an outcome after each conversation."""
    lines = []
    for file in sorted(SAMPLES.glob("*.jsonl")):
        for line in file.read_text(encoding="utf-8").splitlines():
            messages = json.loads(line)["messages"]
            last = messages[-1]
            outcome = {
                "outcome_id": f"{last['message_id']}-resolved",
                "conversation_id": last["conversation_id"],
                "business_id": last["business_id"],
                "kind": "resolved",
                "at": last["sent_at"],
            }
            lines += [json.dumps(event, ensure_ascii=False).encode() for event in (*messages, outcome)]
    return lines


def by_conversation(values: Iterable[bytes]) -> dict[str, list[bytes]]:
    """Published values in order, for each conversation, without the time at which they were emitted."""
    found = defaultdict(list)
    for value in values:
        event = json.loads(value)
        key = f"{event['business_id']}/{event['conversation_id']}"
        found[key].append(EMITTED_AT.sub(b'"emitted_at":""', value))
    return dict(found)


def replayed(file: Path, output: str) -> list[bytes]:
    """What the command prints."""
    done = subprocess.run(
        [sys.executable, "-m", "handraise", "replay", str(file), "--output", output],
        check=True,
        capture_output=True,
        timeout=60,
        cwd=ROOT,
    )
    return done.stdout.splitlines()


def test_replay_prints_the_bytes_that_the_worker_publishes(installation: Installation, tmp_path: Path) -> None:
    lines = lines_of_the_samples()
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(lines) + b"\n")
    expected = {topic: replayed(file, output) for topic, output in OUTPUTS.items()}
    assert all(expected.values())
    messages: list[Record] = []
    outcomes: list[Record] = []
    for line in lines:
        event = json.loads(line)
        record = Record(
            Topic.OUTCOMES if "outcome_id" in event else Topic.MESSAGES, line, event["conversation_id"].encode()
        )
        (outcomes if "outcome_id" in event else messages).append(record)
    worker = installation.worker(WORKER).wait_ready()
    asyncio.run(installation.produce(messages))
    until(lambda: folded(worker) == len(messages), 30, "all messages to be folded")
    asyncio.run(installation.produce(outcomes))
    for topic, values in expected.items():
        wanted = by_conversation(values)
        if topic is Topic.CONTROL:
            found = by_conversation(asyncio.run(values_of(installation, topic, partial(is_up_to_date, wanted))))
            assert found.keys() == wanted.keys()
            assert all(is_what_compaction_leaves(found[key], wanted[key]) for key in wanted)
        else:
            found = by_conversation(asyncio.run(values_of(installation, topic, partial(enough, len(values)))))
            assert found == wanted, topic


async def values_of(installation: Installation, topic: Topic, done: Callable[[list[Any]], bool]) -> list[bytes]:
    """The values of a topic, once they are all there."""
    return [record.value for record in await installation.read(topic, done)]


def is_up_to_date(wanted: dict[str, list[bytes]], records: list[Any]) -> bool:
    """Whether the last value of every conversation has come: a broker may have compacted those before it."""
    found = by_conversation(record.value for record in records)
    return found.keys() == wanted.keys() and all(found[key][-1] == wanted[key][-1] for key in wanted)


def is_what_compaction_leaves(found: list[bytes], wanted: list[bytes]) -> bool:
    """Whether the values found are some of those wanted, in their order, the last among them."""
    left = iter(wanted)
    return all(value in left for value in found) and found[-1] == wanted[-1]


def enough(number: int, records: Sized) -> bool:
    """Whether so many records have come."""
    return len(records) >= number


def folded(worker: WorkerProcess) -> int:
    """How many messages the worker has folded and committed."""
    lines = worker.get("/metrics")[1].splitlines()
    return int(sum(float(line.split()[-1]) for line in lines if line.startswith("handraise_messages_total{")))
