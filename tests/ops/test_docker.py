"""The image's own health check asks what the container runs, whichever of the commands that is."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from handraise.cli import SUBCOMMANDS
from handraise.settings import PREFIX, Settings
from ops.docker import healthcheck
from tests.ops.conftest import ROOT

DOCKERFILE = ROOT / "ops" / "docker" / "Dockerfile"


class Alive(BaseHTTPRequestHandler):
    """Answers as a process that lives."""

    def do_GET(self) -> None:
        """Only there."""
        self.send_response(200 if self.path == "/healthz" else 404)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def alive() -> Iterator[int]:
    """A port on which it answers."""
    with HTTPServer(("127.0.0.1", 0), Alive) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.mark.parametrize(
    ("command", "environment", "asked"),
    [
        ("python /opt/handraise/bin/handraise worker", {}, ("127.0.0.1", 9464)),
        ("python /opt/handraise/bin/handraise log", {}, ("127.0.0.1", 9465)),
        ("/sbin/docker-init -- handraise console", {}, ("127.0.0.1", 8480)),
        ("sh -c exec handraise log", {"HANDRAISE_LOG_HTTP_PORT": "1", "HANDRAISE_HTTP_PORT": "2"}, ("127.0.0.1", 1)),
        ("handraise console", {"HANDRAISE_CONSOLE_HOST": "0.0.0.0"}, ("127.0.0.1", 8480)),  # noqa: S104 - in a container
        ("handraise worker", {"HANDRAISE_HTTP_HOST": "10.0.0.5", "HANDRAISE_HTTP_PORT": "80"}, ("10.0.0.5", 80)),
        ("python", {"HANDRAISE_HTTP_PORT": ""}, ("127.0.0.1", 9464)),
    ],
)
def test_it_asks_where_the_command_listens(command: str, environment: dict[str, str], asked: tuple[str, int]) -> None:
    assert healthcheck.place(command.split(), environment) == asked


def test_its_settings_and_defaults_are_those_of_the_commands() -> None:
    for command, (host, port, default) in healthcheck.PLACES.items():
        assert command in SUBCOMMANDS
        assert host.removeprefix(PREFIX).lower() in Settings.model_fields
        assert str(Settings.model_fields[port.removeprefix(PREFIX).lower()].default) == default


def test_what_answers_is_alive_and_what_does_not_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with alive() as port:
        assert healthcheck.is_alive("127.0.0.1", port)
    assert not healthcheck.is_alive("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setattr(healthcheck, "_SECONDS", 0.1)
        assert not healthcheck.is_alive("127.0.0.1", silent.getsockname()[1])


def test_the_image_has_it_and_runs_it() -> None:
    text = DOCKERFILE.read_text()
    (copied,) = re.findall(r"^COPY ops/docker/healthcheck\.py (\S+)$", text, re.MULTILINE)
    assert f'CMD ["python", "{copied}"]' in text
    assert "!ops/docker/healthcheck.py" in (ROOT / ".dockerignore").read_text().splitlines()
