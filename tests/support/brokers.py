"""Brokers for tests: Apache Kafka in KRaft mode, and the embedded one. On 127.0.0.1, on free ports, in a folder."""

from __future__ import annotations

import fcntl
import hashlib
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from handraise.demo.broker import BrokerError, embedded_broker, free_port
from tests.support.cluster import JAVA, ROOT, BrokerUnavailableError, Cluster

__all__ = [
    "POM",
    "ROOT",
    "Broker",
    "BrokerUnavailableError",
    "apache_kafka",
    "embedded",
    "free_port",
    "jars",
    "kafka_cluster",
]

POM: Final = ROOT / "ops" / "kafka" / "pom.xml"
CACHE: Final = ROOT / ".cache" / "kafka"


@dataclass(frozen=True)
class Broker:
    """A broker that runs."""

    name: str
    servers: str
    transactions: bool


@contextmanager
def apache_kafka(folder: Path) -> Iterator[Broker]:
    """Apache Kafka from the jars of `ops/kafka/pom.xml`, one node, with its data and log in `folder`."""
    with kafka_cluster(folder) as cluster:
        yield Broker("kafka", cluster.servers, transactions=True)


@contextmanager
def kafka_cluster(folder: Path, *, nodes: int = 1, properties: Mapping[str, str] | None = None) -> Iterator[Cluster]:
    """The same with its nodes at hand, to be killed and started again; see `Cluster`."""
    java = [*JAVA, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", f"{jars()}/*"]
    cluster = Cluster(folder, java, nodes=nodes, properties=properties)
    cluster.format()
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.kill()


@contextmanager
def embedded(folder: Path) -> Iterator[Broker]:
    """The in-memory broker of the demo extra."""
    try:
        with embedded_broker(folder) as servers:
            yield Broker("embedded", servers, transactions=False)
    except BrokerError as error:
        raise BrokerUnavailableError(f"{error}; `make setup` installs it") from error


def jars() -> Path:
    """The folder with Kafka's jars, filled by Maven the first time; test processes share it."""
    for tool, package in {"java": "a Java 17 runtime (Debian: default-jre-headless)", "mvn": "Maven (maven)"}.items():
        if shutil.which(tool) is None:
            raise BrokerUnavailableError(f"Apache Kafka needs {package}, and `{tool}` is not on the PATH")
    folder = CACHE / hashlib.sha256(POM.read_bytes()).hexdigest()[:12]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            _copy_dependencies(folder)
            (folder / "complete").touch()
    return folder


def _copy_dependencies(folder: Path) -> None:
    command = ["mvn", "-B", "-q", "-f", str(POM), "dependency:copy-dependencies", f"-DoutputDirectory={folder}"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    if done.returncode:
        raise BrokerUnavailableError(f"Maven could not fetch Apache Kafka's jars: {done.stdout[-500:]}")
