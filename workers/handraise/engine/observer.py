"""What the engine tells whoever counts: the metrics of the worker, or a recorder in a test.

Everything that says what became of records is told after the commit, and once per record: a batch that is read again
after a failure has been told nothing of. Calls are synchronous and quick, and must not raise.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from handraise.conversation.effects import Effects
from handraise.events import DeadLetterReason, Outcome, Sender


class Folded(Struct, frozen=True, gc=False):
    """One event that was folded and committed, and what it brought about.

    `what` is an outcome, or of a message only who wrote it: the messages of a batch are not kept until its commit. None
    when timers brought it about.
    """

    what: Sender | Outcome | None
    effects: Effects


class Observer(Protocol):
    """The happenings of the engine, one method each. Times are seconds."""

    # --- batches ---

    def batch_committed(self, partition: int, records: int, seconds: float, folded: Sequence[Folded]) -> None:
        """A batch of `records` records is committed, `seconds` after it was taken in hand.

        `folded` holds the events that were used, in order; the other records were dead letters, or had been folded
        before. A batch without records is one of timers.
        """
        ...

    def dead_letter(self, topic: str, reason: DeadLetterReason) -> None:
        """A record of `topic` went to the dead letters; told after the commit."""
        ...

    def bad_records(self, partition: int, used: float | None) -> None:
        """How near a partition is to the limits of unusable records: at 1 the worker stops. None when it has left."""
        ...

    def misrouted(self, topic: str) -> None:
        """A record of `topic` stood on another partition than the default partitioner gives its key."""
        ...

    def replays_skipped(self, records: int) -> None:
        """Under at-least-once: records that had been folded before a crash were passed over."""
        ...

    def transaction_committed(self, seconds: float) -> None:
        """A transaction is committed, or under at-least-once everything is acknowledged."""
        ...

    def transaction_aborted(self, seconds: float) -> None:
        """A transaction was given up; its batch is read again."""
        ...

    def transaction_fenced(self, seconds: float) -> None:
        """Another worker has taken the partition over while this one held a batch of it."""
        ...

    def broker_retried(self) -> None:
        """The Kafka client had to repeat a request (its warnings of that are not logged one by one)."""
        ...

    # --- partitions ---

    def rebalanced(self, partitions: int) -> None:
        """The group gave this worker `partitions` partitions of the message topic."""
        ...

    def restored(self, partition: int, conversations: int, seconds: float) -> None:
        """The state of a partition is read back from its changelog."""
        ...

    def state_held(self, partition: int, conversations: int, open_triggers: Mapping[str, int]) -> None:
        """How many conversations this worker keeps for a partition, and how many are open by trigger.

        Told after each restore and commit; with 0 and an empty mapping when the partition is gone.
        """
        ...

    def lag(self, topic: str, partition: int, records: int, seconds: float) -> None:
        """Records not yet committed, and the age of the oldest of them; 0 and 0 when there are none."""
        ...

    def lag_unknown(self, topic: str, partition: int) -> None:
        """The partition is no longer this worker's, so that its lag is another's to tell."""
        ...

    def records_missed(self, topic: str, partition: int, records: int) -> None:
        """Retention removed `records` records before they could be read."""
        ...

    def ready(self, ready: bool) -> None:
        """Whether every assigned partition is restored and being read."""
        ...

    # --- policies and detection ---

    def policy_accepted(self) -> None:
        """A policy that was published while the worker ran is in force."""
        ...

    def policy_refused(self) -> None:
        """A policy that was published while the worker ran is not usable; the one before stays in force."""
        ...

    def policy_removed(self) -> None:
        """A policy was deleted; its business has the base policy again."""
        ...

    def policies_in_force(self, businesses: int, version: str, own_triggers: Collection[str]) -> None:
        """The set of policies is now this one; `version` names its exact content."""
        ...

    def policies_faulty(self, *, refused: int, without_base: int, unfit: int) -> None:
        """How many policies are not in force as they are written, by why.

        The newest of `refused` businesses is not usable; what `without_base` inherit from is not there; `unfit` do not
        go together with what they inherit.
        """
        ...

    def detected(self, seconds: float) -> None:
        """Messages that were looked at together were detected."""
        ...
