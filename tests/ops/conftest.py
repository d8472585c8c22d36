"""A live scrape for the tests of ops/: metrics over HTTP on 127.0.0.1, and a Prometheus that reads them."""

from __future__ import annotations

import itertools
import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from prometheus_client import CollectorRegistry, start_http_server
from prometheus_client.parser import text_string_to_metric_families

from handraise.review.observer import LogObserver
from handraise.telemetry import Metrics
from tests.support.activity import everything_happens
from tests.support.brokers import free_port
from tests.support.tools import tool
from tests.support.waiting import until

ROOT: Final = Path(__file__).resolve().parents[2]


class LiveWorker:
    """The metrics of a worker and of the log behind HTTP, without either."""

    def __init__(self, port: int) -> None:
        self.address = f"127.0.0.1:{port}"
        self._registry = CollectorRegistry()
        self._metrics = Metrics(
            self._registry, messages_topic="chat.messages", version="1.0", detector_version="rules-1"
        )
        LogObserver(self._registry)
        self._versions = itertools.count()
        self._server, self._thread = start_http_server(port, "127.0.0.1", self._registry)

    def work(self) -> None:
        """Let everything happen once more."""
        everything_happens(self._metrics, f"v{next(self._versions)}")

    def scrape(self) -> str:
        """What `/metrics` answers."""
        with urllib.request.urlopen(f"http://{self.address}/metrics", timeout=5) as answer:
            text: str = answer.read().decode()
            return text

    def labels_of(self) -> dict[str, set[str]]:
        """The labels of each series name in a scrape."""
        labels: dict[str, set[str]] = {}
        for family in text_string_to_metric_families(self.scrape()):
            for sample in family.samples:
                labels.setdefault(sample.name, set()).update(sample.labels)
        return labels

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class Prometheus:
    """A Prometheus that runs."""

    def __init__(self, address: str) -> None:
        self._url = f"http://{address}"

    def get(self, path: str, **parameters: str) -> Any:  # noqa: ANN401 - JSON
        """The data of one answer of its API."""
        url = f"{self._url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - the test's own URL
            return json.load(answer)["data"]

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """The labels and values that an expression has now."""
        data = self.get("query", query=expression)
        return [(found["metric"], float(found["value"][1])) for found in data["result"]]

    def is_up(self) -> bool:
        """Whether it answers and has scraped."""
        try:
            return bool(self.query("up == 1"))
        except OSError:
            return False


@pytest.fixture(scope="session")
def live() -> Iterator[LiveWorker]:
    worker = LiveWorker(free_port())
    try:
        worker.work()
        yield worker
    finally:
        worker.close()


@pytest.fixture(scope="session")
def prometheus(live: LiveWorker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus")
    address = f"127.0.0.1:{free_port()}"
    rules = ROOT / "ops" / "prometheus"
    (folder / "prometheus.yml").write_text(
        f"""
global: {{scrape_interval: 1s, evaluation_interval: 1s}}
rule_files: ["{rules}/rules.yml", "{rules}/alerts.yml"]
scrape_configs:
  - job_name: handraise
    static_configs: [{{targets: ["{live.address}"]}}]
"""
    )
    command = [
        tool("prometheus"),
        f"--config.file={folder}/prometheus.yml",
        f"--storage.tsdb.path={folder}/data",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, cwd=folder)
        try:
            running = Prometheus(address)
            until(running.is_up, 30, "Prometheus to scrape")
            yield running
        finally:
            process.terminate()
            process.wait(20)
