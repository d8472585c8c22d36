"""The one catalogue of every metric: names, meaning, labels and buckets. The table in README.md is made from it.

Label values are closed sets, or names from configuration (own triggers, topics, partitions, versions), so nothing that
arrives in a message can add a series. A business is not a label: thousands of them would make each scrape slow, and
the escalation log answers questions about one business.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from handraise.conversation.effects import Miss, Suppression
from handraise.events import (
    Action,
    ClosedBecause,
    DeadLetterReason,
    DecisionResult,
    OutcomeKind,
    Priority,
    Sender,
    Verdict,
)
from handraise.policy.model import BUILTIN_TRIGGERS, CRISIS

OTHER: Final = "other"
"""Stands for an own trigger that no policy in force names, or for which there was no more room."""
NO_CLASS: Final = "none"
UNKNOWN_SENDER: Final = "unknown"


class Kind(StrEnum):
    """How a metric behaves over time."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class MessageOutcome(StrEnum):
    """What became of a record of the message topic."""

    FOLDED = "folded"
    DUPLICATE = "duplicate"
    DEAD_LETTER = "dead_letter"


class TransactionResult(StrEnum):
    """How a transaction ended."""

    COMMITTED = "committed"
    ABORTED = "aborted"
    FENCED = "fenced"
    """Another worker has taken the partition over, and this one came too late."""


class ReloadResult(StrEnum):
    """What became of a policy that was published."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REMOVED = "removed"


class PolicyFault(StrEnum):
    """Why a published policy is not in force as it is written."""

    REFUSED = "refused"
    WITHOUT_BASE = "without_base"
    UNFIT = "unfit"


class OfferResult(StrEnum):
    """What the customer made of the offer of a person."""

    ACCEPTED = "accepted"
    LAPSED = "lapsed"


class PromiseResult(StrEnum):
    """Whether a human answered by the due time of an escalation."""

    KEPT = "kept"
    MISSED = "missed"


@dataclass(frozen=True, eq=False)
class Label:
    """One label. `source` says where further values come from, if the values are not a closed set."""

    name: str
    values: tuple[str, ...] = ()
    source: str = ""


TRIGGER: Final = Label("trigger", (*BUILTIN_TRIGGERS, OTHER), "own trigger of a policy in force")
_TOPIC = Label("topic", source="the topics of the settings")
_PARTITION = Label("partition", source="the partitions assigned to the worker")


@dataclass(frozen=True, eq=False)
class Metric:
    """One metric. `buckets` are upper bounds in the metric's unit; the last, +Inf, is implied."""

    name: str
    kind: Kind
    help: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """The names of the labels, in order."""
        return tuple(label.name for label in self.labels)

    @property
    def has_trigger(self) -> bool:
        """Whether there is a series for each own trigger."""
        return TRIGGER in self.labels

    def series(self, triggers: Iterable[str] = TRIGGER.values) -> list[tuple[str, ...]]:
        """Every combination of label values that makes sense for these triggers; none if another label is open."""
        names = tuple(triggers)
        values = [names if label is TRIGGER else label.values for label in self.labels]
        return [combination for combination in itertools.product(*values) if self._makes_sense(combination)]

    def _makes_sense(self, combination: tuple[str, ...]) -> bool:
        value = dict(zip(self.label_names, combination, strict=True))
        if "sender" in value:
            return (value["sender"] == UNKNOWN_SENDER) == (value["outcome"] == MessageOutcome.DEAD_LETTER)
        return value.get("trigger_class") != CRISIS or value["trigger"] == "distress"


_declared: list[Metric] = []


def _declare(metric: Metric) -> Metric:
    _declared.append(metric)
    return metric


def _closed(name: str, values: Iterable[str]) -> Label:
    return Label(name, tuple(str(value) for value in values))


def _counter(name: str, text: str, *labels: Label) -> Metric:
    return _declare(Metric(name, Kind.COUNTER, text, labels))


def _gauge(name: str, text: str, *labels: Label) -> Metric:
    return _declare(Metric(name, Kind.GAUGE, text, labels))


def _histogram(name: str, text: str, buckets: tuple[float, ...], *labels: Label) -> Metric:
    return _declare(Metric(name, Kind.HISTOGRAM, text, labels, buckets))


# --- buckets ---

# Turns, not time. A request for a person in the first three turns says that customers do not want the AI at all; past
# twenty, that they were let go round in circles. Between, one bucket for about every half of what came before.
TURNS: Final = (1.0, 2.0, 3.0, 4.0, 6.0, 8.0, 12.0, 20.0, 50.0)
# From the message's own time to the event's. A healthy worker takes tens of milliseconds; from about a minute the
# customer has noticed; 600 s is the default life of a reply, after which a promise is no longer to be sent.
DELAYS: Final = (0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0, 600.0)
# A Kafka transaction takes 4 to 5 ms at its best and 30 to 130 ms when the client has to wait its back-off; 10 s and
# more is a broker in trouble.
TRANSACTION_TIMES: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
# A batch is from one record (a quiet hour) to a full poll (2,000, catching up).
BATCH_RECORDS: Final = (1.0, 2.0, 5.0, 10.0, 50.0, 100.0, 500.0, 1000.0, 2000.0)
# One text takes well under a millisecond, or some milliseconds where the reader is asked; 128 pasted books, a second.
DETECTION_TIMES: Final = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.25, 1.0)
# An empty partition takes a few milliseconds, 200,000 conversations about a second; the conversations of the partition
# wait meanwhile. The largest workers that are planned take a minute and a half for theirs; ten minutes are too long.
RESTORE_TIMES: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 180.0, 600.0)

