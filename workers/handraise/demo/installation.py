"""Where the demo runs: a broker, topics of its own on it, and the environment that its worker is started with."""

from __future__ import annotations

import asyncio
import os
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from aiokafka.errors import KafkaError
from msgspec import Struct

from handraise.demo.broker import embedded_broker
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError
from handraise.engine.topics import Topic, TopicNames, create_topics
from handraise.settings import PREFIX, SECRETS_DIR, Delivery, LogFormat, LogLevel, Settings

POLICIES: Final = Path(__file__).parent / "policies.yaml"
_PARTITIONS: Final = 4
_SESSION_SECONDS: Final = {Delivery.AT_LEAST_ONCE: 4.0, Delivery.EXACTLY_ONCE: 6.0}
"""A first join takes half of it on the embedded broker; Apache Kafka refuses less than 6 by default."""

Say = Callable[[str], None]
"""Shows the reader one line."""


class Installation(Struct, frozen=True):
    """Settings for the demo's own clients, and what its worker needs to come to the same ones."""

    settings: Settings
    environment: Mapping[str, str]
    folder: Path
    """The worker's working directory, where it looks for `.env`."""


@contextmanager
def on_embedded_broker(scratch: Path, say: Say) -> Iterator[Installation]:
    """Start the embedded broker, and make the topics on it. Nothing that is configured outside has a part in it.

    Args:
        scratch: an empty folder, for logs.
        say: shows one line.

    Raises:
        BrokerError: it is not installed, or did not start.
        EngineError: it refuses a topic.
    """
    with embedded_broker(scratch) as servers:
        say(f"Broker {servers}: in memory, for trying out. It keeps nothing, and has no transactions.")
        own = _own(servers, Delivery.AT_LEAST_ONCE)
        # Built without a look at the environment: security or names that belong to another broker do not fit this one.
        settings = Settings.model_construct(**own)
        secrets = scratch / "secrets"
        secrets.mkdir()
        outside = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
        environment = outside | _variables(own) | _log(scratch) | {SECRETS_DIR: str(secrets)}
        asyncio.run(create_topics(settings, Clients(settings)))
        yield Installation(settings, environment, scratch)


@contextmanager
def on_own_broker(servers: str, configured: Settings, scratch: Path, say: Say) -> Iterator[Installation]:
    """Make topics with a prefix of this run on a broker that runs already, and delete them at the end.

    Args:
        servers: `host:port`, several separated by commas.
        configured: the user's settings, for how the connection is secured.
        scratch: an empty folder, for the log.
        say: shows one line.

    Raises:
        EngineError: it does not answer, or refuses a topic.
    """
    own = _own(servers, Delivery.EXACTLY_ONCE)
    settings = configured.model_copy(update=own)
    say(f"Broker {servers}: exactly-once, in topics of this run, {settings.topic_prefix}*, deleted at the end.")
    asyncio.run(create_topics(settings, Clients(settings)))
    try:
        yield Installation(settings, os.environ | _variables(own) | _log(scratch), Path.cwd())
    finally:
        try:
            left = asyncio.run(_delete_topics(settings))
        except (EngineError, KafkaError):
            left = True
        if left:
            say(f"The topics {settings.topic_prefix}* could not be deleted: delete them on the broker.")


def _own(servers: str, delivery: Delivery) -> dict[str, Any]:
    name = f"handraise-demo-{uuid.uuid4().hex[:6]}"
    return {
        "brokers": servers,
        "delivery": delivery,
        "group": name,
        "topic_prefix": f"{name}.",
        "partitions": _PARTITIONS,
        "session_timeout_seconds": _SESSION_SECONDS[delivery],
        "http_host": "127.0.0.1",
        "http_port": 0,
        "log_http_port": 0,
        "console_host": "127.0.0.1",
        "console_port": 0,
        "policy_path": POLICIES,
        # The demo reads from the worker's log where it listens.
        "log_level": LogLevel.INFO,
        "log_format": LogFormat.JSON,
    }


def _variables(own: Mapping[str, Any]) -> dict[str, str]:
    return {f"{PREFIX}{name.upper()}": str(value) for name, value in own.items()}


def _log(scratch: Path) -> dict[str, str]:
    """Where the escalation log of the demo is, whatever other one the user has."""
    return {f"{PREFIX}LOG_DATABASE_URL": f"sqlite:///{scratch / 'log.sqlite3'}"}


async def _delete_topics(settings: Settings) -> bool:
    """Delete them, and tell whether the broker refused to."""
    names = TopicNames(settings.topic_prefix)
    clients = Clients(settings)
    admin = await clients.start(clients.admin())
    try:
        response = await admin.delete_topics([names[topic] for topic in Topic])
        return any(code for _, code in response.topic_error_codes)
    finally:
        await admin.close()
