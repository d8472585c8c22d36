"""What a policy takes from the one that it inherits from, worked out on what was written.

Entries within entries are joined; a text, a number or a list takes the place of the inherited one, and an entry that is
set to nothing (`holidays: ~`) goes back to the built-in default. A week (`hours.days`) and a condition (`when`) are one
thing each. Overrides for the same channels and segments are joined, others add up. The name is never inherited. A reply
that is one text stays in the first language of the policy that wrote it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct

from handraise.policy.defaults import BUILTIN
from handraise.policy.document import Plain
from handraise.policy.problems import Path
from handraise.policy.replies import normal_tag
from handraise.policy.wording import DEFAULT_OWNER

DEFAULT: Final = "default"
"""The business whose policy serves every business that has none."""
MAX_GENERATIONS: Final = 8
"""Policies that may inherit from one another in a row."""
FIRST_LANGUAGE: Final = "en"
"""Of a policy that names no languages and inherits none."""
_OWN: Final = frozenset({"business_id", "inherits", "name"})
_STAND_IN: Final[dict[str, Plain]] = {"owner": DEFAULT_OWNER}

Entries = dict[str, Plain]


class Draft(Struct, frozen=True):
    """A policy as it was written: its shape is right, and what it inherits is not filled in."""

    business_id: str
    inherits: str | None
    value: Entries


class Origin(Struct, frozen=True):
    """Where an override was written, or changed last."""

    business_id: str
    number: int
    generation: int = 0
    """How many policies it can inherit from."""


class Joined(Struct, frozen=True):
    """A policy joined with what it inherits."""

    value: Entries
    missing: str | None = None
    """The policy that was to be inherited from and is not there, or would close a circle."""
    circular: bool = False
    overrides: tuple[Origin, ...] = ()
    """Where each override comes from."""


Find = Callable[[str], Draft | None]


def nothing(business_id: str) -> Draft | None:
    """Find no policy."""
    del business_id
    return None


def join(draft: Draft, find: Find) -> Joined:
    """A draft joined with what it inherits, and with what that inherits.

    Where a policy to inherit from is not there, the built-in default stands in for it.
    """
    lineage, circular = [draft], False
    while (parent := lineage[-1].inherits) is not None:
        found = find(parent)
        circular = any(one.business_id == parent for one in lineage)
        if found is None or circular or len(lineage) > MAX_GENERATIONS:
            break
        lineage.append(found)
    value: Entries = _STAND_IN if parent is not None else {}
    origins: list[Origin] = []
    for generation, one in enumerate(reversed(lineage)):
        value, kept = _without_dropped(value, one.value)
        value, places = _joined(value, one.value)
        origins = [
            origins[kept[place]] if number is None else Origin(one.business_id, number, generation)
            for place, number in enumerate(places)
        ]
    own: Entries = {name: draft.value[name] for name in ("business_id", "name") if name in draft.value}
    inherited: Entries = {key: item for key, item in value.items() if key not in _OWN}
    return Joined(own | inherited, parent, circular, tuple(origins))


def _without_dropped(base: Entries, heir: Entries) -> tuple[Entries, Sequence[int]]:
    """What is inherited without what its overrides say of own triggers that the heir sets to nothing.

    Returns:
        The entries, and the places that the overrides that are left had.
    """
    before = _items(base.get("overrides"))
    own = heir.get("own_triggers", {})
    names = _entries(base.get("own_triggers")) if own is None else _entries(own)
    dropped = {name for name in names if own is None or names[name] is None} - set(BUILTIN)
    if not dropped:
        return base, range(len(before))
    overrides: list[Plain] = []
    kept: list[int] = []
    for place, override in enumerate(before):
        triggers = _entries(_entries(override).get("triggers"))
        if left := {name: entry for name, entry in triggers.items() if name not in dropped}:
            overrides.append({**_entries(override), "triggers": left})
            kept.append(place)
    return {**base, "overrides": overrides}, kept


def without_what_is_gone(value: Entries) -> Entries:
    """The entries without those that only change what was to be inherited and is not there."""
    own = _entries(value.get("own_triggers"))
    kept = {name: trigger for name, trigger in own.items() if "when" in _entries(trigger)}
    known = {*kept, *BUILTIN}
    overrides: list[Plain] = []
    for override in _items(value.get("overrides")):
        triggers = {
            name: entry for name, entry in _entries(_entries(override).get("triggers")).items() if name in known
        }
        if triggers:
            overrides.append({**_entries(override), "triggers": triggers})
    return {**value, "own_triggers": kept, "overrides": overrides}


def _joined(base: Entries, heir: Entries) -> tuple[Entries, tuple[int | None, ...]]:
    language = _first_language(base)
    if "languages" in heir and normal_tag(_first_language(heir)) != normal_tag(language):
        base = _with_language(base, language)
    joined = _deep(base, heir, ())
    overrides, places = _overrides(_items(base.get("overrides")), _items(heir.get("overrides")))
    if overrides:
        joined["overrides"] = overrides
    return joined, places


def _first_language(value: Entries) -> str:
    languages = _items(value.get("languages"))
    return str(languages[0]) if languages else FIRST_LANGUAGE


def _with_language(value: Entries, language: str) -> Entries:
    """The same entries, each reply that is one text under the language that it is in."""
    told = dict(value)
    for name in ("triggers", "own_triggers"):
        if name in value:
            told[name] = _replies_with_language(value[name], language)
    if "overrides" in value:
        told["overrides"] = [
            {**entries, "triggers": _replies_with_language(entries.get("triggers"), language)}
            for entries in map(_entries, _items(value["overrides"]))
        ]
    return told


def _replies_with_language(triggers: Plain, language: str) -> Entries:
    return {name: _reply_with_language(trigger, language) for name, trigger in _entries(triggers).items()}


def _reply_with_language(trigger: Plain, language: str) -> Plain:
    reply = _entries(trigger).get("reply")
    return {**_entries(trigger), "reply": {language: reply}} if isinstance(reply, str) else trigger


def _deep(base: Entries, heir: Entries, path: Path) -> Entries:
    joined = dict(base)
    for key, item in heir.items():
        before, here = joined.get(key), (*path, key)
        if item is None:
            joined.pop(key, None)
        elif isinstance(before, dict) and isinstance(item, dict) and not _is_whole(here):
            joined[key] = _deep(before, item, here)
        else:
            joined[key] = item
    return joined


def _is_whole(path: Path) -> bool:
    return path == ("hours", "days") or (len(path) == 3 and path[0] == "own_triggers" and path[2] == "when")  # noqa: PLR2004 - own_triggers, name, when


def _overrides(base: list[Plain], heir: list[Plain]) -> tuple[list[Plain], tuple[int | None, ...]]:
    joined = list(base)
    places: list[int | None] = [None] * len(base)
    for number, override in enumerate(heir):
        same = next((place for place, before in enumerate(base) if _scope(before) == _scope(override)), None)
        if same is None:
            places.append(number)
            joined.append(override)
        else:
            places[same] = number
            joined[same] = _deep(_entries(joined[same]), _entries(override), ())
    return joined, tuple(places)


def _scope(override: Plain) -> tuple[frozenset[str], frozenset[str]]:
    entries = _entries(override)
    channels, segments = (_items(entries.get(name)) for name in ("channels", "segments"))
    return (
        frozenset(str(channel).strip().casefold() for channel in channels),
        frozenset(str(segment).strip().casefold() for segment in segments),
    )


def _entries(value: Plain) -> Entries:
    return value if isinstance(value, dict) else {}


def _items(value: Plain) -> list[Plain]:
    return value if isinstance(value, list) else []
