"""Brokers for the tests that need one. Each is started once, when the first test asks for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.brokers import Broker, BrokerUnavailableError, apache_kafka, embedded, jars
from tests.support.installation import Installation, installed
from tests.support.postgresql import Server, postgresql

settings.register_profile("steady", deadline=None)
settings.load_profile("steady")  # how long an example takes says more about the machine than about the code

REQUIRED = "HANDRAISE_REQUIRE_KAFKA"


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """Apache Kafka."""
    yield from _started(apache_kafka, tmp_path_factory.mktemp("kafka"))


@pytest.fixture(scope="session")
def kafka_jars() -> None:
    """What Apache Kafka needs is there, for a test that starts its own."""
    try:
        jars()
    except BrokerUnavailableError as error:
        _unavailable(error)


@pytest.fixture(scope="session")
def embedded_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    """The embedded broker."""
    yield from _started(embedded, tmp_path_factory.mktemp("embedded"))


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[Server]:
    """A PostgreSQL."""
    with postgresql() as running:
        yield running


@pytest.fixture(
    params=[
        pytest.param("kafka", marks=pytest.mark.kafka),
        pytest.param("embedded_broker", marks=pytest.mark.embedded),
    ]
)
def broker(request: pytest.FixtureRequest) -> Broker:
    """Each broker in turn: what a test asks of it holds on both."""
    found: Broker = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def installation(broker: Broker, tmp_path: Path) -> Iterator[Installation]:
    """Topics and a group that are this test's own; workers that it starts are stopped at its end."""
    with installed(broker, tmp_path) as made:
        yield made


@pytest.fixture
def kafka_installation(kafka: Broker, tmp_path: Path) -> Iterator[Installation]:
    """The same on Apache Kafka alone."""
    with installed(kafka, tmp_path) as made:
        yield made


def _started(start: Callable[[Path], AbstractContextManager[Broker]], folder: Path) -> Iterator[Broker]:
    try:
        with start(folder) as running:
            yield running
    except BrokerUnavailableError as error:
        _unavailable(error)


def _unavailable(error: BrokerUnavailableError) -> None:
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{error} ({REQUIRED}=1 allows no skip)")
    pytest.skip(str(error))
