"""Statements that both databases know, and each writes in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from handraise.review.tables import Base


def insert_into(connection: Connection, table: type[Base]) -> Any:  # noqa: ANN401 - each dialect has its own
    """An INSERT that can say what to do about rows that are there already."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(table)
