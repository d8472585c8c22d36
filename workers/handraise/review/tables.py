"""What the log keeps, as SQLAlchemy models.

Everything is either an event, under the id that the event itself gives, or computed from events alone, so that events
that come twice, or in another order, leave the same rows. Times are epoch milliseconds in UTC. No text is kept that
`rows` has not masked.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from sqlalchemy import BigInteger, Dialect, Index, MetaData
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from handraise.events import milliseconds, utc


class UtcTime(TypeDecorator[datetime]):
    """A time with its zone, stored as epoch milliseconds: equal, sortable and small in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To milliseconds."""
        del dialect
        return None if value is None else milliseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        """To a time in UTC."""
        del dialect
        return None if value is None else utc(value)


class Base(DeclarativeBase):
    """Names every constraint, so that a migration can name it too."""

    type_annotation_map: ClassVar = {datetime: UtcTime}
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


# --- events, as they came ---


class DecisionRow(Base):
    """One event of `chat.decisions`. The key is its time and a hash of the whole of it, so keys sort by time."""

    __tablename__ = "decisions"
    __table_args__ = (
        # All that the figures of triggers are counted from: they read no row.
        Index(
            "ix_decisions_figures",
            "business_id",
            "trigger",
            "result",
            "action",
            "threshold",
            "score",
            "occurred_at",
            "conversation_id",
        ),
        Index(None, "business_id", "conversation_id"),
        Index(None, "result", "decision_id"),
        {"sqlite_with_rowid": False},
    )

    decision_id: Mapped[str] = mapped_column(primary_key=True)
    business_id: Mapped[str]
    conversation_id: Mapped[str]
    message_id: Mapped[str]
    """Or the timer that caused it."""
    trigger: Mapped[str]
    result: Mapped[str]
    because: Mapped[str]
    score: Mapped[float]
    threshold: Mapped[float]
    action: Mapped[str]
    escalation_id: Mapped[str | None]
    policy_version: Mapped[str]
    detector_version: Mapped[str]
    occurred_at: Mapped[datetime]


class RevisionRow(Base):
    """One event of `chat.escalations`."""

    __tablename__ = "escalation_revisions"
    __table_args__ = (Index(None, "business_id", "conversation_id"), Index(None, "occurred_at"))

    escalation_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    business_id: Mapped[str]
    conversation_id: Mapped[str]
    occurred_at: Mapped[datetime]
    event: Mapped[str]
    """The whole `Escalation` as JSON, masked."""


class ControlRow(Base):
    """One event of `chat.control`: who held the conversation from when, and what the customer was told."""

    __tablename__ = "controls"
    __table_args__ = (
        Index(None, "business_id", "conversation_id"),
        Index(None, "escalation_id"),
        {"sqlite_with_rowid": False},
    )

    control_id: Mapped[str] = mapped_column(primary_key=True)
    """Its time and a hash of the whole of it."""
    business_id: Mapped[str]
    conversation_id: Mapped[str]
    state: Mapped[str]
    escalation_id: Mapped[str | None]
    since: Mapped[datetime]
    reply: Mapped[str | None]
    """The `Reply` as JSON, masked."""


class OutcomeRow(Base):
    """One event of `chat.outcomes`: what a person did, or a person's verdict."""

    __tablename__ = "outcomes"
    __table_args__ = (Index(None, "escalation_id"), Index(None, "at"))

    business_id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    outcome_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    escalation_id: Mapped[str | None]
    verdict: Mapped[str | None]
    by: Mapped[str | None]
    note: Mapped[str | None]
    at: Mapped[datetime]


class ConversationRow(Base):
    """That a conversation took place: the number to divide by. Of its messages, only the times are kept."""

    __tablename__ = "conversations"
    __table_args__ = (Index(None, "business_id", "last_at"), Index(None, "last_at"))

    business_id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]


class AnswerRow(Base):
    """That a person wrote to the customer at this time."""

    __tablename__ = "answers"

    business_id: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(primary_key=True)


