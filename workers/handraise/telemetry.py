"""Moves the metrics of the catalogue. Everything about events is called after the commit of what it counts.

Every series exists before the first event, and is looked up, never made, while events are counted: a message can only
move what is there. A trigger that no policy names is counted as `other`.
"""

from __future__ import annotations

import time
from collections import Counter as Tally
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, ProcessCollector

from handraise import metrics
from handraise.conversation.effects import Fact, Note
from handraise.conversation.timers import Timer
from handraise.engine.observer import Folded
from handraise.events import Action, DeadLetterReason, Escalation, EscalationType, Outcome, Sender, milliseconds
from handraise.instruments import Instruments
from handraise.metrics import (
    NO_CLASS,
    OTHER,
    TRIGGER,
    UNKNOWN_SENDER,
    MessageOutcome,
    Metric,
    OfferResult,
    PolicyFault,
    PromiseResult,
    ReloadResult,
    TransactionResult,
)
from handraise.policy.model import CRISIS

MAX_OWN_TRIGGERS: Final = 32
"""Own triggers with series of their own. Each has about 40, and 10,000 series block the event loop for 143 ms at each
scrape, so this keeps a scrape well under 30 ms."""

_TIMERS: Final = frozenset(timer.cause for timer in Timer)
_PLAIN_FACTS: Final[Mapping[Fact, tuple[Metric, tuple[str, ...]]]] = {
    Fact.CONVERSATION_STARTED: (metrics.CONVERSATIONS, ()),
    Fact.DUPLICATE: (metrics.DUPLICATES, ()),
    Fact.LATE: (metrics.LATE, ()),
    Fact.TAKEOVER_UNPROMPTED: (metrics.TAKEOVERS_UNPROMPTED, ()),
    Fact.AI_SPOKE_WHILE_HUMAN: (metrics.AI_SPOKE_WHILE_HUMAN, ()),
    Fact.PROMISE_BROKEN: (metrics.PROMISES_BROKEN, ()),
    Fact.CUSTOMER_UNANSWERED: (metrics.CUSTOMERS_UNANSWERED, ()),
    Fact.OFFER_ACCEPTED: (metrics.OFFERS, (OfferResult.ACCEPTED,)),
    Fact.OFFER_LAPSED: (metrics.OFFERS, (OfferResult.LAPSED,)),
}


