from __future__ import annotations

from pathlib import Path

import pytest

from handraise.metrics import CATALOGUE
from handraise.reference import tables
from handraise.settings import Settings

ROOT = Path(__file__).resolve().parents[2]


def test_the_tables_of_the_readme_are_what_the_code_would_write() -> None:
    for path, text in tables.render(ROOT).items():
        assert path.read_text(encoding="utf-8") == text, "run `make docs` and commit what it writes"


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


def test_text_around_the_markers_stays_and_what_is_between_is_replaced() -> None:
    text = "before\n<!-- x:begin -->\nold\n<!-- x:end -->\nafter\n"
    written = tables.between_markers(text, "x", "| new |\n")
    assert written == "before\n<!-- x:begin -->\n| new |\n<!-- x:end -->\nafter\n"
    assert tables.between_markers(written, "x", "| new |\n") == written


@pytest.mark.parametrize(
    "text",
    [
        "no markers",
        "<!-- x:begin -->",
        "<!-- x:end --><!-- x:begin -->",
        "<!-- x:begin --><!-- x:begin --><!-- x:end -->",
        "<!-- x:begin --><!-- x:end --><!-- x:end -->",
    ],
)
def test_a_missing_or_doubled_marker_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(tables.MarkerMissingError, match="x:begin"):
        tables.between_markers(text, "x", "")
