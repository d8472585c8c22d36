from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from handraise.review.database import MIGRATIONS, LogDatabase
from handraise.review.errors import LogError
from handraise.review.tables import Base


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "log.sqlite3"


def test_the_migrations_make_the_tables_of_the_models(file: Path) -> None:
    with LogDatabase(f"sqlite:///{file}") as database:
        database.migrate()
        with database.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []


def test_a_log_of_an_earlier_version_is_brought_up_to_date_with_what_it_holds(file: Path) -> None:
    with LogDatabase(f"sqlite:///{file}") as database:
        with database.writing() as connection:
            configuration = Config()
            configuration.set_main_option("script_location", str(MIGRATIONS))
            configuration.attributes["connection"] = connection
            command.upgrade(configuration, "0001")
            connection.execute(text("INSERT INTO offsets VALUES ('t', 0, 7)"))
        with pytest.raises(LogError, match="not those of this version"):
            database.check()
        database.migrate()
        database.check()
        with database.engine.connect() as connection:
            assert connection.execute(text("SELECT next_offset FROM offsets")).scalar_one() == 7


def test_migrating_twice_changes_nothing(file: Path) -> None:
    with LogDatabase(f"sqlite:///{file}") as database:
        database.migrate()
        with database.writing() as connection:
            connection.execute(text("INSERT INTO offsets VALUES ('t', 0, 7)"))
        database.migrate()
        database.check()
        with database.engine.connect() as connection:
            assert connection.execute(text("SELECT next_offset FROM offsets")).scalar_one() == 7


def test_sqlite_keeps_a_write_ahead_log_so_that_readers_do_not_wait(file: Path) -> None:
    with LogDatabase(f"sqlite:///{file}") as database:
        database.migrate()
        with database.writing() as connection:
            connection.execute(text("INSERT INTO offsets VALUES ('t', 0, 7)"))
            with database.reading() as session:
                assert session.execute(text("SELECT count(*) FROM offsets")).scalar_one() == 0
        with database.reading() as session:
            assert session.execute(text("SELECT count(*) FROM offsets")).scalar_one() == 1
            assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"


def test_one_who_waited_for_no_reader_waits_for_a_writer_afterwards(file: Path) -> None:
    with LogDatabase(f"sqlite:///{file}") as database:
        database.migrate()
        with database.writing():
            assert not database.forget_freed_pages(wait=False)
        assert database.forget_freed_pages(wait=False)
        with database.reading() as session:
            assert session.execute(text("PRAGMA busy_timeout")).scalar_one() == 30_000


def write_twice(database: LogDatabase) -> None:
    with database.writing() as connection:
        for _ in range(2):
            connection.execute(text("INSERT INTO offsets VALUES ('t', 0, 7)"))


def test_an_error_in_a_writing_transaction_leaves_nothing(file: Path) -> None:
    with LogDatabase(f"sqlite:///{file}") as database:
        database.migrate()
        with pytest.raises(IntegrityError):
            write_twice(database)
        with database.reading() as session:
            assert session.execute(text("SELECT count(*) FROM offsets")).scalar_one() == 0


def test_a_reader_is_told_when_there_is_no_log_and_makes_none(file: Path) -> None:
    with LogDatabase(f"sqlite:///{file}") as database, pytest.raises(LogError, match="start `handraise log`"):
        database.check()
    assert not file.exists()


def test_a_reader_is_told_when_the_tables_are_another_version_s(file: Path) -> None:
    sqlite3.connect(file).close()
    with LogDatabase(f"sqlite:///{file}") as database, pytest.raises(LogError, match="not those of this version"):
        database.check()


def test_tables_of_a_later_version_are_left_alone(file: Path) -> None:
    with LogDatabase(f"sqlite:///{file}") as database:
        database.migrate()
        with database.writing() as connection:
            connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(LogError, match="later version"):
            database.migrate()


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "mysql://h/n",
        "sqlite://",
        "sqlite:///:memory:",
        "postgresql://rosa:hidden@host:port/log",
        "postgresql://rosa:hid:den@127.0.0.1:hidden/log",
        "postgresql://rosa:hidden@[::1/log",
        "postgresql://rosa:pass@hidden@127.0.0.1/log",
    ],
)
def test_other_urls_are_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(LogError, match="HANDRAISE_LOG_DATABASE_URL") as refused:
        LogDatabase(url)
    assert "hidden" not in str(refused.value)


def test_the_name_of_a_database_has_no_password() -> None:
    with LogDatabase("postgresql://rosa:hidden@127.0.0.1/log") as database:
        assert database.name == "postgresql+psycopg://rosa:***@127.0.0.1/log"


def test_no_secret_among_the_options_of_a_url_is_in_the_name_either() -> None:
    url = "postgresql:///log?host=db.example&user=rosa&password=hidden&sslpassword=hidden&sslmode=require"
    with LogDatabase(url) as database:
        assert database.name == "postgresql+psycopg:///log?host=db.example&user=rosa"
        assert database.engine.url.query["password"] == "hidden"  # noqa: S105 - of this test
