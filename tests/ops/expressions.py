"""What a PromQL expression names: metrics, and labels by metric."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

METRIC: Final = re.compile(r"\b(?:handraise_[a-z0-9_]+|trigger:[a-z0-9_:]+|process_[a-z_]+)\b")
_TEXT: Final = re.compile(r'"[^"]*"')
_MATCHERS: Final = re.compile(r"\{([^}]*)\}")
_LABEL_OF_MATCHER: Final = re.compile(r"(\w+)\s*[=!]~?")
_GROUPING: Final = re.compile(r"\b(?:by|on|group_left)\s*\(([^)]*)\)")
ALWAYS: Final = frozenset({"alertname", "instance", "job", "le", "statefulset"})
"""Labels that Prometheus or a histogram adds, or that kube-state-metrics has."""


def metrics_named(expression: str) -> set[str]:
    """The metrics that an expression names."""
    return set(METRIC.findall(_TEXT.sub('""', expression)))


def labels_named(expression: str) -> set[str]:
    """The labels that an expression selects or groups by, but for those that are always there."""
    matchers = (_LABEL_OF_MATCHER.findall(found) for found in _MATCHERS.findall(expression))
    groupings = (re.findall(r"\w+", found) for found in _GROUPING.findall(expression))
    return {label for found in (*matchers, *groupings) for label in found} - ALWAYS


def strangers(expression: str, labels_of: dict[str, set[str]]) -> set[str]:
    """The metrics that do not exist, and the labels that no metric of the expression has."""
    named = metrics_named(expression)
    known: Iterable[set[str]] = (labels_of.get(metric, set()) for metric in named)
    return (named - labels_of.keys()) | (labels_named(expression) - set().union(*known))
