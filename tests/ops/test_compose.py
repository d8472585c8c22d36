from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from handraise.cli import SUBCOMMANDS
from handraise.settings import PREFIX, Settings, load_settings
from tests.ops.conftest import ROOT
from tests.support.tools import tool

COMPOSE = ROOT / "docker-compose.yml"
DOCKERFILE = ROOT / "ops" / "docker" / "Dockerfile"


NOT_FROM_DOT_ENV = {
    # What the file itself says.
    *("HANDRAISE_BROKERS", "HANDRAISE_HTTP_HOST", "HANDRAISE_CONSOLE_PORT"),
    # Of one worker, and of another installation beside this one.
    *("HANDRAISE_GROUP_INSTANCE_ID", "HANDRAISE_GROUP", "HANDRAISE_TOPIC_PREFIX"),
    # A path on this machine is none in a container.
    "HANDRAISE_POLICY_PATH",
}


@pytest.fixture(scope="module")
def resolved() -> dict[str, Any]:
    """The file as Docker Compose itself reads it, on a machine without settings of its own."""
    return resolve("--env-file", os.devnull)


def resolve(*options: str) -> dict[str, Any]:
    """The same with options of Docker Compose."""
    done = subprocess.run(
        [tool("docker-compose"), "--file", COMPOSE, *options, "config", "--format", "json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr, "Docker Compose warns"
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed


def settings_of(service: dict[str, Any]) -> dict[str, str]:
    environment: dict[str, str] = service.get("environment") or {}
    return {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}


def test_the_services_are_the_whole_path(resolved: dict[str, Any]) -> None:
    assert resolved["services"].keys() == {
        "kafka",
        "topics",
        "worker",
        "log",
        "console",
        "prometheus",
        "grafana",
    }
    assert "version" not in yaml.safe_load(COMPOSE.read_text())


def test_every_published_port_is_on_this_machine_alone(resolved: dict[str, Any]) -> None:
    ports = {
        name: port["host_ip"] for name, service in resolved["services"].items() for port in service.get("ports", [])
    }
    assert ports == dict.fromkeys(("kafka", "console", "prometheus", "grafana"), "127.0.0.1")


def test_every_foreign_image_is_pinned_to_a_whole_version(resolved: dict[str, Any]) -> None:
    for service in resolved["services"].values():
        assert "build" in service or re.search(r":v?\d+\.\d+\.\d+$", service["image"]), service["image"]
    assert resolved["services"]["kafka"]["image"].startswith("apache/kafka:4.1.")
    images = re.findall(r"^FROM (\S+)", DOCKERFILE.read_text(), re.MULTILINE)
    assert len(images) == 2
    assert all(re.search(r":\d+\.\d+\.\d+-", image) for image in images)


@pytest.mark.parametrize("name", ["topics", "worker", "log", "console"])
def test_every_variable_is_a_setting_and_all_hold_together(
    resolved: dict[str, Any], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = resolved["services"][name]
    given = settings_of(service)
    assert given
    assert given.keys() <= Settings.model_fields.keys()
    for variable, value in service["environment"].items():
        if value is not None:
            monkeypatch.setenv(variable, value)
    settings = load_settings()
    kafka = resolved["services"]["kafka"]["environment"]
    assert f"//{settings.brokers}" in kafka["KAFKA_ADVERTISED_LISTENERS"]


def test_what_a_runbook_tells_one_to_set_reaches_the_containers_from_the_file_of_settings(tmp_path: Path) -> None:
    pages = "".join(path.read_text() for path in (ROOT / "ops" / "runbooks").glob("*.md"))
    wanted = dict.fromkeys(set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", pages)) - NOT_FROM_DOT_ENV, "7")
    assert len(wanted) >= 5
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in wanted.items()))
    services = resolve("--env-file", str(tmp_path / ".env"))["services"]
    for name in ("topics", "worker", "log", "console"):
        assert wanted.items() <= services[name]["environment"].items(), name


def test_all_agree_on_the_installation(resolved: dict[str, Any]) -> None:
    topics = settings_of(resolved["services"]["topics"])
    for name in ("worker", "log", "console"):
        assert topics.items() <= settings_of(resolved["services"][name]).items()


def test_the_log_and_the_console_share_one_database_in_a_volume_of_theirs(resolved: dict[str, Any]) -> None:
    log, console = (resolved["services"][name] for name in ("log", "console"))
    assert settings_of(log)["log_database_url"] == settings_of(console)["log_database_url"]
    (mounted,) = {volume["target"] for service in (log, console) for volume in service["volumes"]}
    assert settings_of(log)["log_database_url"].startswith(f"sqlite:///{mounted}/")
    assert f"--group=handraise {mounted}" in DOCKERFILE.read_text()


def test_services_start_in_order_and_only_on_what_works(resolved: dict[str, Any]) -> None:
    conditions = {
        name: {on: how["condition"] for on, how in service.get("depends_on", {}).items()}
        for name, service in resolved["services"].items()
    }
    assert conditions["topics"] == {"kafka": "service_healthy"}
    assert conditions["worker"] == {"kafka": "service_healthy", "topics": "service_completed_successfully"}
    assert conditions["log"] == conditions["worker"]
    assert conditions["console"] == {"log": "service_healthy"}
    assert conditions["grafana"] == {"prometheus": "service_healthy"}
    for name in ("kafka", "worker", "log", "console", "prometheus", "grafana"):
        assert resolved["services"][name]["healthcheck"]["test"][0] == "CMD"


def test_commands_are_ones_that_handraise_has(resolved: dict[str, Any]) -> None:
    assert resolved["services"]["topics"]["command"] == ["topics", "create"]
    assert [resolved["services"][name]["command"] for name in ("log", "console")] == [["log"], ["console"]]
    default = json.loads(re.findall(r"^CMD (\[.*\])$", DOCKERFILE.read_text(), re.MULTILINE)[-1])
    assert {"topics", "log", "console", *default} <= SUBCOMMANDS.keys()


def test_the_worker_is_scraped_inside_the_network_alone(resolved: dict[str, Any]) -> None:
    worker = resolved["services"]["worker"]
    settings = settings_of(worker)
    assert "ports" not in worker
    assert settings["http_host"] == "0.0.0.0"  # noqa: S104 - in a container, whose port is not published
    configuration = yaml.safe_load((ROOT / "ops" / "prometheus" / "prometheus.yml").read_text())
    (found,) = configuration["scrape_configs"][0]["dns_sd_configs"]
    assert found["names"] == ["worker"]
    assert found["port"] == int(settings["http_port"])
    assert f"{found['port']}, timeout" in worker["healthcheck"]["test"][-1]


def test_every_mounted_file_is_in_the_repository(resolved: dict[str, Any]) -> None:
    binds = [
        volume["source"]
        for service in resolved["services"].values()
        for volume in service.get("volumes", [])
        if volume["type"] == "bind"
    ]
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert len(binds) == 5
    for bind in binds:
        assert str(bind).removeprefix(f"{ROOT}/") in tracked


def test_prometheus_gets_every_file_of_rules_that_it_is_told_to_load(resolved: dict[str, Any]) -> None:
    configuration = yaml.safe_load((ROOT / "ops" / "prometheus" / "prometheus.yml").read_text())
    targets = {volume["target"] for volume in resolved["services"]["prometheus"]["volumes"]}
    assert set(configuration["rule_files"]) <= targets


def test_the_image_is_built_as_the_linter_asks() -> None:
    done = subprocess.run([tool("hadolint"), DOCKERFILE], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_image_is_built_with_the_locked_uv_and_from_the_lock() -> None:
    lock = tomllib.loads((ROOT / "uv.lock").read_text())
    (version,) = (package["version"] for package in lock["package"] if package["name"] == "uv")
    text = DOCKERFILE.read_text()
    assert f"ARG UV_VERSION={version}\n" in text
    assert re.findall(r"uv sync (\S+ \S+)", text) == ["--frozen --no-dev"] * 2


def test_the_container_runs_as_nobody_special_and_hears_sigterm() -> None:
    final = DOCKERFILE.read_text().rpartition("\nFROM ")[2]
    assert re.search(r"^USER 10001:10001$", final, re.MULTILINE)
    assert re.search(r'^ENTRYPOINT \["handraise"\]$', final, re.MULTILINE)
    assert "curl" not in final.replace("no curl", "")
    assert final.index("USER") < final.index("ENTRYPOINT")


def test_what_the_image_copies_is_let_through_to_the_build() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert "*" in lines
    allowed = {line.removeprefix("!") for line in lines if line.startswith("!")}
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", DOCKERFILE.read_text(), re.MULTILINE)
    assert {name for line in copied for name in line.split()} == allowed
