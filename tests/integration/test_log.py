"""`handraise log` on a broker: everything once, whatever is killed, restarted or read again."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError

from handraise.engine.topics import Topic
from handraise.events import ClosedBecause, Customer, OutcomeKind, Policy, encode
from handraise.review.database import LogDatabase
from handraise.review.metrics import CATALOGUE
from handraise.review.publishing import publish_policy
from handraise.review.queries import policy_history
from handraise.review.tables import DecisionRow, EscalationRow, OffsetRow, PolicyRow
from tests.support.console import HTMX, served
from tests.support.installation import WORKER, Installation, Record, WorkerProcess
from tests.support.logged import (
    Event,
    a_closing,
    a_control,
    a_decision,
    a_message,
    an_escalation,
    an_outcome,
    dump,
    topic_of,
)
from tests.support.postgresql import Server
from tests.support.tools import tool
from tests.support.waiting import until

LOG = ("-m", "handraise", "log")
SECONDS = 90


def published(events: Iterable[Event]) -> list[Record]:
    """Records as the workers and the tools publish them."""
    return [Record(topic_of(event), encode(event), event.conversation_id.encode()) for event in events]


def some_conversations(first: int, number: int) -> list[Event]:
    """Each with a message, three decisions, an escalation that ends, who held it, and what a person did."""
    found: list[Event] = []
    for place in range(first, first + number):
        here: dict[str, Any] = {"conversation_id": f"c{place}"}
        named = here | {"escalation_id": f"e{place}"}
        found += [a_message(0, **here), *(a_decision(minute, **named) for minute in range(3))]
        found += [an_escalation(0, **named), a_control(5, **named), an_outcome(4, OutcomeKind.ACCEPTED, **named)]
        found.append(a_closing(30, 1, ClosedBecause.RESOLVED, **named))
    return found


class Kept:
    """A log that is kept for a test: in a folder, or in a database by its URL."""

    def __init__(self, installation: Installation, where: Path | str) -> None:
        self.url = where if isinstance(where, str) else f"sqlite:///{where / 'log.sqlite3'}"
        self._installation = installation
        self.database = LogDatabase(self.url)

    def start(self, **more: str) -> WorkerProcess:
        """Start the process."""
        settings = {
            "HANDRAISE_LOG_DATABASE_URL": self.url,
            "HANDRAISE_LOG_HTTP_PORT": "0",
            # The events are of a day in the past.
            "HANDRAISE_LOG_DECISION_DAYS": "36500",
            "HANDRAISE_LOG_ESCALATION_DAYS": "36500",
        }
        return self._installation.worker(LOG, **settings, **more).wait_ready()

    def decisions(self) -> int:
        """How many are in it; none where the database does not answer."""
        with suppress(OperationalError), self.database.reading() as session:
            return session.scalar(select(func.count()).select_from(DecisionRow)) or 0
        return 0

    def wait_for_decisions(self, number: int) -> None:
        """Wait until so many are in it."""
        until(lambda: self.decisions() >= number, SECONDS, f"{number} decisions to be logged")


def publish(installation: Installation, events: Iterable[Event]) -> None:
    asyncio.run(installation.produce(published(events)))


def test_what_the_topics_hold_is_in_the_log_and_each_once(installation: Installation, tmp_path: Path) -> None:
    kept = Kept(installation, tmp_path)
    publish(installation, some_conversations(0, 50))
    process = kept.start()
    publish(installation, some_conversations(25, 50))
    kept.wait_for_decisions(75 * 3)
    publish(installation, some_conversations(0, 1))
    policy = Policy(business_id="shop", owner="Rosa")
    asyncio.run(publish_policy(installation.settings, policy, document="# ours\n", by="Ines", note="first"))
    until(lambda: policies(kept) == 1, SECONDS, "the policy to be logged")
    until(lambda: seen_to(kept) == 75, SECONDS, "the outcomes to be logged")
    assert kept.decisions() == 75 * 3
    with kept.database.reading() as session:
        assert len(list(session.scalars(select(EscalationRow)))) == 75
        version = session.scalars(select(PolicyRow)).one()
    assert (version.by, version.note, version.document) == ("Ines", "first", "# ours\n")
    status, metrics = process.get("/metrics")
    assert status == 200
    families = {family.name for family in text_string_to_metric_families(metrics)}
    assert {metric.name.removesuffix("_total") for metric in CATALOGUE} <= families
    assert "process_start_time_seconds" in families, "an alert asks whether it has just started"
    checked = subprocess.run(
        [tool("promtool"), "check", "metrics"], input=metrics, capture_output=True, text=True, check=False, timeout=30
    )
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    process.terminate()
    assert process.wait(10) == 0


def test_a_log_that_is_killed_and_started_again_loses_and_doubles_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    kept = Kept(installation, tmp_path)
    number = 400
    first = kept.start(HANDRAISE_LOG_BATCH_RECORDS="50")
    publish(installation, some_conversations(0, number // 2))
    kept.wait_for_decisions(1)
    first.kill()
    logged = kept.decisions()
    publish(installation, some_conversations(number // 2, number // 2))
    second = kept.start(HANDRAISE_LOG_BATCH_RECORDS="50")
    # Counted before it started: it may have logged everything by the time that it says it is ready.
    kept.wait_for_decisions(logged + 1)
    second.terminate()
    assert second.wait(10) == 0
    kept.start()
    kept.wait_for_decisions(number * 3)
    until(lambda: seen_to(kept) == number, SECONDS, "everything to be logged")
    assert kept.decisions() == number * 3


def test_topics_that_are_read_again_from_the_beginning_change_nothing(
    installation: Installation, tmp_path: Path
) -> None:
    kept = Kept(installation, tmp_path)
    process = kept.start()
    publish(installation, some_conversations(0, 60))
    kept.wait_for_decisions(60 * 3)
    until(lambda: seen_to(kept) == 60, SECONDS, "everything to be logged")
    process.terminate()
    assert process.wait(10) == 0
    before, offsets = dump(kept.database), offsets_of(kept)
    with kept.database.writing() as connection:
        connection.execute(update(OffsetRow).values(next_offset=0))
    kept.start()
    until(lambda: offsets_of(kept) == offsets, SECONDS, "the topics to be read again")
    assert dump(kept.database) == before


def test_a_second_log_on_the_same_database_stops_and_says_so(kafka_installation: Installation, tmp_path: Path) -> None:
    kept = Kept(kafka_installation, tmp_path)
    publish(kafka_installation, some_conversations(0, 2))
    processes = [kept.start(), kept.start()]

    def one_has_ended() -> bool:
        publish(kafka_installation, some_conversations(0, 2))
        return any(process.process.poll() is not None for process in processes)

    until(one_has_ended, SECONDS, "one of two to stop")
    (stopped,) = [process for process in processes if process.process.poll() is not None]
    assert stopped.wait(5) == 1
    assert "another `handraise log` writes to" in stopped.log.read_text()


def test_a_log_without_topics_says_how_to_make_them(kafka_installation: Installation, tmp_path: Path) -> None:
    process = kafka_installation.worker(
        LOG,
        HANDRAISE_LOG_DATABASE_URL=f"sqlite:///{tmp_path / 'log.sqlite3'}",
        HANDRAISE_LOG_HTTP_PORT="0",
        HANDRAISE_TOPIC_PREFIX="nowhere.",
    )
    assert process.wait(SECONDS) == 1
    assert "handraise topics create" in process.log.read_text()


def policies(kept: Kept) -> int:
    with kept.database.reading() as session:
        return session.scalar(select(func.count()).select_from(PolicyRow)) or 0


def seen_to(kept: Kept) -> int:
    """Escalations that somebody has claimed, and that are closed."""
    conditions = (EscalationRow.claimed_by == "Rosa", EscalationRow.closed_at.is_not(None))
    with kept.database.reading() as session:
        return session.scalar(select(func.count()).where(*conditions)) or 0


def offsets_of(kept: Kept) -> dict[tuple[str, int], int]:
    with kept.database.reading() as session:
        rows = session.scalars(select(OffsetRow))
        return {(row.topic, row.partition): row.next_offset for row in rows}


def test_a_postgresql_that_restarts_is_waited_for_and_nothing_is_lost(
    kafka_installation: Installation, postgresql_server: Server
) -> None:
    kept = Kept(kafka_installation, postgresql_server.database())
    process = kept.start(HANDRAISE_LOG_BATCH_RECORDS="20")
    publish(kafka_installation, some_conversations(0, 100))
    kept.wait_for_decisions(1)
    postgresql_server.stop()
    publish(kafka_installation, some_conversations(100, 100))
    until(lambda: process.get("/readyz")[0] == 503, SECONDS, "the log to say that it waits")
    assert "the database does not answer" in process.get("/readyz")[1]
    postgresql_server.start()
    kept.wait_for_decisions(600)
    until(lambda: seen_to(kept) == 200, SECONDS, "everything to be logged")
    assert kept.decisions() == 600
    until(process.is_ready, SECONDS, "the log to be ready again")
    assert all("sentence" not in line and "kettle" not in str(line) for line in process.lines())


def test_a_postgresql_that_takes_no_writes_for_a_while_is_waited_for(
    kafka_installation: Installation, postgresql_server: Server
) -> None:
    """As one whose disk is nearly full, or which another has replaced: its connections stay what they are."""
    kept = Kept(kafka_installation, postgresql_server.database())
    process = kept.start()
    publish(kafka_installation, some_conversations(0, 10))
    kept.wait_for_decisions(30)
    server, _, name = kept.url.rpartition("/")
    with psycopg.connect(f"{server}/postgres", autocommit=True) as elsewhere:
        elsewhere.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        elsewhere.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        publish(kafka_installation, some_conversations(10, 10))
        until(lambda: process.get("/readyz")[0] == 503, SECONDS, "the log to say that it waits")
        elsewhere.execute(f"ALTER DATABASE {name} RESET default_transaction_read_only".encode())
    kept.wait_for_decisions(60)
    until(process.is_ready, SECONDS, "the log to be ready again")


def test_a_customer_is_erased_in_the_log_and_in_the_workers(kafka_installation: Installation, tmp_path: Path) -> None:
    kept = Kept(kafka_installation, tmp_path)
    worker = kafka_installation.worker(WORKER).wait_ready()
    log = kept.start()
    theirs = [
        a_message(0, conversation_id=name, customer=Customer(id="k1"), text="Can I talk to a human, please?")
        for name in ("c1", "c2")
    ]
    publish(kafka_installation, [*theirs, a_message(0, conversation_id="c3", text="Can I talk to a human, please?")])
    until(lambda: kept.decisions() >= 3, SECONDS, "the decisions to be logged")
    done = subprocess.run(
        [sys.executable, "-m", "handraise", "erase", "--customer", "k1"],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=kafka_installation.environment(HANDRAISE_LOG_DATABASE_URL=kept.url),
    ).stdout
    assert "shop/c1: the workers are told to forget it." in done
    assert f"{kafka_installation.names[Topic.MESSAGES]}" in done
    asyncio.run(kafka_installation.read(Topic.CONTROL, lambda found: tombstones(found) == {b"shop/c1", b"shop/c2"}))
    asyncio.run(kafka_installation.read(Topic.STATE, lambda found: tombstones(found) >= {b"shop/c1", b"shop/c2"}))
    until(lambda: not is_lagging(log), SECONDS, "the log to have read what the workers wrote")
    for process in (worker, log):
        process.terminate()
        assert process.wait(20) == 0
    assert "'c1'" not in repr(dump(kept.database))
    assert "'c2'" not in repr(dump(kept.database))
    assert "'c3'" in repr(dump(kept.database))


def test_a_customer_whom_only_the_workers_know_is_erased_too(kafka_installation: Installation, tmp_path: Path) -> None:
    """Without a log: what the workers remember tells which conversations are the customer's."""
    worker = kafka_installation.worker(WORKER).wait_ready()
    said = {"text": "Can I talk to a human, please?"}
    publish(
        kafka_installation,
        [
            a_message(0, conversation_id="c1", customer=Customer(id="k1"), **said),
            a_message(0, conversation_id="c2", customer=Customer(id="k12", name="k1"), **said),
            a_message(0, conversation_id="c3", business_id="inn", customer=Customer(id="k1"), **said),
        ],
    )
    asyncio.run(kafka_installation.read(Topic.ESCALATIONS, lambda found: len(found) >= 3))

    def erase(*more: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "handraise", "erase", "--customer", *more],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=kafka_installation.environment(),
        ).stdout

    done = erase("k1", "--business", "shop")
    assert "Not in a log" in done
    assert "shop/c1: the workers are told to forget it." in done
    assert "inn/c3" not in done
    asyncio.run(kafka_installation.read(Topic.STATE, lambda found: tombstones(found) == {b"shop/c1"}))
    assert "shop/c1" not in erase("k1")
    asyncio.run(kafka_installation.read(Topic.STATE, lambda found: tombstones(found) == {b"shop/c1", b"inn/c3"}))
    nothing = erase("k1")
    assert "No log was asked" in nothing
    assert "The workers know no conversation" in nothing
    worker.terminate()
    assert worker.wait(20) == 0


