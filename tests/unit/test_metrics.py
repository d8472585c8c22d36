from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from handraise import metrics
from handraise.conversation.effects import Effects, Fact, Miss, Note, Suppression
from handraise.conversation.timers import Timer
from handraise.engine.observer import Folded, Observer
from handraise.events import (
    Action,
    ClosedBecause,
    DeadLetterReason,
    DecisionResult,
    EscalationType,
    Outcome,
    OutcomeKind,
    Priority,
    Sender,
    Verdict,
)
from handraise.metrics import CATALOGUE, Kind, Metric
from handraise.policy.model import BUILTIN_TRIGGERS
from handraise.telemetry import MAX_OWN_TRIGGERS, Metrics
from tests.support.activity import AT, NOW, a_decision, an_escalation, an_outcome

Read = Callable[..., float | None]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def worker(registry: CollectorRegistry) -> Metrics:
    return make_metrics(registry)


@pytest.fixture
def read(registry: CollectorRegistry) -> Read:
    return lambda name, **labels: registry.get_sample_value(name, labels)


def make_metrics(registry: CollectorRegistry) -> Metrics:
    return Metrics(registry, messages_topic="chat.messages", version="1.0", detector_version="rules-1", now=lambda: NOW)


def tell(worker: Metrics, effects: Effects, what: Sender | Outcome = Sender.CUSTOMER) -> None:
    worker.batch_committed(0, 1, 0.01, [Folded(what, effects)])


def series_of(registry: CollectorRegistry) -> set[tuple[str, tuple[tuple[str, str], ...]]]:
    return {
        (sample.name, tuple(sorted(sample.labels.items())))
        for family in registry.collect()
        for sample in family.samples
        if family.name.startswith("handraise")
    }


def values_of(registry: CollectorRegistry) -> dict[object, float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in registry.collect()
        for sample in family.samples
        if family.name.startswith("handraise")
    }


def test_the_engine_can_be_observed_with_it(worker: Metrics) -> None:
    observer: Observer = worker
    observer.ready(True)


def test_every_name_label_and_help_text_is_given_once_and_follows_the_naming_rule() -> None:
    assert len({metric.name for metric in CATALOGUE}) == len(CATALOGUE)
    for metric in CATALOGUE:
        assert metric.name.startswith("handraise_")
        assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
        assert metric.help.endswith(".")
        assert list(metric.buckets) == sorted(set(metric.buckets))
        assert bool(metric.buckets) == (metric.kind is Kind.HISTOGRAM)


def test_no_label_is_taken_from_what_a_message_says() -> None:
    names = {label.name for metric in CATALOGUE for label in metric.labels}
    assert not names & {"business_id", "business", "conversation_id", "customer", "channel", "language", "owner"}
    assert all(label.values or label.source for metric in CATALOGUE for label in metric.labels)


@pytest.mark.parametrize("metric", [metric for metric in CATALOGUE if metric.has_trigger], ids=lambda m: m.name)
@pytest.mark.usefixtures("worker")
def test_every_trigger_starts_at_zero(read: Read, metric: Metric) -> None:
    suffix = "_count" if metric.kind is Kind.HISTOGRAM else ""
    combinations = metric.series()
    assert {values[0] for values in combinations} == {*BUILTIN_TRIGGERS, "other"}
    for values in combinations:
        assert read(metric.name + suffix, **dict(zip(metric.label_names, values, strict=True))) == 0


@pytest.mark.usefixtures("worker")
def test_every_series_that_can_be_known_before_the_first_event_is_there(registry: CollectorRegistry) -> None:
    present = {name.removesuffix("_count") for name, _ in series_of(registry)}
    by_partition = {metrics.LAG_RECORDS.name, metrics.LAG_SECONDS.name, metrics.BAD_RECORDS.name}
    waiting = {*by_partition, metrics.POLICIES_INFO.name}
    assert {metric.name for metric in CATALOGUE} - present == waiting


@pytest.mark.parametrize("fact", list(Fact))
def test_every_fact_is_counted_but_those_that_the_held_state_tells(
    worker: Metrics, registry: CollectorRegistry, fact: Fact
) -> None:
    labels = {
        Fact.SUPPRESSED: Suppression.COOLDOWN.value,
        Fact.PROBABLE_MISS: Miss.TAKEOVER.value,
        Fact.REPLY_FELL_BACK: "complaint",
        Fact.RAISED_AT_TURN: "complaint",
    }
    tell(worker, Effects(), an_outcome())
    before = values_of(registry)
    tell(worker, Effects(notes=[Note(fact, labels.get(fact, "complaint"))]), an_outcome())
    changed = {key[0] for key, value in values_of(registry).items() if before[key] != value}  # type: ignore[index] # keys are pairs
    every_batch = ("handraise_batch_", "handraise_outcomes_", "handraise_last_commit")
    moved = {name for name in changed if not str(name).startswith(every_batch)}
    assert bool(moved) != (fact in {Fact.ESCALATION_OPENED, Fact.ESCALATION_ENDED})


