"""What holds for a worker on any broker: one suite, run against Apache Kafka and against the embedded broker."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import msgspec
import pytest

from handraise.engine.topics import Topic
from handraise.events import Decision, Outcome, OutcomeKind, encode
from tests.support.installation import Installation, Record, WorkerProcess, message
from tests.support.waiting import until

HALVES = (([0, 1], [2, 3]), ([2, 3], [0, 1]))
DECISIONS = msgspec.json.Decoder(Decision)


def counts(records: list[Any]) -> dict[str, list[int]]:
    """The numbers that each conversation was told, in order."""
    found: dict[str, list[int]] = {}
    for record in records:
        decision = DECISIONS.decode(record.value)
        found.setdefault(decision.conversation_id, []).append(int(decision.because))
    return found


def parts_of(worker: WorkerProcess) -> list[int]:
    """The partitions that a worker has now."""
    assigned: list[int] = worker.events("partitions_assigned")[-1]["partitions"]
    return assigned


def at_least(number: int) -> Any:  # noqa: ANN401 - a predicate over records of aiokafka
    """Whether so many records are there."""
    return lambda records: len(records) >= number


def test_each_message_is_folded_once_and_in_order(installation: Installation) -> None:
    """Ten conversations of twenty messages each, half of them there before the worker."""
    sent = [message(number, f"c{number % 10}") for number in range(200)]
    asyncio.run(installation.produce(sent[:100]))
    installation.worker().wait_ready()
    asyncio.run(installation.produce(sent[100:]))
    decisions = asyncio.run(installation.read(Topic.DECISIONS, at_least(200)))
    assert counts(decisions) == {f"c{n}": list(range(1, 21)) for n in range(10)}
    assert asyncio.run(installation.state()) == {f"acme/c{n}".encode(): b"20" for n in range(10)}


def test_messages_are_read_however_their_producer_compresses_them(installation: Installation) -> None:
    """With every codec that Kafka has: which one, the producer alone decides, or the broker for the whole topic."""
    codecs = ("gzip", "snappy", "lz4", "zstd")
    for number, codec in enumerate(codecs):
        sent = [message(10 * number + one, f"c{one % 4}", "the same words again and again " * 9) for one in range(8)]
        asyncio.run(installation.produce(sent, codec))
    installation.worker().wait_ready()
    decisions = asyncio.run(installation.read(Topic.DECISIONS, at_least(8 * len(codecs))))
    assert counts(decisions) == {f"c{n}": list(range(1, 9)) for n in range(4)}


def test_a_bad_record_goes_to_the_dead_letters_as_it_came_and_the_rest_goes_on(installation: Installation) -> None:
    """Key, value and headers of the original; reason and source in headers of our own."""
    bad = Record(Topic.MESSAGES, b'{"message_id": 7}', b"any key", [("trace", b"abc")], partition=2)
    asyncio.run(installation.produce([message(1, "c1"), bad, Record(Topic.MESSAGES, None, b"k"), message(2, "c1")]))
    installation.worker().wait_ready()
    assert counts(asyncio.run(installation.read(Topic.DECISIONS, at_least(2)))) == {"c1": [1, 2]}
    letters = asyncio.run(installation.read(Topic.DEAD_LETTERS, at_least(2)))
    by_value = {letter.value: letter for letter in letters}
    assert len(letters) == 2
    kept = by_value[b'{"message_id": 7}']
    headers = dict(kept.headers)
    assert kept.key == b"any key"
    assert headers["trace"] == b"abc"
    assert headers["handraise.reason"] == b"invalid"
    assert headers["handraise.source_topic"] == installation.names[Topic.MESSAGES].encode()
    assert headers["handraise.source_partition"] == b"2"
    assert b"$.message_id" in headers["handraise.error"]
    assert dict(by_value[None].headers)["handraise.reason"] == b"empty"


def test_a_bad_record_that_is_too_large_to_keep_whole_is_cut(installation: Installation) -> None:
    """Nearly as large as a broker takes; without a key."""
    asyncio.run(installation.produce([Record(Topic.MESSAGES, b"x" * 1_000_000), message(1, "c1")]))
    installation.worker().wait_ready()
    (cut,) = asyncio.run(installation.read(Topic.DEAD_LETTERS, at_least(1)))
    assert cut.key is None
    assert len(cut.value) + int(dict(cut.headers)["handraise.cut_bytes"]) == 1_000_000
    assert counts(asyncio.run(installation.read(Topic.DECISIONS, at_least(1)))) == {"c1": [1]}


def test_an_outcome_without_a_conversation_is_a_dead_letter(installation: Installation) -> None:
    """One for a conversation that is known is not."""
    outcomes = [
        Record(
            Topic.OUTCOMES,
            encode(
                Outcome(
                    outcome_id=f"about {conversation}",
                    conversation_id=conversation,
                    business_id="acme",
                    kind=OutcomeKind.RESOLVED,
                    at=1,
                )
            ),
            b"any key",
        )
        for conversation in ("c1", "nobody")
    ]
    worker = installation.worker().wait_ready()
    asyncio.run(installation.produce([message(1, "c1")]))
    asyncio.run(installation.read(Topic.DECISIONS, at_least(1)))
    place = asyncio.run(installation.read(Topic.MESSAGES, at_least(1)))[0].partition
    asyncio.run(installation.produce([one._replace(partition=place) for one in outcomes]))
    letters = asyncio.run(installation.read(Topic.DEAD_LETTERS, at_least(1)))
    assert [dict(letter.headers)["handraise.reason"] for letter in letters] == [b"unknown_conversation"]
    assert b"about nobody" in letters[0].value
    assert len(worker.events("dead_letter")) == 1


def test_a_restarted_worker_goes_on_with_the_state(installation: Installation) -> None:
    """A stop by SIGTERM leaves within five seconds with status 0, and the next worker counts on."""
    asyncio.run(installation.produce([message(number, "c1") for number in range(5)]))
    first = installation.worker().wait_ready()
    asyncio.run(installation.read(Topic.DECISIONS, at_least(5)))
    asked = time.monotonic()
    first.terminate()
    assert first.wait(10) == 0
    assert time.monotonic() - asked < 5
    asyncio.run(installation.produce([message(number, "c1") for number in range(5, 8)]))
    installation.worker().wait_ready()
    decisions = asyncio.run(installation.read(Topic.DECISIONS, at_least(8)))
    assert counts(decisions) == {"c1": [1, 2, 3, 4, 5, 6, 7, 8]}


def test_two_workers_share_the_partitions_and_hand_them_over(installation: Installation) -> None:
    """While both run each has half; when one leaves, the other has them all and goes on counting."""
    first = installation.worker().wait_ready()
    asyncio.run(installation.produce([message(number, f"c{number % 8}") for number in range(40)]))
    second = installation.worker().wait_ready()
    until(lambda: (parts_of(first), parts_of(second)) in HALVES, 20, "each worker to have half of the partitions")
    asyncio.run(installation.produce([message(number, f"c{number % 8}") for number in range(40, 80)]))
    first.terminate()
    assert first.wait(10) == 0
    asyncio.run(installation.produce([message(number, f"c{number % 8}") for number in range(80, 120)]))
    decisions = asyncio.run(installation.read(Topic.DECISIONS, at_least(120)))
    assert counts(decisions) == {f"c{n}": list(range(1, 16)) for n in range(8)}


def test_a_bad_policy_is_refused_by_every_worker_and_reported_by_one(installation: Installation) -> None:
    """Two workers log the refusal; the dead letters have it once."""
    workers = [installation.worker(), installation.worker()]
    for worker in workers:
        worker.wait_ready()
    asyncio.run(installation.produce([Record(Topic.POLICIES, b"no policy", b"acme")]))
    for worker in workers:
        until(lambda worker=worker: bool(worker.events("policy_refused")), 20, "the refusal to be logged")  # type: ignore[misc] # a default argument binds the loop's value
    letters = asyncio.run(installation.read(Topic.DEAD_LETTERS, at_least(1)))
    assert [(letter.key, letter.value) for letter in letters] == [(b"acme", b"no policy")]
    assert dict(letters[0].headers)["handraise.reason"] == b"rejected_policy"


def test_a_long_run_of_bad_records_stops_the_worker_uncommitted(installation: Installation) -> None:
    """The message names the last record and the mend; nothing of the batch is published."""
    worker = installation.worker(HANDRAISE_BAD_RECORDS_IN_A_ROW="20").wait_ready()
    asyncio.run(installation.produce([Record(Topic.MESSAGES, b"junk", b"same key") for _ in range(20)]))
    if worker.wait(20) == 0:
        pytest.fail("the worker should have failed")
    said = worker.log.read_text()
    assert said.splitlines()[-1].startswith("handraise: the last 20 records of partition")
    assert "HANDRAISE_BAD_RECORDS_IN_A_ROW=0" in said
    assert "junk" not in said


@pytest.mark.kafka
def test_a_worker_that_is_started_again_goes_on_counting_bad_records(kafka_installation: Installation) -> None:
    """A supervisor does not drain the topic into the dead letters bit by bit; without a limit everything goes there."""
    made = kafka_installation
    asyncio.run(made.produce([Record(Topic.MESSAGES, b"junk", b"same key") for _ in range(50)]))
    small = {"HANDRAISE_BATCH_RECORDS": "5", "HANDRAISE_BAD_RECORDS_IN_A_ROW": "20"}
    letters = []
    for _ in range(2):
        assert made.worker(**small).wait(40) != 0
        letters.append(len(asyncio.run(made.everything(Topic.DEAD_LETTERS))))
    assert letters == [15, 15]
    made.worker(**small | {"HANDRAISE_BAD_RECORDS_IN_A_ROW": "0", "HANDRAISE_BAD_RECORDS_SHARE": "0"}).wait_ready()
    asyncio.run(made.read(Topic.DEAD_LETTERS, at_least(50)))


@pytest.mark.kafka
def test_a_topic_of_mostly_bad_records_stops_the_worker_too(kafka_installation: Installation) -> None:
    """No run is long: every fourth record is good."""
    made = kafka_installation
    junk = Record(Topic.MESSAGES, b"junk", b"c1")
    asyncio.run(made.produce([one for number in range(20) for one in (message(number, "c1"), junk, junk, junk)]))
    share = {"HANDRAISE_BAD_RECORDS_SHARE": "0.5", "HANDRAISE_BAD_RECORDS_WINDOW": "40"}
    worker = made.worker(**share)
    assert worker.wait(40) != 0
    assert "20 of the last 40 records of partition" in worker.log.read_text().splitlines()[-1]


def test_a_worker_is_not_ready_before_it_has_partitions(installation: Installation) -> None:
    """It is alive from the start, and says what it waits for."""
    worker = installation.worker()
    assert worker.get("/healthz")[0] == 200
    status, body = worker.get("/readyz")
    assert status == 200 or "waiting" in body
    worker.wait_ready()
    assert worker.get("/metrics")[0] == 200
    assert worker.get("/table/")[0] == 404
