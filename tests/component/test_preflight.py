"""What a worker says when it cannot begin a transaction: what is wrong, and never more than is known."""

from __future__ import annotations

import asyncio
from typing import Any, cast

import pytest
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    IncompatibleBrokerVersion,
    InvalidTransactionTimeout,
    KafkaError,
    TransactionalIdAuthorizationFailed,
    UnknownError,
    UnsupportedVersionError,
)

from handraise.engine import delivery, preflight
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError, TransactionsUnavailableError, TransactionsUnsupportedError
from handraise.engine.preflight import Preflight
from handraise.settings import Delivery, Settings


class Refusing:
    """Clients that are told to wait, or why not, when they start."""

    def __init__(self, error: BaseException | None) -> None:
        self.made: list[str] = []
        self._error = error

    def producer(self, transactional_id: str) -> str:
        """Make a producer."""
        self.made.append(transactional_id)
        return transactional_id

    async def start(self, client: Any) -> Any:  # noqa: ANN401 - any client
        """Fail with the error; without one, never answer."""
        if self._error is not None:
            raise self._error
        await asyncio.Event().wait()
        return client


def wrapped(error: KafkaError) -> KafkaError:
    """As the client hands on what it did not expect when it looked for the coordinator."""
    outer = KafkaError(repr(error))
    outer.__cause__ = error
    return outer


def refusal(monkeypatch: pytest.MonkeyPatch, error: BaseException | None, **settings: object) -> EngineError:
    """What the checks raise where the start of a transactional producer ends so."""

    async def fits(*_: object) -> int:
        return 12

    monkeypatch.setattr(preflight, "check_topics", fits)
    monkeypatch.setattr(delivery, "_ANSWER_SECONDS", 0.05)
    clients, own = Refusing(error), cast(dict[str, Any], settings)

    async def check() -> None:
        await Preflight(Settings(**own), cast(Clients, clients)).on_start()

    with pytest.raises(EngineError) as refused:
        asyncio.run(check())
    return refused.value


@pytest.mark.parametrize(
    "error",
    [
        IncompatibleBrokerVersion("InitProducerId"),
        wrapped(IncompatibleBrokerVersion("FindCoordinator")),
        UnsupportedVersionError(),
        UnknownError(),
    ],
)
def test_only_of_a_broker_that_does_not_know_transactions_is_it_said_that_it_has_none(
    monkeypatch: pytest.MonkeyPatch, error: KafkaError
) -> None:
    """An old one does not offer the request, another does not take it, the embedded one fails at it."""
    refused = refusal(monkeypatch, error)
    assert isinstance(refused, TransactionsUnsupportedError)
    assert "HANDRAISE_DELIVERY=at_least_once" in str(refused)


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (None, "TimeoutError"),
        (ClusterAuthorizationFailedError(), "ClusterAuthorizationFailedError"),
        (wrapped(ClusterAuthorizationFailedError()), "ClusterAuthorizationFailedError"),
    ],
)
def test_any_other_error_is_named_and_no_weaker_delivery_advised(
    monkeypatch: pytest.MonkeyPatch, error: KafkaError | None, kind: str
) -> None:
    """A cluster that is short of brokers, or a right that is missing, is to be mended there."""
    refused = refusal(monkeypatch, error)
    assert isinstance(refused, TransactionsUnavailableError)
    assert kind in str(refused)
    assert "__transaction_state" in str(refused)
    assert "at_least_once" not in str(refused)


def test_a_right_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the id that it is missing for."""
    refused = refusal(monkeypatch, TransactionalIdAuthorizationFailed(), group="support")
    assert isinstance(refused, TransactionsUnavailableError)
    assert "support" in str(refused)
    assert "at_least_once" not in str(refused)


def test_a_timeout_that_the_broker_does_not_grant_names_the_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the broker's `transaction.max.timeout.ms` that is less."""
    refused = refusal(monkeypatch, InvalidTransactionTimeout(), transaction_timeout_seconds=600)
    assert isinstance(refused, TransactionsUnavailableError)
    assert "HANDRAISE_TRANSACTION_TIMEOUT_SECONDS" in str(refused)


def test_nothing_is_asked_about_transactions_where_none_are_needed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under at-least-once."""

    async def fits(*_: object) -> int:
        return 12

    monkeypatch.setattr(preflight, "check_topics", fits)
    clients, own = Refusing(UnknownError()), cast(dict[str, Any], {"delivery": Delivery.AT_LEAST_ONCE})

    async def check() -> None:
        await Preflight(Settings(**own), cast(Clients, clients)).on_start()

    asyncio.run(check())
    assert clients.made == []
