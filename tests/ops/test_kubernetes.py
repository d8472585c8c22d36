"""The manifests, as Kubernetes and KEDA would read them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from cloudcoil.models.keda.v1alpha1 import ScaledObject
from cloudcoil.models.kubernetes.apps.v1 import StatefulSet
from cloudcoil.models.kubernetes.core.v1 import Service
from cloudcoil.models.kubernetes.policy.v1 import PodDisruptionBudget
from pydantic import BaseModel

from handraise.cli import SUBCOMMANDS
from handraise.settings import PREFIX, Settings, SettingsError, load_settings
from tests.ops.conftest import ROOT
from tests.ops.queries import assert_query_gives

FOLDER = ROOT / "ops" / "kubernetes"
MODELS: dict[str, type[BaseModel]] = {
    model.__name__: model for model in (Service, PodDisruptionBudget, StatefulSet, ScaledObject)
}
"""Made by their publisher from the schemas of Kubernetes and of KEDA."""
MANIFESTS: list[dict[str, Any]] = [
    document for path in sorted(FOLDER.glob("*.yaml")) for document in yaml.safe_load_all(path.read_text())
]
(WORKER,) = [found for found in MANIFESTS if found["kind"] == "StatefulSet"]
(SCALED,) = [found for found in MANIFESTS if found["kind"] == "ScaledObject"]
POD: dict[str, Any] = WORKER["spec"]["template"]["spec"]
CONTAINER: dict[str, Any] = POD["containers"][0]
ENVIRONMENT: dict[str, dict[str, Any]] = {entry["name"]: entry for entry in CONTAINER["env"]}


def as_read(manifest: dict[str, Any]) -> Any:  # noqa: ANN401 - JSON
    """A manifest after its schema has read it: what it does not know is gone."""
    model = MODELS[manifest["kind"]].model_validate(manifest)
    return json.loads(model.model_dump_json(by_alias=True, exclude_unset=True))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=lambda found: found["kind"])
def test_each_manifest_is_what_its_schema_says_and_has_no_field_that_it_does_not_know(manifest: dict[str, Any]) -> None:
    assert as_read(manifest) == manifest


def test_a_misspelt_field_or_a_value_of_another_type_would_be_found() -> None:
    misspelt = {**WORKER, "spec": {**WORKER["spec"], "replica": 3}}
    assert as_read(misspelt) != misspelt
    with pytest.raises(ValueError, match="minReplicaCount"):
        as_read({**SCALED, "spec": {**SCALED["spec"], "minReplicaCount": "two"}})


def test_the_worker_gets_settings_that_it_knows_and_a_command_that_there_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    values = {name.removeprefix(PREFIX).lower(): entry.get("value", "a-name") for name, entry in ENVIRONMENT.items()}
    assert values.keys() <= Settings.model_fields.keys()
    for name, value in values.items():
        monkeypatch.setenv(PREFIX + name.upper(), value)
    assert load_settings().session_timeout_seconds == float(values["session_timeout_seconds"])
    assert CONTAINER["args"][0] in SUBCOMMANDS
    assert CONTAINER["ports"][0]["containerPort"] == Settings.model_fields["http_port"].default


def test_a_service_of_the_console_changes_no_setting_of_a_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Kubernetes tells every pod of each service by variables; of one called `handraise-console`, by a setting."""
    monkeypatch.setenv("HANDRAISE_CONSOLE_PORT", "tcp://10.0.0.5:8480")
    with pytest.raises(SettingsError, match="HANDRAISE_CONSOLE_PORT"):
        load_settings()
    assert POD["enableServiceLinks"] is False
    assert "enableServiceLinks: false" in (ROOT / "ops" / "runbooks" / "capacity.md").read_text()


def test_a_pod_keeps_its_name_in_the_group_for_longer_than_it_is_away() -> None:
    assert ENVIRONMENT["HANDRAISE_GROUP_INSTANCE_ID"]["valueFrom"] == {"fieldRef": {"fieldPath": "metadata.name"}}
    session = float(ENVIRONMENT["HANDRAISE_SESSION_TIMEOUT_SECONDS"]["value"])
    assert session > POD["terminationGracePeriodSeconds"] + 30


def test_a_pod_has_no_more_rights_than_the_worker_needs() -> None:
    assert POD["securityContext"]["runAsNonRoot"]
    assert POD["automountServiceAccountToken"] is False
    assert CONTAINER["securityContext"]["readOnlyRootFilesystem"]
    assert CONTAINER["securityContext"]["capabilities"] == {"drop": ["ALL"]}


def test_the_service_the_budget_and_the_scaler_mean_these_pods() -> None:
    labels = WORKER["spec"]["template"]["metadata"]["labels"]
    for found in MANIFESTS:
        selector = found["spec"].get("selector", labels)
        assert selector.get("matchLabels", selector) == labels
    target = SCALED["spec"]["scaleTargetRef"]
    assert (target["kind"], target["name"]) == (WORKER["kind"], WORKER["metadata"]["name"])
    assert SCALED["spec"]["maxReplicaCount"] <= Settings.model_fields["partitions"].default


def test_the_scaler_asks_prometheus_for_a_number_of_workers_that_shares_the_partitions_evenly(tmp_path: Path) -> None:
    """Run by Prometheus's own test of rules, at rates from nothing to far too much."""
    query = SCALED["spec"]["triggers"][0]["metadata"]["query"]
    first = float(query.partition("> bool ")[2].partition(")")[0]) / 2
    wanted = {0.1: 2, 1.9: 2, 2.1: 3, 3.1: 4, 4.1: 6, 5.9: 6, 6.1: 12, 40: 12}
    assert_query_gives(query, [case(part * first, of) for part, of in wanted.items()], tmp_path)


def test_an_empty_answer_of_prometheus_is_an_error_to_the_scaler_which_then_wants_all_workers(tmp_path: Path) -> None:
    """As when Prometheus no longer finds the workers: KEDA would read it as 0, and as 2 workers at the peak."""
    (trigger,) = SCALED["spec"]["triggers"]
    nothing = {"expr": "asked", "eval_time": "20m", "exp_samples": []}
    test = {"interval": "1m", "input_series": [{"series": "up", "values": "0x30"}], "promql_expr_test": [nothing]}
    assert_query_gives(trigger["metadata"]["query"], [test], tmp_path)
    assert trigger["metadata"]["ignoreNullValues"] == "false"
    assert SCALED["spec"]["fallback"]["replicas"] == SCALED["spec"]["maxReplicaCount"]


def case(rate: float, workers: int) -> dict[str, Any]:
    """Two workers that do so many messages a second together, and how many there shall be."""
    series = [
        {"series": f'handraise_messages_total{{instance="{name}", sender="customer"}}', "values": f"0+{30 * rate}x30"}
        for name in "ab"
    ]
    expected = {"expr": "asked", "eval_time": "20m", "exp_samples": [{"labels": "asked", "value": workers}]}
    return {"interval": "1m", "input_series": series, "promql_expr_test": [expected]}