def test_a_message_counts_by_sender_and_a_repeated_one_apart(worker: Metrics, read: Read) -> None:
    tell(worker, Effects(), Sender.ASSISTANT)
    tell(worker, Effects(notes=[Note(Fact.DUPLICATE, "message")]), Sender.ASSISTANT)
    assert read("handraise_messages_total", sender="assistant", outcome="folded") == 1
    assert read("handraise_messages_total", sender="assistant", outcome="duplicate") == 1
    assert read("handraise_duplicate_events_total") == 1


def test_a_dead_letter_counts_as_a_message_only_on_the_message_topic(worker: Metrics, read: Read) -> None:
    worker.dead_letter("chat.messages", DeadLetterReason.NOT_JSON)
    worker.dead_letter("chat.outcomes", DeadLetterReason.INVALID)
    assert read("handraise_messages_total", sender="unknown", outcome="dead_letter") == 1
    assert read("handraise_dead_letters_total", reason="not_json") == 1
    assert read("handraise_dead_letters_total", reason="invalid") == 1


def test_an_outcome_and_its_verdict_count_once(worker: Metrics, read: Read) -> None:
    outcome = an_outcome(OutcomeKind.VERDICT, Verdict.TOO_LATE)
    tell(worker, Effects(), outcome)
    tell(worker, Effects(notes=[Note(Fact.DUPLICATE, "outcome")]), outcome)
    assert read("handraise_outcomes_total", kind="verdict") == 1
    assert read("handraise_verdicts_total", verdict="too_late") == 1


def test_an_escalation_counts_by_trigger_class_and_priority(worker: Metrics, read: Read) -> None:
    crisis = an_escalation("distress", trigger_class="crisis", priority=Priority.CRITICAL, action=Action.NOTIFY)
    tell(worker, Effects(escalations=[crisis, an_escalation("complaint")]))
    name = "handraise_escalations_total"
    assert read(name, trigger="distress", trigger_class="crisis", priority="critical", action="notify") == 1
    assert read(name, trigger="complaint", trigger_class="none", priority="normal", action="escalate") == 1


def test_updates_and_closes_do_not_count_as_raised(worker: Metrics, read: Read) -> None:
    closed = an_escalation("complaint", type_=EscalationType.CLOSED, closed_because=ClosedBecause.RESOLVED)
    tell(worker, Effects(escalations=[an_escalation("complaint", type_=EscalationType.UPDATED), closed]))
    assert read("handraise_escalation_updates_total", trigger="complaint") == 1
    assert read("handraise_escalations_closed_total", trigger="complaint", because="resolved") == 1
    assert read("handraise_escalation_delay_seconds_count") == 0


def test_the_delay_of_an_escalation_runs_to_the_commit_and_is_never_negative(worker: Metrics, read: Read) -> None:
    tell(worker, Effects(escalations=[an_escalation("complaint", occurred_at_ms=AT - 3_000)]))
    assert read("handraise_escalation_delay_seconds_sum") == 3
    tell(worker, Effects(escalations=[an_escalation("complaint", occurred_at_ms=AT + 60_000)]))
    assert read("handraise_escalation_delay_seconds_sum") == 3
    assert read("handraise_escalation_delay_seconds_count") == 2


@pytest.mark.parametrize("timer", list(Timer))
def test_an_escalation_that_a_timer_raised_counts_but_has_no_delay(worker: Metrics, read: Read, timer: Timer) -> None:
    raised = an_escalation("ai_failure", occurred_at_ms=AT - 40_000, caused_by=timer.cause)
    tell(worker, Effects(escalations=[raised]))
    counted = {"trigger_class": "none", "priority": "normal", "action": "escalate"}
    assert read("handraise_escalations_total", trigger="ai_failure", **counted) == 1
    assert read("handraise_escalation_delay_seconds_count") == 0


def test_the_turn_of_an_escalation_is_its_value_not_a_count(worker: Metrics, read: Read) -> None:
    tell(worker, Effects(notes=[Note(Fact.RAISED_AT_TURN, "complaint", 7)]))
    assert read("handraise_escalation_turn_sum", trigger="complaint") == 7
    assert read("handraise_escalation_turn_count", trigger="complaint") == 1


def test_a_promise_counts_by_priority_and_by_whether_it_was_kept(worker: Metrics, read: Read) -> None:
    missed = Note(Fact.PROMISE_MISSED, "distress", priority=Priority.CRITICAL)
    tell(worker, Effects(notes=[missed, Note(Fact.PROMISE_KEPT, "vip", priority=Priority.LOW)]))
    assert read("handraise_promises_total", trigger="distress", priority="critical", result="missed") == 1
    assert read("handraise_promises_total", trigger="other", priority="low", result="kept") == 1


