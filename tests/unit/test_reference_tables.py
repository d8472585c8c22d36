from __future__ import annotations

from pathlib import Path

from handraise.metrics import CATALOGUE
from handraise.reference import tables
from handraise.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_every_setting_has_a_variable_a_value_a_default_and_a_sentence() -> None:
    rows = [line.split(" | ") for line in tables.settings().splitlines()[2:]]
    assert [row[0].strip("| `") for row in rows] == [f"HANDRAISE_{name.upper()}" for name in Settings.model_fields]
    for row in rows:
        assert len(row) == 4
        assert all(cell.strip("| ") for cell in row)
        assert row[3].strip("| ").endswith(".")


def test_a_setting_that_may_be_absent_still_shows_its_range() -> None:
    table = tables.settings()
    assert "| `HANDRAISE_REPLICATION_FACTOR` | whole number, 1 to 9 | none |" in table
    assert "| `HANDRAISE_HTTP_PORT` | whole number, 0 to 65535 | `9464` |" in table


def test_a_bound_that_is_not_taken_itself_is_said_to_be_none() -> None:
    table = tables.settings()
    assert "| `HANDRAISE_BAD_RECORDS_SHARE` | number, 0 or more, less than 1 | `0.9` |" in table
    assert "| `HANDRAISE_CONSOLE_SESSION_HOURS` | number, more than 0, at most 720 | `12.0` |" in table
    assert "| `HANDRAISE_BAD_RECORDS_IN_A_ROW` | whole number, 0 or more | `1000` |" in table


def test_secrets_are_called_so_and_show_no_value() -> None:
    assert "| `HANDRAISE_SASL_PASSWORD` | secret | none |" in tables.settings()


def test_every_metric_is_in_its_table() -> None:
    table = tables.metrics()
    assert all(f"| `{metric.name}` | {metric.kind} |" in table for metric in CATALOGUE)


def test_every_alert_links_to_a_runbook_that_is_there() -> None:
    rows = tables.alerts(ROOT / tables.ALERTS).splitlines()[2:]
    assert rows
    for row in rows:
        assert "{{" not in row
        assert (ROOT / row.partition("](")[2].partition(")")[0]).is_file()
