"""PostgreSQL keeps the log, and answers, as SQLite does."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from handraise.events import (
    Action,
    ClosedBecause,
    ControlState,
    Customer,
    DecisionResult,
    OutcomeKind,
    Policy,
    Sender,
    Verdict,
    encode,
)
from handraise.review import queries
from handraise.review.database import LogDatabase
from handraise.review.erasure import conversations_of, erase
from handraise.review.errors import LogError
from handraise.review.queries import DecisionFilter, EscalationFilter, Scope
from handraise.review.retention import Keeping, remove_expired
from handraise.review.tables import Base, EscalationRow
from tests.support.logged import (
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
from tests.support.postgresql import Server
from tests.support.records import FakeRecord

SCOPE = Scope(since=at(-1_440), until=at(2_880))


@pytest.fixture
def log(postgresql_server: Server) -> Iterator[Log]:
    with LogDatabase(postgresql_server.database()) as database:
        database.migrate()
        yield Log(database)


def stream() -> list[Event]:
    """Some of everything."""
    found: list[Event] = []
    for number in range(40):
        here: dict[str, Any] = {
            "conversation_id": f"c{number % 25}",
            "business_id": "inn" if number % 5 == 0 else "shop",
        }
        named = here | {"escalation_id": f"e{number}"}
        found += [
            a_message(number, sender=list(Sender)[number % 4], customer=Customer(id=f"k{number % 3}"), **here),
            a_decision(
                number,
                result=list(DecisionResult)[number % 4],
                action=list(Action)[number % 4],
                score=number / 40,
                trigger=["complaint", "vip"][number % 2],
                **named,
            ),
            an_escalation(number, summary=f"Wants: Größe {number} 🫖.", **named),
            an_outcome(number + 7, list(OutcomeKind)[number % 5], **named),
            an_outcome(number + 8, OutcomeKind.VERDICT, verdict=list(Verdict)[number % 4], **named),
            a_control(number + 5, **named),
        ]
        if number % 3 == 0:
            found.append(an_escalation(number + 9, 1, owner="Tom", due=300, **named))
            found.append(a_closing(number + 60, 2, list(ClosedBecause)[number % 4], **named))
    turns = ((0, ControlState.HUMAN), (2, ControlState.AI), (2, ControlState.ESCALATED), (2, ControlState.HUMAN))
    for minutes, state in (*turns, (3, ControlState.AI), (4, ControlState.HUMAN)):
        # A state that is published again, as with a reply.
        again = a_control(minutes, state, conversation_id="over", escalation_id=None)
        found += [a_control(minutes, state, conversation_id="over"), again]
    return found


def fill(log: Log) -> None:
    """Write everything, some of it twice."""
    events = stream()
    log.add(*events[:120])
    log.add(*events[100:], *events[:20])
    policy = encode(Policy(business_id="shop", owner="Rosa"))
    log.add_records([FakeRecord(policy, topic="chat.policies", timestamp=5_000, key=b"shop")])


def answers(session: Session) -> dict[str, Any]:
    """What every query says, in a form that compares."""
    pages = [
        EscalationFilter(),
        EscalationFilter(text="Größe 1"),
        EscalationFilter(text="WANTS: GR"),
        EscalationFilter(text="wants_"),
        EscalationFilter(open=True, verdict=Verdict.UNNECESSARY),
    ]
    first = queries.escalation_page(session, EscalationFilter(business="shop"), limit=7)
    second = queries.escalation_page(session, EscalationFilter(business="shop"), limit=7, after=first.next)
    return {
        "open": plain(queries.open_escalations(session)),
        "pages": [plain(queries.escalation_page(session, wanted).rows) for wanted in pages],
        "second": (plain(first.rows), plain(second.rows), second.next),
        "decisions": plain(queries.decision_page(session, DecisionFilter(result=DecisionResult.NEAR)).rows),
        "history": plain(getattr(queries.escalation_history(session, "e3"), "exchanges", None)),
        "figures": queries.figures(session, SCOPE, now=at(500)),
        "days": queries.days(session, SCOPE),
        "scores": queries.score_histogram(session, SCOPE, "vip"),
        "promises": queries.promise_figures(session, SCOPE, now=at(500)),
        "policies": plain(queries.policy_history(session, "shop")),
        "names": queries.names(session),
    }


def plain(found: Any) -> Any:  # noqa: ANN401 - rows, and structs and lists of them
    """Rows as dictionaries."""
    if isinstance(found, list):
        return [plain(one) for one in found]
    if isinstance(found, Base):
        return {column.key: getattr(found, column.key) for column in inspect(type(found)).columns}
    if hasattr(found, "__struct_fields__"):
        return {name: plain(getattr(found, name)) for name in found.__struct_fields__}
    return found


def test_the_migrations_make_the_tables_of_the_models(log: Log) -> None:
    log.database.migrate()
    log.database.check()
    with log.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_it_holds_the_same_rows_and_gives_the_same_answers_as_sqlite(log: Log) -> None:
    with an_empty_log() as other:
        for one in (log, other):
            fill(one)
        assert log.dump() == other.dump()
        with log.database.reading() as mine, other.database.reading() as its:
            assert answers(mine) == answers(its)


def test_it_erases_and_expires_the_same_rows_as_sqlite(log: Log) -> None:
    keeping = Keeping(decisions=timedelta(hours=1), escalations=timedelta(hours=2))
    with an_empty_log() as other:
        removed = []
        for one in (log, other):
            fill(one)
            theirs = conversations_of(one.database, "k1")
            done = erase(one.database, theirs, now=at(100), held_until=at(9_999))
            removed.append((theirs, done.rows, remove_expired(one.database, keeping, at(170))))
            one.add(*stream())
        assert removed[0] == removed[1]
        assert removed[0][1] > 0
        assert removed[0][2] > 0
        assert log.dump() == other.dump()


def test_writers_wait_for_each_other(log: Log) -> None:
    entered, left = threading.Event(), threading.Event()
    order: list[str] = []

    def second() -> None:
        entered.wait(10)
        with log.database.writing():
            order.append("second")
        left.set()

    other = threading.Thread(target=second)
    other.start()
    with log.database.writing():
        entered.set()
        assert not left.wait(0.3)
        order.append("first")
    assert left.wait(10)
    other.join()
    assert order == ["first", "second"]


def test_a_reader_sees_one_state_of_the_log_though_a_conversation_is_erased_meanwhile(log: Log) -> None:
    fill(log)
    with log.database.reading() as session:
        (before,) = session.scalars(select(EscalationRow).where(EscalationRow.escalation_id == "e3"))
        theirs = [(before.business_id, before.conversation_id)]
        erase(log.database, theirs, now=at(100), held_until=at(9_999))
        history = queries.escalation_history(session, "e3")
        assert history is not None
        assert all(history.revisions.values())
    with log.database.reading() as session:
        assert queries.escalation_history(session, "e3") is None


def test_what_reads_does_not_bind_what_writes(log: Log) -> None:
    """A connection goes back to the pool as it came: who waited for another writer sees what that one wrote."""
    with log.database.reading() as session:
        assert session.connection().get_isolation_level() == "REPEATABLE READ"
    with log.database.writing() as connection:
        assert connection.get_isolation_level() == "READ COMMITTED"


def test_a_database_that_does_not_answer_is_named_without_the_password() -> None:
    with LogDatabase("postgresql://rosa:hidden@127.0.0.1:1/log") as database, pytest.raises(LogError) as refused:
        database.check()
    assert "127.0.0.1" in str(refused.value)
    assert "hidden" not in str(refused.value)
