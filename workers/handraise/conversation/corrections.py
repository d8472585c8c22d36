"""Whether the AI talks past the customer: who is told twice in a short while that the answer is beside the point."""

from __future__ import annotations

import re
from typing import Final

from handraise.conversation.state import Conversation, StoredTurn
from handraise.conversation.weights import STRONG
from handraise.detection.signals import Signals
from handraise.events import Holder, Sender

WITHIN: Final = 2
"""So many customer turns behind one correction, another says that the AI talks past the customer."""
_WORD: Final = re.compile(r"(?<![\w-])[^\W_][\w-]{4,63}(?![\w-])")
_DIGITS: Final = 3
"""A word of five characters or more with so many digits is a reference: of an order, say, or a device."""


def is_talked_past(state: Conversation, signals: Signals) -> bool:
    """Whether a customer corrects the AI for the second time. `state` has the message already.

    An AI that repeats itself word for word fails in its next turn, which says so more plainly.
    """
    if not _corrects(state, signals):
        if signals.thanks >= STRONG:
            state.corrected = 0
        return False
    again = state.corrected > 0 and state.customer_turns - state.corrected <= WITHIN
    state.corrected = state.customer_turns
    return again and not state.repeats


def _corrects(state: Conversation, signals: Signals) -> bool:
    if state.customer_turns <= 1 or state.holder is not Holder.AI:
        return False
    answer = _answer(state)
    return answer is not None and (signals.corrects or (state.ai_asked and _gives_again(state, answer)))


def _answer(state: Conversation) -> StoredTurn | None:
    """The AI's own last turn, if nobody but it has spoken since the customer's last message."""
    for turn in state.transcript[-2::-1]:
        if turn.sender is Sender.ASSISTANT and not turn.given:
            return turn
        if turn.sender in (Sender.CUSTOMER, Sender.HUMAN):
            return None
    return None


def _gives_again(state: Conversation, answer: StoredTurn) -> bool:
    """Whether a customer gives a reference once more, which the AI has not named itself."""
    *earlier, turn = state.transcript
    given = _references(turn) - _references(answer)
    return bool(given) and any(
        one.sender is Sender.CUSTOMER and not given.isdisjoint(_references(one)) for one in earlier
    )


def _references(turn: StoredTurn) -> set[str]:
    found = (word.casefold() for word in _WORD.findall(f"{turn.text}\n{turn.end}"))
    return {word for word in found if sum(map(str.isdigit, word)) >= _DIGITS}
