"""The report of the long form: `ops/reports/chaos.md`."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Final
from xml.etree import ElementTree as ET

from tests.chaos.catalogue import FAULTS, chosen
from tests.support.brokers import POM
from tests.support.cluster import ROOT

PATH: Final = ROOT / "ops" / "reports" / "chaos.md"
_HEAD: Final = """\
# Faults under load

`make chaos` wrote this. Each row is one run: an own Apache Kafka, workers as processes (`handraise worker`), a load of
conversations with known answers at a steady rate, and the fault. In the end the input is read back from Kafka and
folded anew, conversation by conversation, and every output topic, the changelog and the committed offsets are compared
with that.

- **lost**: a result or a dead letter that must be there, and is not. **unseen**: a record of the input that nobody had
  worked on in the end.
- **duplicate**: a result that is there again, the same to the byte (`emitted_at` aside). **differing**: there again
  under the same id, with another content. **unexpected**: nothing in the input explains it.
- **order**: conversations whose results do not stand in the order of the input. **drift**: conversations whose state in
  the changelog is not the one that the input gives.
- **decided**: decisions seen before the fault, during it, and of messages sent after it: none may be 0.
- **latency**: from the producer's `send` to a `read_committed` consumer, p50 and worst, over the whole run; while a
  fault keeps the load from the broker, the wait of the producer is part of it.
- **recovery**: after each blow, until every partition had decided a message that was sent after it; the longest.
- **exits**: workers that ended by themselves, and were started again as a supervisor would.
- **load**: the machine's load average over the last five minutes. Where it is well above the number of cores, all that
  is measured in seconds is longer than it would be on a machine of one's own.

Exactly-once holds if all of lost, unseen, duplicate, differing, unexpected, order and drift are 0, for a consumer that
reads only what is committed; at-least-once if all but duplicate are.
"""
_COLUMNS: Final = (
    "fault",
    "guarantee",
    "holds",
    "seconds",
    "messages",
    "lost",
    "unseen",
    "duplicate",
    "differing",
    "unexpected",
    "order",
    "drift",
    "decided",
    "latency",
    "recovery",
    "exits",
    "load",
)


def write_report(kept: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
    """Write the report of what has been tried so far."""
    rows = [(name, delivery, one) for name in FAULTS for delivery, one in kept.get(name, {}).items()]
    dates = sorted({one["date"] for _, _, one in rows})
    commits = sorted({one["commit"] for _, _, one in rows})
    lines = [
        _HEAD,
        f"{' to '.join(dict.fromkeys((dates[0], dates[-1])))}, commits {', '.join(commits)}. {_versions()}.",
        "",
        f"| {' | '.join(_COLUMNS)} |",
        f"| {' | '.join('---' for _ in _COLUMNS)} |",
        *(f"| {' | '.join(_cells(*row))} |" for row in rows),
        "",
        "## What each fault does",
        "",
    ]
    for name in dict.fromkeys(name for name, _, _ in rows):
        lines.append(f"- **{name}**: {FAULTS[name].about}")
        for delivery, one in kept[name].items():
            told = ", ".join(f"{figure.replace('_', ' ')} {value:g}" for figure, value in one["figures"].items())
            lines += [f"  - {delivery.replace('_', '-')}: {told}."] if told else []
            lines += [
                f"  - {delivery.replace('_', '-')}: {text}"
                for text in (*one["problems"], *(crash[:200] for crash in one["crashes"]))
            ]
    missing = [
        f"{name} ({delivery.value.replace('_', '-')})"
        for name, delivery in chosen(short=False)
        if delivery.value not in kept.get(name, {})
    ]
    if missing:
        lines += ["", f"Not tried yet: {', '.join(missing)}."]
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text("\n".join(lines) + "\n")


def _cells(name: str, delivery: str, one: Mapping[str, Any]) -> list[str]:
    found, latency = one["findings"], one["latency"]
    longest = max(one["recovery"], default=0.0)
    return [
        name,
        delivery.replace("_", "-"),
        "yes" if one["holds"] else "**no**",
        f"{one['seconds']:g}",
        f"{found['messages']:,}",
        *(str(value) for value in (found["lost"], one["unseen"])),
        *(str(found[count]) for count in ("duplicate", "differing", "unexpected", "disordered", "drift")),
        f"{one['before']:,} / {one['during']:,} / {one['after']:,}",
        f"{latency.get('p50', 0) * 1_000:.0f} ms, {latency.get('worst', 0):.1f} s",
        f"{longest:.1f} s after {one['strikes']}",
        str(len(one["crashes"])),
        f"{one['load_average']:g}" if one.get("load_average") else "not noted",
    ]


def _versions() -> str:
    names = {"m": "http://maven.apache.org/POM/4.0.0"}
    found = ET.parse(POM).findtext(".//m:dependency/m:version", namespaces=names)  # noqa: S314 - our own file
    java = subprocess.run(["java", "-version"], capture_output=True, text=True, check=False).stderr.splitlines()[:1]
    return ", ".join(
        [
            f"Apache Kafka {found}",
            f"aiokafka {version('aiokafka')}",
            f"faust-streaming {version('faust-streaming')}",
            f"Python {platform.python_version()}",
            *(one.replace('"', "") for one in java),
            f"{os.cpu_count()} cores, shared with other work",
        ]
    )
