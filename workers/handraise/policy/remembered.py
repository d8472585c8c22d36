"""Conditions that look back: counts, sequences, and what was said earlier.

Each condition that is remembered has a slot, which is asked at every message, the inner slots first, and notes the last
messages for which it held. What is noted is bounded by the policy, not by the conversation: see decision 10.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import msgspec
from msgspec import Struct

from handraise.events import Condition, CountTest, EarlierTest, Sender, SequenceTest
from handraise.policy import durations
from handraise.policy.case import SENDERS, Case, Check, Held, Noted
from handraise.policy.model import Memory

MAX_CONDITIONS: Final = 32
"""Conditions of one policy that are remembered, silences among them."""
MAX_MESSAGES: Final = 100
"""Messages that they remember, all together: with the rest about 2 kB of a conversation's state, at most."""
_KEY_BYTES: Final = 6
_PAIR: Final = 2


class Reach(Struct, frozen=True):
    """How far back something counts: milliseconds, or messages; without either, to the beginning."""

    ms: int | None = None
    turns: int | None = None

    def holds(self, case: Case, now: int, turn: int, time: int) -> bool:
        """Whether a message, by its turn and time, is near enough; `now` is the turn of the one in hand."""
        if self.turns is not None:
            return now - turn < self.turns
        return self.ms is None or case.elapsed_ms - time <= self.ms


def reach_of(within: str | None) -> Reach:
    """Read a `Window`."""
    if within is None:
        return Reach()
    count, unit = within.split()
    if unit.startswith("turn"):
        return Reach(turns=int(count) if count.isdigit() else 1)
    return Reach(ms=durations.parse(within).ms)


class Slot(Struct, frozen=True):
    """One condition that is remembered, or the steps of a sequence."""

    key: bytes
    audience: frozenset[Sender]
    checks: tuple[Check, ...]
    keep: int
    """How many messages are noted; for a sequence, one for each step but the last."""
    is_sequence: bool

    def note(self, case: Case, before: tuple[int, ...]) -> Noted:
        """What is remembered after the message in hand."""
        turn = sum(count for sender, count in zip(SENDERS, case.turns, strict=True) if sender in self.audience)
        held = [check(case) for check in self.checks]
        if self.is_sequence:
            return self._step(case, before, turn, held)
        now = held[0]
        hits = before if now is None else (*before, turn, case.elapsed_ms)[-_PAIR * self.keep :]
        return Noted(hits, turn, now)

    def _step(self, case: Case, before: tuple[int, ...], turn: int, held: list[Held | None]) -> Noted:
        """Note, for each step but the last, where the newest sequence that has reached it began; turn 0 is nowhere."""
        began = [(before[at], before[at + 1]) for at in range(0, len(before), _PAIR)]
        began += [(0, 0)] * (len(self.checks) - 1 - len(began))
        since = began[-1] if held[-1] is not None and began[-1][0] else None
        for place in range(len(began) - 1, 0, -1):
            if held[place] is not None:
                began[place] = max(began[place], began[place - 1])
        if held[0] is not None:
            began[0] = (turn, case.elapsed_ms)
        while began and not began[-1][0]:
            began.pop()
        return Noted(tuple(number for pair in began for number in pair), turn, held[-1], since)


class Slots:
    """The slots of one policy, in the order in which they are to be asked."""

    def __init__(self) -> None:
        self._slots: dict[bytes, Slot] = {}

    def __bool__(self) -> bool:
        return bool(self._slots)

    def add(self, slot: Slot) -> bytes:
        """Add a slot, or let one that is there for the same condition remember as much; its key."""
        known = self._slots.get(slot.key)
        if known is None:
            self._slots[slot.key] = slot
        elif known.keep < slot.keep:
            self._slots[slot.key] = msgspec.structs.replace(known, keep=slot.keep)
        return slot.key

    def note(self, case: Case) -> dict[bytes, tuple[int, ...]]:
        """Ask every slot about the message in hand, and fill `case.noted`; what is to be remembered."""
        held = (case.facts.memory or Memory()).held
        for key, slot in self._slots.items():
            case.noted[key] = slot.note(case, held.get(key, ()))
        return {key: noted.hits for key, noted in case.noted.items() if noted.hits}


def slot_key(conditions: Sequence[Condition], *, is_sequence: bool) -> bytes:
    """Names what is remembered by what it says, so that it outlives other changes of the policy."""
    content = msgspec.json.encode([is_sequence, list(conditions)], order="sorted")
    return hashlib.blake2b(content, digest_size=_KEY_BYTES).digest()


def silence_key(trigger: str) -> bytes:
    """Stands for a trigger that waits for a silence."""
    return hashlib.blake2b(trigger.encode(), digest_size=_KEY_BYTES).digest()


def count_check(key: bytes, test: CountTest) -> Check:
    """Whether so many messages counted, the one in hand among them."""
    wanted = test.in_a_row or test.at_least or 1
    reach = reach_of(test.within)

    def check(case: Case) -> Held | None:
        noted = case.noted[key]
        if noted.now is None:
            return None
        found = _pairs(noted.hits)[-wanted:]
        if len(found) < wanted or not all(reach.holds(case, noted.turn, turn, time) for turn, time in found):
            return None
        if test.in_a_row and any(later - earlier != 1 for (earlier, _), (later, _) in pairwise(found)):
            return None
        how = "in a row" if test.in_a_row else f"within {test.within}" if test.within else "so far"
        return Held((f"{wanted} {how}: {'; '.join(noted.now.because) or 'its condition'}",), noted.now.spans)

    return check


def sequence_check(key: bytes, steps: int, within: str | None) -> Check:
    """Whether the message in hand completes the sequence."""
    reach = reach_of(within)

    def check(case: Case) -> Held | None:
        noted = case.noted[key]
        if noted.since is None or noted.now is None or not reach.holds(case, noted.turn, *noted.since):
            return None
        because = "; ".join(noted.now.because) or "its condition"
        return Held((f"the last of {steps} in sequence: {because}",), noted.now.spans)

    return check


def earlier_check(key: bytes, test: EarlierTest) -> Check:
    """Whether the condition held for the message in hand or for one before it."""
    reach = reach_of(test.within)

    def check(case: Case) -> Held | None:
        noted = case.noted[key]
        if noted.now is not None:
            return noted.now
        if not any(reach.holds(case, noted.turn, turn, time) for turn, time in _pairs(noted.hits)):
            return None
        return Held(("what was said earlier",))

    return check


def steps_of(sequence: list[Condition] | SequenceTest) -> SequenceTest:
    """A sequence in its full form."""
    return sequence if isinstance(sequence, SequenceTest) else SequenceTest(of=sequence)


def _pairs(hits: tuple[int, ...]) -> list[tuple[int, int]]:
    return [(hits[at], hits[at + 1]) for at in range(0, len(hits), _PAIR)]
