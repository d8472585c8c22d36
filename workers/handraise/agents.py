"""The Faust agents: a few lines each, over what the engine hands them."""

from __future__ import annotations

import faust
from faust.types import AgentT, ChannelT, StreamT

from handraise.engine.batch import Batch
from handraise.engine.folding import Folding


def add_agents(app: faust.App, batches: ChannelT[Batch], folding: Folding, concurrency: int) -> AgentT[Batch]:
    """Give the app its agents; `concurrency` batches are in hand at once, each of another partition."""

    @app.agent(batches, name="watch_conversations", concurrency=concurrency)
    async def watch_conversations(stream: StreamT[Batch]) -> None:
        """Fold each batch; leaving the transaction commits it."""
        async for batch in stream:
            async with batch.transaction() as outbox:
                await folding.fold(batch, outbox)

    return watch_conversations