# --- conversations ---

MESSAGES: Final = _counter(
    "handraise_messages_total",
    "Records of the message topic, by who wrote the message and what became of it. A dead letter has no known sender.",
    _closed("sender", (*Sender, UNKNOWN_SENDER)),
    _closed("outcome", MessageOutcome),
)
CONVERSATIONS: Final = _counter(
    "handraise_conversations_total", "Conversations seen for the first time, or again after their state expired."
)
CONVERSATIONS_OPEN: Final = _gauge(
    "handraise_conversations_open",
    "Conversations with an open escalation, by the trigger that is open. Sum over workers for the total.",
    TRIGGER,
)
CONVERSATIONS_IN_STATE: Final = _gauge(
    "handraise_conversations_in_state", "Conversations whose state this worker keeps."
)
DUPLICATES: Final = _counter(
    "handraise_duplicate_events_total", "Messages and outcomes that had been folded before, by their id."
)
LATE: Final = _counter(
    "handraise_late_events_total", "Events more than a minute older than the one before them in their conversation."
)

# --- decisions and escalations ---

DECISIONS: Final = _counter(
    "handraise_decisions_total",
    "Decisions: a trigger fired, was suppressed, or came near its threshold, by the action that its rule gives.",
    TRIGGER,
    _closed("result", DecisionResult),
    _closed("action", Action),
)
ESCALATIONS: Final = _counter(
    "handraise_escalations_total",
    "Escalations raised. `escalate`: a human takes over, the AI pauses; `notify`: a human is told, the AI goes on.",
    TRIGGER,
    _closed("trigger_class", (NO_CLASS, CRISIS)),
    _closed("priority", Priority),
    _closed("action", (Action.ESCALATE, Action.NOTIFY)),
)
ESCALATION_UPDATES: Final = _counter(
    "handraise_escalation_updates_total",
    "Further revisions of an open escalation, for a more urgent trigger or a new owner.",
    TRIGGER,
)
ESCALATIONS_CLOSED: Final = _counter(
    "handraise_escalations_closed_total",
    "Escalations closed, by the trigger that was open and why.",
    TRIGGER,
    _closed("because", ClosedBecause),
)
SUPPRESSIONS: Final = _counter(
    "handraise_suppressions_total",
    "Triggers that held and were not acted on, by reason.",
    _closed("reason", Suppression),
)
ESCALATION_TURN: Final = _histogram(
    "handraise_escalation_turn",
    "Which turn of the conversation an escalation was raised at, counted from 1.",
    TURNS,
    TRIGGER,
)
ESCALATION_DELAY: Final = _histogram(
    "handraise_escalation_delay_seconds",
    "From the time of the event that caused an escalation to the commit of the escalation. The triggers share "
    "one path, so they share one histogram. An event dated in the future counts as 0. An escalation that a timer "
    "raised is left out: it waits for `HANDRAISE_TIMER_GRACE_SECONDS` on purpose.",
    DELAYS,
)
OFFERS: Final = _counter(
    "handraise_offers_total", "Offers of a person, by what became of them.", _closed("result", OfferResult)
)
REPLIES_FELL_BACK: Final = _counter(
    "handraise_replies_fell_back_total",
    "Replies for which the policy had no text that resolves, so that the built-in one served.",
    TRIGGER,
)

# --- how well the triggers are set ---

TAKEOVERS_UNPROMPTED: Final = _counter(
    "handraise_takeovers_unprompted_total",
    "Humans who took a conversation over with no escalation open: probable misses.",
)
PROBABLE_MISSES: Final = _counter(
    "handraise_probable_misses_total",
    "Signs that a human was needed and nothing had been raised, each counted once for a conversation until its next"
    " close: a takeover that nobody had asked for, the customer asking again, or coming back soon after the end.",
    _closed("because", Miss),
)
PROMISES: Final = _counter(
    "handraise_promises_total",
    "Escalations whose customer a human answered by the due time, or not, by the priority that they had until then.",
    TRIGGER,
    _closed("priority", Priority),
    _closed("result", PromiseResult),
)
CUSTOMERS_UNANSWERED: Final = _counter(
    "handraise_customers_unanswered_total",
    "Times a human who holds the conversation, or who missed a promise, left a customer waiting for too long.",
)
AI_SPOKE_WHILE_HUMAN: Final = _counter(
    "handraise_ai_turns_while_human_held_total", "AI turns between two turns of a human: the AI talked over a human."
)
PROMISES_BROKEN: Final = _counter(
    "handraise_promises_broken_total", "Times the AI promised that a person follows up with no escalation open."
)
OUTCOMES: Final = _counter(
    "handraise_outcomes_total", "What human tools reported back, by kind.", _closed("kind", OutcomeKind)
)
VERDICTS: Final = _counter("handraise_verdicts_total", "Humans' verdicts on escalations.", _closed("verdict", Verdict))

