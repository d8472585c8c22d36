"""Handraise's worker; with `engine` as the second argument, its engine with the same job as the others.

Its settings come from the environment, as always. An event is done when its batch is committed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, cast

from handraise.app import Parts, build_app, run, worker_parts
from handraise.conversation.effects import Effects
from handraise.conversation.processor import Event
from handraise.detection import Signals
from handraise.engine.errors import EngineError
from handraise.engine.observer import Folded, Observer
from handraise.events import ChatMessage, Decision
from handraise.logs import set_up_logs
from handraise.settings import load_settings
from tests.benchmarks.job import TELLS_AT, Job, Stopwatch, given_job
from tests.support.counting import COUNTED, Counted, CountingStep, told

_NOTHING: Final = Effects()


class Watched:
    """An observer that passes everything on, and tells a stopwatch of each commit."""

    def __init__(self, observer: Observer, watch: Stopwatch) -> None:
        self._observer: Final = observer
        self._watch: Final = watch

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the observer has
        return getattr(self._observer, name)

    def batch_committed(self, partition: int, records: int, seconds: float, folded: Sequence[Folded]) -> None:
        """Pass it on."""
        self._observer.batch_committed(partition, records, seconds, folded)
        self._watch.done(records)


class Counting(CountingStep):
    """The job: state is the number of messages of the conversation, and every tenth of them brings a record about."""

    def fold(
        self, events: Sequence[Event], signals: Sequence[Signals], load: Callable[[bytes], bytes | None]
    ) -> list[Counted]:
        """Count."""
        del signals
        counts: dict[bytes, int] = {}
        results = []
        for event in events:
            key = f"{event.business_id}/{event.conversation_id}".encode()
            number = counts.get(key)
            if number is None:
                number = int(load(key) or 0)
            counts[key] = number = number + 1
            effects = _NOTHING if number % TELLS_AT else Effects(decisions=[_tell(event, number)])
            results.append(Counted(key, b"%d" % number, effects, head=COUNTED))
        return results

    def advance(self, key: bytes, state: bytes, until: int) -> Counted:
        """No state has a timer here, so the sweep finds none: it would be a defect of the engine."""
        del key, state, until
        raise AssertionError("the sweep fired a timer that no state has")


def _tell(event: Event, number: int) -> Decision:
    message = cast(ChatMessage, event)
    return told(message, number, cast(datetime, message.sent_at))


def parts(job: Job, *, engine_alone: bool) -> Parts:
    """The worker's own parts, watched; with another step if the engine is to be measured alone."""
    made = worker_parts(load_settings())
    if engine_alone:
        made = made._replace(step=Counting(), head_of=lambda _: COUNTED)
    return made._replace(observer=cast(Observer, Watched(made.observer, Stopwatch(job))))


if __name__ == "__main__":
    settings = load_settings()
    set_up_logs(settings.log_level, settings.log_format, quiet_errors=(EngineError,))
    sys.exit(run(build_app(settings, parts(given_job(), engine_alone=sys.argv[2:] == ["engine"]))))
