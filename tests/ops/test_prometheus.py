from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from handraise.settings import Settings
from tests.ops.conftest import ROOT, LiveWorker, Prometheus
from tests.ops.expressions import labels_named, metrics_named, strangers
from tests.support.tools import tool
from tests.support.waiting import until

FOLDER = ROOT / "ops" / "prometheus"
RULES = [
    rule
    for name in ("rules.yml", "alerts.yml")
    for group in yaml.safe_load((FOLDER / name).read_text())["groups"]
    for rule in group["rules"]
]
ALERTS: dict[str, dict[str, Any]] = {rule["alert"]: rule for rule in RULES if "alert" in rule}
WITHOUT_ALERT = {"README.md", "capacity.md", "upgrading.md"}
"""Pages of runbooks for what is planned."""
RECORDED = {rule["record"]: rule for rule in RULES if "record" in rule}


def promtool(*arguments: str | Path, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [tool("promtool"), *map(str, arguments)]
    return subprocess.run(command, input=given, capture_output=True, text=True, check=False, timeout=240)


def cases_of(alert: str) -> list[list[Any]]:
    files = ("alerts_test.yml", "alerts_weekly_test.yml")
    tests = [test for name in files for test in yaml.safe_load((FOLDER / name).read_text())["tests"]]
    return [case["exp_alerts"] for test in tests for case in test["alert_rule_test"] if case["alertname"] == alert]


def with_recorded(labels_of: dict[str, set[str]]) -> dict[str, set[str]]:
    return labels_of | {name: {"trigger"} for name in RECORDED}


def test_the_configuration_for_compose_is_valid() -> None:
    done = promtool("check", "config", "--syntax-only", FOLDER / "prometheus.yml")
    assert done.returncode == 0, done.stderr


def test_the_configuration_scrapes_the_default_ports_and_loads_both_files_of_rules() -> None:
    configuration = yaml.safe_load((FOLDER / "prometheus.yml").read_text())
    assert {Path(path).name for path in configuration["rule_files"]} == {"rules.yml", "alerts.yml"}
    worker, log = configuration["scrape_configs"]
    assert worker["job_name"] == "handraise"
    assert worker["dns_sd_configs"][0]["port"] == Settings.model_fields["http_port"].default
    assert log["job_name"] == "handraise_log"
    assert log["static_configs"][0]["targets"] == [f"log:{Settings.model_fields['log_http_port'].default}"]


@pytest.mark.parametrize("name", ["rules.yml", "alerts.yml"])
def test_rules_are_valid(name: str) -> None:
    done = promtool("check", "rules", FOLDER / name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("name", ["rules_test.yml", "alerts_test.yml", "alerts_weekly_test.yml"])
def test_rules_do_what_their_tests_say(name: str) -> None:
    done = promtool("test", "rules", FOLDER / name)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_is_shown_to_fire_and_to_stay_silent(alert: str) -> None:
    cases = cases_of(alert)
    assert any(cases), "no test in which it fires"
    assert not all(cases), "no test in which it stays silent"


@pytest.mark.parametrize("alert", ALERTS)
def test_each_alert_says_what_it_is_about_and_where_its_runbook_is(alert: str) -> None:
    rule = ALERTS[alert]
    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert {"summary", "description", "runbook_url"} == rule["annotations"].keys()
    page = (ROOT / rule["annotations"]["runbook_url"]).read_text()
    assert alert in page.splitlines()[0]
    for part in ("**For customers:**", "## Check first", "## Mend", "## Prevent"):
        assert part in page


def test_every_runbook_belongs_to_an_alert() -> None:
    linked = {ROOT / rule["annotations"]["runbook_url"] for rule in ALERTS.values()}
    pages = {path.name for path in (ROOT / "ops" / "runbooks").glob("*.md")}
    assert pages - {path.name for path in linked} == WITHOUT_ALERT


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.get("alert") or rule["record"])
def test_each_rule_names_only_metrics_and_labels_that_there_are(rule: dict[str, Any], live: LiveWorker) -> None:
    assert metrics_named(rule["expr"])
    assert strangers(rule["expr"], with_recorded(live.labels_of())) == set()


def test_a_wrong_metric_or_label_would_be_found(live: LiveWorker) -> None:
    labels_of = live.labels_of()
    assert strangers("sum(rate(handraise_escalation_total[5m]))", labels_of) == {"handraise_escalation_total"}
    assert strangers('handraise_lag_seconds{topics="x"}', labels_of) == {"topics"}
    assert strangers("sum by (sender) (handraise_lag_seconds)", labels_of) == {"sender"}
    assert labels_named('sum by (le, a) (x{b="1", c!~"2"}) / on (d) y') == {"a", "b", "c", "d"}


def test_a_live_scrape_follows_the_naming_rules(live: LiveWorker) -> None:
    done = promtool("check", "metrics", given=live.scrape())
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_a_running_prometheus_records_the_rates_and_evaluates_every_rule(
    live: LiveWorker, prometheus: Prometheus
) -> None:
    def all_recorded() -> bool:
        live.work()
        found = {name: prometheus.query(name) for name in RECORDED}
        return all(any(labels["trigger"] == "vip" and value > 0 for labels, value in found[name]) for name in found)

    until(all_recorded, 30, "every rate to be recorded")
    rules = [rule for group in prometheus.get("rules")["groups"] for rule in group["rules"]]
    assert {rule["name"] for rule in rules} == ALERTS.keys() | RECORDED.keys()
    assert {rule["health"] for rule in rules} == {"ok"}
