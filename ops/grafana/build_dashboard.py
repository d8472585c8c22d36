"""Prints the dashboard: `python ops/grafana/build_dashboard.py > ops/grafana/handraise.json`."""

from __future__ import annotations

import json
import sys
from typing import Any, Final

from handover import HANDOVER
from panel import Panel
from workers import WORKERS

DATASOURCE: Final = {"type": "prometheus", "uid": "${datasource}"}
WIDTH: Final = 24
# Changes while a worker runs, since one that starts sets its time anew whatever has changed; and a set of policies that
# none has had in the last hour, as that of another file is.
POLICY_CHANGES: Final = (
    "count("
    "changes(handraise_policies_changed_timestamp_seconds[1m]) > 0"
    " and on (job, instance) min_over_time(handraise_policies_changed_timestamp_seconds[1m])"
    " > on (job, instance) process_start_time_seconds"
    ") or count("
    "handraise_policies_info unless on (version) last_over_time(handraise_policies_info[1h] offset 1m)"
    ")"
)

Json = dict[str, Any]


def build() -> Json:
    """The dashboard as Grafana reads it."""
    panels: list[Json] = []
    top = 0
    for row in (HANDOVER, WORKERS):
        panels.append(_heading(row.title, len(panels) + 1, top))
        top += 1
        left, tallest = 0, 0
        for panel in row.panels:
            if left + panel.width > WIDTH:
                left, top, tallest = 0, top + tallest, 0
            panels.append(_panel(panel, len(panels) + 1, left, top))
            left, tallest = left + panel.width, max(tallest, panel.height)
        top += tallest
    return {
        "uid": "handraise",
        "title": "Handraise",
        "description": "When an AI agent's chats are handed to humans, and whether the triggers are well set.",
        "tags": ["handraise"],
        "schemaVersion": 41,
        "version": 1,
        "editable": False,
        "graphTooltip": 1,
        "refresh": "1m",
        "time": {"from": "now-24h", "to": "now"},
        "timezone": "browser",
        "templating": {
            "list": [{"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}]
        },
        "annotations": {
            "list": [
                {
                    "name": "Policies changed",
                    "datasource": DATASOURCE,
                    "enable": True,
                    "expr": POLICY_CHANGES,
                    "iconColor": "blue",
                    "titleFormat": "Policies changed",
                    "step": "1m",
                }
            ]
        },
        "panels": panels,
    }


def _heading(title: str, number: int, top: int) -> Json:
    place = {"h": 1, "w": WIDTH, "x": 0, "y": top}
    return {"id": number, "type": "row", "title": title, "collapsed": False, "gridPos": place, "panels": []}


def _panel(panel: Panel, number: int, left: int, top: int) -> Json:
    at_a_glance = panel.kind != "timeseries"
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.help,
        "datasource": DATASOURCE,
        "gridPos": {"h": panel.height, "w": panel.width, "x": left, "y": top},
        "targets": [
            {
                "refId": chr(ord("A") + place),
                "datasource": DATASOURCE,
                "expr": query.expr,
                "legendFormat": query.legend,
                "instant": at_a_glance,
                "range": not at_a_glance,
            }
            for place, query in enumerate(panel.queries)
        ],
        "fieldConfig": {"defaults": _defaults(panel), "overrides": []},
        "options": _options(panel.kind),
    }


def _defaults(panel: Panel) -> Json:
    steps: list[Json] = [{"color": "green" if panel.bad_from is not None else "text", "value": None}]
    if panel.bad_from is not None:
        steps.append({"color": "red", "value": panel.bad_from})
    defaults: Json = {"unit": panel.unit, "min": 0, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "timeseries":
        defaults["custom"] = {
            "drawStyle": "bars" if panel.bars else "line",
            "lineWidth": 1,
            "fillOpacity": 40 if panel.stacked or panel.bars else 0,
            "showPoints": "never",
            "stacking": {"mode": "normal" if panel.stacked else "none", "group": "A"},
        }
        defaults["color"] = {"mode": "palette-classic"}
    else:
        defaults["color"] = {"mode": "thresholds"}
    return defaults


def _options(kind: str) -> Json:
    newest = {"calcs": ["lastNotNull"], "fields": "", "values": False}
    match kind:
        case "stat":
            return {"colorMode": "value", "graphMode": "none", "justifyMode": "center", "reduceOptions": newest}
        case "bargauge":
            return {"displayMode": "basic", "orientation": "horizontal", "showUnfilled": True, "reduceOptions": newest}
        case _:
            return {
                "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
                "tooltip": {"mode": "multi", "sort": "desc"},
            }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(build(), indent=2, ensure_ascii=False) + "\n")
