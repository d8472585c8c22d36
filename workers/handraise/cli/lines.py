"""Events from JSON lines, and a run of them through the very code of the worker, without Kafka."""

from __future__ import annotations

import codecs
import gzip
import os
import stat
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import Annotated, Final, NamedTuple

import msgspec
import typer
from msgspec import Struct

from handraise.cli.errors import UnusableInputError, UserError
from handraise.conversation import Processed, Processor, head_of
from handraise.detection import detection
from handraise.events import (
    MAX_VALUE_BYTES,
    MESSAGES,
    OUTCOMES,
    ChatMessage,
    InvalidEventError,
    Outcome,
    decode,
    milliseconds,
)
from handraise.policy import PolicyBook, PolicyError, load
from handraise.terminal import harmless, printable

BATCH: Final = 256
"""Events that are detected and folded together. What comes out does not depend on it."""
STDIN: Final = Path("-")
_NAMED: Final = 5
"""So many businesses are named; there may be thousands."""
_GZIP: Final = b"\x1f\x8b"

Event = ChatMessage | Outcome
Say = Callable[[str], None]


def _existing(files: list[Path]) -> list[Path]:
    for file in files:
        if file != STDIN and not file.exists():
            raise typer.BadParameter(f"there is no file {file}")
        if file.is_dir():
            raise typer.BadParameter(f"{file} is a folder; name the files in it")
    return files


Files = Annotated[
    list[Path],
    typer.Argument(
        metavar="FILE...", callback=_existing, help="JSON lines of messages and outcomes, gzip too; - for stdin."
    ),
]
"""What the commands over files read."""

Fast = Annotated[
    bool, typer.Option("--fast", help="Detect as a worker with HANDRAISE_DETECTOR=fast: cheaper, and misses more.")
]
"""Whether the commands over files do without the careful models."""


def _moment(written: str) -> datetime:
    try:
        return datetime.fromisoformat(written)
    except ValueError:
        raise typer.BadParameter(
            f"`{written}` is no time: write 2026-07-07, 2026-07-07T20:00 or 2026-07-07T20:00:00+02:00"
        ) from None


Until = Annotated[
    datetime | None,
    typer.Option(
        "--until",
        metavar="TIME",
        parser=_moment,
        help="A date or a time: `2026-07-07T20:00`. After the last event, also fire the timers that are due by then"
        " (UTC unless it says): a promise that passes, an AI that stays silent, the end of what is idle.",
    ),
]
"""How far the commands over files let time go on once there are no more events."""


def until_ms(until: datetime) -> int:
    """The time of `Until` in epoch milliseconds."""
    return milliseconds(until if until.tzinfo else until.replace(tzinfo=UTC))


class _Kind(Struct):
    """Tells an outcome from a message."""

    outcome_id: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


_KIND: Final = msgspec.json.Decoder(_Kind)


class Line(NamedTuple):
    """One line of a file, numbered from 1."""

    file: str
    number: int
    data: bytes


class Folded(NamedTuple):
    """An event, and what folding it brought about."""

    line: Line
    event: Event
    processed: Processed


def say_on_stderr(sentence: str) -> None:
    """Print a line on stderr."""
    sys.stderr.write(f"{sentence}\n")


class Reader:
    """Reads events from files of JSON lines, in bounded memory, and says which lines cannot be used.

    Args:
        strict: stop at the first line that cannot be used, instead of saying so and going on.
        say: gets a sentence for each line that cannot be used, and for each file without any; it holds no value of the
            line.
    """

    def __init__(self, *, strict: bool = False, say: Say = say_on_stderr) -> None:
        self._strict = strict
        self._say = say
        self.bad = 0
        """How many lines could not be used."""
        self.businesses: set[str] = set()
        """Whose events were read."""
        self._lines = 0

    def batches(self, files: Sequence[Path]) -> Iterator[list[tuple[Line, Event]]]:
        """The events of the files in their order, `BATCH` at a time; one at a time where more may come while we read.

        Raises:
            UserError: a line cannot be used and the reader is strict, or a file is damaged. What came before it has
                been given out.
        """
        for file in files:
            batch: list[tuple[Line, Event]] = []
            before = self._lines
            try:
                with _opened(file) as (stream, live):
                    for line in _lines(stream, file):
                        self._lines += 1
                        event = self._decoded(line)
                        if event is not None:
                            self.businesses.add(event.business_id)
                            batch.append((line, event))
                        if batch and (live or len(batch) >= BATCH):
                            yield batch
                            batch = []
            except UserError:
                if batch:
                    yield batch
                raise
            if batch:
                yield batch
            if self._lines == before:
                self._say(f"{file}: there are no events in it")

    def refuse(self, line: Line, reason: str, cause: Exception | None = None) -> None:
        """Count a line that cannot be used and say so, or end a strict run."""
        sentence = f"{line.file}:{line.number}: {reason}"
        if self._strict:
            raise UserError(sentence) from cause
        self.bad += 1
        self._say(sentence)

    def tell_uncovered(self, path: Path | None, policies: PolicyBook, businesses: Iterable[str]) -> None:
        """Say for which businesses a file of policies has none, so that a misspelt one is not taken for its policy."""
        without = sorted(one for one in businesses if not policies.covers(one))
        if path is not None and without:
            own = f"; it has policies for {_some(policies.businesses())}" if len(policies) else ""
            self._say(f"{path}: no policy for {_some(without)}, so the built-in default served{own}")

    def tell(self) -> None:
        """Say how many lines could not be used, if there were any."""
        if self.bad:
            self._say(f"{self.bad} {'line' if self.bad == 1 else 'lines'} could not be used")

    def close(self) -> None:
        """The same at the end of a run.

        Raises:
            UnusableInputError: there were lines, and none of them could be used.
        """
        self.tell()
        if self.bad and self.bad == self._lines:
            raise UnusableInputError(
                "nothing in the input can be used: each line is an event, as schemas/ describes it"
            )

    def _decoded(self, line: Line) -> Event | None:
        try:
            return decode(line.data, OUTCOMES) if _is_outcome(line.data) else decode(line.data, MESSAGES)
        except InvalidEventError as error:
            self.refuse(line, str(error), error)
            return None


