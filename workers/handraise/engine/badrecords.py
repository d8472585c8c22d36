"""How many records of a partition may be unusable before the worker stops instead of filling the dead letters.

An outcome of a conversation that is over, or that nobody knows, counts neither as unusable nor as usable: it says
nothing about whether records can be read, and a job that closes old tickets sends thousands of them in a row.

What is counted is committed with the offsets, as their metadata. A worker that is started again after it has stopped
goes on counting where it was, so that a supervisor does not drain the topic into the dead letters bit by bit.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from aiokafka.structs import OffsetAndMetadata

from handraise.engine.errors import TooManyBadRecordsError
from handraise.engine.record import Record
from handraise.events import DeadLetterReason
from handraise.settings import Settings

_BLOCKS: Final = 20
"""The window moves on by a twentieth of its length, so that it holds as many records as the setting says, or up to a
twentieth fewer."""
_NOTE: Final = re.compile(r"handraise bad=(\d+) of=((?:\d+/\d+)(?:,\d+/\d+)*)")


class Block(NamedTuple):
    """Some records that followed one another, and how many of them were unusable."""

    bad: int
    records: int


class Tally(NamedTuple):
    """What is known of the newest records of a partition."""

    in_a_row: int = 0
    """So many were unusable one after the other, up to the newest."""
    blocks: tuple[Block, ...] = ()
    """The window, its oldest part first. While no record in it is unusable, it is empty."""

    @property
    def bad(self) -> int:
        """Unusable records in the window."""
        return sum(block.bad for block in self.blocks)

    @property
    def records(self) -> int:
        """Records in the window."""
        return sum(block.records for block in self.blocks)

    @property
    def note(self) -> str:
        """As the metadata of an offset; empty if nothing is wrong."""
        if not self.blocks:
            return ""
        return f"handraise bad={self.in_a_row} of=" + ",".join(f"{bad}/{records}" for bad, records in self.blocks)


class BadRecordLimits:
    """The limits of the settings. Without any of them nothing is counted."""

    def __init__(self, settings: Settings) -> None:
        self._in_a_row = settings.bad_records_in_a_row
        self._share = settings.bad_records_share
        self._window = settings.bad_records_window
        # Rounded up: twenty shorter blocks would hold less than the window, and never as many as its share.
        self._block = math.ceil(self._window / _BLOCKS)
        self.any: Final = bool(self._in_a_row or self._share)

    def count(
        self, before: Tally, records: Iterable[Record], dead: Mapping[tuple[str, int], DeadLetterReason]
    ) -> Tally:
        """The tally after more records; `dead` are the unusable ones among them, by topic and offset.

        Raises:
            TooManyBadRecordsError: a limit is reached.
        """
        if not self.any or not (dead or before.blocks):
            return before
        passed = {at for at, reason in dead.items() if reason is DeadLetterReason.UNKNOWN_CONVERSATION}
        if passed:
            records = (record for record in records if (record.topic, record.offset) not in passed)
        in_a_row, total, held, blocks = before.in_a_row, before.bad, before.records, list(before.blocks)
        bad_in_block, in_block = blocks.pop() if blocks else Block(0, 0)
        for record in records:
            if in_block >= self._block:
                blocks.append(Block(bad_in_block, in_block))
                bad_in_block = in_block = 0
            in_block, held = in_block + 1, held + 1
            while blocks and held > self._window:
                oldest = blocks.pop(0)
                total, held = total - oldest.bad, held - oldest.records
            if (record.topic, record.offset) in dead:
                in_a_row, total, bad_in_block = in_a_row + 1, total + 1, bad_in_block + 1
                self._check(in_a_row, total, record, dead)
            else:
                in_a_row = 0
        return Tally(in_a_row, (*blocks, Block(bad_in_block, in_block))) if total else Tally()

    def used(self, tally: Tally) -> float:
        """How near the limits are: at 1 the worker stops."""
        return max(
            tally.in_a_row / self._in_a_row if self._in_a_row else 0.0,
            tally.bad / (self._share * self._window) if self._share else 0.0,
        )

    def _check(self, in_a_row: int, bad: int, record: Record, dead: Mapping[tuple[str, int], DeadLetterReason]) -> None:
        if self._in_a_row and in_a_row >= self._in_a_row:
            found, setting = f"the last {in_a_row} records", "HANDRAISE_BAD_RECORDS_IN_A_ROW"
        elif self._share and bad >= self._share * self._window:
            found, setting = f"{bad} of the last {self._window} records", "HANDRAISE_BAD_RECORDS_SHARE"
        else:
            return
        raise TooManyBadRecordsError(
            f"{found} of partition {record.partition} were unusable, up to {record.topic} offset {record.offset}"
            f" ({dead[record.topic, record.offset]}); this batch is not committed. Mend what produces them. To send"
            f" those that are there to the dead letters all the same, set {setting}=0 until the worker is past them;"
            " `handraise dead-letters replay` brings them back"
        )


def read_note(note: str) -> Tally:
    """The tally in an offset's metadata; an empty one if there is none."""
    found = _NOTE.fullmatch(note)
    if found is None:
        return Tally()
    blocks = (one.split("/") for one in found[2].split(","))
    return Tally(int(found[1]), tuple(Block(int(bad), int(records)) for bad, records in blocks))


def tally_of(committed: OffsetAndMetadata | None) -> Tally:
    """The tally that was committed last with an offset.

    The embedded broker keeps no metadata, so there the count begins anew with each worker.
    """
    return Tally() if committed is None else read_note(committed.metadata)
