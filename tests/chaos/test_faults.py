"""The main faults under load, each for a short time, against real workers and a real Kafka; see `make chaos`.

What a consumer of the output that reads only what is committed must find: what the input asks for, once, in order, and
a state that is the very one that the input gives. Under at-least-once a result may come again, but then it is the same.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from handraise.settings import Delivery
from tests.chaos.catalogue import FAULTS, chosen
from tests.chaos.running import run_trial
from tests.chaos.trial import SHORT_SECONDS, Plan

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]


@pytest.mark.usefixtures("kafka_jars")
@pytest.mark.parametrize(("name", "delivery"), [pytest.param(*one, id="-".join(one)) for one in chosen(short=True)])
def test_what_is_guaranteed_holds_under_the_fault(name: str, delivery: Delivery, tmp_path: Path) -> None:
    """And something was decided before the fault, during it and after it."""
    fault = FAULTS[name]
    verdict = asyncio.run(run_trial(fault.inject, fault.setup, Plan(seconds=SHORT_SECONDS), delivery, tmp_path))
    assert verdict.holds, verdict.as_json()
