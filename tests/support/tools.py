"""Tools that are no Python: where they are, and how to get one that is not there."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Final

import pytest

HOW_TO_GET: Final = {
    "chromium": "the Debian package has it: apt-get install --no-install-recommends chromium",
    "promtool": "the Debian package `prometheus` has it: apt-get install --no-install-recommends prometheus",
    "prometheus": "the Debian package `prometheus` has it: apt-get install --no-install-recommends prometheus",
    "docker-compose": "`make setup` installs it on Linux on x86-64; elsewhere it comes with Docker",
    "initdb": "the Debian package `postgresql` has it: apt-get install --no-install-recommends postgresql",
    "postgres": "the Debian package `postgresql` has it: apt-get install --no-install-recommends postgresql",
    "hadolint": "`make setup` installs it on Linux on x86-64; elsewhere see its own page",
}
REQUIRED: Final = "HANDRAISE_REQUIRE_TOOLS"


def tool(name: str) -> str:
    """The path of a tool; without it the test is skipped, or fails where every tool is required."""
    beside_python = Path(sys.executable).parent / name
    path = str(beside_python) if beside_python.exists() else shutil.which(name) or _of_debian(name)
    if path is not None:
        return path
    missing = f"{name} is missing: {HOW_TO_GET[name]}"
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{missing} ({REQUIRED}=1 allows no skip)")
    pytest.skip(missing)


def _of_debian(name: str) -> str | None:
    """Debian keeps PostgreSQL's programs by version and off the PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda path: int(path.parts[4]))
    return str(versions[-1]) if versions else None
