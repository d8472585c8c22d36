"""The plan keeps to its own limits, and the pages say what the command prints."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from handraise.settings import Settings
from ops.capacity.__main__ import documents
from ops.capacity.closed_forms import usable_share
from ops.capacity.figures import FigureMissingError, figures, read_figures
from ops.capacity.plan import changelog_of_partition, plan
from ops.capacity.scenarios import PARTITIONS

READ = read_figures()
FOUND = figures(READ)
RATES = st.floats(1, 2_000_000)
IDLE = st.floats(600, 3 * 86_400)


@given(rate=RATES, idle=IDLE, workers_of_cell=st.just(FOUND.workers_of_cell) | st.integers(1, 1_000))
@hypothesis_settings(max_examples=200)
def test_a_plan_is_within_what_was_chosen_and_shares_its_partitions_evenly(
    rate: float, idle: float, workers_of_cell: float
) -> None:
    chosen = msgspec.structs.replace(FOUND, workers_of_cell=float(workers_of_cell))
    made = plan(rate, idle, chosen)
    of_cell = made.workers // made.cells
    assert of_cell * made.cells == made.workers
    assert rate <= FOUND.utilisation * FOUND.capacity * made.workers * (1 + 1e-9)
    assert made.memory_of_worker <= FOUND.memory_of_worker_bytes * (1 + 1e-9)
    assert of_cell <= workers_of_cell
    assert 2 * of_cell <= made.partitions, "there is somewhere to grow to"
    assert usable_share(made.partitions, of_cell) == 1
    assert made.partitions <= 1_000, "HANDRAISE_PARTITIONS takes no more"
    assert made.brokers * FOUND.replicas_per_broker >= made.cells * made.partitions * 8 * FOUND.replication


@given(rate=RATES, idle=IDLE, more=st.floats(1, 5))
def test_more_messages_never_need_less(rate: float, idle: float, more: float) -> None:
    less, most = plan(rate, idle, FOUND), plan(rate * more, idle, FOUND)
    assert most.broker_cores >= less.broker_cores
    assert most.dollars >= less.dollars
    assert most.live >= less.live


def test_what_crosses_zones_is_two_copies_and_two_of_three_ways() -> None:
    """With 100 bytes in and 300 out, by hand: 400 x 2 for the copies, 400 x 2/3 written, 200 x 2/3 read."""
    simple = msgspec.structs.replace(
        FOUND, message_bytes=100, state_bytes=200, decision_bytes=50, escalation_bytes=25, control_bytes=25
    )
    assert plan(1.0, 3_600, simple).crossing == pytest.approx(800 + 400 * 2 / 3 + 200 * 2 / 3)
    assert plan(1.0, 3_600, simple).dollars == pytest.approx((800 + 400) * 30 * 86_400 / 1e9 * 0.02)


def test_the_changelog_is_twice_what_lives_and_a_segment() -> None:
    simple = msgspec.structs.replace(FOUND, state_bytes=1_000, changelog_bytes=1_000, dirty_share=0.5)
    assert changelog_of_partition(0, 1_000, simple) == 2 * 1_000 * 1_000
    assert changelog_of_partition(1_000, 0, simple) == pytest.approx(33_554_432)


def test_every_figure_says_what_it_is_and_where_it_is_from() -> None:
    assert len({one.name for one in READ}) == len(READ)
    for one in READ:
        assert one.meaning
        assert one.report is not None or one.origin == "chosen" or one.origin.startswith("https://")


def test_a_report_without_the_figure_is_an_error_that_names_both(tmp_path: Path) -> None:
    (tmp_path / "ops" / "reports").mkdir(parents=True)
    for name in ("bench", "chaos", "footprint"):
        (tmp_path / "ops" / "reports" / f"{name}.md").write_text("# Nothing\n")
    with pytest.raises(FigureMissingError, match=r"bench\.md has 0 figures .*make bench"):
        read_figures(tmp_path)


def test_the_installation_of_the_scenarios_has_the_partitions_that_topics_are_made_with() -> None:
    assert Settings.model_fields["partitions"].default == PARTITIONS


def test_the_pages_and_the_manifest_say_what_the_command_prints() -> None:
    for path, text in documents().items():
        assert path.read_text(encoding="utf-8") == text, "run `make docs` and commit what it writes"
