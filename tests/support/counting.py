"""A small step for tests of the engine: it counts the messages of a conversation, and says so for each of them."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final, cast

from msgspec import Struct
from prometheus_client import CollectorRegistry

from handraise.app import Parts, build_app, run
from handraise.conversation import StateHead
from handraise.conversation.effects import Effects
from handraise.conversation.processor import Event, Load
from handraise.detection import Signals
from handraise.engine.errors import EngineError
from handraise.engine.folding import Detected, Part
from handraise.engine.observer import Observer
from handraise.engine.policies import PolicyRefusedError
from handraise.events import Action, ChatMessage, DeadLetterReason, Decision, DecisionResult
from handraise.logs import set_up_logs
from handraise.settings import load_settings

COUNTED: Final = StateHead(open_trigger=None, seen_at=0, next_timer_at=None)
UNKNOWN: Final = "no message has opened this conversation"


class Counted(Struct, frozen=True):
    """What came of one event."""

    key: bytes
    state: bytes | None
    effects: Effects
    rejected: tuple[DeadLetterReason, str] | None = None
    head: StateHead | None = None
    still: bool = False
    forgotten: bool = False


class CountingStep:
    """State is the number of messages, in digits; each message gives one decision that holds the number."""

    def look(self, events: Sequence[Event]) -> list[Part]:
        """All at once."""
        return [Part(slice(len(events)), self.detect)]

    async def detect(self, load: Load) -> Detected:
        """What is said plays no part."""
        del load
        return Detected((), 0.0)

    def fold(self, events: Sequence[Event], signals: Sequence[Signals], load: Load) -> list[Counted]:
        """Count; an outcome of a conversation without a message is rejected."""
        del signals
        counts: dict[bytes, int] = {}
        return [self._one(event, load, counts) for event in events]

    def _one(self, event: Event, load: Load, counts: dict[bytes, int]) -> Counted:
        key = f"{event.business_id}/{event.conversation_id}".encode()
        if key not in counts:
            counts[key] = int(load(key) or 0)
        if not isinstance(event, ChatMessage):
            if not counts[key]:
                return Counted(key, None, Effects(), (DeadLetterReason.UNKNOWN_CONVERSATION, UNKNOWN))
            return Counted(key, None, Effects())
        counts[key] += 1
        effects = Effects(decisions=[told(event, counts[key], datetime(2026, 1, 1, tzinfo=UTC))])
        return Counted(key, b"%d" % counts[key], effects, head=COUNTED)

    def advance(self, key: bytes, state: bytes, until: int) -> Counted:
        """A conversation whose time has come is forgotten."""
        del state, until
        return Counted(key, None, Effects(), forgotten=True)

    def forget(self, load: Load) -> None:
        """Nothing is remembered."""


class NoPolicies:
    """A shelf that refuses everything but `{}`."""

    businesses = 0
    version = "none"
    own_triggers: tuple[str, ...] = ()
    without_base: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()

    def accept(self, key: bytes | None, document: bytes) -> str:
        """Take `{}`."""
        problem = check_policy(key, document)
        if problem is not None:
            raise PolicyRefusedError(problem)
        return self.version

    def remove(self, key: bytes) -> bool:
        """There is none."""
        return not key


class Recorder:
    """An observer that keeps what it is told, as (method, arguments)."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        if name.startswith("_"):
            raise AttributeError(name)
        return lambda *arguments, **named: self.calls.append((name, (*arguments, *named.values())))

    def told(self, name: str) -> list[tuple[Any, ...]]:
        """The arguments of each call of a method."""
        return [arguments for called, arguments in self.calls if called == name]

    def as_observer(self) -> Observer:
        """For the type checker, which cannot see that every method is there."""
        return cast(Observer, self)


def check_policy(_: bytes | None, document: bytes) -> str | None:
    """What is wrong with a policy of the counting step."""
    return None if document == b"{}" else "$: not {}"


def counting_parts(recorder: Recorder) -> Parts:
    """The parts of a worker that counts."""
    return Parts(
        step=CountingStep(),
        head_of=lambda _: COUNTED,
        shelf=NoPolicies(),
        check_policy=check_policy,
        observer=recorder.as_observer(),
        registry=CollectorRegistry(),
    )


def told(message: ChatMessage, count: int, occurred_at: datetime) -> Decision:
    """The record that tells of a conversation's count."""
    return Decision(
        conversation_id=message.conversation_id,
        business_id=message.business_id,
        message_id=message.message_id,
        trigger="count",
        result=DecisionResult.NEAR,
        because=str(count),
        score=0.0,
        threshold=1.0,
        action=Action.SHADOW,
        escalation_id=None,
        policy_version="none",
        detector_version="none",
        occurred_at=occurred_at,
    )


if __name__ == "__main__":
    # A worker process that counts, for the tests that kill it.
    settings = load_settings()
    set_up_logs(settings.log_level, settings.log_format, quiet_errors=(EngineError,))
    sys.stderr.write(f"pid {os.getpid()}\n")
    sys.exit(run(build_app(settings, counting_parts(Recorder()))))
