"""Statements that both databases know, and each writes in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, func
from sqlalchemy.dialects import postgresql, sqlite

from handraise.review.tables import Base


def insert_into(connection: Connection, table: type[Base]) -> Any:  # noqa: ANN401 - each dialect has its own
    """An INSERT that can say what to do about rows that are there already."""
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(table)


def least(connection: Connection, one: Any, other: Any) -> ColumnElement[Any]:  # noqa: ANN401 - columns of any kind
    """The smaller of two values in a row."""
    choose = func.least if connection.dialect.name == "postgresql" else func.min
    return choose(one, other)


def greatest(connection: Connection, one: Any, other: Any) -> ColumnElement[Any]:  # noqa: ANN401 - columns of any kind
    """The larger of two values in a row."""
    choose = func.greatest if connection.dialect.name == "postgresql" else func.max
    return choose(one, other)
