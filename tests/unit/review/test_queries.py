from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from handraise.events import (
    Action,
    ClosedBecause,
    Control,
    ControlState,
    DecisionResult,
    OutcomeKind,
    Policy,
    Priority,
    Reply,
    Verdict,
    encode,
    utc,
)
from handraise.review import queries
from handraise.review.queries import DecisionFilter, EscalationFilter, InvalidCursorError, Judged, Scope
from tests.support.logged import (
    Log,
    a_closing,
    a_control,
    a_decision,
    a_message,
    an_empty_log,
    an_escalation,
    an_outcome,
    at,
)
from tests.support.records import FakeRecord

EVERYTHING = Scope(since=at(-1_440), until=at(14_400))
REPLY = Reply(reply_id="r1", text="Rosa will write to you.", language="en", valid_until=at(60))


def escalate(log: Log, number: int, minutes: float, **fields: object) -> None:
    """One escalation, in a conversation of its own."""
    log.add(an_escalation(minutes, escalation_id=f"e{number}", conversation_id=f"c{number}", **fields))  # type: ignore[arg-type] # fields of the event


def test_open_escalations_come_by_when_they_are_due() -> None:
    with an_empty_log() as log:
        for number, due in enumerate([300, 100, 200]):
            escalate(log, number, number, due=due)
        log.add(a_closing(50, 1, ClosedBecause.RESOLVED, escalation_id="e2", conversation_id="c2"))
        with log.database.reading() as session:
            assert [row.escalation_id for row in queries.open_escalations(session)] == ["e1", "e0"]
            assert queries.open_escalations(session, owner="Tom") == []


def test_pages_hold_every_escalation_once_also_when_more_come_in_meanwhile() -> None:
    with an_empty_log() as log:
        for number in range(10):
            # Some were raised at the same moment.
            escalate(log, number, number // 3)
        seen: list[str] = []
        after: str | None = None
        with log.database.reading() as session:
            while True:
                page = queries.escalation_page(session, EscalationFilter(), after=after, limit=3)
                seen += [row.escalation_id for row in page.rows]
                if page.next is None:
                    break
                after = page.next
                session.rollback()
                escalate(log, 100 + len(seen), 60)
        assert sorted(seen) == [f"e{number}" for number in range(10)]
        assert seen[0] == "e9"


@pytest.mark.parametrize("cursor", ["", "x", "12", "-", "12-", "x-e", "99999999999999999999-e"])
def test_a_cursor_that_no_page_gave_is_refused(cursor: str) -> None:
    refused = pytest.raises(InvalidCursorError, match="start from its beginning")
    with an_empty_log() as log, log.database.reading() as session, refused:
        queries.escalation_page(session, EscalationFilter(), after=cursor)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (EscalationFilter(), ["e2", "e1", "e0"]),
        (EscalationFilter(business="inn"), []),
        (EscalationFilter(trigger="high_value"), ["e1"]),
        (EscalationFilter(owner="Tom"), ["e2"]),
        (EscalationFilter(priority=Priority.HIGH), ["e1"]),
        (EscalationFilter(action=Action.NOTIFY), ["e2"]),
        (EscalationFilter(verdict=Verdict.UNNECESSARY), ["e0"]),
        (EscalationFilter(verdict=Judged.NO), ["e2", "e1"]),
        (EscalationFilter(verdict=Judged.YES), ["e0"]),
        (EscalationFilter(open=False), ["e0"]),
        (EscalationFilter(claimed=True), ["e0"]),
        (EscalationFilter(since=at(1), until=at(2)), ["e1"]),
        (EscalationFilter(text="TEAPOT"), ["e1"]),
        (EscalationFilter(text="100%"), []),
        (EscalationFilter(text="only thanked"), ["e0"]),
        (EscalationFilter(trigger="complaint", owner="Rosa"), ["e0"]),
    ],
)
def test_escalations_are_filtered(wanted: EscalationFilter, found: list[str]) -> None:
    with an_empty_log() as log:
        escalate(log, 0, 0)
        escalate(log, 1, 1, trigger="high_value", priority=Priority.HIGH, summary="Wants: 40 teapots.")
        escalate(log, 2, 2, owner="Tom", action=Action.NOTIFY)
        here = {"escalation_id": "e0", "conversation_id": "c0"}
        judged = {"verdict": Verdict.UNNECESSARY, "note": "he only thanked us"}
        log.add(an_outcome(10, OutcomeKind.VERDICT, **here, **judged))
        log.add(a_closing(20, 1, ClosedBecause.RESOLVED, **here))
        with log.database.reading() as session:
            page = queries.escalation_page(session, wanted)
        assert [row.escalation_id for row in page.rows] == found


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (DecisionFilter(), ["near", "open", "fired"]),
        (DecisionFilter(owner="Tom"), ["open", "fired"]),
        (DecisionFilter(owner="Rosa"), []),
        (DecisionFilter(verdict=Verdict.UNNECESSARY), ["open", "fired"]),
        (DecisionFilter(verdict=Judged.NO), []),
        (DecisionFilter(verdict=Judged.YES, result=DecisionResult.SUPPRESSED), ["open"]),
        (DecisionFilter(text="TEAPOT"), ["open", "fired"]),
        (DecisionFilter(text="is near"), ["near"]),
        (DecisionFilter(text="c9"), ["near"]),
        (DecisionFilter(text="100%"), []),
    ],
)
def test_decisions_are_filtered_by_the_escalation_that_they_are_about(wanted: DecisionFilter, found: list[str]) -> None:
    with an_empty_log() as log:
        escalate(log, 0, 0, owner="Tom", summary="Wants: 40 teapots.")
        here = {"escalation_id": "e0", "conversation_id": "c0"}
        nothing = {"escalation_id": None, "conversation_id": "c9"}
        log.add(
            a_decision(0, message_id="fired", **here),
            a_decision(1, message_id="open", result=DecisionResult.SUPPRESSED, because="one is open", **here),
            a_decision(
                2, message_id="near", result=DecisionResult.NEAR, because="0.5 is near the threshold", **nothing
            ),
            an_outcome(10, OutcomeKind.VERDICT, verdict=Verdict.UNNECESSARY, **here),
        )
        with log.database.reading() as session:
            assert [row.message_id for row in queries.decision_page(session, wanted).rows] == found


