from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select

from handraise.events import ClosedBecause, Customer, OutcomeKind, milliseconds
from handraise.review.erasure import conversations_of, erase
from handraise.review.errors import LogBusyError
from handraise.review.retention import Keeping, remove_expired
from handraise.review.tables import ConversationRow, CustomerRow, DecisionRow, ErasureRow, EscalationRow, OutcomeRow
from handraise.review.writer import Writer
from tests.support.logged import (
    TOPICS_HOLD,
    Event,
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

TABLES = (DecisionRow, EscalationRow, OutcomeRow, ConversationRow, CustomerRow)


def a_conversation(name: str = "c1", customer: str = "k1") -> list[Event]:
    here = {"conversation_id": name}
    named = here | {"escalation_id": f"e-{name}"}
    return [
        a_message(0, customer=Customer(id=customer), **here),
        a_decision(0, **named),
        an_escalation(0, conversation_id=name, escalation_id=f"e-{name}"),
        an_outcome(3, OutcomeKind.ACCEPTED, **named),
        a_control(3, conversation_id=name, escalation_id=f"e-{name}"),
        a_closing(9, 1, ClosedBecause.RESOLVED, **named),
    ]


def count(log: Log) -> int:
    return count_of(log, DecisionRow)


def test_rows_and_offsets_are_written_together_or_not_at_all(monkeypatch: pytest.MonkeyPatch) -> None:
    with an_empty_log() as log:
        rows = log.intake.take([log.record(a_decision())])
        with monkeypatch.context() as broken:
            broken.setattr(Writer, "_move", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                log.writer.write(rows)
        assert count(log) == 0
        assert Writer(log.database, TOPICS_HOLD).begin() == {}
        log.writer.write(rows)
        assert count(log) == 1
        assert Writer(log.database, TOPICS_HOLD).begin() == {("chat.decisions", 0): 1}


def test_a_commit_that_only_seemed_to_fail_is_not_repeated() -> None:
    with an_empty_log() as log:
        log.add(a_decision(0))
        late = Writer(log.database, TOPICS_HOLD)
        late.begin()
        rows = log.intake.take([log.record(a_decision(1))])
        log.writer.write(rows)
        late.write(rows)
        assert count(log) == 2
        late.write(log.intake.take([log.record(a_decision(2))]))
        assert count(log) == 3


def test_a_writer_that_another_has_overtaken_stops() -> None:
    with an_empty_log() as log:
        other = Writer(log.database, TOPICS_HOLD)
        other.begin()
        log.add(a_decision(0), a_decision(1))
        rows = log.intake.take([log.record(a_decision(2))])
        with pytest.raises(LogBusyError, match="stop one of them"):
            other.write(rows)
        assert count(log) == 2


def test_an_erased_conversation_leaves_nothing_and_does_not_come_back_when_the_topics_are_read_again() -> None:
    events = a_conversation("c1")
    with an_empty_log() as log:
        log.add(*events, *a_conversation("c2"))
        done = erase(log.database, [("shop", "c1")], now=at(60), held_until=at(99_999))
        assert done.rows == 9
        log.add(*events)
        assert "'c1'" not in repr(log.dump())
        assert "e-c1" not in repr(log.dump())
        assert count(log) == 1
        log.add(a_decision(61))
        assert count(log) == 2


def test_an_outcome_that_says_so_erases_a_conversation() -> None:
    erased = an_outcome(60, OutcomeKind.ERASED, escalation_id=None)
    with an_empty_log() as log:
        log.add(*a_conversation("c1"), *a_conversation("c2"))
        log.add(erased, a_closing(60, 2, ClosedBecause.ERASED, escalation_id="e-c1"))
        assert "c1" not in repr(log.dump())
        log.add(a_decision(61))
        log.add(erased, *a_conversation("c1"))
        with log.database.reading() as session:
            assert session.scalars(select(DecisionRow.occurred_at).order_by(DecisionRow.occurred_at)).all() == [
                at(0),
                at(61),
            ]


@pytest.mark.parametrize("told_first", [True, False])
@pytest.mark.parametrize("held", [at(60) + TOPICS_HOLD * 3, at(60) + TOPICS_HOLD / 2])
def test_an_erasure_is_remembered_for_the_longest_that_anyone_said(told_first: bool, held: datetime) -> None:
    erased = an_outcome(60, OutcomeKind.ERASED, escalation_id=None)
    with an_empty_log() as log:
        if told_first:
            log.add(erased)
        erase(log.database, [("shop", "c1")], now=at(60), held_until=held)
        if not told_first:
            log.add(erased)
        assert remembered(log) == (at(60), max(held, at(60) + TOPICS_HOLD))


def test_a_later_erasure_shortens_no_earlier_one() -> None:
    with an_empty_log() as log:
        erase(log.database, [("shop", "c1")], now=at(60), held_until=at(99_999))
        erase(log.database, [("shop", "c1")], now=at(70), held_until=at(80))
        assert remembered(log) == (at(70), at(99_999))
        log.add(*a_conversation("c1"), a_decision(75))
        erase(log.database, [("shop", "c1")], now=at(65), held_until=at(200_000))
        assert (remembered(log), count(log)) == ((at(70), at(200_000)), 1)


def test_of_two_erasures_read_together_the_later_holds() -> None:
    later, earlier = (an_outcome(minute, OutcomeKind.ERASED, escalation_id=None) for minute in (70, 60))
    with an_empty_log() as log:
        log.add(later, earlier)
        assert remembered(log) == (at(70), at(70) + TOPICS_HOLD)


def test_what_was_written_before_an_erasure_stays_out_whatever_time_it_claims() -> None:
    with an_empty_log() as log:
        erase(log.database, [("shop", "c1")], now=at(60), held_until=at(99_999))
        log.add_records([log.record(a_decision(500), timestamp=milliseconds(at(59)))])
        assert count(log) == 0
        log.add_records([log.record(a_decision(500), timestamp=milliseconds(at(61)))])
        assert count(log) == 1


def test_what_the_log_has_of_a_conversation_goes_whatever_time_it_claims_and_comes_in_again_if_it_is_later() -> None:
    ahead, later = a_decision(500, message_id="ahead"), a_decision(90, message_id="later")
    with an_empty_log() as log:
        log.add_records([log.record(ahead, timestamp=milliseconds(at(59))), log.record(later)])
        log.add(an_outcome(60, OutcomeKind.ERASED, escalation_id=None))
        assert count(log) == 0
        log.add_records([log.record(ahead, timestamp=milliseconds(at(59))), log.record(later)])
        with log.database.reading() as session:
            assert session.scalars(select(DecisionRow.message_id)).all() == ["later"]


def test_a_customer_s_conversations_are_found_by_the_id_that_producers_gave() -> None:
    with an_empty_log() as log:
        log.add(*a_conversation("c1", "k1"), *a_conversation("c2", "k2"), *a_conversation("c3", "k1"))
        assert conversations_of(log.database, "k1") == [("shop", "c1"), ("shop", "c3")]
        assert conversations_of(log.database, "k1", "inn") == []
        assert conversations_of(log.database, "nobody") == []


def test_nothing_of_what_was_erased_is_left_in_the_file() -> None:
    with an_empty_log() as log:
        log.add(an_escalation(0, summary="a very particular sentence"))
        folder = log.folder
        erase(log.database, [("shop", "c1")], now=at(60), held_until=at(99_999))
        assert all(b"a very particular sentence" not in file.read_bytes() for file in folder.iterdir())


SENTENCE = "a very particular sentence"


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits long for SQLite's locks."""
    monkeypatch.setattr("handraise.review.database._BUSY_MS", 20)


def in_files(log: Log) -> bool:
    return any(SENTENCE.encode() in file.read_bytes() for file in log.folder.iterdir())


@pytest.mark.usefixtures("impatient")
def test_an_erasure_says_that_the_file_still_holds_what_somebody_reads() -> None:
    with an_empty_log() as log:
        log.add(an_escalation(0, summary=SENTENCE))
        with log.database.reading() as session:
            session.scalars(select(EscalationRow)).one()
            done = erase(log.database, [("shop", "c1")], now=at(60), held_until=at(99_999))
            assert (done.rows > 0, done.overwritten, in_files(log)) == (True, False, True)
        done = erase(log.database, [("shop", "c1")], now=at(60), held_until=at(99_999))
        assert (done.rows, done.overwritten, in_files(log)) == (0, True, False)


@pytest.mark.usefixtures("impatient")
def test_what_somebody_read_while_it_was_erased_leaves_the_file_with_a_later_batch() -> None:
    with an_empty_log() as log:
        log.add(an_escalation(0, summary=SENTENCE))
        with log.database.reading() as session:
            session.scalars(select(EscalationRow)).one()
            log.add(an_outcome(60, OutcomeKind.ERASED, escalation_id=None))
            log.add(a_decision(61))
            assert in_files(log)
        log.add(a_decision(62))
        assert not in_files(log)
        assert count(log) == 2


@pytest.mark.usefixtures("impatient")
def test_what_an_earlier_process_could_not_overwrite_leaves_the_file_with_the_first_batch() -> None:
    with an_empty_log() as log:
        log.add(an_escalation(0, summary=SENTENCE))
        with log.database.reading() as session:
            session.scalars(select(EscalationRow)).one()
            log.add(an_outcome(60, OutcomeKind.ERASED, escalation_id=None))
        assert in_files(log)
        later = Writer(log.database, TOPICS_HOLD)
        later.begin()
        later.write(log.intake.take([log.record(a_decision(61))]))
        assert not in_files(log)


@pytest.mark.usefixtures("impatient")
def test_what_somebody_read_while_it_was_erased_leaves_the_file_with_what_is_too_old() -> None:
    keeping = Keeping(decisions=timedelta(days=10), escalations=timedelta(days=20))
    with an_empty_log() as log:
        log.add(an_escalation(0, summary=SENTENCE))
        with log.database.reading() as session:
            session.scalars(select(EscalationRow)).one()
            erase(log.database, [("shop", "c1")], now=at(60), held_until=at(99_999))
            remove_expired(log.database, keeping, at(61))
            assert in_files(log)
        remove_expired(log.database, keeping, at(61))
        assert not in_files(log)


def test_what_is_too_old_leaves_and_what_is_open_stays() -> None:
    keeping = Keeping(decisions=timedelta(days=10), escalations=timedelta(days=20))
    with an_empty_log() as log:
        log.add(*a_conversation("c1"), an_escalation(0, escalation_id="open", conversation_id="c2"))
        erase(log.database, [("shop", "erased")], now=at(0), held_until=at(0) + timedelta(days=5))
        assert remove_expired(log.database, keeping, at(0) + timedelta(days=4)) == 0
        remove_expired(log.database, keeping, at(0) + timedelta(days=11))
        assert (count(log), count_of(log, ErasureRow)) == (0, 0)
        assert [count_of(log, table) for table in TABLES] == [0, 2, 1, 1, 1]
        remove_expired(log.database, keeping, at(0) + timedelta(days=21))
        assert [count_of(log, table) for table in TABLES] == [0, 1, 0, 0, 0]
        with log.database.reading() as session:
            assert session.scalars(select(EscalationRow.escalation_id)).one() == "open"


def remembered(log: Log) -> tuple[datetime, datetime]:
    """Up to when its only erasure erases, and until when that is known."""
    with log.database.reading() as session:
        row = session.scalars(select(ErasureRow)).one()
        return row.erased_at, row.held_until


def count_of(log: Log, table: type[object]) -> int:
    with log.database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0
