"""Apache Kafka in KRaft mode: one node, or several, each of which can be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import uuid
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Final

from handraise.demo.broker import answers, free_port
from tests.support.waiting import until

ROOT: Final = Path(__file__).resolve().parents[2]
PROPERTIES: Final = ROOT / "ops" / "kafka" / "server.properties"
JAVA: Final = ("java", "-Xms128m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1")
START_SECONDS: Final = 180.0


class BrokerUnavailableError(Exception):
    """A broker cannot run here; the message says why, and what to get if a tool is missing."""


class ServerProcess:
    """A broker's process on a port, with its output in a file. It can be started again after its end."""

    def __init__(self, command: list[str], log: Path, port: int) -> None:
        self.command = command
        self.log = log
        self.port = port
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and return at once."""
        with self.log.open("ab") as out:
            self.process = subprocess.Popen(
                self.command,
                stdout=out,
                stderr=subprocess.STDOUT,
                cwd=self.log.parent,
                env={**os.environ, "HOME": str(self.log.parent)},
            )

    def wait_up(self) -> None:
        """Wait until it answers.

        Raises:
            BrokerUnavailableError: it ended instead.
        """
        until(lambda: answers(self.port) or not self.runs, START_SECONDS, "the broker to answer")
        if not self.runs:
            raise BrokerUnavailableError(f"the broker ended at once: {self.log.read_text(errors='replace')[-500:]}")

    @property
    def runs(self) -> bool:
        """Whether the process is there."""
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """End it at once, as a machine that fails does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()

    def stop(self, seconds: float) -> int:
        """Ask it to end in good order; its exit status."""
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)


class Cluster:
    """Nodes that are brokers and controllers at once, with their data in a folder each.

    Args:
        folder: for data, settings and logs.
        java: the start of the command line, with the class path.
        nodes: how many; with three, topics are replicated three times and two copies must be in step.
        properties: what differs from `ops/kafka/server.properties`, for each node; `$port` and `$controller_port` are
            filled in.
    """

    def __init__(
        self, folder: Path, java: list[str], *, nodes: int = 1, properties: Mapping[str, str] | None = None
    ) -> None:
        self._java = java
        self._more = dict(properties or {})
        self.ports = [free_port() for _ in range(nodes)]
        self._controllers = [free_port() for _ in range(nodes)]
        self.folders = [folder] if nodes == 1 else [folder / f"node-{number + 1}" for number in range(nodes)]
        self.nodes = [
            ServerProcess(
                [*java, "kafka.Kafka", str(place / "server.properties")], place / "kafka.log", self.ports[number]
            )
            for number, place in enumerate(self.folders)
        ]

    @property
    def servers(self) -> str:
        """For clients to begin with."""
        return ",".join(f"127.0.0.1:{port}" for port in self.ports)

    def format(self) -> None:
        """Write the settings, and make the nodes' folders ready."""
        cluster = uuid.uuid4().hex[:22]
        for number, place in enumerate(self.folders):
            place.mkdir(parents=True, exist_ok=True)
            properties = place / "server.properties"
            properties.write_text(self._properties(number))
            alone = ["--standalone"] if len(self.nodes) == 1 else []
            tool = [*self._java, "kafka.tools.StorageTool", "format", *alone, "-t", cluster, "-c", str(properties)]
            subprocess.run(tool, check=True, capture_output=True, cwd=place)

    def start(self) -> None:
        """Start every node, and wait until each answers."""
        for node in self.nodes:
            node.start()
        for node in self.nodes:
            node.wait_up()

    def kill(self) -> None:
        """End every node; nothing of it is to be kept."""
        for node in self.nodes:
            node.kill()

    def _properties(self, number: int) -> str:
        text = Template(PROPERTIES.read_text()).substitute(
            port=self.ports[number], controller_port=self._controllers[number], log_dir=self.folders[number] / "data"
        )
        more = self._more
        if len(self.nodes) > 1:
            voters = ",".join(f"{one + 1}@127.0.0.1:{port}" for one, port in enumerate(self._controllers))
            more = _REPLICATED | {"node.id": str(number + 1), "controller.quorum.voters": voters} | more
        ports = {"port": self.ports[number], "controller_port": self._controllers[number]}
        more = {name: Template(value).safe_substitute(ports) for name, value in more.items()}
        named = [line for line in text.splitlines() if line.split("=")[0] not in more]
        return "\n".join([*named, *(f"{name}={value}" for name, value in more.items())]) + "\n"


_REPLICATED: Final = {
    "controller.quorum.bootstrap.servers": "",
    "default.replication.factor": "3",
    "min.insync.replicas": "2",
    "offsets.topic.replication.factor": "3",
    "transaction.state.log.replication.factor": "3",
    "transaction.state.log.min.isr": "2",
}
