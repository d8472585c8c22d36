"""The log's database: where it is, how it is opened, and who may write.

One transaction writes at a time, in SQLite and in PostgreSQL: what it has looked at is still so when it commits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Final, Self

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.orm import Session

from handraise.review.errors import LogError, NoLogError
from handraise.settings import Settings

DEFAULT_URL: Final = "sqlite:///handraise.sqlite3"
MIGRATIONS: Final = Path(__file__).parent / "migrations"
_BUSY_MS: Final = 30_000
_TOLD_OPTIONS: Final = frozenset({"host", "port", "user", "dbname", "service"})
"""Options of a URL that say which database it is."""
_WRITES: Final = "handraise_writes"
_ONE_WRITER: Final = 0x68616E6472616973
"""Names the lock of PostgreSQL that a writing transaction holds: `handrais` in ASCII."""


class LogDatabase:
    """The database at a URL; nothing is opened before it is used.

    Args:
        url: `sqlite:///FILE` or `postgresql://USER:PASSWORD@HOST/NAME`.

    Raises:
        LogError: it is neither.
    """

    def __init__(self, url: str) -> None:
        self._url = _checked(url)
        self.engine = _engine(self._url)
        self._writer = self.engine.execution_options(**{_WRITES: True})
        # SQLite's readers see one state as they are; PostgreSQL's, by default, a new one at each statement.
        is_postgresql = self.engine.dialect.name == "postgresql"
        options = {"isolation_level": "REPEATABLE READ"} if is_postgresql else {}
        self._reader = self.engine.execution_options(**options)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def name(self) -> str:
        """Its URL without the password, which can stand among the options too."""
        told = {option: value for option, value in self._url.query.items() if option in _TOLD_OPTIONS}
        return self._url.set(query=told).render_as_string(hide_password=True)

    def migrate(self) -> None:
        """Make the tables, or bring those of an earlier version up to date.

        Raises:
            LogError: the database does not answer, or is of a later version.
        """
        try:
            with self.writing() as connection:
                if _revision(connection) not in _known_revisions():
                    raise LogError(f"{self.name} was made by a later version of Handraise: use that version, or newer")
                configuration = Config()
                configuration.set_main_option("script_location", str(MIGRATIONS))
                configuration.attributes["connection"] = connection
                command.upgrade(configuration, "head")
        except DBAPIError as error:
            raise self._unusable(error) from error

    def check(self) -> None:
        """See that the tables are there and up to date, for one who only reads.

        Raises:
            LogError: they are not; the message names the mend.
        """
        if self.engine.dialect.name == "sqlite" and not Path(self._url.database or "").exists():
            raise NoLogError(
                f"there is no log at {self.name}: start `handraise log`, or set HANDRAISE_LOG_DATABASE_URL"
            )
        try:
            with self.engine.connect() as connection:
                found = _revision(connection)
        except DBAPIError as error:
            raise self._unusable(error) from error
        if found != _script().get_current_head():
            raise LogError(
                f"the tables at {self.name} are not those of this version: start the `handraise log` of this version"
                " once, or read with the version that made them"
            )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the log."""
        with Session(self._reader) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that is the only one to write; committed at the end, rolled back by an error."""
        with self._writer.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ONE_WRITER})
            yield connection

    def forget_freed_pages(self, *, wait: bool = True) -> bool:
        """Let SQLite's files no longer hold what was deleted. PostgreSQL vacuums by itself.

        Args:
            wait: for those who read or write, as long as for anything else; nobody can write meanwhile.

        Returns:
            Whether they hold nothing of it any more; not while somebody still reads what was there before.
        """
        if self.engine.dialect.name != "sqlite":
            return True
        # Not within a transaction, which is how every other connection begins.
        with closing(self.engine.raw_connection()) as connection, closing(connection.cursor()) as cursor:
            cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS if wait else 0}")
            try:
                # That it was kept from it is no error, but the first column.
                busy, *_ = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            finally:
                cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
        return not busy

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    def _unusable(self, error: DBAPIError) -> LogError:
        # The driver's message names hosts and files, and no row.
        said = " ".join(str(error.orig).split())
        return LogError(f"the log's database {self.name} does not answer ({said}): see HANDRAISE_LOG_DATABASE_URL")


def log_database(settings: Settings) -> LogDatabase:
    """The database that the settings name.

    Raises:
        LogError: they name none that can be used.
    """
    url = settings.log_database_url
    return LogDatabase(DEFAULT_URL if url is None else url.get_secret_value())


def _checked(url: str) -> URL:
    no_url = LogError(
        "HANDRAISE_LOG_DATABASE_URL is no database URL: give sqlite:///FILE or postgresql://USER@HOST/NAME, with %40"
        " for an @ in a password, and %3A for a colon"
    )
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        # Where a password has an @ or a colon in it, the error quotes what stands behind that as the port.
        raise no_url from None
    if "@" in (parsed.host or ""):
        # What stands behind the @ of a password would be told as the host.
        raise no_url
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername == "sqlite" and parsed.database and parsed.database != ":memory:":
        return parsed
    raise LogError("HANDRAISE_LOG_DATABASE_URL names neither a file (sqlite:///FILE) nor PostgreSQL (postgresql://…)")


def _engine(url: URL) -> Engine:
    if url.drivername == "sqlite":
        engine = create_engine(url)
        event.listen(engine, "connect", _on_sqlite_connect)
        event.listen(engine, "begin", _on_sqlite_begin)
        return engine
    try:
        return create_engine(url, pool_pre_ping=True, connect_args={"connect_timeout": 10})
    except ModuleNotFoundError as error:
        raise LogError("PostgreSQL needs its driver: pip install 'handraise[postgresql]'") from error


def _on_sqlite_connect(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own connection
    # The driver would begin transactions by itself, and only before it writes.
    connection.isolation_level = None
    cursor = connection.cursor()
    # Readers and the writer do not wait for each other. A loss of power can cost the last transactions, never a part of
    # one; each has the offsets of what it holds, so what it held is read from Kafka again.
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"busy_timeout={_BUSY_MS}", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _on_sqlite_begin(connection: Connection) -> None:
    # A transaction that begins as a reader cannot wait for its turn to write.
    writes = connection.get_execution_options().get(_WRITES)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _script() -> ScriptDirectory:
    return ScriptDirectory(str(MIGRATIONS))


def _known_revisions() -> set[str | None]:
    return {None, *(script.revision for script in _script().walk_revisions())}