def test_decisions_are_filtered_and_paged() -> None:
    with an_empty_log() as log:
        log.add(*(a_decision(minute, result=DecisionResult.NEAR) for minute in range(7)), a_decision(3, trigger="vip"))
        with log.database.reading() as session:
            near = DecisionFilter(result=DecisionResult.NEAR, since=at(1))
            first = queries.decision_page(session, near, limit=4)
            second = queries.decision_page(session, near, after=first.next, limit=4)
            vip = queries.decision_page(session, DecisionFilter(trigger="vip", action=Action.ESCALATE))
    assert [row.occurred_at for row in (*first.rows, *second.rows)] == [at(minute) for minute in range(6, 0, -1)]
    assert second.next is None
    assert len(vip.rows) == 1


def test_the_history_of_an_escalation_is_its_conversation_turn_by_turn() -> None:
    with an_empty_log() as log:
        log.add(
            a_message(0),
            a_decision(0),
            a_decision(0, trigger="distress", result=DecisionResult.NEAR),
            an_escalation(0),
            a_control(0, ControlState.ESCALATED),
            a_decision(7, result=DecisionResult.SUPPRESSED),
            an_outcome(9, OutcomeKind.ACCEPTED),
            a_closing(30, 1, ClosedBecause.RESOLVED),
            a_decision(0, conversation_id="another"),
        )
        with log.database.reading() as session:
            history = queries.escalation_history(session, "e1")
            assert queries.escalation_history(session, "nothing") is None
            assert queries.conversation_history(session, "shop", "nothing") is None
    assert history is not None
    assert [row.escalation_id for row in history.escalations] == ["e1"]
    assert [event.type for event in history.revisions["e1"]] == ["raised", "closed"]
    first, second = history.exchanges
    assert first.turn is not None
    assert first.turn.text == "The kettle is broken."
    assert [one.text for one in first.evidence] == ["broken"]
    assert {row.trigger for row in first.decisions} == {"complaint", "distress"}
    assert (second.message_id, second.turn, second.at) == ("m7", None, at(7))
    assert [row.kind for row in history.outcomes] == ["accepted"]
    assert [row.state for row in history.controls] == ["escalated"]


def test_a_revision_that_a_late_event_caused_follows_the_one_before_it() -> None:
    with an_empty_log() as log:
        log.add(an_escalation(9), an_escalation(5, 1), a_closing(7, 2, ClosedBecause.RESOLVED))
        with log.database.reading() as session:
            history = queries.escalation_history(session, "e1")
    assert history is not None
    assert [event.revision for event in history.revisions["e1"]] == [0, 1, 2]
    assert [row.kept for row in history.promises] == [True]


