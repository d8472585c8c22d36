from __future__ import annotations

import itertools
import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.ops.conftest import ROOT, LiveWorker, Prometheus
from tests.ops.expressions import metrics_named, strangers
from tests.ops.queries import assert_query_gives
from tests.support.waiting import until

FOLDER = ROOT / "ops" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "handraise.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
VARIABLES = {"$__rate_interval": "1m", "$__range_s": "3600", "$__range": "1h"}
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


def expression_of(title: str, place: int = 0) -> str:
    (panel,) = [panel for panel in PANELS if panel["title"] == title]
    return as_prometheus_reads(panel["targets"][place]["expr"])


def over(series: dict[str, str], expected: list[dict[str, Any]], seconds: int = 60) -> list[dict[str, Any]]:
    """A test of promtool: what an expression gives at the thirtieth scrape, with so many seconds between them."""
    return [
        {
            "interval": f"{seconds}s",
            "input_series": [{"series": name, "values": values} for name, values in series.items()],
            "promql_expr_test": [{"expr": "asked", "eval_time": f"{30 * seconds}s", "exp_samples": expected}],
        }
    ]


A_WORKER = 'job="handraise", instance="a"'


@pytest.mark.parametrize(
    ("title", "counter", "labels", "given"),
    [
        ("Records missed", "handraise_records_missed_total", "", "asked"),
        ("Promises kept and missed", "handraise_promises_total", ', result="missed"', 'asked{result="missed"}'),
    ],
)
@pytest.mark.parametrize(
    ("started", "counted"),
    [
        ("_x20 1200x20", "_x20 7x20"),  # a pod that is new
        ("0x19 1200x20", "9x19 7x20"),  # one that is back at its address, and was scraped before
        ("-7200x40", "2x19 9x20"),  # one that has run for hours
    ],
)
def test_what_a_worker_counts_before_it_is_scraped_is_shown(
    title: str, counter: str, labels: str, given: str, started: str, counted: str, tmp_path: Path
) -> None:
    """Of a new worker there is no increase, and that is when it finds the gap, and the promises that have passed."""
    series = {
        f"process_start_time_seconds{{{A_WORKER}}}": started,
        f"{counter}{{{A_WORKER}{labels}}}": counted,
    }
    expected = [{"labels": given, "value": 7}]
    assert_query_gives(f"round({expression_of(title)})", over(series, expected), tmp_path)


def test_how_long_a_new_worker_has_restored_is_shown_although_it_was_done_before_the_first_scrape(
    tmp_path: Path,
) -> None:
    series = {f"process_start_time_seconds{{{A_WORKER}}}": "_x20 1200x20"} | {
        f'handraise_restore_seconds_bucket{{{A_WORKER}, le="{le}"}}': f"_x20 {count}x20"
        for le, count in (("1", 0), ("3", 12), ("+Inf", 12))
    }
    assert_query_gives(expression_of("Restore"), over(series, [{"labels": "asked", "value": 2}]), tmp_path)


@pytest.mark.parametrize(
    ("title", "metric", "labels", "given"),
    [
        (
            "Turn at which a conversation is raised",
            "handraise_escalation_turn",
            ', trigger="complaint"',
            'asked{trigger="complaint"}',
        ),
        ("Batch size", "handraise_batch_records", "", "asked"),
    ],
)
@pytest.mark.parametrize("all_are", [1, 2])
def test_what_is_counted_in_whole_numbers_is_shown_in_whole_numbers(
    title: str, metric: str, labels: str, given: str, all_are: int, tmp_path: Path
) -> None:
    """A quantile is taken from within a bucket: of nothing but first turns it would be half a turn."""
    series = {
        f'{metric}_bucket{{{A_WORKER}{labels}, le="{le}"}}': "0+2x60" if float(le) >= all_are else "0x60"
        for le in ("1.0", "2.0", "3.0", "+Inf")
    }
    expected = [{"labels": given, "value": all_are}]
    assert_query_gives(expression_of(title), over(series, expected), tmp_path)


@pytest.mark.parametrize(
    ("started", "changed", "versions", "lines"),
    [
        ("0x60", "5x60", {"v1": "1x60"}, False),
        # Published while the worker runs; and the one before again.
        ("0x60", "5x29 450x30", {"v1": "1x29 stale", "v2": "_x30 1x30"}, True),
        ("0x60", "300x29 450x30", {"v1": "1x24 _x5 1x30", "v2": "_x25 1x4 stale"}, True),
        # The worker was restarted, with the policies that it had: no change, although it has read them anew.
        ("0x29 440x30", "5x29 445x30", {"v1": "1x60"}, False),
        ("0x19 _x10 440x30", "5x19 _x10 445x30", {"v1": "1x19 _x10 1x30"}, False),
        # The same, with another file of policies.
        ("0x29 440x30", "5x29 445x30", {"v1": "1x29 stale", "v2": "_x30 1x30"}, True),
    ],
)
def test_a_line_is_drawn_where_policies_have_changed_and_not_where_a_worker_was_restarted(
    started: str, changed: str, versions: dict[str, str], lines: bool, tmp_path: Path
) -> None:
    (annotation,) = DASHBOARD["annotations"]["list"]
    series = {
        f"process_start_time_seconds{{{A_WORKER}}}": started,
        f"handraise_policies_changed_timestamp_seconds{{{A_WORKER}}}": changed,
    } | {f'handraise_policies_info{{{A_WORKER}, version="{name}"}}': values for name, values in versions.items()}
    expected = [{"labels": "asked", "value": 1}] if lines else []
    assert_query_gives(annotation["expr"], over(series, expected, seconds=15), tmp_path)
