from __future__ import annotations

import itertools
import json
import math
import re
import subprocess
import sys
from typing import Any

import pytest
import yaml

from tests.ops.conftest import ROOT, LiveWorker, Prometheus
from tests.ops.expressions import metrics_named, strangers
from tests.support.waiting import until

FOLDER = ROOT / "ops" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "handraise.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {"$__rate_interval": "1m", "$__range": "1h"}
EXPRESSIONS = [target["expr"] for panel in PANELS for target in panel["targets"]]
EXPRESSIONS += [annotation["expr"] for annotation in DASHBOARD["annotations"]["list"]]
RECORDED = (
    "trigger:handraise_escalations_per_conversation:ratio_rate1h",
    "trigger:handraise_escalations_per_message:ratio_rate1h",
)


def as_prometheus_reads(expression: str) -> str:
    for variable, value in VARIABLES.items():
        expression = expression.replace(variable, value)
    return expression


def test_the_dashboard_is_what_its_source_would_write() -> None:
    built = subprocess.run(
        [sys.executable, FOLDER / "build_dashboard.py"], capture_output=True, text=True, check=True, timeout=30
    )
    hint = "run `python ops/grafana/build_dashboard.py > ops/grafana/handraise.json`"
    assert built.stdout == (FOLDER / "handraise.json").read_text(), hint


def test_panels_fill_the_width_and_never_overlap() -> None:
    places = [panel["gridPos"] for panel in DASHBOARD["panels"]]
    for place in places:
        assert place["x"] + place["w"] <= 24
    for one, other in itertools.combinations(places, 2):
        apart_across = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_down = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_across or apart_down, (one, other)
    bottom = max(place["y"] + place["h"] for place in places)
    covered = sum(place["w"] * place["h"] for place in places)
    assert covered == 24 * bottom, "there are holes"


def test_titles_and_numbers_are_given_once_and_each_panel_explains_itself() -> None:
    assert len({panel["title"] for panel in PANELS}) == len(PANELS)
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    assert all(panel["description"] for panel in PANELS)


def test_the_first_row_is_for_the_support_lead() -> None:
    rows = [place for place, panel in enumerate(DASHBOARD["panels"]) if panel["type"] == "row"]
    assert rows[0] == 0
    first = {panel["title"] for panel in DASHBOARD["panels"][1 : rows[1]]}
    assert {
        "Escalation rate per trigger",
        "Open by trigger",
        "Time to raise",
        "Near misses",
        "Suppressed by reason",
        "Probable misses by sign",
        "Promises kept and missed",
        "Broken promises",
        "AI talked over a human",
    } <= first


def test_only_variables_that_grafana_or_the_dashboard_defines_are_used() -> None:
    text = json.dumps(DASHBOARD)
    own = {f"${{{variable['name']}}}" for variable in DASHBOARD["templating"]["list"]}
    assert set(re.findall(r"\$\{?\w+\}?", text)) == own | VARIABLES.keys()


def test_every_panel_that_a_runbook_sends_to_is_there() -> None:
    titles = {panel["title"] for panel in PANELS} | {item["name"] for item in DASHBOARD["annotations"]["list"]}
    sent_to: set[str] = set()
    for page in (ROOT / "ops" / "runbooks").glob("*.md"):
        for sentence in re.split(r"(?<=[.?:;])\s", page.read_text()):
            if "dashboard" in sentence and page.name != "README.md":
                sent_to.update(re.findall(r'"([A-Z][^"]+)"', " ".join(sentence.split())))
    assert sent_to
    assert sent_to <= titles


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_expression_names_only_metrics_and_labels_that_a_worker_has(expression: str, live: LiveWorker) -> None:
    assert metrics_named(expression)
    assert strangers(expression, live.labels_of() | {name: {"trigger"} for name in RECORDED}) == set()


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_each_expression_has_a_value_where_everything_happens(
    expression: str, live: LiveWorker, prometheus: Prometheus
) -> None:
    def has_a_number() -> bool:
        live.work()
        return any(math.isfinite(value) for _, value in prometheus.query(as_prometheus_reads(expression)))

    until(has_a_number, 30, f"a value of {expression}")


def test_grafana_finds_the_datasource_and_the_dashboard() -> None:
    provisioning = FOLDER / "provisioning"
    (datasource,) = yaml.safe_load((provisioning / "datasources" / "prometheus.yml").read_text())["datasources"]
    (provider,) = yaml.safe_load((provisioning / "dashboards" / "handraise.yml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert datasource["url"] == "http://prometheus:9090"
    mounted = [volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]]
    assert f"{provider['options']['path']}/handraise.json" in mounted
    assert "/etc/grafana/provisioning" in mounted
