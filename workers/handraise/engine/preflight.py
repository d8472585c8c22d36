"""What has to hold before the worker begins: topics that fit, and a broker that can do what delivery needs."""

from __future__ import annotations

import asyncio
from typing import Final

from aiokafka.errors import KafkaError, TransactionalIdAuthorizationFailed
from mode import Service

from handraise.engine.clients import Clients
from handraise.engine.errors import TransactionsUnsupportedError
from handraise.engine.topics import check_topics
from handraise.engine.transaction import transactional_id
from handraise.settings import Delivery, Settings

_ANSWER_SECONDS: Final = 30.0


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
    except TransactionalIdAuthorizationFailed as error:
        raise TransactionsUnsupportedError(
            f"the broker does not let this user write transactions under the id {check_id}: allow Write and Describe on"
            " transactional ids that begin like it"
        ) from error
    except (KafkaError, TimeoutError) as error:
        raise TransactionsUnsupportedError(
            "the broker has no transactions, which exactly-once delivery needs: use Apache Kafka 2.5 or newer, or set"
            " HANDRAISE_DELIVERY=at_least_once and let consumers drop repeats by their ids"
        ) from error
    finally:
        await producer.stop()
