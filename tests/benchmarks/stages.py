"""Where the time of a message goes, stage by stage, without Kafka: `python -m tests.benchmarks.stages`.

The same messages are done several times from the beginning. `met before` is the least that a stage took: what else the
machine does adds to it and never takes from it. `met first` is the first time, when words, phrases and pieces of words
are met that nothing is remembered of yet: it is what a worker takes that has just begun, and it is measured once.
The garbage collector is set as the worker sets it.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple, cast

from handraise.conversation import Processor
from handraise.detection import Signals
from handraise.detection.detector import Begun, Detector, Read
from handraise.detection.mixture import default_mixture
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.reader import Reader
from handraise.events import MESSAGES, decode, encode
from handraise.policy import default_policy
from tests.benchmarks.traffic import traffic

_BATCH: Final = 30
_TIMES: Final = 5
_STAGES: Final = (
    "decode the message",
    "phrases",
    "n-grams",
    "mixture",
    "reader",
    "scores and evidence",
    "fold and state",
    "encode what is published",
)
_READER: Final = "reader"


class _Clock:
    """Processor time by stage; what a stage within another takes is not counted for the outer one."""

    def __init__(self) -> None:
        self.spent: defaultdict[str, float] = defaultdict(float)
        self._within = 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        before, self._within = self._within, 0.0
        began = time.process_time()
        yield
        took = time.process_time() - began
        self.spent[name] += took - self._within
        self._within = before + took

    def timed(self, name: str, work: Callable[..., Any]) -> Callable[..., Any]:
        def work_and_tell(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - whatever it takes and gives
            with self.stage(name):
                return work(*arguments, **named)

        return work_and_tell


class _Timed:
    """A part of the detector that tells how long one of its methods takes."""

    def __init__(self, part: object, method: str, timed: Callable[..., Any]) -> None:
        self._part = part
        setattr(self, method, timed)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the part has
        return getattr(self._part, name)


class _TimedReader(_Timed):
    """A reader that tells how long it takes to each of its words."""

    def __init__(self, reader: Reader, clock: _Clock) -> None:
        super().__init__(reader, "read", self._read)
        self._reader = reader
        self._next = clock.timed(_READER, next)

    def _read(self, *asked: Any) -> Iterator[Read]:  # noqa: ANN401 - what it takes
        words = self._reader.read(*asked)
        while (word := self._next(words, None)) is not None:
            yield word


class _TimedDetector(Detector):
    """A detector that tells how long its own part takes."""

    def __init__(self, clock: _Clock, *parts: Any) -> None:  # noqa: ANN401 - what the detector is made of
        super().__init__(*parts)
        self._clock = clock

    def begin(self, *asked: Any) -> Begun:  # noqa: ANN401 - what it takes
        with self._clock.stage("scores and evidence"):
            return super().begin(*asked)

    def read(self, *asked: Any) -> Read:  # noqa: ANN401 - what it takes
        with self._clock.stage("scores and evidence"):
            return super().read(*asked)

    def end(self, *asked: Any) -> list[Signals]:  # noqa: ANN401 - what it takes
        with self._clock.stage("scores and evidence"):
            return super().end(*asked)


def _detector(clock: _Clock, *, fast: bool) -> Detector:
    """A detector that has read nothing yet, with its parts timed."""

    def part(name: str, of: Any, method: str) -> Any:  # noqa: ANN401 - the part, as the detector sees it
        return _Timed(of, method, clock.timed(name, getattr(of, method)))

    return _TimedDetector(
        clock,
        part("phrases", default_phrases(), "read"),
        part("n-grams", default_ngrams(), "logits"),
        part("mixture", default_mixture(), "probabilities"),
        None if fast else cast(Reader, _TimedReader(Reader.load(), clock)),
    )


class Spent(NamedTuple):
    """Microseconds of one stage for a message."""

    again: float
    first: float


def by_stage(events: int, *, fast: bool = False) -> dict[str, Spent]:
    """Microseconds of processor time for one message, by stage; as many come before those that count."""
    policy = default_policy("benchmark")
    raw = [value for _, value in traffic(2 * events)]
    times: list[list[dict[str, float]]] = []
    _detector(_Clock(), fast=fast)
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)
    for _ in range(_TIMES):
        clock = _Clock()
        times.append(list(_once(raw, clock, Processor(lambda _: policy, _detector(clock, fast=fast)))))
    counted = [batches[events // _BATCH :] for batches in times]
    messages = len(counted[0]) * _BATCH
    return {
        name: Spent(
            1e6 * sum(min(batch[name] for batch in batches) for batches in zip(*counted, strict=True)) / messages,
            1e6 * sum(batch[name] for batch in counted[0]) / messages,
        )
        for name in _STAGES
    }


def _once(raw: list[bytes], clock: _Clock, processor: Processor) -> Iterator[dict[str, float]]:
    """Do all messages, and tell after each batch what its stages took, in seconds."""
    states: dict[bytes, bytes] = {}
    for begin in range(0, len(raw), _BATCH):
        clock.spent.clear()
        with clock.stage("decode the message"):
            messages = [decode(value, MESSAGES) for value in raw[begin : begin + _BATCH]]
        with clock.stage("fold and state"):
            results = processor.process(messages, states.get)
        with clock.stage("encode what is published"):
            for result in results:
                effects = result.effects
                for event in (*effects.escalations, *effects.controls, *effects.decisions):
                    encode(event)
        states |= {result.key: result.state for result in results if result.state is not None}
        yield {name: clock.spent[name] for name in _STAGES}


def main() -> None:
    """Measure, and print a table and its sums as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=3_000)
    parser.add_argument("--fast", action="store_true", help="the fast detector, which has no reader")
    given = parser.parse_args()
    found = by_stage(given.events, fast=given.fast)
    sys.stdout.write(f"{'µs of processor time a message':30} {'met before':>10} {'met first':>10}\n")
    for name, spent in found.items():
        sys.stdout.write(f"{name:30} {spent.again:10.1f} {spent.first:10.1f}\n")
    sums = {
        part: {
            "met_before": round(sum(found[name].again for name in names), 1),
            "met_first": round(sum(found[name].first for name in names), 1),
        }
        for part, names in (("all", _STAGES), ("without_reader", [n for n in _STAGES if n != _READER]))
    }
    sys.stdout.write(f"{json.dumps(sums)}\n")


if __name__ == "__main__":
    main()
