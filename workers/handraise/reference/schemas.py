"""JSON Schema 2020-12 for each event, made from the wire types."""

from __future__ import annotations

import ast
import inspect
import json
from enum import Enum, StrEnum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple, cast

import msgspec
from msgspec import Struct

from handraise import events
from handraise.reference.fields import FIELDS
from handraise.scenarios import model

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
HEADER_PREFIX: Final = "handraise."

Schema = dict[str, Any]

# What msgspec takes for a time. It is lenient about the separator and about `+0530`, which RFC 3339 does not have.
_CLOCK: Final = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_TIME: Final = rf"-[0-9]{{2}}-[0-9]{{2}}[Tt]{_CLOCK}:[0-5][0-9](\.[0-9]+)?([Zz]|[+-]{_CLOCK})$"
_ANY_YEAR: Final = "^[0-9]{4}"
_INPUT_YEAR: Final = "^(19[7-9][0-9]|2[0-9]{3})"
"""`events.FIRST_YEAR` to `events.LAST_YEAR`."""
_WHOLE: Final = r"^[0-9]+$"


_MODULES: Final = (events, model)
"""Where the types are defined."""


class Event(NamedTuple):
    """A type and the name of its files."""

    type: type[Struct]
    slug: str


EVENTS: Final = (
    Event(events.ChatMessage, "chat-message"),
    Event(events.Escalation, "escalation"),
    Event(events.Control, "control"),
    Event(events.Outcome, "outcome"),
    Event(events.Policy, "policy"),
    Event(events.Decision, "decision"),
)
SCENARIOS: Final = Event(model.ScenarioFile, "scenarios")
"""No event: a file beside a policy."""
DEAD_LETTER_HEADERS: Final = "dead-letter-headers"


def render(root: Path) -> dict[Path, str]:
    """The schema files."""
    made = {event.slug: schema(event) for event in (*EVENTS, SCENARIOS)} | {DEAD_LETTER_HEADERS: dead_letter_headers()}
    return {root / "schemas" / f"{slug}.schema.json": as_json(document) for slug, document in made.items()}


def as_json(document: object) -> str:
    """Indented JSON with readable Unicode, as the files hold it."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def schema(event: Event) -> Schema:
    """The schema of one type, complete in itself."""
    generated = msgspec.json.schema(event.type)
    name = event.type.__name__
    definitions = {key: _described(key, value) for key, value in generated["$defs"].items()}
    own = definitions.pop(name)
    document = {"$schema": DIALECT, "$id": _identifier(event.slug), **own}
    if definitions:
        document["$defs"] = definitions
    return document


def dead_letter_headers() -> Schema:
    """The schema of a dead letter's headers, each header's value taken as UTF-8 text."""
    generated = msgspec.json.schema(events.DeadLetter)["$defs"]
    letter = _described("DeadLetter", generated["DeadLetter"])
    properties = {}
    for name, field in letter["properties"].items():
        text = {"type": "string", "pattern": _WHOLE} if field.get("type") == "integer" else {"type": "string"}
        if "$ref" in field:
            text["enum"] = _enumeration(events.DeadLetterReason)["enum"]
        properties[HEADER_PREFIX + name] = {"description": field["description"], **text}
    return {
        "$schema": DIALECT,
        "$id": _identifier(DEAD_LETTER_HEADERS),
        "title": "DeadLetterHeaders",
        "description": _line(events.DeadLetter.__doc__),
        "type": "object",
        "properties": properties,
        "required": list(properties),
    }


def _identifier(slug: str) -> str:
    """A name, not an address: nothing is served there."""
    return f"urn:handraise:schema:{slug}:1"


def _described(name: str, generated: Schema) -> Schema:
    kind = next(getattr(module, name) for module in _MODULES if hasattr(module, name))
    if issubclass(kind, StrEnum):
        return _enumeration(cast("type[Enum]", kind))
    document: Schema = {"title": name, "description": _line(kind.__doc__), "type": "object"}
    properties = {}
    for field, found in generated["properties"].items():
        shape = _strict(found)
        text = _description(kind, field) or _nested_description(shape)
        if text is None:
            raise LookupError(f"no description of {name}.{field}: write one in handraise/reference/fields.py")
        shape.pop("description", None)
        properties[field] = {"description": text, **shape}
    document["properties"] = properties
    document |= {
        key: generated[key] for key in ("required", "additionalProperties") if generated.get(key) not in ([], None)
    }
    return document


def _enumeration(kind: type[Enum]) -> Schema:
    """An enumeration in the order in which it was written."""
    values = [member.value for member in list(kind)]
    return {
        "title": kind.__name__,
        "description": _line(kind.__doc__),
        "type": "string",
        "enum": values,
    }


def _line(docstring: str | None) -> str:
    return " ".join((docstring or "").split())


def _strict(shape: Any, year: str = _ANY_YEAR) -> Any:  # noqa: ANN401  any JSON
    """The same, with times told by a pattern too: validators check `format` only when asked to."""
    if isinstance(shape, dict):
        if any(option.get("type") == "integer" for option in shape.get("anyOf", ())):
            year = _INPUT_YEAR  # a time that may also be given in milliseconds is one that others send
        strict = {key: _strict(value, year) for key, value in shape.items()}
        return strict | {"pattern": year + _TIME} if strict.get("format") == "date-time" else strict
    if isinstance(shape, list):
        return [_strict(value, year) for value in shape]
    return shape


def _nested_description(shape: Schema) -> str | None:
    """The description that a value type brings along, also where it may be null."""
    found: str | None = shape.get("description")
    for option in shape.get("anyOf", []):
        found = found or option.get("description")
    return found


def _description(kind: type[Struct], field: str) -> str | None:
    """The description of a field as its own struct or the nearest base gives it."""
    for base in kind.__mro__:
        text = FIELDS.get(base.__name__, {}).get(field) or _attribute_docstrings().get(base.__name__, {}).get(field)
        if text:
            return text
    return None


@cache
def _attribute_docstrings() -> dict[str, dict[str, str]]:
    """The string under each field of each class, by class and name on the wire."""
    found: dict[str, dict[str, str]] = {}
    for module in _MODULES:
        found |= _docstrings_in(module)
    return found


def _docstrings_in(module: ModuleType) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        kind = getattr(module, node.name)
        wire = (
            {field.name: field.encode_name for field in msgspec.structs.fields(kind)}
            if issubclass(kind, Struct)
            else {}
        )
        for before, after in zip(node.body, node.body[1:], strict=False):
            if (
                isinstance(before, ast.AnnAssign)
                and isinstance(before.target, ast.Name)
                and isinstance(after, ast.Expr)
                and isinstance(after.value, ast.Constant)
                and isinstance(after.value.value, str)
            ):
                text = _line(after.value.value)
                found.setdefault(node.name, {})[wire.get(before.target.id, before.target.id)] = text
    return found
