"""A worker of a version to come: its state has one field more, at the end, as new fields are added."""

from __future__ import annotations

import sys

import msgspec

from handraise.cli import main
from handraise.conversation import fold, state
from handraise.conversation.state import Conversation, StoredTurn


class NextConversation(Conversation, kw_only=True, array_like=True):
    """Knows how many turns it has seen since it was last written by a worker that does not count them."""

    turns_counted: int = 0

    def add_turn(self, turn: StoredTurn) -> None:
        """Count it too."""
        super().add_turn(turn)
        self.turns_counted += 1


if __name__ == "__main__":
    # They take the place of this version's own in this process.
    vars(fold)["Conversation"] = NextConversation
    vars(state)["_DECODER"] = msgspec.msgpack.Decoder(NextConversation)
    sys.exit(main())
