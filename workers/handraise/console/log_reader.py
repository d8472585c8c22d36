"""The log as the console reads it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from handraise.review.database import LogDatabase


class LogReader:
    """Sees that the tables are there before it reads, until they once were: the console may start before the log."""

    def __init__(self, database: LogDatabase) -> None:
        self._database = database
        self._is_there = False

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one state of the log.

        Raises:
            LogError: there is no log, or it is of another version.
            SQLAlchemyError: the database does not answer.
        """
        if not self._is_there:
            # SQLite would make an empty database where there is none.
            self._database.check()
            self._is_there = True
        with self._database.reading() as session:
            yield session

    def close(self) -> None:
        """Close every connection."""
        self._database.close()
