"""The sample conversations that the demo plays and the golden tests check; `conversations/README.md` says how."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct, field
from msgspec.structs import replace

from handraise.events import ChatMessage, EscalationType, milliseconds

_EACH: Final = 3
FOLDER: Final = Path(__file__).parent / "conversations"


class About(Struct, frozen=True, kw_only=True):
    """Which conversation this is."""

    id: str
    business: str
    language: str
    about: str


class Expected(Struct, frozen=True, kw_only=True):
    """An escalation event that should be published, at a turn counted from 1, or at any of several."""

    turn: int | list[int]
    trigger: str | list[str]
    type: EscalationType
    trigger_class: str | None = field(default=None, name="class")

    @property
    def turns(self) -> list[int]:
        """The turns at any of which the event is right."""
        return self.turn if isinstance(self.turn, list) else [self.turn]

    def fits(self, turn: int, trigger: str, trigger_class: str | None, kind: EscalationType) -> bool:
        """Whether a published event is the one that is expected."""
        triggers = self.trigger if isinstance(self.trigger, list) else [self.trigger]
        named = f"{trigger}/{trigger_class}" in triggers or (
            trigger in triggers and trigger_class == self.trigger_class
        )
        return turn in self.turns and named and kind is self.type


class Sample(Struct, frozen=True, kw_only=True):
    """One conversation, with what is expected of it."""

    conversation: About
    expect: list[Expected]
    messages: list[ChatMessage]


_SAMPLE: Final = msgspec.json.Decoder(Sample)


def load_samples(files: Iterable[Path] | None = None) -> list[Sample]:
    """The conversations of these files, or all that ship with the package."""
    files = sorted(FOLDER.glob("*.jsonl")) if files is None else files
    return [_SAMPLE.decode(line) for file in files for line in file.read_bytes().splitlines() if line.strip()]


def samples_to_play() -> list[Sample]:
    """Three conversations of each kind of business, spread over its file: the first of each, the second, the third.

    All of them together would go by faster than anybody reads.
    """
    kinds = [load_samples([file]) for file in sorted(FOLDER.glob("*.jsonl"))]
    return [kind[(2 * turn + 1) * len(kind) // (2 * _EACH)] for turn in range(_EACH) for kind in kinds]


def shifted_to(messages: Sequence[ChatMessage], now_ms: int) -> list[ChatMessage]:
    """One conversation, moved in time so that its last message is sent now; the pauses stay as they are."""
    shift = now_ms - milliseconds(messages[-1].sent_at)
    return [replace(message, sent_at=milliseconds(message.sent_at) + shift) for message in messages]
