"""`handraise log`, put together from the settings."""

from __future__ import annotations

import asyncio
import signal
from datetime import timedelta
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector

from handraise.engine.clients import Clients
from handraise.engine.http import HttpServer
from handraise.engine.topics import TopicNames, check_topics
from handraise.review.database import log_database
from handraise.review.intake import Intake
from handraise.review.masked import Masker
from handraise.review.observer import LogObserver
from handraise.review.reader import LogReader
from handraise.review.retention import Keeping
from handraise.review.topics import LogTopics
from handraise.settings import Settings

ROLLING: Final = timedelta(days=8)
"""A segment of a topic goes as a whole: it takes in records for a week, and is looked at every few minutes."""


async def run_log(settings: Settings) -> None:
    """Keep the log until SIGTERM or SIGINT.

    Raises:
        EngineError: no broker answers, topics are missing, or the address for HTTP cannot be used.
        LogError: the database cannot be used.
    """
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    observer = LogObserver(registry)
    clients = Clients(settings)
    names = TopicNames(settings.topic_prefix)
    http = HttpServer(
        settings.http_host, settings.log_http_port, registry, observer, port_setting="HANDRAISE_LOG_HTTP_PORT"
    )
    with log_database(settings) as database:
        await http.start()
        try:
            await check_topics(settings, clients)
            await asyncio.to_thread(database.migrate)
            reader = LogReader(
                topics=LogTopics(clients, names, observer),
                intake=Intake(names, Masker(contacts=settings.log_mask_contacts)),
                database=database,
                observer=observer,
                names=names,
                keeping=Keeping(
                    decisions=timedelta(days=settings.log_decision_days),
                    escalations=timedelta(days=settings.log_escalation_days),
                ),
                topics_hold=timedelta(days=settings.retention_days) + ROLLING,
                batch_records=settings.log_batch_records,
            )
            await reader.run(stopping)
        finally:
            await http.stop()
