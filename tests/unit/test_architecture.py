"""The shape of the project: pure packages, arrows that go one way, and the top level."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PACKAGE: Final = ROOT / "workers" / "handraise"
PURE: Final = ("events.py", "intervals.py", "detection", "policy", "conversation", "scenarios")
IMPURE: Final = frozenset(
    ("aiohttp", "aiokafka", "asyncio", "faust", "mode", "prometheus_client", "random", "secrets", "socket",
     "subprocess", "structlog", "threading", "time", "urllib", "uuid")
)  # fmt: skip
"""Kafka, Faust, Prometheus, the clock, chance and the network."""
BELOW: Final = {
    "events": set[str](),
    "intervals": set[str](),
    "detection": {"events", "intervals"},
    "policy": {"events", "detection"},
    "conversation": {"events", "detection", "policy"},
    "scenarios": {"events", "detection", "policy", "conversation"},
}
"""What each pure package may import of the others."""
EDGES: Final = {
    "cli": {"__main__"},
    "demo": {"cli"},
    "app": {"cli"},
    "agents": {"app"},
    "step": {"app"},
    "reference": set[str](),
    "training": set[str](),
    "console": {"cli"},
    "review": {"cli", "console", "demo", "reference"},
    "engine": {"agents", "app", "cli", "console", "demo", "reference", "review", "step", "telemetry"},
}
"""Who may import each package at the edge; nothing below may reach back."""
TOP_LEVEL: Final = {
    "pyproject.toml", "README.md", "docker-compose.yml", "workers", "schemas", "tests", "ops", "Makefile", "uv.lock",
    "LICENSE",
}  # fmt: skip


def sources(part: str) -> list[Path]:
    """The Python files of a module or package of handraise."""
    path = PACKAGE / part
    return [path] if path.is_file() else sorted(path.rglob("*.py"))


def imported(file: Path) -> Iterator[str]:
    """The full name of everything that a file imports, at any depth of its code."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


LOCKED: Final = {("lately.py", "threading"), ("ngrams.py", "threading")}
"""A lock around what is remembered of the words met, so that two threads may detect at once."""


@pytest.mark.parametrize("part", PURE)
def test_the_pure_packages_know_no_kafka_no_clock_and_no_chance(part: str) -> None:
    found = {(file.name, name) for file in sources(part) for name in imported(file) if name.split(".")[0] in IMPURE}
    assert found <= LOCKED


@pytest.mark.parametrize("part", PURE)
def test_the_pure_packages_read_no_clock_through_datetime(part: str) -> None:
    calls = {
        (file.name, node.attr)
        for file in sources(part)
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"now", "utcnow", "today"}
        if isinstance(node.value, ast.Name) and node.value.id in {"datetime", "date"}
    }
    assert calls == set()


@pytest.mark.parametrize("part", PURE)
def test_arrows_go_one_way(part: str) -> None:
    own = part.removesuffix(".py")
    for file in sources(part):
        for name in imported(file):
            if name.startswith("handraise."):
                assert name.split(".")[1] in BELOW[own] | {own}, f"{file.name} imports {name}"


@pytest.mark.parametrize("part", EDGES)
def test_nothing_reaches_back_to_the_edge(part: str) -> None:
    users = {
        file.relative_to(PACKAGE).parts[0].removesuffix(".py")
        for file in PACKAGE.rglob("*.py")
        for name in imported(file)
        if name.startswith(f"handraise.{part}.") or name == f"handraise.{part}"
    }
    assert users <= EDGES[part] | {part}


def tracked() -> list[Path]:
    """Every file of the repository."""
    listed = subprocess.run(["git", "ls-files", "-z"], check=True, capture_output=True, text=True, cwd=ROOT).stdout
    return [ROOT / name for name in listed.split("\0") if name and (ROOT / name).is_file()]


def test_no_file_names_a_path_of_somebody_s_machine() -> None:
    """What works only where it was written is no part of the project."""
    places = [f"/{place}/".encode() for place in ("work", "root", "home")] + [b"../" + b"shared"]
    named = {
        (str(file.relative_to(ROOT)), place.decode())
        for file in tracked()
        for place in places
        if re.search(rb"(?<![\w.$}/-])" + re.escape(place), file.read_bytes())
    }
    assert named == set()


def test_every_rule_that_is_switched_off_says_why() -> None:
    section = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition("[tool.ruff.lint]")[2]
    rules = [line for line in section.splitlines() if re.match(r'  "[A-Z]+\d*",', line)]
    assert rules
    assert [line for line in rules if not re.search(r"# \S", line)] == []


def test_the_top_level_is_as_agreed() -> None:
    names = {file.relative_to(ROOT).parts[0] for file in tracked()}
    assert {name for name in names if not name.startswith(".")} == TOP_LEVEL


def test_every_exception_from_a_check_has_a_reason() -> None:
    bare = [
        f"{file.relative_to(ROOT)}:{number}"
        for folder in ("workers", "tests", "schemas", "ops")
        for file in sorted((ROOT / folder).rglob("*.py"))
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        for mark in ("# noqa: ", "# type: ignore[")
        if mark in line and file != Path(__file__)
        if not line.partition(mark)[2].partition(" ")[2].strip("# -")
    ]
    assert bare == []
