"""What people do in the console goes out to Kafka, and they are told when it did not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Final

import structlog
from aiokafka.errors import KafkaError

from handraise.engine.errors import BrokerUnreachableError, EngineError
from handraise.review.publishing import NotPublishedError

ANSWER_SECONDS: Final = 8.0
"""A person waits for it."""

log = structlog.get_logger(__name__)


class BrokerAwayError(Exception):
    """Kafka did not confirm what was sent; the message says so to the person who sent it."""


async def confirmed(publishing: Awaitable[None]) -> None:
    """Wait until Kafka has what is published: one record, so that nothing was sent where the engine could not begin.

    Raises:
        BrokerAwayError: Kafka does not answer, or not in time, or does not have what is needed.
    """
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await publishing
    except (EngineError, NotPublishedError, KafkaError, TimeoutError) as error:
        log.warning("not_published", error=type(error).__name__)
        raise BrokerAwayError(_said_of(error)) from error


def _said_of(error: Exception) -> str:
    if isinstance(error, BrokerUnreachableError):
        return "Kafka does not answer, so nothing was sent. Try again in a moment."
    if isinstance(error, EngineError):
        return f"Nothing was sent: {error}."
    return "Kafka does not answer, so this may not have been sent. Try again in a moment."
