"""What has to hold before the worker begins: topics that fit, and a broker that can do what delivery needs."""

from __future__ import annotations

import asyncio
from typing import Final

from aiokafka.errors import (
    IncompatibleBrokerVersion,
    InvalidTransactionTimeout,
    KafkaError,
    TransactionalIdAuthorizationFailed,
    UnknownError,
    UnsupportedVersionError,
)
from mode import Service

from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError, TransactionsUnavailableError, TransactionsUnsupportedError
from handraise.engine.topics import check_topics
from handraise.engine.transaction import transactional_id
from handraise.settings import Delivery, Settings

_ANSWER_SECONDS: Final = 30.0
_NOT_KNOWN: Final = (IncompatibleBrokerVersion, UnsupportedVersionError, UnknownError)
"""The broker does not offer the request, does not take it in this version, or, as the embedded one does, fails at it.
Apache Kafka says the last only of a fault of its own."""


class Preflight(Service):
    """Runs the checks as the worker starts, before the services that rely on them."""

    mundane_level = "debug"

    def __init__(self, settings: Settings, clients: Clients) -> None:
        self._settings = settings
        self._clients = clients
        super().__init__()

    async def on_start(self) -> None:
        """Check.

        Raises:
            EngineError: something does not hold; the message names the mend.
        """
        await check_topics(self._settings, self._clients)
        if self._settings.delivery is Delivery.EXACTLY_ONCE:
            await _check_transactions(self._clients, transactional_id(self._settings, "check"))


async def _check_transactions(clients: Clients, check_id: str) -> None:
    producer = clients.producer(check_id)
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await clients.start(producer)
    except (KafkaError, TimeoutError) as error:
        raise _refusal(error, check_id) from error
    finally:
        await producer.stop()


def _refusal(error: KafkaError | TimeoutError, check_id: str) -> EngineError:
    """What is wrong, in words that name the mend."""
    # The client hands on what it did not expect of a coordinator as a plain error with a cause.
    reason = error.__cause__ if type(error) is KafkaError and error.__cause__ is not None else error
    kind = type(reason).__name__
    rights = f"this user has Write and Describe on transactional ids that begin like {check_id}"
    if isinstance(reason, _NOT_KNOWN):
        unsure = "; if it is one already, its log says what failed" if isinstance(reason, UnknownError) else ""
        return TransactionsUnsupportedError(
            f"the broker has no transactions ({kind}), which exactly-once delivery needs: use Apache Kafka 2.5 or newer"
            f"{unsure}. Or set HANDRAISE_DELIVERY=at_least_once and let consumers drop repeats by their ids"
        )
    if isinstance(reason, TransactionalIdAuthorizationFailed):
        return TransactionsUnavailableError(f"the broker does not let this user write transactions: see that {rights}")
    if isinstance(reason, InvalidTransactionTimeout):
        return TransactionsUnavailableError(
            "HANDRAISE_TRANSACTION_TIMEOUT_SECONDS is more than the broker's transaction.max.timeout.ms: set it to less"
        )
    return TransactionsUnavailableError(
        f"the broker does not let a transaction begin ({kind}): see that each partition of __transaction_state has a"
        " leader, that there are as many brokers as transaction.state.log.replication.factor asks for (3 by default),"
        f" without which that topic cannot be made, and that {rights}"
    )