def tombstones(records: list[Any]) -> set[bytes]:
    """The keys whose newest record has no value."""
    newest = {record.key: record.value for record in records}
    return {key for key, value in newest.items() if value is None}


def is_lagging(log: WorkerProcess) -> bool:
    lags = [line for line in log.get("/metrics")[1].splitlines() if line.startswith("handraise_log_lag_records{")]
    return any(not line.endswith(" 0.0") for line in lags)


def test_verdicts_and_policies_go_out_through_kafka_and_come_back_to_the_log(
    installation: Installation, tmp_path: Path
) -> None:
    kept = Kept(installation, tmp_path)
    worker = installation.worker(WORKER).wait_ready()
    kept.start()
    publish(installation, [a_message(0, text="Can I talk to a human, please?")])
    until(lambda: len(escalations(kept)) == 1, SECONDS, "the escalation to be logged")
    environment = installation.environment(HANDRAISE_LOG_DATABASE_URL=kept.url)

    def handraise(*arguments: str) -> str:
        return subprocess.run(
            [sys.executable, "-m", "handraise", *arguments],
            check=True,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env=environment,
        ).stdout

    escalation_id = escalations(kept)[0].escalation_id
    handraise("verdict", escalation_id, "too_late", "--note", "an hour later", "--by", "Ines")
    until(lambda: escalations(kept)[0].verdict is not None, SECONDS, "the verdict to be logged")
    row = escalations(kept)[0]
    assert (row.verdict, row.verdict_by, row.verdict_note) == ("too_late", "Ines", "an hour later")
    versions = []
    for number, owner in enumerate(["Rosa", "Tom"], 1):
        (tmp_path / "policy.yaml").write_text(f"# ours\nbusiness_id: shop\nowner: {owner}\n")
        said = handraise("policy", "push", "policy.yaml", "--by", "Ines", "--note", f"to {owner}")
        versions.append(said.split("version ")[1].split()[0])
        until(lambda expected=number: policies(kept) == expected, SECONDS, "the policy to be logged")  # type: ignore[misc] # a lambda's default
    assert f"version {versions[0]} is published again" in handraise("policy", "revert", "shop", "--by", "Tom")
    until(lambda: policies(kept) == 3, SECONDS, "the earlier policy to be logged")
    with kept.database.reading() as session:
        newest = policy_history(session, "shop")[0]
    assert (newest.version, newest.by, newest.note) == (versions[0], "Tom", f"back to {versions[0]}")
    assert newest.document == "# ours\nbusiness_id: shop\nowner: Rosa\n"
    assert len(worker.events("policy_accepted")) == 3