def test_figures_count_each_trigger_and_say_how_sure_they_are() -> None:
    with an_empty_log() as log:
        for number in range(8):
            here = {"conversation_id": f"c{number}"}
            log.add(a_message(0, **here))
            if number < 4:
                escalate(log, number, 1)
                log.add(a_decision(1, escalation_id=f"e{number}", **here))
        verdicts = [Verdict.APPROPRIATE, Verdict.UNNECESSARY, Verdict.TOO_LATE]
        for number, verdict in enumerate(verdicts):
            here = {"conversation_id": f"c{number}", "escalation_id": f"e{number}"}
            log.add(an_outcome(5, OutcomeKind.VERDICT, verdict=verdict, **here))
        log.add(an_outcome(130, OutcomeKind.REPLIED, conversation_id="c3", escalation_id="e3"))
        log.add(a_decision(2, result=DecisionResult.NEAR, conversation_id="c5", escalation_id=None))
        log.add(a_decision(3, result=DecisionResult.SUPPRESSED, conversation_id="c1"))
        log.add(a_decision(3, action=Action.SHADOW, trigger="vip", conversation_id="c6"))
        log.add(a_decision(4, result=DecisionResult.MISSED, conversation_id="c5", escalation_id=None))
        with log.database.reading() as session:
            found = queries.figures(session, EVERYTHING, now=at(60))
            overdue = queries.figures(session, EVERYTHING, now=at(1_000))
            elsewhere = Scope(since=EVERYTHING.since, until=EVERYTHING.until, business="inn")
            assert queries.figures(session, elsewhere, now=at(60)).triggers == []
    assert (found.conversations, found.escalations) == (8, 4)
    assert found.escalated is not None
    assert (found.escalated.count, found.escalated.of) == (4, 8)
    assert found.missed is not None
    assert found.missed.count == 1
    complaint, vip = found.triggers
    assert (complaint.escalations, complaint.conversations, complaint.suppressed, complaint.near) == (4, 4, 1, 1)
    assert complaint.verdicts == {Verdict.APPROPRIATE: 1, Verdict.UNNECESSARY: 1, Verdict.TOO_LATE: 1}
    assert complaint.precision is not None
    assert (complaint.precision.count, complaint.precision.of) == (2, 3)
    assert complaint.precision.low < 2 / 3 < complaint.precision.high
    assert (complaint.missed, complaint.near_then_missed) == (1, 1)
    assert complaint.promises is not None
    assert (complaint.promises.kept, complaint.promises.broken, complaint.promises.waiting) == (0, 1, 3)
    assert overdue.triggers[0].promises is not None
    assert (overdue.triggers[0].promises.broken, overdue.triggers[0].promises.waiting) == (4, 0)
    assert (vip.fired_in_shadow, vip.escalations, vip.precision) == (1, 0, None)


def test_an_escalation_counts_once_under_the_trigger_that_it_has_come_to() -> None:
    about: dict[str, Any] = {"conversation_id": "c1", "escalation_id": "e1"}
    with an_empty_log() as log:
        log.add(
            a_message(0, conversation_id="c1"),
            an_escalation(0, **about),
            an_escalation(1, revision=1, **about, trigger="human_request"),
            an_outcome(2, OutcomeKind.VERDICT, verdict=Verdict.APPROPRIATE, **about),
        )
        with log.database.reading() as session:
            found = queries.figures(session, EVERYTHING, now=at(60))
    assert found.escalations == 1
    assert {one.trigger: (one.escalations, one.judged) for one in found.triggers} == {"human_request": (1, 1)}


def test_days_without_anything_are_there_too() -> None:
    with an_empty_log() as log:
        log.add(a_message(0), a_message(2 * 1_440, conversation_id="c2"))
        escalate(log, 1, 0)
        with log.database.reading() as session:
            days = queries.days(session, Scope(since=at(0), until=at(0) + timedelta(days=3)))
    assert [day.conversations for day in days] == [1, 0, 1, 0]
    assert [day.escalations for day in days] == [{"complaint": 1}, {}, {}, {}]


def test_the_histogram_puts_each_score_into_its_bar_and_knows_the_thresholds() -> None:
    with an_empty_log() as log:
        log.add(
            a_decision(0, score=0.29, result=DecisionResult.NEAR, threshold=0.4),
            a_decision(1, score=0.58),
            a_decision(2, score=1.0),
            a_decision(3, score=1.0, result=DecisionResult.SUPPRESSED),
            a_decision(4, score=0.999, trigger="vip"),
        )
        with log.database.reading() as session:
            found = queries.score_histogram(session, EVERYTHING, "complaint", bars=100)
    assert {
        round(bar.low, 3): (bar.near, bar.fired, bar.suppressed) for bar in found.bars if bar.near or bar.fired
    } == {
        0.29: (1, 0, 0),
        0.58: (0, 1, 0),
        0.99: (0, 1, 1),
    }
    assert found.thresholds == [0.6, 0.4]


