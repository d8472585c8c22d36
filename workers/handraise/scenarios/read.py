"""Read scenario files: YAML, checked against their type and the policy, every problem with its line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path as FilePath
from typing import Final

import msgspec
import msgspec.inspect
from msgspec import Struct

from handraise.events import FIRST_YEAR, LAST_YEAR
from handraise.policy.defaults import BUILTIN
from handraise.policy.document import Document, UnreadableError, documents_in
from handraise.policy.problems import Path, Problem, did_you_mean, error
from handraise.policy.shape import problems_of_shape
from handraise.policy.source import SCENARIOS, located
from handraise.scenarios.model import Scenario, ScenarioFile, ScenarioTurn, listed

REPLY: Final = "${reply}"
"""As the text of an assistant's turn: what Handraise last told the AI to say."""
SPEAKERS: Final = ("customer", "assistant", "human", "system")
_FORM: Final = msgspec.inspect.type_info(ScenarioFile)
_OF_ASSISTANT: Final = ("answered", "confidence", "sources", "retrieval_score", "error")
_OF_MESSAGE: Final = ("message_type", "channel", "attributes")
_UNIT_MS: Final = {"second": 1_000, "minute": 60_000, "hour": 3_600_000, "day": 86_400_000}
_BETWEEN_MS: Final = 30_000
"""Between two turns, where nothing is said of it."""
_EXPECTATIONS: Final = ("fires", "suppressed", "near", "must_not")


class ReadFile(Struct, frozen=True):
    """A scenario file as it was read; `content` is None if there is an error."""

    name: str
    content: ScenarioFile | None
    problems: list[Problem]
    document: Document

    def line_of(self, path: Path) -> int | None:
        """The line of an entry."""
        return self.document.line_of(path)


def builtin_files() -> list[FilePath]:
    """The scenario files of the built-in triggers, which hold under the built-in policy."""
    return sorted((FilePath(__file__).parent / "builtin").glob(f"*{SCENARIOS}"))


def files_beside(policies: FilePath) -> list[FilePath]:
    """The scenario files that belong to policies: `cafe.scenarios.yaml` to `cafe.yaml`, and all of a folder to it."""
    if policies.is_dir():
        return sorted(policies.rglob(f"*{SCENARIOS}"))
    beside = policies.with_name(f"{policies.stem}{SCENARIOS}")
    return [beside] if beside.exists() else []


