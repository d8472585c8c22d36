"""Get policies from YAML files and from the JSON of `chat.policies`: read, checked, or refused with the reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path as FilePath
from typing import Final

import msgspec
from msgspec import Struct

from handraise.events import Policy
from handraise.policy.document import Document, UnreadableError, documents_in
from handraise.policy.drafts import Family, Written, complete, read
from handraise.policy.inheritance import Draft, Find, nothing
from handraise.policy.problems import PolicyError, Problem, Severity, error

SUFFIXES: Final = (".yaml", ".yml", ".json")
SCENARIOS: Final = ".scenarios.yaml"
"""How the name of a file of scenario tests ends; it lies beside a policy and is none."""
MAX_BYTES: Final = 8 << 20
"""A longer file is refused unread; Kafka carries no policy that long."""


class Examined(Struct, frozen=True):
    """What was found in policy files: the policies that can be read, and every problem, in the order of the files."""

    policies: list[Policy]
    """Joined with what they inherit."""
    problems: list[Problem]
    drafts: list[Draft]
    """The same policies as they were written."""

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep a policy from being used."""
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]


class _Place(Struct, frozen=True):
    """A policy that was read, and its file."""

    file: str
    written: Written


def load(paths: str | FilePath | Iterable[str | FilePath]) -> list[Policy]:
    """Read the policies of files and folders, joined with what they inherit.

    Raises:
        PolicyError: a file holds no policy, or one with an error.
        OSError: a file cannot be read.
    """
    return _sound(examine(paths)).policies


def load_drafts(paths: str | FilePath | Iterable[str | FilePath]) -> list[Draft]:
    """Read the policies of files and folders as they are written, for what is inherited to be replaced.

    Raises:
        PolicyError: a file holds no policy, or one with an error.
        OSError: a file cannot be read.
    """
    return _sound(examine(paths)).drafts


def examine(paths: str | FilePath | Iterable[str | FilePath]) -> Examined:
    """Read and check the policies of files and folders, and report every problem.

    Raises:
        OSError: a file cannot be read.
    """
    given = [paths] if isinstance(paths, str | FilePath) else list(paths)
    places: list[_Place | Problem] = []
    for path in map(FilePath, given):
        files = files_of(path)
        if not files:
            problem = error((), f"the folder holds no {', '.join(SUFFIXES)} file", "name the folder of the policies")
            places.append(msgspec.structs.replace(problem, file=str(path)))
        for file in files:
            places += _read_file(file)
    return _examined(places)


def _examined(
    places: list[_Place | Problem], find: Find = nothing, beyond: Callable[[], Iterable[str]] = tuple
) -> Examined:
    first: dict[str, _Place] = {}
    for place in places:
        if isinstance(place, _Place) and place.written.draft is not None:
            first.setdefault(place.written.draft.business_id, place)
    known = {name: place.written.draft for name, place in first.items()}
    family = Family(lambda name: known.get(name) or find(name), lambda: {*known, *beyond()})
    policies: list[Policy] = []
    drafts: list[Draft] = []
    found: list[Problem] = []
    for place in places:
        if isinstance(place, Problem):
            found.append(place)
            continue
        written = place.written
        policy, problems = family.examine(written)
        if policy is not None and written.draft is not None:
            policies.append(policy)
            drafts.append(written.draft)
            problems += _second(policy, place, first[policy.business_id])
        found += located(problems, written.document, place.file)
    return Examined(policies, found, drafts)


def _second(policy: Policy, place: _Place, first: _Place) -> list[Problem]:
    """A second policy for a business."""
    if place is first:
        return []
    where = f"{first.file}:{first.written.document.line_of(('business_id',))}"
    message = f"`{policy.business_id}` has a policy already, at {where}"
    return [error(("business_id",), message, "keep one policy a business")]


def _sound(examined: Examined) -> Examined:
    if examined.errors:
        raise PolicyError(examined.errors)
    return examined


