"""Policies as plain values, and as YAML that can be read again."""

from __future__ import annotations

import io
from collections.abc import Iterable
from enum import Enum
from functools import cache

import msgspec
from msgspec import UNSET, Struct
from ruamel.yaml import YAML

from handraise.events import Policy
from handraise.policy.inheritance import Draft

_WIDTH = 110


def to_yaml(policies: Iterable[Policy]) -> str:
    """The policies as one YAML text; what is set is written even where it is the default."""
    return _dumped([plain(policy) for policy in policies])


def draft_to_yaml(draft: Draft) -> str:
    """A policy as it was written, without what it inherits, as YAML."""
    return _dumped([draft.value])


def _dumped(documents: Iterable[object]) -> str:
    yaml = YAML()
    yaml.width = _WIDTH
    yaml.allow_unicode = True
    stream = io.StringIO()
    yaml.dump_all(documents, stream)
    return stream.getvalue()


def plain(value: object) -> object:
    """A policy, or a part of one, as plain values: everything that is set, be it the default or not."""
    if isinstance(value, Struct):
        entries = ((field, getattr(value, field.name)) for field in _fields(type(value)))
        return {field.encode_name: plain(item) for field, item in entries if _is_set(item, field)}
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value.value if isinstance(value, Enum) else value


@cache
def _fields(kind: type[Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    """Of a type, not of a value: working out what its annotations mean takes a hundred times as long as the rest."""
    return msgspec.structs.fields(kind)


def _is_set(item: object, field: msgspec.structs.FieldInfo) -> bool:
    if item is None:
        return field.default is not None
    return item is not UNSET and item not in ([], {})