def read(file: FilePath) -> ReadFile:
    """Read and check one file.

    Raises:
        OSError: it cannot be read.
    """
    empty = Document(None, {}, [])
    try:
        documents = documents_in(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        problem = error((), "the file is not UTF-8", "save it as UTF-8")
        return ReadFile(str(file), None, [msgspec.structs.replace(problem, file=str(file))], empty)
    except UnreadableError as unreadable:
        problem = error((), f"this is not YAML: {unreadable}", "mend the line, or the one before it")
        placed = msgspec.structs.replace(problem, file=str(file), line=unreadable.line)
        return ReadFile(str(file), None, [placed], empty)
    if len(documents) != 1:
        problem = error((), "a scenario file holds one document", "put all of it under one `scenarios:`")
        return ReadFile(str(file), None, [msgspec.structs.replace(problem, file=str(file))], empty)
    document = documents[0]
    content: ScenarioFile | None = None
    problems = document.problems + problems_of_shape(document.value, _FORM)
    if not problems:
        content = msgspec.convert(document.value, ScenarioFile)
        problems = list(_problems(content))
    return ReadFile(str(file), None if problems else content, located(problems, document, str(file)), document)


def unknown_triggers(content: ScenarioFile, own: list[str]) -> Iterator[Problem]:
    """The names of triggers that the policy does not have."""
    known = [*BUILTIN, *own]
    for path, name in _named(content):
        if name not in known:
            yield error(path, f"the policy has no trigger `{name}`", did_you_mean(name, known, "name one that it has"))


def _named(content: ScenarioFile) -> Iterator[tuple[Path, str]]:
    yield from ((("about",), name) for name in listed(content.about))
    for number, scenario in enumerate(content.scenarios):
        here: Path = ("scenarios", number)
        yield from (((*here, "about"), name) for name in listed(scenario.about))
        for place, turn in enumerate(scenario.turns):
            for key in _EXPECTATIONS:
                names = listed(getattr(turn, key))
                yield from (((*here, "turns", place, "not" if key == "must_not" else key), name) for name in names)


def _problems(content: ScenarioFile) -> Iterator[Problem]:
    seen: set[str] = set()
    for number, scenario in enumerate(content.scenarios):
        here: Path = ("scenarios", number)
        if scenario.name in seen:
            yield error((*here, "name"), f"there is another scenario `{scenario.name}`", "give it a name of its own")
        seen.add(scenario.name)
        yield from _times(scenario, here)
        if not any(getattr(scenario.turns[0], name) is not None for name in SPEAKERS):
            yield error((*here, "turns", 0), "a conversation begins with a message", "put a message before it")
        for place, turn in enumerate(scenario.turns):
            yield from _turn(turn, (*here, "turns", place))


def _times(scenario: Scenario, here: Path) -> Iterator[Problem]:
    """A beginning that no calendar has, and turns at a time that no event can have."""
    starts = wall_time(scenario.starts)
    if starts is None:
        yield error((*here, "starts"), f"`{scenario.starts}` is no time", "write it like `2026-03-02 10:15`")
        return
    if not FIRST_YEAR <= starts.year <= LAST_YEAR:
        mend = f"give a year from {FIRST_YEAR} to {LAST_YEAR}"
        yield error((*here, "starts"), f"no message is of the year {starts.year}", mend)
        return
    left = datetime(LAST_YEAR, 12, 31) - starts  # noqa: DTZ001 - a wall clock, as `starts` is
    waited = timedelta()
    for place, turn in enumerate(scenario.turns[1:], 1):
        waited += timedelta(milliseconds=pause(turn))
        if waited > left:
            path = (*here, "turns", place, *(("wait",) if turn.wait else ()))
            yield error(path, f"this is after the year {LAST_YEAR}", "wait for less, or start earlier")
            return


def _turn(turn: ScenarioTurn, here: Path) -> Iterator[Problem]:
    said = [name for name in (*SPEAKERS, "outcome") if getattr(turn, name) is not None]
    if len(said) > 1:
        yield error(here, f"`{said[0]}` and `{said[1]}` are two turns", "begin each with a `-` of its own")
    if not said and turn.wait is None:
        mend = f"give one of {', '.join(SPEAKERS)} with the text, or `outcome`, or `wait` alone"
        yield error(here, "nothing happens", mend)
    yield from _texts(turn, here)
    for name in sorted(set(listed(turn.fires)) & set(listed(turn.must_not))):
        yield error((*here, "not"), f"`{name}` must fire here too", "drop one of the two")
    for name, fired in turn.fires.items() if isinstance(turn.fires, dict) else ():
        if fired.due_at is not None and wall_time(fired.due_at) is None:
            yield error((*here, "fires", name, "due_at"), f"`{fired.due_at}` is no time", "write `2026-03-02 10:15`")


def _texts(turn: ScenarioTurn, here: Path) -> Iterator[Problem]:
    for name in _OF_ASSISTANT if turn.assistant is None else ():
        if getattr(turn, name) is not None:
            yield error((*here, name), f"`{name}` is said of a turn of the assistant", "move it to one")
    if all(getattr(turn, name) is None for name in SPEAKERS):
        for name in _OF_MESSAGE:
            if getattr(turn, name) is not None:
                mend = 'say who sends it, without a text if it has none: `customer: ""`'
                yield error((*here, name), f"`{name}` is said of a message, and this turn has none", mend)
    for name in SPEAKERS:
        text = getattr(turn, name)
        if text == REPLY and name != "assistant":
            yield error((*here, name), f"`{REPLY}` is what the assistant sends", "put it under `assistant`")
        if text is not None and not text.strip() and turn.message_type is None:
            yield error((*here, name), "the text is empty", "say what it is instead: `message_type: image`")


def wall_time(text: str) -> datetime | None:
    """A time of the wall clock; None for a date that the calendar does not have."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def pause(turn: ScenarioTurn) -> int:
    """How long after the turn before it is, in milliseconds."""
    if turn.wait is None:
        return _BETWEEN_MS
    count, unit = turn.wait.split()
    return (int(count) if count.isdigit() else 1) * _UNIT_MS[unit.removesuffix("s")]
