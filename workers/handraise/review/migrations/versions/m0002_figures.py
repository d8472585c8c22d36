"""One index that holds all that the figures of triggers are counted from, so that no row is read for them."""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make it in place of the one that knew when, and not what."""
    op.create_index(
        "ix_decisions_figures",
        "decisions",
        ("business_id", "trigger", "result", "action", "threshold", "score", "occurred_at", "conversation_id"),
    )
    op.drop_index("ix_decisions_business_id_trigger_occurred_at", "decisions")
