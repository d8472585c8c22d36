"""What has to hold before the worker begins: topics that fit, and a broker that can do what delivery needs."""

from __future__ import annotations

from mode import Service

from handraise.engine.clients import Clients
from handraise.engine.delivery import start_transactional, transactional_id
from handraise.engine.topics import check_topics
from handraise.settings import Delivery, Settings


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
            producer = await start_transactional(self._clients, transactional_id(self._settings, "check"))
            await producer.stop()