def test_a_trigger_that_no_policy_names_counts_as_other(worker: Metrics, read: Read) -> None:
    tell(worker, Effects(decisions=[a_decision("vip")]))
    assert read("handraise_decisions_total", trigger="other", result="fired", action="escalate") == 1
    assert read("handraise_decisions_total", trigger="vip", result="fired", action="escalate") is None


def test_an_own_trigger_starts_at_zero_when_its_policy_is_loaded_and_keeps_its_count_after(
    worker: Metrics, read: Read
) -> None:
    worker.policies_in_force(1, "v1", ["vip"])
    assert read("handraise_decisions_total", trigger="vip", result="near", action="offer") == 0
    tell(worker, Effects(decisions=[a_decision("vip")]))
    worker.policies_in_force(0, "v2", [])
    worker.policies_in_force(1, "v3", ["vip"])
    assert read("handraise_decisions_total", trigger="vip", result="fired", action="escalate") == 1


def test_own_triggers_beyond_the_limit_count_as_other_and_the_metric_says_how_many(
    worker: Metrics, registry: CollectorRegistry, read: Read
) -> None:
    names = [f"own-{number:03}" for number in range(MAX_OWN_TRIGGERS + 5)]
    worker.policies_in_force(1, "v1", names)
    assert read("handraise_own_triggers_unlabelled") == 5
    tell(worker, Effects(decisions=[a_decision(names[-1])]))
    assert read("handraise_decisions_total", trigger="other", result="fired", action="escalate") == 1
    before = series_of(registry)
    worker.policies_in_force(1, "v1", [f"later-{number}" for number in range(1_000)])
    assert series_of(registry) == before
    assert len(before) < 3_000


def test_an_own_trigger_called_like_a_class_or_like_other_is_told_apart(worker: Metrics, read: Read) -> None:
    worker.policies_in_force(1, "v1", ["crisis", "other"])
    tell(worker, Effects(escalations=[an_escalation("crisis", trigger_class="crisis")]))
    name = "handraise_escalations_total"
    assert read(name, trigger="crisis", trigger_class="none", priority="normal", action="escalate") == 1


def test_only_the_version_of_the_policies_in_force_is_shown(worker: Metrics, read: Read) -> None:
    worker.policies_in_force(3, "v1", [])
    worker.policies_in_force(4, "v2", [])
    assert read("handraise_policies_info", version="v1") is None
    assert read("handraise_policies_info", version="v2") == 1
    assert read("handraise_policies") == 4
    assert read("handraise_policies_changed_timestamp_seconds") == NOW


def test_policies_that_are_not_in_force_as_written_are_shown_while_they_are_there(worker: Metrics, read: Read) -> None:
    faults = ("refused", "without_base", "unfit")
    assert [read("handraise_policies_faulty", fault=fault) for fault in faults] == [0, 0, 0]
    worker.policies_faulty(refused=2, without_base=3, unfit=4)
    assert [read("handraise_policies_faulty", fault=fault) for fault in faults] == [2, 3, 4]
    worker.policies_faulty(refused=0, without_base=0, unfit=0)
    assert [read("handraise_policies_faulty", fault=fault) for fault in faults] == [0, 0, 0]


def test_what_is_open_is_summed_over_partitions_and_leaves_with_them(worker: Metrics, read: Read) -> None:
    worker.state_held(0, 10, {"complaint": 2, "vip": 1})
    worker.state_held(1, 5, {"complaint": 1})
    assert read("handraise_conversations_open", trigger="complaint") == 3
    assert read("handraise_conversations_open", trigger="other") == 1
    worker.policies_in_force(1, "v1", ["vip"])
    assert read("handraise_conversations_open", trigger="vip") == 1
    assert read("handraise_conversations_open", trigger="other") == 0
    worker.state_held(0, 0, {})
    assert read("handraise_conversations_open", trigger="complaint") == 1
    assert read("handraise_conversations_in_state") == 5


def test_how_near_a_partition_is_to_its_limits_is_shown_while_it_is_here(worker: Metrics, read: Read) -> None:
    worker.bad_records(3, 0.0)
    worker.bad_records(3, 0.25)
    assert read("handraise_bad_records_limit_used_ratio", partition="3") == 0.25
    worker.bad_records(3, None)
    worker.bad_records(3, None)
    assert read("handraise_bad_records_limit_used_ratio", partition="3") is None


