"""`handraise demo` as a user runs it: a process of its own, with everything that it starts."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final

from handraise.engine.clients import Clients
from handraise.engine.topics import Topic, TopicNames
from handraise.events import ChatMessage, Sender, encode
from handraise.settings import Settings
from tests.support.waiting import until

SECONDS: Final = 120.0
MARK: Final = "DEMO_TEST_MARK"


class Demo:
    """A demo that runs, and the processes that it has started."""

    def __init__(self, folder: Path, *arguments: str, **options: Any) -> None:  # noqa: ANN401 - what Popen takes
        self._mark = f"{MARK}={uuid.uuid4().hex}"
        name, value = self._mark.split("=")
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "handraise", "demo", *arguments],
                **{"stdout": out, "stderr": err, "cwd": folder, **options},
                env={**os.environ, name: value, "TERM": "xterm-256color"},
            )

    @property
    def out(self) -> str:
        """Standard output so far."""
        return self._out.read_text()

    @property
    def err(self) -> str:
        """Standard error so far."""
        return self._err.read_text()

    def wait(self) -> int:
        """Wait for its end; the exit status."""
        return self.process.wait(SECONDS)

    def wait_for(self, text: str) -> None:
        """Wait until it has printed a text."""
        until(lambda: text in self.out or self.process.poll() is not None, SECONDS, f"the demo to print {text!r}")
        assert text in self.out, f"{self.out}\n{self.err}"

    def processes(self) -> list[int]:
        """Its own and every process that it has started, and that still runs."""
        mark, found = self._mark.encode(), []
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    if mark in (folder / "environ").read_bytes().split(b"\0"):
                        found.append(int(folder.name))
                except OSError:
                    continue  # it has ended meanwhile, or is somebody else's
        return found

    def publish(self, business: str, conversation: str, text: str) -> None:
        """A customer of the demo's writes something; the demo is to be one that is kept up."""
        servers, prefix = re.findall(r"Up until Ctrl-C: broker (\S+), topics (\S+)\*", self.out)[0]
        message = ChatMessage(
            message_id=uuid.uuid4().hex,
            conversation_id=conversation,
            business_id=business,
            sender=Sender.CUSTOMER,
            sent_at=time.time_ns() // 1_000_000,
            text=text,
        )
        # In a thread of its own: a browser under test has an event loop in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, _publish(servers, prefix, message)).result()

    def close(self) -> None:
        """End whatever is left."""
        for process in self.processes():
            os.kill(process, signal.SIGKILL)
        self.process.wait()


async def _publish(servers: str, prefix: str, message: ChatMessage) -> None:
    own: dict[str, Any] = {"brokers": servers}
    clients = Clients(Settings(**own))
    producer = await clients.start(clients.producer())
    try:
        topic = TopicNames(prefix)[Topic.MESSAGES]
        await producer.send_and_wait(topic, encode(message), key=message.conversation_id.encode())
    finally:
        await producer.stop()
