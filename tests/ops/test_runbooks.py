"""A tired person can follow each page: it has its parts, and what it names is there."""

from __future__ import annotations

import itertools
import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest
import yaml
from typer.core import TyperCommand

from handraise.cli import main
from handraise.metrics import CATALOGUE
from handraise.review.metrics import CATALOGUE as LOG_CATALOGUE
from handraise.settings import PREFIX, Settings
from tests.ops.conftest import ROOT, LiveWorker
from tests.ops.expressions import strangers
from tests.support.tools import tool

FOLDER: Final = ROOT / "ops" / "runbooks"
PAGES: Final = {path.name: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.md"))}
ALERTS: Final[list[dict[str, Any]]] = [
    rule
    for group in yaml.safe_load((ROOT / "ops" / "prometheus" / "alerts.yml").read_text())["groups"]
    for rule in group["rules"]
]
OF_ALERTS: Final = {Path(rule["annotations"]["runbook_url"]).name for rule in ALERTS}
PARTS: Final = ("**For customers:**", "## Check first", "## Mend", "## Wake whom", "## Prevent")
KAFKA: Final = {
    "kafka-topics.sh": {
        "--bootstrap-server", "--list", "--describe", "--under-min-isr-partitions", "--topic", "--delete",
    },
    "kafka-configs.sh": {"--bootstrap-server", "--describe", "--topic", "--alter", "--add-config"},
    "kafka-consumer-groups.sh": {
        "--bootstrap-server", "--describe", "--group", "--topic",
        "--reset-offsets", "--to-datetime", "--to-earliest", "--execute",
    },
    "kafka-console-consumer.sh": {
        "--bootstrap-server", "--topic", "--property", "--max-messages", "--timeout-ms", "--isolation-level", "--group",
        "--from-beginning",
    },
    "kafka-console-producer.sh": {"--bootstrap-server", "--topic", "--property"},
}  # fmt: skip
"""What these tools of Kafka 4.1 take, of what is used."""
SAID_BY_NAME: Final = {
    ("policy-refused.md", "handraise policy check"),
    ("log-behind.md", "handraise policy revert"),
}
"""Commands, with their page, of which a sentence speaks without asking to type them."""
SERVICES: Final[dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
CODE: Final = re.compile(r"`([^`]+)`", re.DOTALL)


def code_of(page: str) -> list[str]:
    """Everything in backticks, and each line of the blocks."""
    blocks = re.findall(r"```\w*\n(.*?)```", page, re.DOTALL)
    lines = [line.partition("  #")[0].strip() for block in blocks for line in block.splitlines()]
    rest = re.sub(r"```.*?```", "", page, flags=re.DOTALL)
    return lines + [" ".join(found.split()) for found in CODE.findall(rest)]


def commands(first: str) -> list[tuple[str, str]]:
    """The commands of all pages that begin so, with their page."""
    return [(name, code) for name, page in PAGES.items() for code in code_of(page) if re.match(first, code)]


@pytest.mark.parametrize("name", sorted(OF_ALERTS))
def test_a_page_has_its_parts_in_their_order_and_each_says_something(name: str) -> None:
    page = PAGES[name]
    places = [page.index(part) for part in PARTS]
    assert places == sorted(places)
    for begin, end in zip(places, [*places[1:], len(page)], strict=True):
        assert len(page[begin:end].split()) > 6
    checks = page[places[1] : places[2]]
    assert re.findall(r"^\d\. ", checks, re.MULTILINE), "what to look at is numbered"
    assert CODE.search(checks) or '"' in checks, "a command, a metric or a panel to look at"


@pytest.mark.parametrize("name", sorted({Path(a["annotations"]["runbook_url"]).name for a in ALERTS}))
def test_whoever_is_paged_is_told_whom_else_to_wake_and_a_ticket_wakes_nobody_by_itself(name: str) -> None:
    severities = {
        rule["labels"]["severity"] for rule in ALERTS if Path(rule["annotations"]["runbook_url"]).name == name
    }
    wake = PAGES[name].partition("## Wake whom")[2].partition("## Prevent")[0]
    if severities == {"ticket"}:
        assert "nobody" in wake.lower()
    else:
        assert re.search(r"support lead|on call|whoever", wake.lower())


def of_handraise() -> list[tuple[str, str]]:
    """Every command of Handraise with its page: by itself, or in a container."""
    inside = [
        (name, f"handraise {rest}")
        for name, command in commands("(?:docker|kubectl) ")
        for rest in re.findall(r"(?: -- handraise| (?:console|worker) handraise|/files console) ([a-z].*)", command)
    ]
    return [one for one in (*commands("handraise [a-z]"), *inside) if one not in SAID_BY_NAME]


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Lets the command line itself parse a command, and run nothing; gives back why it refuses it, or nothing."""
    monkeypatch.setattr(TyperCommand, "invoke", lambda *_: None)
    monkeypatch.chdir(tmp_path)

    def ask(command: str) -> str:
        words = list(itertools.takewhile(lambda word: word not in {"|", "<", ">"}, shlex.split(command)[1:]))
        for stand_in in re.findall(r"\b[A-Z]+\b", command):
            Path(stand_in).touch()
        return "" if main(words) == 0 else capfd.readouterr().err

    return ask


@pytest.mark.parametrize(("name", "command"), of_handraise())
def test_each_command_of_handraise_is_one_that_it_takes_with_all_that_it_needs(
    name: str, command: str, refused: Callable[[str], str]
) -> None:
    assert not refused(command), f"{name}: {command}"


@pytest.mark.parametrize(
    ("command", "why"),
    [
        ("handraise replay --policy FILE", "Missing argument"),
        ("handraise policy revert", "Missing argument"),
        ("handraise explain FILE --conversatoin ID", "No such option"),
        ("handraise explain event.jsonl", "there is no file"),
        ("handraise policy backwards", "No such command"),
    ],
)
def test_a_command_that_lacks_what_it_needs_or_is_misspelt_would_be_found(
    command: str, why: str, refused: Callable[[str], str]
) -> None:
    assert why in refused(command)


@pytest.mark.parametrize(("name", "command"), commands(r"kafka-[a-z-]+\.sh "))
def test_each_command_of_kafka_has_options_that_it_takes(name: str, command: str) -> None:
    script, *words = shlex.split(command)
    assert {word for word in words if word.startswith("--")} <= KAFKA[script], name


def test_each_look_at_messages_that_keep_coming_says_how_many_it_takes() -> None:
    """A time without any message never comes on a topic that is in use."""
    looks = commands(r"kafka-console-consumer\.sh .*--topic chat\.messages ")
    assert looks
    for name, command in looks:
        assert "--max-messages" in command, f"{name}: {command}"


@pytest.mark.parametrize(("name", "command"), commands("(?:curl|docker|kubectl) "))
def test_each_other_command_asks_for_what_the_worker_answers_and_what_the_manifests_name(
    name: str, command: str
) -> None:
    if command.startswith("curl"):
        assert re.search(r"\$WORKER/(?:healthz|readyz|metrics)$", command), name
    elif command.startswith("docker compose"):
        named = re.findall(r"\b(?:worker|log|console|kafka)\b", command.partition("|")[0])
        assert set(named) <= {*SERVICES, "logs"}, name
    elif command.startswith("kubectl"):
        manifests = (ROOT / "ops" / "kubernetes").glob("*.yaml")
        names = {found["metadata"]["name"] for path in manifests for found in yaml.safe_load_all(path.read_text())}
        assert set(re.findall(r"handraise-\w+", command)) <= names, name
        assert all((ROOT / path).exists() for path in re.findall(r"ops/\S+", command)), name


@pytest.mark.parametrize(("name", "command"), commands("docker compose "))
def test_each_command_of_compose_has_options_that_it_takes(name: str, command: str) -> None:
    subcommand, *words = shlex.split(command.partition("|")[0])[2:]
    done = subprocess.run(
        [tool("docker-compose"), subcommand, "--help"], capture_output=True, text=True, check=True, timeout=60
    )
    taken = set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", done.stdout))
    of_compose = itertools.takewhile(lambda word: word not in SERVICES, words)
    assert {word for word in of_compose if word.startswith("-")} <= taken, f"{name}: {command}"


def test_whoever_starts_workers_with_compose_says_how_many() -> None:
    """Every `up` without a number goes back to one."""
    ups = [(name, command) for name, command in commands("docker compose up ") if not command.endswith("log console")]
    assert len(ups) >= 2
    for name, command in ups:
        assert re.search(r"--scale worker=\d worker$", command), f"{name}: {command}"


def test_going_back_a_version_with_compose_builds_that_version_and_leaves_the_log_alone() -> None:
    """The image of another version has the same name, and an older log refuses a newer database."""
    (row,) = [line for line in PAGES["README.md"].splitlines() if line.startswith("| go back a version")]
    back, up = re.findall(r"`([^`]+)`", row.split("|")[2])
    assert back.startswith("git checkout ")
    assert "build" in SERVICES["worker"]
    assert {"--build", "--no-deps"} <= set(up.split())
    assert SERVICES["log"]["image"] == SERVICES["worker"]["image"]
    assert "recreate nothing but `worker`" in PAGES["README.md"]


def test_a_worker_can_be_asked_although_compose_publishes_no_port_of_it(live: LiveWorker) -> None:
    """Its image has no curl, and its address on Kubernetes is none outside."""
    (row,) = [line for line in PAGES["README.md"].splitlines() if line.startswith("| ask one")]
    _, compose, kubernetes = (re.findall(r"`([^`]+)`", cell) for cell in row.strip("| ").split(" | "))
    words = shlex.split(compose[0])
    assert words[:7] == ["docker", "compose", "exec", "-T", "--index", "1", "worker"]
    port = str(Settings.model_fields["http_port"].default)
    asks = words[-1].replace(port, live.address.partition(":")[2])
    done = subprocess.run([sys.executable, *words[8:-1], asks], capture_output=True, text=True, check=True, timeout=60)
    assert words[7] == "python"
    assert "/readyz" in asks
    assert "handraise_worker_ready" in done.stdout
    assert kubernetes[0] == f"kubectl port-forward POD {port}"
    assert f"127.0.0.1:{port}" in kubernetes


def test_whoever_has_to_raise_a_retention_at_once_is_told_how() -> None:
    """The setting is read when topics are made, and changes none that is there."""
    ((name, command),) = commands(r"kafka-configs\.sh .*--alter ")
    assert name == "records-missed.md"
    (milliseconds,) = re.findall(r"retention\.ms=(\d+)", command)
    assert int(milliseconds) == 60 * 86_400_000
    assert "retention.bytes=-1" in command


def test_a_session_timeout_that_is_to_be_raised_is_raised() -> None:
    """The manifest of Kubernetes sets it to more than the default: what is more than that may be less there."""
    worker = (ROOT / "ops" / "kubernetes" / "worker.yaml").read_text()
    (manifest,) = re.findall(r'HANDRAISE_SESSION_TIMEOUT_SECONDS, value: "(\d+)"', worker)
    page = " ".join(PAGES["rebalance-storm.md"].split())
    compose, kubernetes = re.findall(r"from (\d+) to (\d+) (?:with Docker Compose|on Kubernetes)", page)
    assert float(compose[0]) == Settings.model_fields["session_timeout_seconds"].default < float(compose[1])
    assert int(kubernetes[0]) == int(manifest) < int(kubernetes[1])


def test_an_autoscaler_that_a_page_stops_is_let_go_on() -> None:
    assert "autoscaling.keda.sh/paused=true" in PAGES["README.md"]
    assert "autoscaling.keda.sh/paused-" in PAGES["README.md"]


def test_there_are_commands_of_each_kind_to_check() -> None:
    for first in ("handraise [a-z]", r"kafka-[a-z-]+\.sh ", "curl ", "docker compose ", "kubectl "):
        assert len(commands(first)) >= 3, first


@pytest.mark.parametrize("name", PAGES)
def test_each_setting_metric_and_alert_that_a_page_names_is_there(name: str) -> None:
    page = PAGES[name]
    settings = {f"{PREFIX}{field}".upper() for field in Settings.model_fields}
    assert set(re.findall(rf"\b{PREFIX}[A-Z_]+\b", page)) <= settings
    metrics = {metric.name for metric in (*CATALOGUE, *LOG_CATALOGUE)}
    assert set(re.findall(r"\bhandraise_[a-z_]+\b", page)) <= metrics
    assert set(re.findall(r"\bHandraise[A-Z]\w+\b", page)) <= {rule["alert"] for rule in ALERTS}


@pytest.mark.parametrize("name", PAGES)
def test_each_link_leads_to_a_page_and_a_heading(name: str) -> None:
    for link in re.findall(r"\]\(([^)]+)\)", PAGES[name]):
        path, _, heading = link.partition("#")
        target = (FOLDER / path).resolve() if path else FOLDER / name
        assert target.exists(), link
        headings = [line.lstrip("# ").lower().replace(" ", "-") for line in target.read_text().splitlines()]
        assert not heading or heading in headings, link


def test_each_line_of_the_log_that_a_page_names_is_written_somewhere() -> None:
    sources = "\n".join(path.read_text() for path in (ROOT / "workers" / "handraise").rglob("*.py"))
    written = set(re.findall(r"log\.\w+\(\s*\"(\w+)\"", sources))
    for name, page in PAGES.items():
        of_log = re.findall(r"(?:log line )`(\w+)`|`(\w+)` (?:in its log|in a loop)", page)
        assert {one or other for one, other in of_log} <= written, name


def expressions() -> list[tuple[str, str]]:
    """What is to be asked of Prometheus."""
    return [
        (name, code)
        for name, page in PAGES.items()
        for code in code_of(page)
        if re.match(r"(?:sum|max|count|rate)\b.*\(", code)
    ]


@pytest.mark.parametrize(("name", "expression"), expressions())
def test_each_expression_is_one_for_prometheus_and_names_what_there_is(
    name: str, expression: str, live: LiveWorker, tmp_path: Path
) -> None:
    assert strangers(expression, live.labels_of()) == set(), name
    rules = tmp_path / "rules.yml"
    rules.write_text(yaml.safe_dump({"groups": [{"name": "page", "rules": [{"record": "page", "expr": expression}]}]}))
    done = subprocess.run(
        [tool("promtool"), "check", "rules", rules], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
