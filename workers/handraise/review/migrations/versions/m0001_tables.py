"""The first tables."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make them."""
    _events()
    _what_follows()
    _progress()


def _events() -> None:
    _table(
        "decisions",
        ["decision_id"],
        _text("decision_id", "business_id", "conversation_id", "message_id", "trigger", "result", "because"),
        [sa.Column("score", sa.Double, nullable=False), sa.Column("threshold", sa.Double, nullable=False)],
        _text("action"),
        _text("escalation_id", nullable=True),
        _text("policy_version", "detector_version"),
        _times("occurred_at"),
        indexes=[
            ("business_id", "trigger", "occurred_at"),
            ("business_id", "conversation_id"),
            ("result", "decision_id"),
        ],
        sqlite_with_rowid=False,
    )
    _table(
        "escalation_revisions",
        ["escalation_id", "revision"],
        _text("escalation_id"),
        [sa.Column("revision", sa.Integer, nullable=False)],
        _text("business_id", "conversation_id"),
        _times("occurred_at"),
        _text("event"),
        indexes=[("business_id", "conversation_id"), ("occurred_at",)],
    )
    _table(
        "controls",
        ["control_id"],
        _text("control_id", "business_id", "conversation_id", "state"),
        _text("escalation_id", nullable=True),
        _times("since"),
        _text("reply", nullable=True),
        indexes=[("business_id", "conversation_id"), ("escalation_id",)],
        sqlite_with_rowid=False,
    )
    _table(
        "outcomes",
        ["business_id", "conversation_id", "outcome_id"],
        _text("business_id", "conversation_id", "outcome_id", "kind"),
        _text("escalation_id", "verdict", "by", "note", nullable=True),
        _times("at"),
        indexes=[("escalation_id",), ("at",)],
    )
    _table(
        "conversations",
        ["business_id", "conversation_id"],
        _text("business_id", "conversation_id"),
        _times("first_at", "last_at"),
        indexes=[("business_id", "last_at"), ("last_at",)],
    )
    _table(
        "answers",
        ["business_id", "conversation_id", "at"],
        _text("business_id", "conversation_id"),
        _times("at"),
    )
    _table(
        "customers",
        ["business_id", "customer", "conversation_id"],
        _text("business_id", "customer", "conversation_id"),
        indexes=[("business_id", "conversation_id")],
    )
    _table(
        "policy_versions",
        ["business_id", "published_at", "version"],
        _text("business_id"),
        _times("published_at"),
        _text("version"),
        _text("document", "by", "note", nullable=True),
    )


def _what_follows() -> None:
    _table(
        "escalations",
        ["escalation_id"],
        _text("escalation_id", "business_id", "conversation_id"),
        [sa.Column("revision", sa.Integer, nullable=False)],
        _text("trigger"),
        _text("trigger_class", nullable=True),
        _text("first_trigger", "action", "priority", "owner", "queue"),
        _text("channel", nullable=True),
        _text("reason", "summary"),
        [sa.Column("score", sa.Double, nullable=True)],
        _text("policy_version"),
        _times("raised_at", "due_at"),
        _times("claimed_at", nullable=True),
        _text("claimed_by", nullable=True),
        _times("answered_at", "closed_at", nullable=True),
        _text("closed_because", "verdict", "verdict_by", "verdict_note", nullable=True),
        _times("verdict_at", nullable=True),
        indexes=[
            ("business_id", "raised_at"),
            ("raised_at", "escalation_id"),
            ("closed_at", "due_at"),
            ("business_id", "conversation_id"),
        ],
    )
    _table(
        "promises",
        ["escalation_id", "revision"],
        _text("escalation_id"),
        [sa.Column("revision", sa.Integer, nullable=False)],
        _text("business_id", "conversation_id", "trigger", "owner"),
        _times("made_at", "due_at"),
        _times("replaced_at", "answered_at", nullable=True),
        [sa.Column("kept", sa.Boolean, nullable=True)],
        indexes=[("business_id", "made_at"), ("made_at",)],
    )


def _progress() -> None:
    _table(
        "offsets",
        ["topic", "partition"],
        _text("topic"),
        [sa.Column("partition", sa.Integer, nullable=False), sa.Column("next_offset", sa.BigInteger, nullable=False)],
    )
    _table("erasures", ["conversation"], _text("conversation"), _times("erased_at", "held_until"))


def _text(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    return [sa.Column(name, sa.String, nullable=nullable) for name in names]


def _times(*names: str, nullable: bool = False) -> list[sa.Column[Any]]:
    """Epoch milliseconds."""
    return [sa.Column(name, sa.BigInteger, nullable=nullable) for name in names]


def _table(
    name: str,
    key: list[str],
    *columns: list[sa.Column[Any]],
    indexes: list[tuple[str, ...]] | None = None,
    **options: bool,
) -> None:
    every = [column for group in columns for column in group]
    op.create_table(name, *every, sa.PrimaryKeyConstraint(*key, name=f"pk_{name}"), **options)
    for index in indexes or []:
        op.create_index(f"ix_{name}_{'_'.join(index)}", name, index)
