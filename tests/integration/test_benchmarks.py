"""The benchmark runs: each of its contenders that the tests' environment has, on a few events."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.bench import CONTENDERS, measure
from tests.benchmarks.traffic import traffic
from tests.support.brokers import Broker


@pytest.mark.kafka
@pytest.mark.parametrize("name", ["raw_aiokafka", "engine_exactly_once", "handraise_exactly_once", "stock_faust"])
def test_a_contender_does_its_job(name: str, kafka: Broker, tmp_path: Path) -> None:
    """It gets through all events, and says what that took."""
    (contender,) = [one for one in CONTENDERS if one.name == name]
    took = measure(contender, kafka, tmp_path, list(traffic(1_500)))
    assert 0 < took.events < 1_500
    assert took.seconds > 0
    assert took.cpu_seconds > 0