def examine_text(text: str, name: str, find: Find = nothing, known: Callable[[], Iterable[str]] = tuple) -> Examined:
    """Read and check the policies of a text, as if it stood in a file of this name, and report every problem.

    Args:
        text: YAML or JSON.
        name: stands in each problem as its file.
        find: the policies beyond the text that it may inherit from, by business.
        known: the businesses that have one.
    """
    if len(text) > MAX_BYTES:
        return _examined(_refused(name, None, "the text is longer than 8 MiB", "split it"))
    return _examined(_read_text(text, name), find, known)


def files_of(path: FilePath) -> list[FilePath]:
    """The policy files of a folder and the folders in it, by name; a file is itself."""
    if not path.is_dir():
        return [path]
    return sorted(
        file
        for file in path.rglob("*")
        if file.suffix.lower() in SUFFIXES
        and not file.name.endswith(SCENARIOS)
        and file.is_file()
        and not any(part.startswith(".") for part in file.relative_to(path).parts)
    )


def parse(data: bytes, find: Find = nothing) -> Policy:
    """Read one policy from the JSON of `chat.policies`, joined with what it inherits.

    Args:
        data: the value of a record.
        find: the policies that it may inherit from, by business.

    Raises:
        PolicyError: the bytes are not JSON, or the policy has an error.
    """
    written, text = _json(data)
    policy, problems = Family(find).examine(written)
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if policy is None or errors:
        raise PolicyError(located(errors, _lines(text), None))
    return policy


def parse_draft(data: bytes) -> Draft:
    """Read one policy from the JSON of `chat.policies` as it is written, and check all that can be checked of it alone.

    Raises:
        PolicyError: the bytes are not JSON, or the policy has an error, whatever it inherits.
    """
    written, text = _json(data)
    errors = list(written.problems)
    if written.draft is not None and not errors:
        try:
            complete(written.draft, nothing)
        except PolicyError as refused:
            errors = list(refused.problems)
    if written.draft is None or errors:
        raise PolicyError(located(errors, _lines(text), None))
    return written.draft


def _json(data: bytes) -> tuple[Written, str]:
    try:
        return read(Document(msgspec.json.decode(data), {}, [])), data.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PolicyError([error((), "it is not JSON in UTF-8", "send the policy as one JSON object")]) from None


def _lines(text: str) -> Document:
    """Where the entries of a JSON text stand, as far as YAML can tell."""
    try:
        return documents_in(text)[0]
    except (UnreadableError, IndexError):
        return Document(None, {}, [])


def _read_file(file: FilePath) -> list[_Place | Problem]:
    name = str(file)
    if name.endswith(SCENARIOS):
        return _refused(name, None, "this file holds scenarios, and no policy", f"run `handraise policy test {name}`")
    if file.stat().st_size > MAX_BYTES:
        return _refused(name, None, "the file is larger than 8 MiB", "split it")
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        return _refused(name, None, "the file is not UTF-8", "save it as UTF-8")
    return _read_text(text, name)


def _read_text(text: str, name: str) -> list[_Place | Problem]:
    try:
        documents = documents_in(text)
    except UnreadableError as unreadable:
        return _refused(name, unreadable.line, f"this is not YAML: {unreadable}", "mend the line, or the one before it")
    if not documents:
        return _refused(name, None, "the file holds no policy", "start from ops/policies/example.yaml")
    return [_Place(name, read(document)) for document in documents]


def _refused(file: str, line: int | None, message: str, mend: str) -> list[_Place | Problem]:
    return [msgspec.structs.replace(error((), message, mend), file=file, line=line)]


def located(problems: list[Problem], document: Document, file: str | None) -> list[Problem]:
    """The problems with the file and the line that they are in, in the order of the lines."""
    located = [
        msgspec.structs.replace(problem, file=file, line=problem.line or document.line_of(problem.path))
        for problem in problems
    ]
    return sorted(located, key=lambda problem: problem.line or 0)
