"""What some tests need besides the locked packages: where it is, and how to get what is not there."""

from __future__ import annotations

import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final, NoReturn

import pytest

HOW_TO_GET: Final = {
    "chromium": "the Debian package has it: apt-get install --no-install-recommends chromium",
    "promtool": "the Debian package `prometheus` has it: apt-get install --no-install-recommends prometheus",
    "prometheus": "the Debian package `prometheus` has it: apt-get install --no-install-recommends prometheus",
    "docker-compose": "`make setup` installs it on Linux on x86-64; elsewhere it comes with Docker",
    "initdb": "the Debian package `postgresql` has it: apt-get install --no-install-recommends postgresql",
    "postgres": "the Debian package `postgresql` has it: apt-get install --no-install-recommends postgresql",
    "openssl": "most systems have it; Debian: apt-get install openssl",
    "hadolint": "`make setup` installs it on Linux on x86-64; elsewhere see its own page",
}
REQUIRED: Final = "HANDRAISE_REQUIRE_TOOLS"


def tool(name: str) -> str:
    """The path of a tool; without it the test is skipped, or fails where every tool is required."""
    beside_python = Path(sys.executable).parent / name
    path = str(beside_python) if beside_python.exists() else shutil.which(name) or _of_debian(name)
    return path or _do_without(f"{name} is missing: {HOW_TO_GET[name]}")


def for_training(*packages: str) -> None:
    """The packages that training needs; without one the tests of the module are skipped, or fail as without a tool."""
    for package in packages:
        if find_spec(package) is None:
            _do_without(f"{package} is missing: uv sync --extra demo --group train --group reader --inexact")


def _do_without(missing: str) -> NoReturn:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{missing} ({REQUIRED}=1 allows no skip)")
    pytest.skip(missing, allow_module_level=True)


def _of_debian(name: str) -> str | None:
    """Debian keeps PostgreSQL's programs by version and off the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return str(versions[-1]) if versions else None