class Run:
    """Folds events in their order, with the encoded state of every conversation in memory, as the worker keeps it.

    Args:
        policies: the policies in force.
        reader: gives out the events.
        fast: detect as a worker does whose detector is set to `fast`.
    """

    def __init__(self, policies: PolicyBook, reader: Reader, *, fast: bool = False) -> None:
        self._processor = Processor(policies.__getitem__, *detection(fast=fast))
        self._reader = reader
        self._states: dict[bytes, bytes] = {}

    def fold(self, files: Sequence[Path]) -> Iterator[Folded]:
        """Fold every event of the files.

        Raises:
            UserError: as `Reader.batches`; an outcome for a conversation that no message has opened cannot be used,
                but for a verdict.
        """
        for batch in self._reader.batches(files):
            results = self._processor.process([event for _, event in batch], self._states.get)
            for (line, event), processed in zip(batch, results, strict=True):
                if processed.rejected is not None:
                    self._reader.refuse(line, f"$: {processed.rejected[1]}")
                if processed.state is not None:
                    self._states[processed.key] = processed.state
                elif processed.forgotten:
                    self._states.pop(processed.key, None)
                if processed.rejected is None or processed.effects.came_too_late:
                    yield Folded(line, event, processed)

    def advance(self, until: datetime | None) -> Iterator[Processed]:
        """Fire the timers that are due by `until` with no further event, in their order; without it, none."""
        if until is None:
            return
        by = until_ms(until)
        for key in sorted(self._states, key=self._next_timer):
            processed = self._processor.advance(key, self._states[key], by)
            if processed.state is None:
                del self._states[key]
            else:
                self._states[key] = processed.state
            yield processed

    def _next_timer(self, key: bytes) -> int:
        return head_of(self._states[key]).next_timer_at or 0


def policy_book(path: Path | None) -> PolicyBook:
    """The policies of a file or folder; without one, every business has the built-in default.

    Raises:
        UserError: a policy is refused.
    """
    if path is None:
        return PolicyBook()
    try:
        return PolicyBook(load(path))
    except PolicyError as refused:
        raise UserError(f"{harmless(str(refused))} (see `handraise policy check {path}`)") from refused


def _some(names: Sequence[str]) -> str:
    """The first names of many."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return printable(", ".join(names[:_NAMED])) + more


def _is_outcome(data: bytes) -> bool:
    if b'"outcome_id"' not in data or len(data) > MAX_VALUE_BYTES:
        return False
    try:
        return _KIND.decode(data).outcome_id is not msgspec.UNSET
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BufferedReader, bool]]:
    """A file's bytes, and whether more may come while they are read."""
    # A descriptor of its own: closing the reader must not close the stdin of the process.
    with open(os.dup(sys.stdin.fileno()), "rb") if file == STDIN else file.open("rb") as stream:  # noqa: PTH123  a descriptor has no path
        yield stream, not stat.S_ISREG(os.fstat(stream.fileno()).st_mode)


def _lines(stream: BufferedReader, file: Path) -> Iterator[Line]:
    """The lines that hold something, unpacked if the file is gzip; of one that is too long, as much as shows it."""
    number = 0
    packed = stream.peek(len(_GZIP))[: len(_GZIP)] == _GZIP
    unpacked = gzip.GzipFile(fileobj=stream) if packed else stream
    try:
        while data := unpacked.readline(MAX_VALUE_BYTES + 2):
            number += 1
            rest = data
            while not rest.endswith(b"\n") and (rest := unpacked.readline(MAX_VALUE_BYTES)):
                pass
            data = data.removeprefix(codecs.BOM_UTF8) if number == 1 else data
            if data.strip():
                yield Line(str(file), number, data.rstrip(b"\r\n"))
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UserError(
            f"{file}: the gzip data is damaged or cut off after line {number}; get the file anew"
        ) from error