# --- policies and detection ---

POLICIES: Final = _gauge("handraise_policies", "Businesses with a policy of their own in force.")
POLICIES_INFO: Final = _gauge(
    "handraise_policies_info",
    "Always 1; the version names the exact set of policies in force, so workers that agree show the same one.",
    Label("version", source="the policies in force; one at a time"),
)
POLICIES_CHANGED: Final = _gauge(
    "handraise_policies_changed_timestamp_seconds", "When the set of policies in force last changed; 0 before."
)
POLICY_RELOADS: Final = _counter(
    "handraise_policy_reloads_total",
    "Policies published while the worker ran, by what became of them. A refused one leaves the one before in force, for"
    " as long as the topic holds that one.",
    _closed("result", ReloadResult),
)
POLICIES_FAULTY: Final = _gauge(
    "handraise_policies_faulty",
    "Published policies that are not in force as they are written, by why. `refused`: the newest of its business cannot"
    " be used; after a restart nothing but the newest may be left. `without_base`: what it inherits from is not there,"
    " and the built-in default stands in for that. `unfit`: it does not go together with what it inherits, which serves"
    " alone; seen once a message of the business comes.",
    _closed("fault", PolicyFault),
)
TRIGGERS_UNLABELLED: Final = _gauge(
    "handraise_own_triggers_unlabelled",
    "Own triggers in force that are counted as `other`, because so many have a series of their own already.",
)
DETECTION: Final = _histogram(
    "handraise_detection_seconds",
    "Work to detect the signals of messages that were looked at together, at most 128; waiting is not counted.",
    DETECTION_TIMES,
)
BUILD_INFO: Final = _gauge(
    "handraise_build_info",
    "Always 1; the versions of the program and of its detector.",
    Label("version", source="the installed package"),
    Label("detector_version", source="the installed package"),
)

# --- the worker ---

READY: Final = _gauge("handraise_worker_ready", "1 when partitions are assigned and restored, otherwise 0.")
PARTITIONS: Final = _gauge("handraise_partitions_assigned", "Partitions of the message topic that this worker has.")
REBALANCES: Final = _counter("handraise_rebalances_total", "Assignments of partitions to this worker.")
RESTORE: Final = _histogram(
    "handraise_restore_seconds", "Time to read the state of one partition back from its changelog.", RESTORE_TIMES
)
RESTORED: Final = _counter("handraise_restored_conversations_total", "Conversations read back from the changelog.")
BATCH_SIZE: Final = _histogram("handraise_batch_records", "Records in one batch.", BATCH_RECORDS)
BATCH_TIME: Final = _histogram(
    "handraise_batch_seconds", "Time from taking a batch in hand to the end of its commit.", TRANSACTION_TIMES
)
TRANSACTIONS: Final = _counter(
    "handraise_transactions_total", "Transactions, by how they ended.", _closed("result", TransactionResult)
)
BROKER_RETRIES: Final = _counter(
    "handraise_broker_retries_total", "Requests that the Kafka client had to repeat; some per transaction are usual."
)
REPLAYS_SKIPPED: Final = _counter(
    "handraise_replayed_records_skipped_total",
    "Under at-least-once: records read again after a crash and passed over, since they had been folded.",
)
TRANSACTION_TIME: Final = _histogram(
    "handraise_transaction_seconds",
    "Time from the first record sent to the end of the commit. Under at-least-once, until all is acknowledged.",
    TRANSACTION_TIMES,
)
LAST_COMMIT: Final = _gauge(
    "handraise_last_commit_timestamp_seconds", "When this worker last committed a batch; its start before the first."
)
LAG_RECORDS: Final = _gauge(
    "handraise_lag_records", "Records not yet committed, by topic and partition.", _TOPIC, _PARTITION
)
LAG_SECONDS: Final = _gauge(
    "handraise_lag_seconds",
    "How old the oldest record is that is not yet committed; 0 when there is none.",
    _TOPIC,
    _PARTITION,
)
DEAD_LETTERS: Final = _counter(
    "handraise_dead_letters_total",
    "Records that could not be used and went to the dead letters, by reason.",
    _closed("reason", DeadLetterReason),
)
BAD_RECORDS: Final = _gauge(
    "handraise_bad_records_limit_used_ratio",
    "How near a partition is to the limits of unusable records, by what is committed; at 1 the worker stops.",
    _PARTITION,
)
MISROUTED: Final = _counter(
    "handraise_misrouted_records_total",
    "Records on another partition than Kafka's default partitioner gives their key.",
)
RECORDS_MISSED: Final = _counter(
    "handraise_records_missed_total", "Records that retention removed before this worker could read them."
)

CATALOGUE: Final[tuple[Metric, ...]] = tuple(_declared)
"""Every metric, in the order of the tables."""
