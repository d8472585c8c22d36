"""Read YAML 1.2 (of which JSON is a part) into plain values, remembering the line of every entry."""

from __future__ import annotations

import math
from typing import Final

import msgspec
from msgspec import Struct
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from handraise.policy.problems import Path, Problem, error

MAX_DEPTH: Final = 60
MAX_NODES: Final = 1_000_000
"""Aliases can make a small file huge; this many values are more than any real policy has."""

_BOOLEANS: Final = {
    "true": True,
    "false": False,
    "yes": True,
    "no": False,
    "on": True,
    "off": False,
    "y": True,
    "n": False,
}
"""Only YAML 1.1, which a text may say that it is, and a tag make truth of more than the first two."""

Plain = str | int | float | bool | list["Plain"] | dict[str, "Plain"] | None


class Document(Struct, frozen=True):
    """One policy as it was written."""

    value: Plain
    lines: dict[Path, int]
    problems: list[Problem]

    def line_of(self, path: Path) -> int | None:
        """The line of an entry, or of the nearest one around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None


class UnreadableError(ValueError):
    """Text that is not YAML."""

    def __init__(self, line: int | None, reason: str) -> None:
        super().__init__(reason)
        self.line = line


def documents_in(text: str) -> list[Document]:
    """The documents of a text: those between `---` lines, and the members of one that is a list.

    Raises:
        UnreadableError: the text is not YAML.
    """
    try:
        nodes = [node for node in YAML(typ="safe", pure=True).compose_all(text) if node is not None]
    except MarkedYAMLError as problem:
        mark = problem.problem_mark or problem.context_mark
        line = None if mark is None else mark.line + 1
        raise UnreadableError(line, " ".join(str(problem.problem or problem.context).split())) from problem
    except YAMLError as problem:
        raise UnreadableError(None, "it holds a character that YAML does not allow") from problem
    except (RecursionError, ValueError) as problem:
        raise UnreadableError(None, "it is nested too deeply, or holds a value that cannot be read") from problem
    members = [member for node in nodes for member in (node.value if isinstance(node, SequenceNode) else [node])]
    return [_Reader().read(member) for member in members]


class _Reader:
    def __init__(self) -> None:
        self._lines: dict[Path, int] = {}
        self._problems: list[Problem] = []
        self._count = 0

    def read(self, node: Node) -> Document:
        self._lines[()] = node.start_mark.line + 1
        return Document(self._value(node, ()), self._lines, self._problems)

    def _value(self, node: Node, path: Path) -> Plain:
        self._count += 1
        if len(path) > MAX_DEPTH or self._count > MAX_NODES:
            raise UnreadableError(node.start_mark.line + 1, "it is nested too deeply, or too large")
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        if isinstance(node, SequenceNode):
            return [self._item(item, (*path, place)) for place, item in enumerate(node.value)]
        return _scalar(str(node.value), str(node.tag).rpartition(":")[2])

    def _item(self, node: Node, path: Path) -> Plain:
        self._lines[path] = node.start_mark.line + 1
        return self._value(node, path)

    def _mapping(self, node: MappingNode, path: Path) -> Plain:
        found: dict[str, Plain] = {}
        for key_node, value_node in node.value:
            key = key_node.value if isinstance(key_node, ScalarNode) else "?"
            here = (*path, key)
            if str(key_node.tag).endswith(":merge"):
                mend = "write out what it stands for, or point at all of it: `reply: *name`"
                problem = error(here, f"`{key}` joins nothing: it is no part of YAML 1.2", mend)
                self._problems.append(msgspec.structs.replace(problem, line=key_node.start_mark.line + 1))
                continue
            if key in found:
                problem = error(here, f"`{key}` is given twice", "keep one of them")
                self._problems.append(msgspec.structs.replace(problem, line=key_node.start_mark.line + 1))
                continue
            self._lines[here] = key_node.start_mark.line + 1
            found[key] = self._value(value_node, here)
        return found


def _scalar(text: str, kind: str) -> Plain:
    """A scalar by its YAML 1.2 type; dates, and numbers that no computer word holds, stay as they were written."""
    if kind == "null":
        return None
    if kind == "bool":
        return _BOOLEANS.get(text.lower(), text)
    try:
        if kind == "int":
            plain = text.replace("_", "")
            return int(plain, 0) if plain.lstrip("+-")[:2].lower() in {"0x", "0o", "0b"} else int(plain)
        if kind == "float":
            number = float(text.replace("_", "").replace(".inf", "inf").replace(".nan", "nan"))
            return number if math.isfinite(number) else text
    except ValueError:
        return text
    return text
