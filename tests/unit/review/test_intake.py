from __future__ import annotations

import msgspec
from sqlalchemy import select

from handraise.engine.topics import Topic, TopicNames
from handraise.events import Attempt, Customer, Escalation, OutcomeKind, Policy, Transcript, Turn, encode, utc
from handraise.review.intake import Intake
from handraise.review.keys import event_key, first_key
from handraise.review.masked import Masker
from handraise.review.tables import ConversationRow, CustomerRow, DecisionRow, OutcomeRow, PolicyRow, RevisionRow
from tests.support.logged import a_decision, a_message, an_empty_log, an_escalation, an_outcome, at
from tests.support.records import FakeRecord

CONTACTS = "Ana, ana@example.com, +34 612 345 678, card 4111 1111 1111 1111"


def test_contact_details_and_cards_are_masked_wherever_people_wrote() -> None:
    turn = Turn(message_id="m0", sender=a_message().sender, sent_at=at(0), text=CONTACTS)
    event = an_escalation(
        reason=CONTACTS,
        summary=CONTACTS,
        transcript=Transcript(turns=[turn]),
        attempts=[Attempt(message_id="m1", text=CONTACTS)],
        customer=Customer(id="+34 612 345 678", name="Ana"),
    )
    with an_empty_log() as log:
        log.add(event, an_outcome(1, OutcomeKind.VERDICT, note=CONTACTS))
        kept = repr(log.dump())
        assert "example.com" not in kept
        assert "612" not in kept
        assert "4111" not in kept
        with log.database.reading() as session:
            stored = msgspec.json.decode(session.scalars(select(RevisionRow.event)).one(), type=Escalation)
    assert stored.summary.startswith("Ana, •••")
    assert len(stored.summary) == len(CONTACTS)
    assert stored.customer == Customer(id="••• ••• ••• •••", name="Ana")


def test_contact_details_can_be_kept_and_cards_never() -> None:
    with an_empty_log(contacts=False) as log:
        log.add(an_escalation(summary=CONTACTS))
        kept = repr(log.dump())
    assert "ana@example.com" in kept
    assert "4111" not in kept


def test_of_a_message_only_the_time_is_kept_and_of_a_customer_only_a_hash() -> None:
    customer = Customer(id="customer-77", name="Ana")
    with an_empty_log() as log:
        log.add(a_message(5, customer=customer), a_message(1), a_message(9))
        with log.database.reading() as session:
            row = session.scalars(select(ConversationRow)).one()
            assert (row.first_at, row.last_at) == (at(1), at(9))
            assert session.scalars(select(CustomerRow.conversation_id)).one() == "c1"
        kept = repr(log.dump())
    assert "kettle" not in kept
    assert "customer-77" not in kept


def test_what_cannot_be_read_is_named_without_its_value_and_the_rest_is_kept() -> None:
    names = TopicNames("t.")
    records = [
        FakeRecord(b'{"secret": "words"', topic=names[Topic.OUTCOMES], partition=3, offset=7),
        FakeRecord(None, topic=names[Topic.DECISIONS], offset=8),
        FakeRecord(encode(a_decision()), topic=names[Topic.DECISIONS], offset=9),
        FakeRecord(None, topic=names[Topic.CONTROL], offset=4),
    ]
    rows = Intake(names, Masker()).take(records)
    assert len(rows.decisions) == 1
    assert [(bad.topic, bad.partition, bad.offset) for bad in rows.unreadable] == [
        ("t.chat.outcomes", 3, 7),
        ("t.chat.decisions", 0, 8),
    ]
    assert "words" not in repr(rows.unreadable)
    assert rows.read == {("t.chat.outcomes", 3): 8, ("t.chat.decisions", 0): 10, ("t.chat.control", 0): 5}


def test_a_published_policy_is_kept_with_who_when_and_why() -> None:
    policy = Policy(business_id="shop", owner="Rosa")
    headers = [
        ("handraise.by", b"Ines"),
        ("handraise.note", b"first try"),
        ("handraise.document", b"# ours\nbusiness_id: shop\nowner: Rosa\n"),
    ]
    published = FakeRecord(
        encode(policy), topic=Topic.POLICIES.value, offset=0, timestamp=1_000, key=b"shop", headers=headers
    )
    plain = FakeRecord(encode(policy), topic=Topic.POLICIES.value, offset=1, timestamp=2_000, key=b"shop")
    given_up = FakeRecord(None, topic=Topic.POLICIES.value, offset=2, timestamp=3_000, key=b"shop")
    foreign = FakeRecord(encode(policy), topic=Topic.POLICIES.value, offset=3, timestamp=4_000, key=b"inn")
    with an_empty_log() as log:
        log.add_records([published, plain, given_up, foreign])
        with log.database.reading() as session:
            first, second, last = session.scalars(select(PolicyRow).order_by(PolicyRow.published_at))
    assert (first.by, first.note, first.published_at) == ("Ines", "first try", utc(1_000))
    assert first.document is not None
    assert first.document.startswith("# ours")
    assert second.version == first.version
    assert "owner: Rosa" in (second.document or "")
    assert (last.version, last.document) == ("", None)


def test_a_character_that_postgresql_refuses_is_replaced() -> None:
    with an_empty_log() as log:
        log.add(a_decision(trigger="a\0b"), an_outcome(1, OutcomeKind.ACCEPTED, by="x\0"))
        with log.database.reading() as session:
            assert session.scalars(select(DecisionRow.trigger)).one() == "a\ufffdb"
            assert session.scalars(select(OutcomeRow.by)).one() == "x\ufffd"


def test_keys_of_events_sort_by_time() -> None:
    early, late = event_key(at(0), b"z"), event_key(at(1), b"a")
    assert early < first_key(at(0.5)) < late
    assert len(early) == len(late) == 32


def test_a_policy_that_inherits_is_kept_as_it_was_written() -> None:
    value = b'{"business_id":"shop","inherits":"hotels","within":"2 hours"}'
    published = FakeRecord(value, topic=Topic.POLICIES.value, offset=0, timestamp=1_000, key=b"shop")
    with an_empty_log() as log:
        log.add_records([published])
        with log.database.reading() as session:
            (row,) = session.scalars(select(PolicyRow))
    assert row.version
    assert (row.document or "").splitlines() == ["business_id: shop", "inherits: hotels", "within: 2 hours"]
