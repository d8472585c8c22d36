"""Kafka clients, all made here, so that each of them gets the same security."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from ssl import SSLContext
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRebalanceListener, conn
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.consumer import fetcher
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from aiokafka.errors import KafkaConnectionError
from aiokafka.helpers import create_ssl_context
from aiokafka.producer import sender

from handraise.engine.errors import BrokerUnreachableError, EngineError
from handraise.engine.patience import wait_for_end
from handraise.engine.record import received
from handraise.settings import Settings

RETRY_BACKOFF_MS: Final = 10
"""A transaction waits this long when the broker is still writing the markers of the one before: with the client's own
100 ms, most transactions would take 100 ms longer than they need."""
_MARKERS_SECONDS: Final = 0.003
"""The same where the client has a fixed 20 ms, which no option changes; a marker is written in one to three."""
sender.BACKOFF_OVERRIDE = _MARKERS_SECONDS
fetcher.PartitionRecords._consumer_record = received  # noqa: SLF001 - no option of the client changes what it makes
REQUEST_TIMEOUT_MS: Final = 15_000
MAX_REQUEST_BYTES: Final = 1_048_576
_MAX_BATCH_BYTES: Final = 524_288
_FETCH_WAIT_MS: Final = 200
_MEMBER_FETCH_WAIT_MS: Final = 100
"""A partition that had enough waits for the fetch under way, which is without it, before it is fetched again: for no
longer than what it still has lasts."""
RESTORE_FETCH_BYTES: Final = 1_048_576
"""Less than what is mapped block by block (see `memory`): with 4 MiB, a restore took a third longer for that alone."""
conn.READER_LIMIT = 2 * RESTORE_FETCH_BYTES
"""A connection is paused when twice as much lies in its buffer. With the client's own 64 KiB it was paused and resumed
again and again within one fetch of a restore."""
_STOP_SECONDS: Final = 0.75
_LOOK_SECONDS: Final = 1.0
_NEVER_IDLE_MS: Final = 2**31 - 1


class Clients:
    """Makes clients for the brokers of the settings. The caller starts and stops them."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def admin(self) -> Any:  # noqa: ANN401 - aiokafka carries no types
        """For topics and their options."""
        return AIOKafkaAdminClient(**self._common(), request_timeout_ms=REQUEST_TIMEOUT_MS)

    def reader(self, *, isolation: str = "read_committed", reset: str = "earliest") -> Any:  # noqa: ANN401 - aiokafka carries no types
        """A consumer without a group, for state, policies and the log: assign and seek it by hand.

        With `reset="none"`, an offset that a topic no longer has is an error, not a silent jump.
        """
        return AIOKafkaConsumer(
            **self._common(),
            isolation_level=isolation,
            auto_offset_reset=reset,
            enable_auto_commit=False,
            max_partition_fetch_bytes=RESTORE_FETCH_BYTES,
            fetch_max_wait_ms=_FETCH_WAIT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )

    def member(self) -> Any:  # noqa: ANN401 - aiokafka carries no types
        """A consumer in the group of the settings; offsets are committed by hand.

        The range assignor gives one member the same partition of every topic, as long as the topics have equally many.
        An offset that the log no longer has is an error, not a silent jump.
        """
        session_ms = int(self._settings.session_timeout_seconds * 1_000)
        return AIOKafkaConsumer(
            **self._common(),
            group_id=self._settings.group,
            group_instance_id=self._settings.group_instance_id,
            partition_assignment_strategy=(RangePartitionAssignor,),
            isolation_level="read_committed",
            auto_offset_reset="none",
            enable_auto_commit=False,
            session_timeout_ms=session_ms,
            heartbeat_interval_ms=max(200, session_ms // 6),
            rebalance_timeout_ms=max(session_ms, 20_000),
            # A partition that takes long to restore is not idle, and a stuck one is caught by the transaction timeout.
            max_poll_interval_ms=_NEVER_IDLE_MS,
            # The other half is for what waits already.
            max_partition_fetch_bytes=self._settings.fetch_bytes // 2,
            fetch_max_wait_ms=_MEMBER_FETCH_WAIT_MS,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )

    def producer(self, transactional_id: str | None = None) -> Any:  # noqa: ANN401 - aiokafka carries no types
        """A producer; with a transactional id, its start fences every earlier producer of that id."""
        transactional: dict[str, Any] = {}
        if transactional_id is not None:
            transactional = {
                "transactional_id": transactional_id,
                "transaction_timeout_ms": int(self._settings.transaction_timeout_seconds * 1_000),
                "enable_idempotence": True,
            }
        return AIOKafkaProducer(
            **self._common(),
            **transactional,
            acks="all",
            linger_ms=0,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            max_batch_size=_MAX_BATCH_BYTES,
            max_request_size=MAX_REQUEST_BYTES,
            request_timeout_ms=REQUEST_TIMEOUT_MS,
        )

    async def start(self, client: Any) -> Any:  # noqa: ANN401 - aiokafka carries no types
        """Start a client and hand it back.

        Raises:
            BrokerUnreachableError: none of the brokers of the settings answers.
        """
        try:
            await client.start()
        except BaseException as error:
            # One that did not start still holds connections.
            await stop_client(client, "a client that did not start to stop")
            if isinstance(error, KafkaConnectionError):
                raise BrokerUnreachableError(await self._what_keeps_out()) from error
            raise
        return client

    async def _what_keeps_out(self) -> str:
        """Why no broker let a client in. The client itself tells that to its own log alone."""
        brokers = self._settings.brokers
        for host, port, _ in conn.collect_hosts(self._settings.broker_addresses):
            with suppress(OSError, TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    _, writer = await asyncio.open_connection(host, port)
                writer.close()
                return (
                    f"{brokers} takes connections, and no broker answers on them: see that HANDRAISE_SECURITY_PROTOCOL,"
                    " the user, its password and the certificates are those that this listener of Kafka asks for"
                )
        return f"no broker answers at {brokers}: start Kafka there, or set HANDRAISE_BROKERS"

    def _common(self) -> dict[str, Any]:
        settings = self._settings
        options: dict[str, Any] = {
            "bootstrap_servers": settings.broker_addresses,
            "client_id": settings.group,
            "security_protocol": settings.security_protocol.value,
        }
        if settings.uses_tls:
            options["ssl_context"] = _tls(settings)
        if settings.uses_sasl and settings.sasl_password is not None:
            options["sasl_mechanism"] = settings.sasl_mechanism.value
            options["sasl_plain_username"] = settings.sasl_username
            options["sasl_plain_password"] = settings.sasl_password.get_secret_value()
        return options


class RebalanceListener(ConsumerRebalanceListener):  # type: ignore[misc] # aiokafka carries no types
    """The class that aiokafka wants its listeners to be of."""


async def stop_client(client: Any, what: str) -> None:  # noqa: ANN401 - aiokafka carries no types
    """Stop a client, however it takes that: nothing is raised, and what takes too long is left behind."""
    await wait_for_end(_STOP_SECONDS, what, _stopped(client))


async def _stopped(client: Any) -> None:  # noqa: ANN401 - aiokafka carries no types
    if isinstance(client, AIOKafkaAdminClient):
        await client.close()
        return
    try:
        await client.stop()
    except asyncio.CancelledError:
        # A consumer that waits to fetch again, its broker being away, lets the cancellation of that wait out of its
        # stop, and does not come to its connections, nor to the task that keeps the brokers' addresses up to date.
        await client._client.close()  # noqa: SLF001 - another stop does nothing
        raise


def _tls(settings: Settings) -> SSLContext:
    """How connections are encrypted.

    Raises:
        EngineError: a file of the settings cannot be used; the message names the setting.
    """
    try:
        context: SSLContext = create_ssl_context(cafile=None if (file := settings.ssl_ca_file) is None else str(file))
    except OSError as error:
        raise EngineError(
            f"HANDRAISE_SSL_CA_FILE cannot be used ({error.strerror}): give certificates in PEM"
        ) from error
    if settings.ssl_certificate_file is not None:
        # Without any password, OpenSSL would ask for that of a key in the terminal.
        password = settings.ssl_key_password.get_secret_value() if settings.ssl_key_password else ""
        try:
            context.load_cert_chain(settings.ssl_certificate_file, settings.ssl_key_file, password)
        except (OSError, ValueError) as error:
            # A password that is far too long for one has an error of its own, as where the key was put there.
            said = error.strerror if isinstance(error, OSError) else error
            raise EngineError(
                f"HANDRAISE_SSL_CERTIFICATE_FILE and HANDRAISE_SSL_KEY_FILE cannot be used ({said}): give both in PEM,"
                " and HANDRAISE_SSL_KEY_PASSWORD if the key has a password"
            ) from error
    return context
