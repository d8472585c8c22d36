"""Events from JSON lines, and a run of them through the very code of the worker, without Kafka."""

from __future__ import annotations

import gzip
import stat
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

import msgspec
from msgspec import Struct

from handraise.cli.errors import UserError
from handraise.conversation import Processed, Processor
from handraise.events import MESSAGES, OUTCOMES, ChatMessage, InvalidEventError, Outcome, decode
from handraise.policy import PolicyBook, PolicyError, load

BATCH: Final = 256
"""Events that are detected and folded together. What comes out does not depend on it."""
STDIN: Final = Path("-")


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
    event: ChatMessage | Outcome
    processed: Processed


class Run:
    """Folds files of events in their order, with the state of every conversation in memory.

    Args:
        policies: the policies in force.
        strict: stop at the first line that cannot be used, instead of reporting it and going on.
    """

    def __init__(self, policies: PolicyBook, *, strict: bool = False) -> None:
        self._processor = Processor(policies.__getitem__)
        self._states: dict[bytes, bytes] = {}
        self._strict = strict
        self.bad = 0

    def fold(self, files: Sequence[Path]) -> Iterator[Folded]:
        """Fold every event of the files.

        Raises:
            UserError: a line cannot be used, and the run is strict.
        """
        for file in files:
            with _opened(file) as (stream, live):
                batch: list[tuple[Line, ChatMessage | Outcome]] = []
                for line in _lines(stream, str(file)):
                    event = self.read(line)
                    if event is not None:
                        batch.append((line, event))
                    if batch and (live or len(batch) >= BATCH):
                        yield from self._folded(batch)
                        batch = []
                if batch:
                    yield from self._folded(batch)

    def read(self, line: Line) -> ChatMessage | Outcome | None:
        """Decode a line, or report on stderr where and why it cannot be used, without its values."""
        try:
            if b'"outcome_id"' in line.data and _is_outcome(line.data):
                return decode(line.data, OUTCOMES)
            return decode(line.data, MESSAGES)
        except InvalidEventError as error:
            self.refuse(line, str(error), error)
            return None

    def refuse(self, line: Line, reason: str, cause: Exception | None = None) -> None:
        """Count a line that cannot be used, and say so on stderr; the end of a strict run."""
        if self._strict:
            raise UserError(f"{line.file}:{line.number}: {reason}") from cause
        self.bad += 1
        sys.stderr.write(f"{line.file}:{line.number}: {reason}\n")

    def _folded(self, batch: list[tuple[Line, ChatMessage | Outcome]]) -> Iterator[Folded]:
        results = self._processor.process([event for _, event in batch], self._states.get)
        for (line, event), processed in zip(batch, results, strict=True):
            if processed.rejected is not None:
                self.refuse(line, f"$: {processed.rejected[1]}")
                continue
            if processed.state is not None:
                self._states[processed.key] = processed.state
            yield Folded(line, event, processed)


def report(bad: int) -> None:
    """Say how many lines could not be used."""
    if bad:
        sys.stderr.write(f"{bad} {'line' if bad == 1 else 'lines'} could not be used\n")


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
        raise UserError(f"{refused} (see `handraise policy check {path}`)") from refused


def _is_outcome(data: bytes) -> bool:
    try:
        return _KIND.decode(data).outcome_id is not msgspec.UNSET
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


@contextmanager
def _opened(file: Path) -> Iterator[tuple[BinaryIO, bool]]:
    """A file's bytes, unpacked if they are gzip, and whether more may come while they are read."""
    if file == STDIN:
        mode = Path("/dev/stdin").stat().st_mode if Path("/dev/stdin").exists() else 0
        yield sys.stdin.buffer, not stat.S_ISREG(mode)
    elif file.suffix == ".gz":
        with gzip.open(file, "rb") as stream:
            yield stream, False  # type: ignore[misc]  # GzipFile reads as a BinaryIO, which its stub does not say
    else:
        with file.open("rb") as stream:
            yield stream, False


def _lines(stream: Iterable[bytes], name: str) -> Iterator[Line]:
    for number, data in enumerate(stream, 1):
        if data.strip():
            yield Line(name, number, data)


def messages(run: Run, files: Sequence[Path]) -> Iterator[ChatMessage]:
    """Every message of the files, outcomes left out; lines that cannot be used are the run's to report."""
    for file in files:
        with _opened(file) as (stream, _):
            for line in _lines(stream, str(file)):
                event = run.read(line)
                if isinstance(event, ChatMessage):
                    yield event
