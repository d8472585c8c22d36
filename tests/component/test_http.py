"""The pages of a worker."""

from __future__ import annotations

import asyncio
import socket
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from prometheus_client import CollectorRegistry, Counter

from handraise.engine.errors import EngineError
from handraise.engine.health import WORKER_WAITS, Health
from handraise.engine.http import HttpServer
from handraise.review.app import run_log
from handraise.settings import Settings
from tests.support.brokers import free_port
from tests.support.counting import Recorder


async def get(port: int, path: str) -> tuple[int, str]:
    """Status and body."""
    async with aiohttp.ClientSession() as session, session.get(f"http://127.0.0.1:{port}{path}") as answer:
        return answer.status, await answer.text()


def test_readiness_tells_what_is_missing_and_follows_it() -> None:
    """Each change is told to the observer."""
    recorder = Recorder()

    async def main() -> None:
        port, health = free_port(), Health(recorder.as_observer().ready, WORKER_WAITS)
        server = HttpServer("127.0.0.1", port, CollectorRegistry(), health)
        await server.on_start()
        try:
            status, body = await get(port, "/readyz")
            assert status == 503
            assert "policies" in body
            health.done("policies")
            health.done("partitions")
            assert (await get(port, "/readyz"))[0] == 200
            health.wait_for("restoring", "partitions [3] are being restored")
            assert (await get(port, "/readyz")) == (
                503,
                '{"status": "waiting", "waiting": ["partitions [3] are being restored"]}',
            )
            assert (await get(port, "/healthz"))[0] == 200
        finally:
            await server.on_stop()

    asyncio.run(main())
    assert recorder.told("ready") == [(False,), (True,), (False,)]


def test_metrics_are_those_of_the_registry_and_nothing_else_is_served() -> None:
    """In the text format of Prometheus."""

    async def main() -> None:
        registry = CollectorRegistry()
        Counter("things", "Things.", registry=registry).inc(3)
        port = free_port()
        server = HttpServer("127.0.0.1", port, registry, Health(Recorder().as_observer().ready, WORKER_WAITS))
        await server.on_start()
        try:
            status, body = await get(port, "/metrics")
            assert status == 200
            assert "things_total 3.0" in body.splitlines()
            for path in ("/", "/table/", "/router/", "/graph"):
                assert (await get(port, path))[0] == 404
        finally:
            await server.on_stop()

    asyncio.run(main())


def test_an_address_in_use_is_an_error_that_names_the_settings() -> None:
    """As when two workers share a machine."""

    async def main() -> None:
        port = free_port()
        servers = [
            HttpServer("127.0.0.1", port, CollectorRegistry(), Health(Recorder().as_observer().ready, WORKER_WAITS))
            for _ in "ab"
        ]
        await servers[0].on_start()
        try:
            with pytest.raises(EngineError, match="HANDRAISE_HTTP_PORT"):
                await servers[1].on_start()
        finally:
            for server in servers:
                await server.on_stop()

    asyncio.run(main())


def test_the_log_names_the_setting_of_its_own_port(tmp_path: Path) -> None:
    """A worker beside it listens elsewhere, by another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        own: dict[str, Any] = {
            "log_http_port": taken.getsockname()[1],
            "log_database_url": f"sqlite:///{tmp_path / 'log.sqlite3'}",
        }
        with pytest.raises(EngineError, match="HANDRAISE_LOG_HTTP_PORT") as raised:
            asyncio.run(run_log(Settings(**own)))
    assert "HANDRAISE_HTTP_PORT" not in str(raised.value)
