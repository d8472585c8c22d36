"""What Prometheus itself makes of an expression over series that are written out."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import yaml

from tests.support.tools import tool


def assert_query_gives(query: str, tests: list[dict[str, Any]], folder: Path) -> None:
    """Have promtool say that a query, recorded as `asked`, passes tests of its own form."""
    rules = {"groups": [{"name": "query", "rules": [{"record": "asked", "expr": query}]}]}
    (folder / "rules.yml").write_text(yaml.safe_dump(rules))
    asked = {"rule_files": ["rules.yml"], "evaluation_interval": "15s", "tests": tests}
    (folder / "test.yml").write_text(yaml.safe_dump(asked))
    done = subprocess.run(
        [tool("promtool"), "test", "rules", folder / "test.yml"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout + done.stderr
