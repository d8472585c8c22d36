"""`/metrics`, `/healthz` and `/readyz`, and nothing else."""

from __future__ import annotations

import asyncio
from typing import Protocol

import structlog
from aiohttp import web
from mode import Service
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest

from handraise.engine.errors import EngineError

log = structlog.get_logger(__name__)


class Readiness(Protocol):
    """Whether a process does its work, and what it waits for if not."""

    @property
    def ready(self) -> bool:
        """Whether nothing is missing."""
        ...

    @property
    def waiting(self) -> list[str]:
        """What is missing, in words."""
        ...


class HttpServer(Service):
    """Answers from the first moment of the process to its last, on the address of the settings.

    Args:
        host: the address, which every process of an installation has from `HANDRAISE_HTTP_HOST`.
        port: its port, which each kind of process has from a setting of its own.
        registry: what `/metrics` tells.
        health: what `/readyz` tells.
        port_setting: the variable that says the port, for whoever has to choose another.
    """

    mundane_level = "debug"

    def __init__(
        self,
        host: str,
        port: int,
        registry: CollectorRegistry,
        health: Readiness,
        *,
        port_setting: str = "HANDRAISE_HTTP_PORT",
    ) -> None:
        self._host = host
        self._port = port
        self._port_setting = port_setting
        self._registry = registry
        self._health = health
        self._runner: web.AppRunner | None = None
        super().__init__()

    async def on_start(self) -> None:
        """Begin to answer.

        Raises:
            EngineError: the address cannot be used.
        """
        app = web.Application()
        app.add_routes(
            [
                web.get("/metrics", self._metrics),
                web.get("/healthz", self._alive),
                web.get("/readyz", self._ready),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self._host, self._port)
        try:
            await site.start()
        except OSError as error:
            raise EngineError(
                f"cannot listen on {self._host}:{self._port} ({error.strerror}): set HANDRAISE_HTTP_HOST and"
                f" {self._port_setting} to an address that is free, or the port to 0 for any"
            ) from error
        host, port, *_ = self._runner.addresses[0]
        log.info("listening", url=f"http://{host}:{port}")

    async def on_stop(self) -> None:
        """Stop answering."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _metrics(self, _: web.Request) -> web.Response:
        # In a thread: thousands of series would hold up the records for too long.
        text = await asyncio.to_thread(generate_latest, self._registry)
        return web.Response(body=text, headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4})

    async def _alive(self, _: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def _ready(self, _: web.Request) -> web.Response:
        if self._health.ready:
            return web.json_response({"status": "ready"})
        return web.json_response({"status": "waiting", "waiting": self._health.waiting}, status=503)
