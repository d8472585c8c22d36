"""The metrics of `handraise worker` itself, over a broker."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Callable
from typing import Final

from prometheus_client.parser import text_string_to_metric_families

from handraise.engine.topics import Topic
from handraise.metrics import CATALOGUE, Kind
from tests.support.installation import Installation, Record, WorkerProcess, message
from tests.support.tools import tool
from tests.support.waiting import until

WORKER: Final = ("-m", "handraise", "worker")
ASKS: Final = "Can I talk to a real person please?"
SECONDS: Final = 20.0


def value(worker: WorkerProcess, name: str, **labels: str) -> float | None:
    """The sum over the series that have these labels; none where there is no such series."""
    families = text_string_to_metric_families(worker.get("/metrics")[1])
    found = [
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    ]
    return sum(found) if found else None


def reads(worker: WorkerProcess, wanted: float, name: str, **labels: str) -> Callable[[], bool]:
    return lambda: value(worker, name, **labels) == wanted


def test_what_happens_on_the_topics_is_counted_and_named_as_prometheus_asks(installation: Installation) -> None:
    worker = installation.worker(WORKER).wait_ready()
    name = "handraise_escalations_total"
    assert value(worker, name, trigger="human_request") == 0
    bad = Record(Topic.MESSAGES, b"{not json", b"c3")
    records = [message(1, "c1", "Do you open on Sundays?"), message(2, "c2", ASKS), message(2, "c2", ASKS), bad]
    asyncio.run(installation.produce(records))
    until(reads(worker, 1, name, trigger="human_request", action="escalate"), SECONDS, "the escalation to be counted")
    until(reads(worker, 1, "handraise_dead_letters_total", reason="not_json"), SECONDS, "the dead letter")
    for expected, metric, labels in (
        (2.0, "handraise_messages_total", {"sender": "customer", "outcome": "folded"}),
        (1.0, "handraise_messages_total", {"sender": "customer", "outcome": "duplicate"}),
        (1.0, "handraise_messages_total", {"sender": "unknown", "outcome": "dead_letter"}),
        (2.0, "handraise_conversations_total", {}),
        (1.0, "handraise_conversations_open", {"trigger": "human_request"}),
        (1.0, "handraise_escalation_turn_count", {"trigger": "human_request"}),
        (1.0, "handraise_worker_ready", {}),
        (0.0, "handraise_lag_records", {}),
    ):
        until(reads(worker, expected, metric, **labels), SECONDS, f"{metric} to be {expected:g}")
    scrape = worker.get("/metrics")[1]
    assert ASKS not in scrape
    assert "acme" not in scrape
    checked = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=scrape, capture_output=True, text=True, check=False, timeout=30
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")


def test_a_worker_shows_every_metric_of_the_catalogue(installation: Installation) -> None:
    worker = installation.worker(WORKER).wait_ready()
    asyncio.run(installation.produce([message(1, "c1")]))
    until(lambda: value(worker, "handraise_lag_seconds") is not None, SECONDS, "the lag to be told")
    families = {family.name: family.type for family in text_string_to_metric_families(worker.get("/metrics")[1])}
    for metric in CATALOGUE:
        family = metric.name.removesuffix("_total") if metric.kind is Kind.COUNTER else metric.name
        assert families[family] == metric.kind


def test_what_is_open_is_still_shown_after_a_restart_and_counts_begin_anew(installation: Installation) -> None:
    first = installation.worker(WORKER).wait_ready()
    asyncio.run(installation.produce([message(1, "c1", ASKS)]))
    until(reads(first, 1, "handraise_conversations_open", trigger="human_request"), SECONDS, "it to be open")
    first.terminate()
    assert first.wait(10) == 0
    second = installation.worker(WORKER).wait_ready()
    until(reads(second, 1, "handraise_conversations_open", trigger="human_request"), SECONDS, "it to be restored")
    assert value(second, "handraise_escalations_total") == 0
    assert value(second, "handraise_restored_conversations_total") == 1
