"""Compare a document with the type that it should have and name every difference, not only the first.

The type is the one source of what is allowed: it is walked by `msgspec.inspect`, so a field that is added to
`handraise.events` is known here at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import msgspec
import msgspec.inspect
from msgspec.inspect import (
    BoolType,
    DictType,
    EnumType,
    Field,
    FloatType,
    IntType,
    ListType,
    Metadata,
    NoneType,
    StrType,
    StructType,
    Type,
    UnionType,
)

from handraise.events import Policy
from handraise.policy.document import Plain
from handraise.policy.problems import Path, Problem, did_you_mean, error

_POLICY: Final = msgspec.inspect.type_info(Policy)
_MENDS: Final = {
    "business_id": "add `business_id: …`, the one that its messages carry",
    "open": "give both `open:` and `closed:`, or one text for both",
    "closed": "give both `open:` and `closed:`, or one text for both",
}
_SHOWN = 60
_DROPPED: Final[dict[str, Plain]] = {}
_STAND_IN: Final = "unnamed"


def problems_of_shape(document: Plain, form: Type = _POLICY) -> list[Problem]:
    """Every place where a document does not fit a type, by default `Policy`."""
    return list(_problems(document, form, ()))


def _problems(value: Plain, kind: Type, path: Path, about: str = "") -> Iterator[Problem]:
    if isinstance(kind, Metadata):
        about = (kind.extra_json_schema or {}).get("description", about)
        yield from _problems(value, kind.type, path, about)
    elif isinstance(kind, UnionType):
        yield from _union(value, kind, path, about)
    elif not _fits(value, kind):
        yield error(path, f"expected {_name(kind)}, not {_name_of(value)}", _mend(about, value, kind))
    elif isinstance(kind, StructType) and isinstance(value, dict):
        yield from _struct(value, kind, path)
    elif isinstance(kind, DictType) and isinstance(value, dict):
        yield from _length(len(value), kind.min_length, kind.max_length, path)
        for key, item in value.items():
            yield from _problems(key, kind.key_type, (*path, key))
            yield from _problems(item, kind.value_type, (*path, key))
    elif isinstance(kind, ListType) and isinstance(value, list):
        yield from _length(len(value), kind.min_length, kind.max_length, path)
        for place, item in enumerate(value):
            yield from _problems(item, kind.item_type, (*path, place))
    else:
        yield from _scalar(value, kind, path, about)


def _struct(value: dict[str, Plain], kind: StructType, path: Path) -> Iterator[Problem]:
    fields: dict[str, Field] = {field.encode_name: field for field in kind.fields}
    for key, item in value.items():
        if key in fields:
            yield from _problems(item, fields[key].type, (*path, key))
        else:
            known = ", ".join(fields)
            yield error((*path, key), f"unknown key `{key}`", did_you_mean(key, fields, f"known here are {known}"))
    for name, field in fields.items():
        if field.required and name not in value:
            yield error(path, f"`{name}` is missing", _MENDS.get(name, f"add `{name}:`"))


def _union(value: Plain, kind: UnionType, path: Path, about: str) -> Iterator[Problem]:
    members = [member.type if isinstance(member, Metadata) else member for member in kind.types]
    fitting = [member for member, bare in zip(kind.types, members, strict=True) if _fits(value, bare)]
    if fitting:
        yield from _problems(value, fitting[0], path, about)
        return
    names = " or ".join(dict.fromkeys(_name(member) for member in members if not isinstance(member, NoneType)))
    yield error(path, f"expected {names}, not {_name_of(value)}", _mend(about, value, kind))


def _fits(value: Plain, kind: Type) -> bool:
    if isinstance(kind, Metadata):
        return _fits(value, kind.type)
    if isinstance(kind, StructType | DictType):
        return isinstance(value, dict)
    if isinstance(kind, ListType):
        return isinstance(value, list)
    if isinstance(kind, BoolType):
        return isinstance(value, bool)
    if isinstance(kind, IntType | FloatType):
        numbers = int if isinstance(kind, IntType) else int | float
        return isinstance(value, numbers) and not isinstance(value, bool)
    if isinstance(kind, NoneType):
        return value is None
    return isinstance(value, str)


def _scalar(value: Plain, kind: Type, path: Path, about: str) -> Iterator[Problem]:
    if isinstance(kind, EnumType):
        allowed = [str(member.value) for member in kind.cls]
        if value not in allowed:
            yield error(
                path,
                f"`{_short(value)}` is not one of {', '.join(allowed)}",
                did_you_mean(str(value), allowed, "choose one of them"),
            )
    elif isinstance(kind, StrType) and isinstance(value, str):
        if kind.pattern is not None and not re.search(kind.pattern, value):
            yield error(path, f"`{_short(value)}` cannot be read here", _expected(about))
        yield from _length(len(value), kind.min_length, kind.max_length, path, "characters")
    elif isinstance(kind, IntType | FloatType) and isinstance(value, int | float):
        too_low = (kind.ge is not None and value < kind.ge) or (kind.gt is not None and value <= kind.gt)
        too_high = (kind.le is not None and value > kind.le) or (kind.lt is not None and value >= kind.lt)
        if too_low or too_high:
            lower = f"from {kind.ge:g}" if kind.ge is not None else f"above {kind.gt:g}" if kind.gt is not None else ""
            upper = f"to {kind.le:g}" if kind.le is not None else ""
            yield error(path, f"{value:g} is out of range", f"give a number {f'{lower} {upper}'.strip()}")


def _length(length: int, least: int | None, most: int | None, path: Path, what: str = "entries") -> Iterator[Problem]:
    if least is not None and length < least:
        if length:
            yield error(path, f"{length} {what if length > 1 else 'entry'} is too little", f"give at least {least}")
        else:
            yield error(path, "it is empty", "fill it in or leave the key out")
    if most is not None and length > most:
        yield error(path, f"{length:,} {what} are too many", f"{most:,} are allowed")


def _mend(about: str, value: Plain, kind: Type) -> str:
    if isinstance(kind, BoolType) and isinstance(value, str):
        meant = {"no": "false", "off": "false", "yes": "true", "on": "true"}.get(value.lower())
        return f"write `{meant}`" if meant else "write `true` or `false`"
    if isinstance(value, int | float) and not isinstance(value, bool) and _takes_text(kind, str(value)):
        return "put it in quotes"
    return _expected(about) if about else "see the examples in ops/policies"


def _takes_text(kind: Type, text: str) -> bool:
    """Whether a number would do if it were written as text."""
    if isinstance(kind, Metadata):
        return _takes_text(kind.type, text)
    if isinstance(kind, UnionType):
        return any(_takes_text(member, text) for member in kind.types)
    return isinstance(kind, StrType) and (kind.pattern is None or re.search(kind.pattern, text) is not None)


def _expected(about: str) -> str:
    if not about:
        return "see the examples in ops/policies"
    # A name in capitals, such as BCP 47, keeps them.
    begin = about if about[1:2].isupper() else about[:1].lower() + about[1:]
    return f"expected: {begin.rstrip('.')}"


def _name(kind: Type) -> str:
    if isinstance(kind, Metadata):
        return _name(kind.type)
    names: list[tuple[type[Type] | tuple[type[Type], ...], str]] = [
        ((StructType, DictType), "a group of keys"),
        (ListType, "a list"),
        (BoolType, "true or false"),
        (IntType, "a whole number"),
        (FloatType, "a number"),
        (NoneType, "nothing"),
    ]
    return next((name for kinds, name in names if isinstance(kind, kinds)), "text")


def _name_of(value: Plain) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, str | int | float):
        return f"`{_short(value)}`"
    return "a list" if isinstance(value, list) else "a group of keys"


def _short(value: Plain) -> str:
    text = str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def without(value: Plain, paths: list[Path]) -> Plain:
    """What is left of a document without the entries that do not fit, so that the rest can be checked too."""
    if not paths:
        return value
    value = msgspec.json.decode(msgspec.json.encode(value))
    for path in sorted(paths, key=lambda path: [str(part) for part in path], reverse=True):
        inner = value
        for part in path[:-1]:
            inner = _entry(inner, part)
        if isinstance(inner, dict) and path and isinstance(path[-1], str):
            inner.pop(path[-1], None)
        elif isinstance(inner, list) and path and isinstance(path[-1], int) and path[-1] < len(inner):
            inner[path[-1]] = _DROPPED
    value = _swept(value)
    if not isinstance(value, dict):
        return value
    # An owner that cannot be read is not missing as well.
    stand_ins: dict[str, Plain] = {"owner": _STAND_IN} if ("owner",) in paths else {}
    return {"business_id": _STAND_IN, **stand_ins, **value}


def _entry(value: Plain, part: str | int) -> Plain:
    if isinstance(value, dict) and isinstance(part, str):
        return value.get(part)
    return value[part] if isinstance(value, list) and isinstance(part, int) and part < len(value) else None


def _swept(value: Plain) -> Plain:
    if isinstance(value, dict):
        return {key: _swept(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_swept(item) for item in value if item is not _DROPPED]
    return value