class CustomerRow(Base):
    """Whose a conversation is, so that a customer can be erased. The customer stands here by a hash alone."""

    __tablename__ = "customers"
    __table_args__ = (Index(None, "business_id", "conversation_id"),)

    business_id: Mapped[str] = mapped_column(primary_key=True)
    customer: Mapped[str] = mapped_column(primary_key=True)
    conversation_id: Mapped[str] = mapped_column(primary_key=True)


class PolicyRow(Base):
    """One event of `chat.policies`: a version that was published, or that a business gave its policy up."""

    __tablename__ = "policy_versions"

    business_id: Mapped[str] = mapped_column(primary_key=True)
    published_at: Mapped[datetime] = mapped_column(primary_key=True)
    version: Mapped[str] = mapped_column(primary_key=True)
    """Of what the policy does; empty where it was given up. The same version can be published again."""
    document: Mapped[str | None]
    """As YAML, with its comments where it was published by `handraise policy push`."""
    by: Mapped[str | None]
    note: Mapped[str | None]


# --- what follows from them ---


class EscalationRow(Base):
    """Where an escalation stands: computed from its revisions, and from what people did in its conversation."""

    __tablename__ = "escalations"
    __table_args__ = (
        Index(None, "business_id", "raised_at"),
        Index(None, "raised_at", "escalation_id"),
        Index(None, "closed_at", "due_at"),
        Index(None, "business_id", "conversation_id"),
    )

    escalation_id: Mapped[str] = mapped_column(primary_key=True)
    business_id: Mapped[str]
    conversation_id: Mapped[str]
    revision: Mapped[int]
    """The newest."""
    trigger: Mapped[str]
    """That of the newest revision: a more urgent one takes an earlier one's place."""
    trigger_class: Mapped[str | None]
    first_trigger: Mapped[str]
    action: Mapped[str]
    priority: Mapped[str]
    owner: Mapped[str]
    queue: Mapped[str]
    channel: Mapped[str | None]
    reason: Mapped[str]
    """Of the newest revision that a message or a timer caused: a closing has none of its own."""
    summary: Mapped[str]
    score: Mapped[float | None]
    """The strongest evidence of the newest revision that has any."""
    policy_version: Mapped[str]
    raised_at: Mapped[datetime]
    due_at: Mapped[datetime]
    claimed_at: Mapped[datetime | None]
    """When the first person took it on, as an outcome or a turn of theirs tells."""
    claimed_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    """When the first person wrote to the customer, or settled it without a word."""
    closed_at: Mapped[datetime | None]
    closed_because: Mapped[str | None]
    verdict: Mapped[str | None]
    """The newest."""
    verdict_by: Mapped[str | None]
    verdict_note: Mapped[str | None]
    verdict_at: Mapped[datetime | None]


class PromiseRow(Base):
    """A time by which somebody was to answer: one for each revision that names another owner or another time."""

    __tablename__ = "promises"
    __table_args__ = (Index(None, "business_id", "made_at"), Index(None, "made_at"))

    escalation_id: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    business_id: Mapped[str]
    conversation_id: Mapped[str]
    trigger: Mapped[str]
    owner: Mapped[str]
    made_at: Mapped[datetime]
    due_at: Mapped[datetime]
    replaced_at: Mapped[datetime | None]
    """When a later promise took its place."""
    answered_at: Mapped[datetime | None]
    """When a person first answered after it was made."""
    kept: Mapped[bool | None]
    """None while it stands, and for one that another replaced before it was due."""


# --- how far the log is ---


class OffsetRow(Base):
    """Up to where a partition has been read; written in the transaction that writes what was read."""

    __tablename__ = "offsets"

    topic: Mapped[str] = mapped_column(primary_key=True)
    partition: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    next_offset: Mapped[int] = mapped_column(BigInteger)


class ErasureRow(Base):
    """That a conversation was erased: what topics still hold of it must not come back when they are read again."""

    __tablename__ = "erasures"

    conversation: Mapped[str] = mapped_column(primary_key=True)
    """A hash of business and conversation."""
    erased_at: Mapped[datetime]
    held_until: Mapped[datetime]
    """When no topic holds anything of it any more."""
