"""Tasks of a partition over the model of a broker."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import cast

from handraise.engine.batch import Batch
from handraise.engine.clients import Clients
from handraise.engine.task import PartitionTask, TaskParts
from handraise.engine.topics import TopicNames
from handraise.settings import Settings
from tests.support.counting import COUNTED, Recorder
from tests.support.modelled import ModelClients


def task_of(clients: ModelClients, submit: Callable[[Batch], Awaitable[None]], settings: Settings) -> PartitionTask:
    """The task of partition 0, which counts messages."""
    parts = TaskParts(
        settings,
        cast(Clients, clients),
        TopicNames(""),
        clients.member(),
        Recorder().as_observer(),
        lambda _: COUNTED,
        submit,
        lambda _: None,
        lambda: None,
    )
    return PartitionTask(0, parts)
