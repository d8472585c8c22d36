"""Runs the migrations on the connection, and in the transaction, that `LogDatabase.migrate` hands over."""

from __future__ import annotations

from alembic import context

from handraise.review.tables import Base

context.configure(
    connection=context.config.attributes["connection"], target_metadata=Base.metadata, render_as_batch=True
)
context.run_migrations()