def test_a_policy_that_the_log_has_not_read_is_not_overwritten_unseen(
    installation: Installation, tmp_path: Path
) -> None:
    """Neither by the console nor by a revert to the one before; nor is one kept from what nobody else has changed."""
    kept = Kept(installation, tmp_path)
    process = kept.start()

    def push(owner: str, business: str = "shop") -> None:
        policy = Policy(business_id=business, owner=owner)
        asyncio.run(publish_policy(installation.settings, policy, document=document(owner), by="Ines"))

    def document(owner: str) -> str:
        return f"business_id: shop\nowner: {owner}\n"

    for number, owner in enumerate(["Rosa", "Tom"], 1):
        push(owner)
        until(lambda expected=number: policies(kept) == expected, SECONDS, "the policy to be logged")  # type: ignore[misc] # a lambda's default
    process.terminate()
    process.wait(SECONDS)

    with served(kept.database, **installation.settings.model_dump(exclude_unset=True)) as reader:
        found = re.search(r'name="against" value="([^"]+)"', reader.sign_in().page("/try/shop"))
        assert found
        form = {"csrf": reader.csrf, "against": found[1], "document": document("Ann")}
        push("Ben", "inn")
        assert reader.client.post("/try/shop/publish", data=form, headers=HTMX).status_code == 200
        # The console's own policy is the one that the log has not read now.
        answer = reader.client.post("/try/shop/publish", data=form, headers=HTMX)
    assert answer.status_code == 409
    assert "the log has not read that yet" in answer.text

    command = [sys.executable, "-m", "handraise", "policy", "revert", "shop"]
    environment = installation.environment(HANDRAISE_LOG_DATABASE_URL=kept.url)

    def revert(*version: str) -> subprocess.CompletedProcess[str]:
        arguments = [*command, *version, "--by", "Tom"]
        return subprocess.run(arguments, check=False, capture_output=True, text=True, env=environment)

    refused = revert()
    assert refused.returncode != 0
    assert "a newer policy of shop is published than the log has read, so nothing was published" in refused.stderr
    with kept.database.reading() as session:
        first = policy_history(session, "shop")[-1].version
    assert "is published again" in revert(first).stdout
    kept.start()
    until(lambda: policies(kept) == 5, SECONDS, "what was published to be logged")
    with kept.database.reading() as session:
        assert [row.by for row in policy_history(session, "shop")] == ["Tom", "Rosa", "Ines", "Ines"]
    assert "is published again" in revert().stdout