def test_the_lag_of_a_partition_that_is_gone_is_no_longer_shown(worker: Metrics, read: Read) -> None:
    worker.lag("chat.messages", 3, 12, 4.5)
    assert read("handraise_lag_records", topic="chat.messages", partition="3") == 12
    assert read("handraise_lag_seconds", topic="chat.messages", partition="3") == 4.5
    worker.lag_unknown("chat.messages", 3)
    worker.lag_unknown("chat.messages", 3)
    assert read("handraise_lag_records", topic="chat.messages", partition="3") is None


def test_what_the_engine_tells_of_itself_is_counted(worker: Metrics, read: Read) -> None:
    worker.rebalanced(4)
    worker.restored(0, 200, 1.5)
    worker.transaction_committed(0.02)
    worker.transaction_aborted(9.0)
    worker.transaction_fenced(9.0)
    worker.broker_retried()
    worker.replays_skipped(3)
    worker.records_missed("chat.messages", 0, 7)
    worker.misrouted("chat.messages")
    worker.detected(0.002)
    worker.ready(True)
    worker.policy_accepted()
    worker.policy_refused()
    worker.policy_removed()
    assert [
        read(name)
        for name in (
            "handraise_rebalances_total",
            "handraise_partitions_assigned",
            "handraise_restored_conversations_total",
            "handraise_restore_seconds_sum",
            "handraise_transaction_seconds_sum",
            "handraise_broker_retries_total",
            "handraise_replayed_records_skipped_total",
            "handraise_records_missed_total",
            "handraise_misrouted_records_total",
            "handraise_detection_seconds_sum",
            "handraise_worker_ready",
        )
    ] == [1, 4, 200, 1.5, 0.02, 1, 3, 7, 1, 0.002, 1]
    for result in ("committed", "aborted", "fenced"):
        assert read("handraise_transactions_total", result=result) == 1
    for result in ("accepted", "refused", "removed"):
        assert read("handraise_policy_reloads_total", result=result) == 1


# --- a hostile stream ---

NAMES = st.one_of(st.sampled_from([*BUILTIN_TRIGGERS, "other", "crisis", "vip"]), st.text(min_size=1, max_size=200))
ESCALATIONS = st.builds(
    an_escalation,
    NAMES,
    type_=st.sampled_from(EscalationType),
    trigger_class=st.one_of(st.none(), st.just("crisis"), st.text(max_size=10)),
    priority=st.sampled_from(Priority),
    action=st.sampled_from(Action),
    occurred_at_ms=st.integers(0, 253_402_300_799_999),
    closed_because=st.one_of(st.none(), st.sampled_from(ClosedBecause)),
)
DECISIONS = st.builds(a_decision, NAMES, st.sampled_from(DecisionResult), st.sampled_from(Action))
NOTES = st.one_of(
    st.builds(Note, st.just(Fact.SUPPRESSED), st.sampled_from([reason.value for reason in Suppression])),
    st.builds(Note, st.just(Fact.PROBABLE_MISS), st.sampled_from([miss.value for miss in Miss])),
    st.builds(
        Note,
        st.sampled_from([fact for fact in Fact if fact not in (Fact.SUPPRESSED, Fact.PROBABLE_MISS)]),
        NAMES,
        st.floats(0, 1e9, allow_nan=False),
    ),
)
EVENTS = st.one_of(
    st.sampled_from(Sender),
    st.builds(an_outcome, st.sampled_from(OutcomeKind), st.one_of(st.none(), st.sampled_from(Verdict))),
)
EFFECTS = st.builds(
    Effects,
    escalations=st.lists(ESCALATIONS, max_size=3),
    decisions=st.lists(DECISIONS, max_size=3),
    notes=st.lists(NOTES, max_size=3),
)


@given(batches=st.lists(st.lists(st.builds(Folded, EVENTS, EFFECTS), max_size=8), max_size=5), held=st.data())
def test_no_stream_adds_a_series_or_raises(batches: list[list[Folded]], held: st.DataObject) -> None:
    registry = CollectorRegistry()
    worker = make_metrics(registry)
    worker.policies_in_force(1, "v1", ["vip"])
    before = series_of(registry)
    for partition, batch in enumerate(batches):
        worker.batch_committed(partition, len(batch), 0.01, batch)
        open_triggers = held.draw(st.dictionaries(NAMES, st.integers(1, 5), max_size=3))
        worker.state_held(partition, 9, open_triggers)
    assert series_of(registry) == before


def test_ten_thousand_made_up_triggers_move_one_series(worker: Metrics, registry: CollectorRegistry) -> None:
    before = series_of(registry)
    for number, sender in zip(range(10_000), itertools.cycle(Sender), strict=False):
        tell(worker, Effects(decisions=[a_decision(f"made-up-{number}")]), sender)
    assert series_of(registry) == before
    assert (
        registry.get_sample_value(
            "handraise_decisions_total", {"trigger": "other", "result": "fired", "action": "escalate"}
        )
        == 10_000
    )