class Metrics:
    """The metrics of one worker: the engine's observer.

    `messages_topic` is the full name of the message topic. `now` is the clock, in seconds since 1970: the delay of an
    escalation, and the age of the last commit, are measured with it.
    """

    def __init__(
        self,
        registry: CollectorRegistry,
        *,
        messages_topic: str,
        version: str,
        detector_version: str,
        now: Callable[[], float] = time.time,
    ) -> None:
        ProcessCollector(registry=registry)
        self._instruments: Final = Instruments(registry)
        self._messages_topic: Final = messages_topic
        self._now: Final = now
        self._triggers: Final = set(TRIGGER.values)
        self._own_triggers = 0
        self._open: Final[dict[int, Mapping[str, int]]] = {}
        self._in_state: Final[dict[int, int]] = {}
        self._policies_version: str | None = None
        self._instruments.set(metrics.LAST_COMMIT, now())
        build = (version, detector_version)
        self._instruments.start(metrics.BUILD_INFO, build)
        self._instruments.set(metrics.BUILD_INFO, 1, build)

    # --- batches ---

    def batch_committed(self, partition: int, records: int, seconds: float, folded: Sequence[Folded]) -> None:
        """Count a committed batch and all that its events brought about."""
        del partition  # which partition it was says nothing that the lag does not say better
        now = self._now()
        if records:
            self._instruments.observe(metrics.BATCH_SIZE, records)
            self._instruments.observe(metrics.BATCH_TIME, seconds)
        self._instruments.set(metrics.LAST_COMMIT, now)
        messages = Tally[tuple[str, str]]()
        for one in folded:
            what, effects = one.what, one.effects
            duplicate = any(note.fact is Fact.DUPLICATE for note in effects.notes) if effects.notes else False
            if isinstance(what, Sender):
                messages[what, MessageOutcome.DUPLICATE if duplicate else MessageOutcome.FOLDED] += 1
            elif what is not None and not duplicate:
                self._count_outcome(what)
            for decision in effects.decisions:
                self._instruments.count(
                    metrics.DECISIONS, (self._known(decision.trigger), decision.result, decision.action)
                )
            for escalation in effects.escalations:
                self._count_escalation(escalation, now)
            for note in effects.notes:
                self._count_note(note)
        for values, number in messages.items():
            self._instruments.count(metrics.MESSAGES, values, number)

    def dead_letter(self, topic: str, reason: DeadLetterReason) -> None:
        """Count a record that could not be used."""
        self._instruments.count(metrics.DEAD_LETTERS, (reason,))
        if topic == self._messages_topic:
            self._instruments.count(metrics.MESSAGES, (UNKNOWN_SENDER, MessageOutcome.DEAD_LETTER))

    def bad_records(self, partition: int, used: float | None) -> None:
        """Show how near a partition is to the limits, or that it has left."""
        values = (str(partition),)
        if used is None:
            self._instruments.end(metrics.BAD_RECORDS, values)
            return
        self._instruments.start(metrics.BAD_RECORDS, values)
        self._instruments.set(metrics.BAD_RECORDS, used, values)

    def misrouted(self, topic: str) -> None:
        """Count a record on an unexpected partition."""
        del topic  # the mend, a producer's partitioner, is the same for each topic
        self._instruments.count(metrics.MISROUTED)

    def replays_skipped(self, records: int) -> None:
        """Count records that had been folded before a crash."""
        self._instruments.count(metrics.REPLAYS_SKIPPED, by=records)

    def transaction_committed(self, seconds: float) -> None:
        """Count and time a transaction."""
        self._instruments.count(metrics.TRANSACTIONS, (TransactionResult.COMMITTED,))
        self._instruments.observe(metrics.TRANSACTION_TIME, seconds)

    def transaction_aborted(self, seconds: float) -> None:
        """Count a transaction that was given up; its time is not that of a commit, so it is left out."""
        del seconds
        self._instruments.count(metrics.TRANSACTIONS, (TransactionResult.ABORTED,))

    def transaction_fenced(self, seconds: float) -> None:
        """Count a transaction that came too late."""
        del seconds
        self._instruments.count(metrics.TRANSACTIONS, (TransactionResult.FENCED,))

    def broker_retried(self) -> None:
        """Count a request that was repeated."""
        self._instruments.count(metrics.BROKER_RETRIES)

    # --- partitions ---

    def rebalanced(self, partitions: int) -> None:
        """Count an assignment."""
        self._instruments.count(metrics.REBALANCES)
        self._instruments.set(metrics.PARTITIONS, partitions)

    def restored(self, partition: int, conversations: int, seconds: float) -> None:
        """Count and time the restore of a partition."""
        del partition
        self._instruments.count(metrics.RESTORED, by=conversations)
        self._instruments.observe(metrics.RESTORE, seconds)

    def state_held(self, partition: int, conversations: int, open_triggers: Mapping[str, int]) -> None:
        """Show what is held in all partitions together; a partition that is gone is told with 0 and nothing."""
        self._in_state[partition] = conversations
        self._open[partition] = dict(open_triggers)
        self._instruments.set(metrics.CONVERSATIONS_IN_STATE, sum(self._in_state.values()))
        self._show_open()

    def lag(self, topic: str, partition: int, records: int, seconds: float) -> None:
        """Show the lag of one partition."""
        values = (topic, str(partition))
        for gauge, value in ((metrics.LAG_RECORDS, records), (metrics.LAG_SECONDS, seconds)):
            self._instruments.start(gauge, values)
            self._instruments.set(gauge, value, values)

    def lag_unknown(self, topic: str, partition: int) -> None:
        """Take the lag of a partition away: the worker that has it now tells it."""
        self._instruments.end(metrics.LAG_RECORDS, (topic, str(partition)))
        self._instruments.end(metrics.LAG_SECONDS, (topic, str(partition)))

    def records_missed(self, topic: str, partition: int, records: int) -> None:
        """Count records that retention removed unread."""
        del topic, partition  # the log names them
        self._instruments.count(metrics.RECORDS_MISSED, by=records)

    def ready(self, ready: bool) -> None:
        """Show whether the worker is ready."""
        self._instruments.set(metrics.READY, int(ready))

    # --- policies and detection ---

    def policy_accepted(self) -> None:
        """Count a policy that is now in force."""
        self._instruments.count(metrics.POLICY_RELOADS, (ReloadResult.ACCEPTED,))

    def policy_refused(self) -> None:
        """Count a policy that is not usable."""
        self._instruments.count(metrics.POLICY_RELOADS, (ReloadResult.REFUSED,))

    def policy_removed(self) -> None:
        """Count a policy that was deleted."""
        self._instruments.count(metrics.POLICY_RELOADS, (ReloadResult.REMOVED,))

    def policies_in_force(self, businesses: int, version: str, own_triggers: Collection[str]) -> None:
        """Show the policies in force, and start the series of own triggers that have none, while there is room.

        A trigger that a policy gives up keeps its series until the worker ends, so that its counts do not vanish from
        a rate; it keeps its room too.
        """
        for trigger in sorted(set(own_triggers) - self._triggers):
            if self._own_triggers == MAX_OWN_TRIGGERS:
                break
            self._own_triggers += 1
            self._triggers.add(trigger)
            self._instruments.start_trigger(trigger)
        self._instruments.set(metrics.TRIGGERS_UNLABELLED, len(set(own_triggers) - self._triggers))
        self._instruments.set(metrics.POLICIES, businesses)
        self._show_open()
        if version != self._policies_version:
            if self._policies_version is not None:
                self._instruments.end(metrics.POLICIES_INFO, (self._policies_version,))
            self._policies_version = version
            self._instruments.start(metrics.POLICIES_INFO, (version,))
            self._instruments.set(metrics.POLICIES_INFO, 1, (version,))
            self._instruments.set(metrics.POLICIES_CHANGED, self._now())

    def policies_faulty(self, *, refused: int, without_base: int, unfit: int) -> None:
        """Show how many policies are not in force as they are written."""
        self._instruments.set(metrics.POLICIES_FAULTY, refused, (PolicyFault.REFUSED,))
        self._instruments.set(metrics.POLICIES_FAULTY, without_base, (PolicyFault.WITHOUT_BASE,))
        self._instruments.set(metrics.POLICIES_FAULTY, unfit, (PolicyFault.UNFIT,))

    def detected(self, seconds: float) -> None:
        """Time the detector."""
        self._instruments.observe(metrics.DETECTION, seconds)

    # --- one event ---

    def _known(self, trigger: str) -> str:
        return trigger if trigger in self._triggers else OTHER

    def _show_open(self) -> None:
        totals = Tally[str]()
        for by_trigger in self._open.values():
            for trigger, conversations in by_trigger.items():
                totals[self._known(trigger)] += conversations
        for trigger in self._triggers:
            self._instruments.set(metrics.CONVERSATIONS_OPEN, totals[trigger], (trigger,))

    def _count_outcome(self, outcome: Outcome) -> None:
        self._instruments.count(metrics.OUTCOMES, (outcome.kind,))
        if outcome.verdict is not None:
            self._instruments.count(metrics.VERDICTS, (outcome.verdict,))

    def _count_escalation(self, escalation: Escalation, now: float) -> None:
        trigger = self._known(escalation.trigger)
        if escalation.type is EscalationType.UPDATED:
            self._instruments.count(metrics.ESCALATION_UPDATES, (trigger,))
        elif escalation.type is EscalationType.CLOSED and escalation.closed_because is not None:
            self._instruments.count(metrics.ESCALATIONS_CLOSED, (trigger, escalation.closed_because))
        elif escalation.type is EscalationType.RAISED:
            crisis = escalation.trigger_class == CRISIS and trigger == "distress"
            class_ = CRISIS if crisis else NO_CLASS
            # Whatever its rule's action is called, an escalation either takes the conversation over or does not.
            action = Action.ESCALATE if escalation.action is Action.ESCALATE else Action.NOTIFY
            self._instruments.count(metrics.ESCALATIONS, (trigger, class_, escalation.priority, action))
            if escalation.caused_by not in _TIMERS:
                delay = now - milliseconds(escalation.occurred_at) / 1_000
                self._instruments.observe(metrics.ESCALATION_DELAY, max(0.0, delay))

    def _count_note(self, note: Note) -> None:
        match note.fact:
            case Fact.SUPPRESSED:
                self._instruments.count(metrics.SUPPRESSIONS, (note.label,))
            case Fact.REPLY_FELL_BACK:
                self._instruments.count(metrics.REPLIES_FELL_BACK, (self._known(note.label),))
            case Fact.RAISED_AT_TURN:
                self._instruments.observe(metrics.ESCALATION_TURN, note.value, (self._known(note.label),))
            case Fact.PROMISE_KEPT | Fact.PROMISE_MISSED:
                result = PromiseResult.KEPT if note.fact is Fact.PROMISE_KEPT else PromiseResult.MISSED
                self._instruments.count(metrics.PROMISES, (self._known(note.label), note.priority, result))
            case Fact.PROBABLE_MISS:
                self._instruments.count(metrics.PROBABLE_MISSES, (note.label,))
            case Fact.ESCALATION_OPENED | Fact.ESCALATION_ENDED:
                pass  # the engine tells what is open with the state that it holds, which survives a restart
            case _:
                counter, values = _PLAIN_FACTS[note.fact]
                self._instruments.count(counter, values)
