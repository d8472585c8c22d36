"""How far a consumer group has come, asked so that no answer can be mistaken for "nothing yet"."""

from __future__ import annotations

from collections.abc import Sequence

from aiokafka import TopicPartition
from aiokafka.errors import GroupCoordinatorNotAvailableError
from aiokafka.structs import OffsetAndMetadata

from handraise.engine.clients import Clients


async def committed_offsets(
    clients: Clients, group: str, sources: Sequence[TopicPartition]
) -> dict[TopicPartition, OffsetAndMetadata]:
    """What the group has committed last of each source; a source of which it never has is left out.

    A coordinator that moves to another broker, or that loads its groups, answers with an error that stands beside the
    partitions, and with none of these (Kafka's OffsetFetch, from version 2 on). The client does not read that error,
    so its consumer says that nothing was ever committed, and the topics would be folded again from their beginning.
    What nothing was committed of is named with offset -1, so a source that is not named at all was not answered.

    Raises:
        GroupCoordinatorNotAvailableError: the coordinator does not say now; ask again.
    """
    admin = await clients.start(clients.admin())
    try:
        answered = await admin.list_consumer_group_offsets(group, partitions=list(sources))
    finally:
        await admin.close()
    if not all(source in answered for source in sources):
        raise GroupCoordinatorNotAvailableError(f"the coordinator of group {group} does not say what is committed")
    return {source: answered[source] for source in sources if answered[source].offset >= 0}
