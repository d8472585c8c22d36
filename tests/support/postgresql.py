"""A PostgreSQL of the tests' own: on 127.0.0.1, on a free port, with its data in a folder that goes with it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

import psycopg

from tests.support.brokers import free_port
from tests.support.tools import tool
from tests.support.waiting import until

USER: Final = "handraise"
_START_SECONDS: Final = 60.0
_UNPRIVILEGED: Final = "postgres"
"""PostgreSQL refuses to run as root; its Debian package makes this user."""


class Server:
    """A server that runs, and can be stopped and started again with what it holds."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self._databases = 0
        data = ["--pgdata", str(folder / "data"), "--auth", "trust", "--username", USER, "--encoding", "UTF8"]
        command = [tool("initdb"), *data, "--locale", "C.UTF-8", "--no-sync"]
        subprocess.run(command, check=True, capture_output=True, cwd=folder, user=_user())

    def start(self) -> None:
        """Start it, and wait until it answers."""
        command = [tool("postgres"), "-D", str(self._folder / "data"), "-p", str(self._port)]
        for option in ("listen_addresses=127.0.0.1", "unix_socket_directories=", "fsync=off", "max_connections=30"):
            command += ["-c", option]
        with (self._folder / "server.log").open("ab") as out:
            self._process = subprocess.Popen(
                command, stdout=out, stderr=subprocess.STDOUT, cwd=self._folder, user=_user()
            )
        until(self._answers, _START_SECONDS, "PostgreSQL to answer")

    def stop(self) -> None:
        """End it and its connections at once; what was committed is found again at the next start."""
        if self._process is not None:
            self._process.send_signal(signal.SIGQUIT)
            self._process.wait(_START_SECONDS)
            self._process = None

    def database(self) -> str:
        """The URL of a new, empty database."""
        self._databases += 1
        name = f"log{self._databases}"
        with psycopg.connect(self._dsn("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return f"postgresql://{USER}@127.0.0.1:{self._port}/{name}"

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self._port} user={USER} dbname={database} connect_timeout=5"

    def _answers(self) -> bool:
        if self._process is None or self._process.poll() is not None:
            said = (self._folder / "server.log").read_text(errors="replace")[-500:]
            raise AssertionError(f"PostgreSQL ended: {said}")
        with suppress(psycopg.OperationalError), psycopg.connect(self._dsn("postgres")):
            return True
        return False


@contextmanager
def postgresql() -> Iterator[Server]:
    """A server that runs until the end."""
    # Not in pytest's folder, which only its own user can enter.
    folder = Path(tempfile.mkdtemp(prefix="handraise-postgresql-"))
    server: Server | None = None
    try:
        if (user := _user()) is not None:
            shutil.chown(folder, user)
        server = Server(folder)
        server.start()
        yield server
    finally:
        if server is not None:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _user() -> str | None:
    """Who runs it: nobody else, unless that would be root."""
    return _UNPRIVILEGED if os.geteuid() == 0 else None
