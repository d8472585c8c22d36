"""A TCP proxy on 127.0.0.1 that stands for a bad network between a client and a server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from random import Random
from typing import Final

_CHUNK_BYTES: Final = 65_536
_RESET_AT_CLOSE: Final = struct.pack("ii", 1, 0)


class Proxy:
    """Passes connections on to a port, and can do that badly.

    Args:
        port: where it listens.
        target: the port behind it.
        rng: draws which requests are reset.
    """

    def __init__(self, port: int, target: int, rng: Random) -> None:
        self.port = port
        self.target = target
        self.latency_seconds = 0.0
        """How long each chunk is held up, in each direction."""
        self.reset_share = 0.0
        """The share of the chunks from the client that break their connection instead."""
        self.resets = 0
        """How many did."""
        self._rng = rng
        self._refuses = False
        self._mute = False
        self._server: asyncio.Server | None = None
        self._open: dict[asyncio.StreamWriter, asyncio.StreamWriter | None] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            self._server.close()
        self.break_all()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def refuse(self) -> None:
        """Break every connection, and each new one at once: the server cannot be reached."""
        self._refuses = True
        self.break_all()

    def mute(self) -> None:
        """Leave every connection, and each new one, half-open: it looks alive, and nothing is ever answered on it."""
        self._mute = True
        for client, server in self._open.items():
            if server is not None:
                server.close()
            self._open[client] = None

    def heal(self) -> None:
        """Serve new connections well; those that are half-open stay so, as they do when a router has forgotten them."""
        self._refuses = self._mute = False
        self.latency_seconds = self.reset_share = 0.0

    def break_all(self) -> None:
        """Reset every connection."""
        for client, server in list(self._open.items()):
            for one in (client, server):
                if one is not None:
                    _reset(one)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        if self._refuses:
            _reset(client)
            return
        self._open[client] = None
        try:
            if self._mute:
                await _swallow(reader)
                return
            behind, server = await asyncio.open_connection("127.0.0.1", self.target)
            self._open[client] = server
            up = asyncio.create_task(self._pump(reader, server, client, may_reset=True))
            down = asyncio.create_task(self._pump(behind, client, client, may_reset=False))
            self._tasks |= {up, down}
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
            if client in self._open and self._open[client] is None:
                # Half-open: the server's side is gone, and the client is not told.
                down.cancel()
                await up
            for task in (up, down):
                task.cancel()
                self._tasks.discard(task)
            server.close()
        except OSError:
            pass
        finally:
            self._open.pop(client, None)
            client.close()

    async def _pump(
        self,
        source: asyncio.StreamReader,
        target: asyncio.StreamWriter,
        client: asyncio.StreamWriter,
        *,
        may_reset: bool,
    ) -> None:
        """Pass chunks on, each as late as the latency asks, without holding up the one behind it any longer."""
        loop = asyncio.get_running_loop()
        late: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
        delivering = asyncio.create_task(self._deliver(late, target, client))
        try:
            while chunk := await source.read(_CHUNK_BYTES):
                if may_reset and self._rng.random() < self.reset_share:
                    self.resets += 1
                    _reset(client)
                    return
                late.put_nowait((loop.time() + self.latency_seconds, chunk))
        except OSError:
            pass
        finally:
            delivering.cancel()

    async def _deliver(
        self, late: asyncio.Queue[tuple[float, bytes]], target: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        loop = asyncio.get_running_loop()
        with contextlib.suppress(OSError):
            while True:
                due, chunk = await late.get()
                await asyncio.sleep(max(0.0, due - loop.time()))
                if self._open.get(client) is not None:
                    target.write(chunk)
                    await target.drain()


def behind(network: Proxy) -> dict[str, str]:
    """The properties of a broker that has a second listener, which clients reach by the proxy alone."""
    listeners = "PLAINTEXT://127.0.0.1:$port,PROXIED://127.0.0.1:{},CONTROLLER://127.0.0.1:$controller_port"
    return {
        "listeners": listeners.format(network.target),
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:$port,PROXIED://127.0.0.1:{network.port}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT",
    }


async def _swallow(reader: asyncio.StreamReader) -> None:
    while await reader.read(_CHUNK_BYTES):
        pass


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close with RST instead of FIN."""
    connection = writer.get_extra_info("socket")
    if connection is not None and not writer.is_closing():
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_AT_CLOSE)
    writer.transport.abort()