def test_what_the_console_published_over_a_file_is_taken_back_there(installation: Installation, tmp_path: Path) -> None:
    kept = Kept(installation, tmp_path)
    kept.start()
    file = tmp_path / "shop.yaml"
    file.write_text("business_id: shop\nowner: Marco\n")
    worker = installation.worker(WORKER, HANDRAISE_POLICY_PATH=str(file)).wait_ready()
    chosen = installation.settings.model_dump(exclude_unset=True) | {"policy_path": file}
    with served(kept.database, **chosen) as reader:
        form = {"csrf": reader.sign_in().csrf}

        def send(what: str, **fields: str) -> str:
            against = re.findall(r'name="against" value="([^"]+)"', reader.page("/try/shop"))[0]
            answer = reader.client.post(f"/try/shop/{what}", data=form | {"against": against} | fields, headers=HTMX)
            assert answer.status_code == 200
            return answer.text

        assert "Published as" in send("publish", document="business_id: shop\nowner: Tom\n")
        until(lambda: "/try/shop/withdraw" in reader.page("/try/shop"), SECONDS, "the policy to be logged")
        assert "The file of the workers holds again" in send("withdraw")
        until(lambda: "from a file of the workers" in reader.page("/try/shop"), SECONDS, "it to be taken back")
    until(lambda: len(worker.events("policy_removed")) == 1, SECONDS, "the worker to follow")
    with kept.database.reading() as session:
        newest = policy_history(session, "shop")[0]
    assert (newest.by, newest.note, newest.document) == ("Rosa", "Back to the workers' file", None)


def escalations(kept: Kept) -> list[EscalationRow]:
    with kept.database.reading() as session:
        return list(session.scalars(select(EscalationRow)))
