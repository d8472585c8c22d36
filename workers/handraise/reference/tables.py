"""The tables of README.md: settings, metrics and alerts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum
from pathlib import Path, PurePath
from typing import Any, Final, get_args

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from ruamel.yaml import YAML

from handraise.metrics import CATALOGUE, TRIGGER, Label, Metric
from handraise.review.metrics import CATALOGUE as LOG_CATALOGUE
from handraise.settings import PREFIX, Settings

ALERTS: Final = Path("ops/prometheus/alerts.yml")
_PLACEHOLDER: Final = re.compile(r"{{\s*\$labels\.(\w+)\s*}}")


def settings() -> str:
    """The table of the settings."""
    return _table(
        ("Variable", "Value", "Default", "Meaning"),
        (
            (f"`{PREFIX}{name.upper()}`", _values(field), _default(field), field.description or "")
            for name, field in Settings.model_fields.items()
        ),
    )


def metrics() -> str:
    """The table of the worker's metrics, and what the label is that many of them have."""
    triggers = ", ".join(f"`{value}`" for value in TRIGGER.values)
    return f"`trigger` is {triggers}, or the name of an {TRIGGER.source}.\n\n" + _metrics(CATALOGUE)


def log_metrics() -> str:
    """The table of the metrics of `handraise log`."""
    return _metrics(LOG_CATALOGUE)


def _metrics(catalogue: Iterable[Metric]) -> str:
    return _table(
        ("Metric", "Type", "Labels", "Meaning"),
        (
            (f"`{metric.name}`", metric.kind.value, "; ".join(map(_label, metric.labels)), metric.help)
            for metric in catalogue
        ),
    )


def alerts(rules: Path) -> str:
    """The table of the alerts in a file of alerting rules."""
    groups = YAML(typ="safe").load(rules.read_text(encoding="utf-8"))["groups"]
    return _table(
        ("Alert", "Severity", "When"),
        (
            (
                f"[{rule['alert']}]({rule['annotations']['runbook_url']})",
                rule["labels"]["severity"],
                _PLACEHOLDER.sub(r"*\1*", rule["annotations"]["summary"]),
            )
            for group in groups
            for rule in group["rules"]
        ),
    )


def _table(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [heading, ["---"] * len(heading), *rows]
    return "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |\n" for line in lines)


def _label(label: Label) -> str:
    if label is TRIGGER:
        return f"`{label.name}`"
    return f"`{label.name}`: {label.source or ', '.join(f'`{value}`' for value in label.values)}"


def _default(field: FieldInfo) -> str:
    default = field.get_default()
    if default is None:
        return "none"
    return f"`{default}`" if str(default) else "empty"


def _values(field: FieldInfo) -> str:
    for kind in _kinds(field.annotation):
        if issubclass(kind, StrEnum):
            return ", ".join(f"`{member}`" for member in kind)
    kind = next(iter(_kinds(field.annotation)), str)
    if issubclass(kind, bool):
        return "`true` or `false`"
    if issubclass(kind, int | float):
        return ("whole number" if issubclass(kind, int) else "number") + _range(_constraints(field))
    if issubclass(kind, SecretStr):
        return "secret"
    return "path" if issubclass(kind, PurePath) else "text"


def _kinds(annotation: Any) -> list[type]:  # noqa: ANN401 - a type as written, of any form
    if isinstance(annotation, type):
        return [] if annotation is type(None) else [annotation]
    return [kind for part in get_args(annotation) for kind in _kinds(part)]


def _constraints(field: FieldInfo) -> list[object]:
    """What a field says beside its type, whether around the whole type or around a part of it."""
    found: list[object] = list(field.metadata)
    waiting = list(get_args(field.annotation))
    while waiting:
        part = waiting.pop()
        if isinstance(part, FieldInfo):
            found += part.metadata
        waiting += get_args(part)
        found += [item for item in getattr(part, "__metadata__", ()) if not isinstance(item, FieldInfo)]
    return found


def _range(constraints: Iterable[object]) -> str:
    found = list(constraints)
    low = next((item.ge for item in found if isinstance(item, Ge)), None)
    high = next((item.le for item in found if isinstance(item, Le)), None)
    if low is not None and high is not None:
        return f", {low} to {high}"
    # A bound that is no value itself is said in words.
    words = [f"{low} or more"] if low is not None else []
    words += [f"more than {item.gt}" for item in found if isinstance(item, Gt)]
    words += [f"less than {item.lt}" for item in found if isinstance(item, Lt)]
    words += [f"at most {high}"] if high is not None else []
    return "".join(f", {one}" for one in words)