def test_the_newest_policy_comes_first_and_is_found_by_the_beginning_of_its_version() -> None:
    def published(offset: int, owner: str) -> FakeRecord:
        document = encode(Policy(business_id="shop", owner=owner))
        return FakeRecord(document, topic="chat.policies", offset=offset, timestamp=1_000 * (offset + 1), key=b"shop")

    with an_empty_log() as log:
        log.add_records([published(0, "Rosa"), published(1, "Tom"), published(2, "Rosa")])
        with log.database.reading() as session:
            versions = queries.policy_history(session, "shop")
            assert [row.published_at for row in versions] == [utc(3_000), utc(2_000), utc(1_000)]
            assert versions[0].version == versions[2].version != versions[1].version
            found = queries.policy_version(session, "shop", versions[0].version[:6])
            assert found is not None
            assert found.published_at == utc(3_000)
            assert queries.policy_version(session, "shop", "") is None
            assert queries.policy_version(session, "inn", versions[0].version) is None
            assert queries.names(session).businesses == ["shop"]


def test_promises_of_a_person_whom_nobody_told_are_counted_per_business() -> None:
    promise = {"trigger": "broken_promise"}
    with an_empty_log() as log:
        log.add(
            a_decision(0, **promise),
            a_decision(1, result=DecisionResult.SUPPRESSED, escalation_id=None, because="cooldown", **promise),
            a_decision(2, result=DecisionResult.SUPPRESSED, because="one is open", **promise),
            a_decision(3, result=DecisionResult.NEAR, escalation_id=None, **promise),
            a_decision(4, business_id="inn", **promise),
            a_decision(5),
        )
        with log.database.reading() as session:
            for business, times in (("shop", 2), ("inn", 1), (None, 3), ("cafe", 0)):
                scope = Scope(since=at(-1), until=at(60), business=business)
                assert queries.figures(session, scope, now=at(60)).broken_promises == times


def test_an_ai_that_speaks_between_two_turns_of_a_human_has_talked_over_them() -> None:
    human, ai = ControlState.HUMAN, ControlState.AI

    def held(conversation: str, *turns: tuple[float, ControlState]) -> list[Control]:
        return [a_control(minute, state, conversation_id=conversation) for minute, state in turns]

    with an_empty_log() as log:
        log.add(
            *held("over", (0, human), (2, ai), (6, human), (8, ai), (12, human)),
            *held("too late", (0, human), (2, ai), (8, human)),
            *held("escalated between", (0, human), (2, ai), (3, ControlState.ESCALATED), (4, human)),
            *held("released", (0, human), (2, ai), (4, human)),
            an_outcome(2, OutcomeKind.RELEASED, conversation_id="released"),
            *held("only the AI", (2, ai), (4, human)),
        )
        with log.database.reading() as session:
            assert queries.figures(session, EVERYTHING, now=at(60)).talked_over == 2
            later = Scope(since=at(5), until=at(60))
            assert queries.figures(session, later, now=at(60)).talked_over == 1


@pytest.mark.parametrize("state", [ControlState.HUMAN, ControlState.AI])
def test_an_ai_has_talked_over_a_human_also_if_a_state_is_published_again_with_a_reply(state: ControlState) -> None:
    turns = [(0.0, ControlState.HUMAN), (2.0, ControlState.AI), (4.0, ControlState.HUMAN)]
    with an_empty_log() as log:
        log.add(*(a_control(minute, held) for minute, held in turns))
        log.add(*(a_control(minute, held, reply=REPLY) for minute, held in turns if held is state))
        with log.database.reading() as session:
            assert queries.figures(session, EVERYTHING, now=at(60)).talked_over == 1


def test_a_turn_of_the_ai_that_is_escalated_at_once_talks_over_nobody() -> None:
    with an_empty_log() as log:
        for number in range(20):  # The hashes of some come the other way round.
            named = {"conversation_id": f"c{number}"}
            log.add(
                a_control(0, ControlState.HUMAN, **named),
                a_control(2, ControlState.ESCALATED, **named),
                a_control(2, ControlState.AI, **named),
                a_control(4, ControlState.HUMAN, **named),
            )
        with log.database.reading() as session:
            assert queries.figures(session, EVERYTHING, now=at(60)).talked_over == 0
