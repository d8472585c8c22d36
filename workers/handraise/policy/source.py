"""Get policies from YAML files and from the JSON of `chat.policies`: read, checked, or refused with the reasons."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path as FilePath
from typing import Final

import msgspec
from msgspec import Struct

from handraise.events import Policy
from handraise.policy.check import problems_in
from handraise.policy.document import Document, Plain, UnreadableError, documents_in
from handraise.policy.problems import PolicyError, Problem, Severity, error
from handraise.policy.shape import problems_of_shape, without

SUFFIXES: Final = (".yaml", ".yml", ".json")
SCENARIOS: Final = ".scenarios.yaml"
"""How the name of a file of scenario tests ends; it lies beside a policy and is none."""
MAX_BYTES: Final = 8 << 20
"""A longer file is refused unread; Kafka carries no policy that long."""


class Examined(Struct, frozen=True):
    """What was found in policy files: the policies that can be read, and every problem, in the order of the files."""

    policies: list[Policy]
    problems: list[Problem]

    @property
    def errors(self) -> list[Problem]:
        """The problems that keep a policy from being used."""
        return [problem for problem in self.problems if problem.severity is Severity.ERROR]


class _Origins:
    """Where each business was first met, to tell a second policy for it."""

    def __init__(self) -> None:
        self._seen: dict[str, str] = {}

    def second(self, policy: Policy, place: str) -> Problem | None:
        first = self._seen.setdefault(policy.business_id, place)
        if first == place:
            return None
        return error(
            ("business_id",), f"`{policy.business_id}` has a policy already, at {first}", "keep one policy a business"
        )


def load(paths: str | FilePath | Iterable[str | FilePath]) -> list[Policy]:
    """Read the policies of files and folders.

    Raises:
        PolicyError: a file holds no policy, or one with an error.
        OSError: a file cannot be read.
    """
    examined = examine(paths)
    if examined.errors:
        raise PolicyError(examined.errors)
    return examined.policies


def examine(paths: str | FilePath | Iterable[str | FilePath]) -> Examined:
    """Read and check the policies of files and folders, and report every problem.

    Raises:
        OSError: a file cannot be read.
    """
    given = [paths] if isinstance(paths, str | FilePath) else list(paths)
    policies: list[Policy] = []
    problems: list[Problem] = []
    origins = _Origins()
    for path in map(FilePath, given):
        files = files_of(path)
        if not files:
            problem = error((), f"the folder holds no {', '.join(SUFFIXES)} file", "name the folder of the policies")
            problems.append(msgspec.structs.replace(problem, file=str(path)))
        for file in files:
            found = _examine_file(file, origins)
            policies += found.policies
            problems += found.problems
    return Examined(policies, problems)


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


def parse(data: bytes) -> Policy:
    """Read one policy from the JSON of `chat.policies`.

    Raises:
        PolicyError: the bytes are not JSON, or the policy has an error.
    """
    try:
        value = msgspec.json.decode(data)
        text = data.decode()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise PolicyError([error((), "it is not JSON in UTF-8", "send the policy as one JSON object")]) from None
    policy, problems = _examine_document(Document(value, {}, []))
    errors = [problem for problem in problems if problem.severity is Severity.ERROR]
    if policy is None or errors:
        raise PolicyError(located(errors, _lines(text), None))
    return policy


def _lines(text: str) -> Document:
    """Where the entries of a JSON text stand, as far as YAML can tell."""
    try:
        return documents_in(text)[0]
    except (UnreadableError, IndexError):
        return Document(None, {}, [])


def _examine_file(file: FilePath, origins: _Origins) -> Examined:
    name = str(file)
    if name.endswith(SCENARIOS):
        return _refused(name, None, "this file holds scenarios, and no policy", f"run `handraise policy test {name}`")
    if file.stat().st_size > MAX_BYTES:
        return _refused(name, None, "the file is larger than 8 MiB", "split it")
    try:
        documents = documents_in(file.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _refused(name, None, "the file is not UTF-8", "save it as UTF-8")
    except UnreadableError as unreadable:
        return _refused(name, unreadable.line, f"this is not YAML: {unreadable}", "mend the line, or the one before it")
    if not documents:
        return _refused(name, None, "the file holds no policy", "start from ops/policies/example.yaml")
    policies: list[Policy] = []
    problems: list[Problem] = []
    for document in documents:
        policy, found = _examine_document(document)
        if policy is not None:
            policies.append(policy)
            second = origins.second(policy, f"{name}:{document.line_of(('business_id',))}")
            found += [second] if second else []
        problems += located(found, document, name)
    return Examined(policies, problems)


def _refused(file: str, line: int | None, message: str, mend: str) -> Examined:
    return Examined([], [msgspec.structs.replace(error((), message, mend), file=file, line=line)])


def _examine_document(document: Document) -> tuple[Policy | None, list[Problem]]:
    """The policy, if its shape is right, and what is wrong with it."""
    problems = document.problems + problems_of_shape(document.value)
    sound = without(document.value, [problem.path for problem in problems])
    policy = _convert(sound)
    if isinstance(policy, Problem):
        return None, problems or [policy]
    problems += problems_in(policy)
    return (None if sound is not document.value else policy), problems


def _convert(value: Plain) -> Policy | Problem:
    try:
        return msgspec.convert(value, Policy)
    except (msgspec.ValidationError, RecursionError) as refused:
        return error((), " ".join(str(refused).split()), "see the examples in ops/policies")


def located(problems: list[Problem], document: Document, file: str | None) -> list[Problem]:
    """The problems with the file and the line that they are in, in the order of the lines."""
    located = [
        msgspec.structs.replace(problem, file=file, line=problem.line or document.line_of(problem.path))
        for problem in problems
    ]
    return sorted(located, key=lambda problem: problem.line or 0)
