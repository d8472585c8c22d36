"""What folding a message costs early in a conversation and far into it; detection does not depend on that."""

from __future__ import annotations

import statistics
import time
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from handraise.conversation import Processor
from handraise.detection import Signals, detect_fast
from handraise.events import MESSAGES, ChatMessage, decode
from handraise.policy import default_policy
from tests.benchmarks.traffic import traffic

AT: Final = (5, 50, 500)
"""The turns that are looked at: each with the nine before it, or as many as there are."""
_SIDE_BY_SIDE: Final = 50
"""Conversations, which take turns: enough of them that they do not all say the same at the same turn."""
_TIMES: Final = 3


class AtTurn(Struct, frozen=True):
    """Processor time to fold one message into a conversation that has come so far, encoding its state included."""

    turn: int
    cpu_microseconds: float


def by_turn() -> list[AtTurn]:
    """Measure it; the median of several times."""
    policy = default_policy("benchmark")
    made = [decode(value, MESSAGES) for _, value in traffic(_SIDE_BY_SIDE * max(AT), seed=4)]
    at_once = [made[begin : begin + _SIDE_BY_SIDE] for begin in range(0, len(made), _SIDE_BY_SIDE)]
    found = [_detected(some) for some in at_once]
    took: dict[int, list[float]] = {turn: [] for turn in AT}
    for number in range(_TIMES):
        processor = Processor(lambda _: policy)
        states: dict[bytes, bytes] = {}
        spent: list[float] = []
        for some, signals in zip(at_once, found, strict=True):
            said = [
                replace(message, conversation_id=f"c-{number}-{place}", business_id="benchmark")
                for place, message in enumerate(some)
            ]
            began = time.process_time()
            results = processor.fold(said, signals, states.get)
            spent.append(time.process_time() - began)
            states |= {result.key: result.state for result in results if result.state is not None}
        for turn in AT:
            own = spent[max(0, turn - 10) : turn]
            took[turn].append(1e6 * sum(own) / len(own) / _SIDE_BY_SIDE)
    return [AtTurn(turn, statistics.median(some)) for turn, some in took.items()]


def _detected(messages: list[ChatMessage]) -> list[Signals]:
    return detect_fast(
        [message.text for message in messages],
        senders=[message.sender for message in messages],
        languages=[message.language for message in messages],
    )
