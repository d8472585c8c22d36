"""What `handraise erase` does about a log; what it says to Kafka is tried in tests/integration."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from handraise.cli import main
from handraise.events import Customer
from handraise.review.erasure import Conversation
from handraise.review.holding import Held
from tests.support.logged import Log, a_message, an_empty_log

DEFAULT = "handraise.sqlite3"


class Workers:
    """What the workers remember of the customer, and what they are told."""

    def __init__(self) -> None:
        self.remember: list[Conversation] = []
        self.told: list[Conversation] = []


@pytest.fixture
def workers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Workers:
    made = Workers()

    async def present(*_: object) -> None:
        """Every topic is there."""

    async def remembered(*_: object) -> list[Conversation]:
        return made.remember

    async def tell(_: object, conversations: list[Conversation], __: object) -> list[Held]:
        made.told += conversations
        return []

    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HANDRAISE_LOG_DATABASE_URL", raising=False)
    monkeypatch.setattr("handraise.cli.erase.check_present", present)
    monkeypatch.setattr("handraise.cli.erase.remembered", remembered)
    monkeypatch.setattr("handraise.cli.erase._tell_workers", tell)
    return made


@pytest.fixture
def log(workers: Workers, monkeypatch: pytest.MonkeyPatch) -> Iterator[Log]:
    assert workers is not None
    with an_empty_log() as made:
        monkeypatch.setenv("HANDRAISE_LOG_DATABASE_URL", f"sqlite:///{made.folder / 'log.sqlite3'}")
        yield made


def erase() -> int:
    return main(["erase", "--customer", "k1"])


def test_what_the_log_knows_and_what_the_workers_know_of_a_customer_is_erased(workers: Workers, log: Log) -> None:
    workers.remember = [("shop", "c2")]
    log.add(*(a_message(0, conversation_id=name, customer=Customer(id="k1")) for name in ("c1", "c2")))
    assert erase() == 0
    assert workers.told == [("shop", "c1"), ("shop", "c2")]


def test_that_the_file_still_holds_what_somebody_reads_is_said_and_what_to_do_about_it(
    workers: Workers, log: Log, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("handraise.review.database._BUSY_MS", 20)
    log.add(*(a_message(0, conversation_id=name, customer=Customer(id="k1")) for name in ("c 1", "c2")))
    with log.database.reading() as session:
        session.execute(text("SELECT count(*) FROM conversations"))
        assert erase() == 1
    shown = capsys.readouterr()
    assert "nothing is left" not in shown.out
    assert "Kafka itself deletes nothing" in shown.out
    assert "still hold what was erased" in shown.err
    assert "run `handraise erase --conversation 'shop/c 1'` again" in shown.err
    assert workers.told == [("shop", "c 1"), ("shop", "c2")]
    assert main(["erase", "--conversation", "shop/c 1"]) == 0
    assert "nothing is left" in capsys.readouterr().out


def test_that_nobody_knows_the_customer_is_said_where_both_were_asked(
    workers: Workers, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    assert log is not None
    assert erase() == 0
    assert "Neither the log nor the workers know" in capsys.readouterr().out
    assert workers.told == []


@pytest.mark.parametrize("remember", [[], [("shop", "c1")]])
@pytest.mark.parametrize(
    "url", ["sqlite:///gone/log.sqlite3", "sqlite:///other.sqlite3", "postgresql://nobody@127.0.0.1:1/log"]
)
def test_nobody_is_told_to_forget_a_customer_while_the_log_cannot_be_asked(
    url: str,
    remember: list[Conversation],
    workers: Workers,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    sqlite3.connect("other.sqlite3").execute("CREATE TABLE of_another_version (id)").connection.close()
    monkeypatch.setenv("HANDRAISE_LOG_DATABASE_URL", url)
    workers.remember = remember
    assert erase() == 1
    shown = capsys.readouterr()
    assert workers.told == []
    assert shown.out == ""
    assert "nothing was erased" in shown.err


def test_the_default_file_is_asked_too_where_it_is_there(workers: Workers) -> None:
    sqlite3.connect(DEFAULT).execute("CREATE TABLE of_another_version (id)").connection.close()
    workers.remember = [("shop", "c1")]
    assert (erase(), workers.told) == (1, [])


def test_where_no_log_was_ever_kept_the_workers_are_asked_alone_and_it_is_said(
    workers: Workers, capsys: pytest.CaptureFixture[str]
) -> None:
    assert erase() == 0
    shown = capsys.readouterr().out
    assert "No log was asked" in shown
    assert "the log nor" not in shown
    workers.remember = [("shop", "c1")]
    assert erase() == 0
    assert "No log was asked" in capsys.readouterr().out
    assert workers.told == [("shop", "c1")]
    assert not Path(DEFAULT).exists()


def test_a_conversation_that_is_named_is_forgotten_without_a_log_too(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HANDRAISE_LOG_DATABASE_URL", "sqlite:///gone/log.sqlite3")
    assert main(["erase", "--conversation", "shop/c1"]) == 0
    assert workers.told == [("shop", "c1")]


def test_a_business_beside_a_named_conversation_is_wrong_usage(workers: Workers) -> None:
    """Whoever gives another than the conversation's would not know which of the two is erased."""
    assert main(["erase", "--conversation", "shop/c1", "--business", "inn"]) == 2
    assert workers.told == []
