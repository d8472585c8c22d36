"""What the log must not show again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from handraise.review.chunks import chunks
from handraise.review.keys import conversation_key
from handraise.review.tables import ErasureRow


def erasures(session: Session, conversations: Iterable[tuple[str, str]]) -> dict[tuple[str, str], datetime]:
    """Up to when each of these was erased, by business_id and conversation_id; nothing of those that never were."""
    by_key = {conversation_key(*conversation): conversation for conversation in conversations}
    found: dict[tuple[str, str], datetime] = {}
    for some in chunks(list(by_key)):
        statement = select(ErasureRow.conversation, ErasureRow.erased_at).where(ErasureRow.conversation.in_(some))
        found |= {by_key[key]: erased_at for key, erased_at in session.execute(statement)}
    return found
