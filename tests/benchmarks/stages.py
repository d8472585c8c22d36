"""Where the time of a message goes, stage by stage, without Kafka: `python -m tests.benchmarks.stages`.

Every batch is done several times from the beginning, and the least counts for each stage: what else the machine does
adds to the time of a stage and never takes from it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from handraise.conversation import Processor
from handraise.detection import Signals
from handraise.detection.detector import Detector
from handraise.detection.mixture import default_mixture
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.readers import LateReader, english_reader, multilingual_reader
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
    "reader of English",
    "reader of other languages",
    "scores and evidence",
    "fold and state",
    "encode what is published",
)


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


def _detector(clock: _Clock) -> Callable[..., list[Signals]]:
    """A detector that has read nothing yet, with its parts timed."""

    def part(name: str, of: Any, method: str) -> Any:  # noqa: ANN401 - the part, as the detector sees it
        return _Timed(of, method, clock.timed(name, getattr(of, method)))

    others = part("reader of other languages", LateReader(multilingual_reader), "logits")
    detector = Detector(
        part("phrases", default_phrases(), "read"),
        part("n-grams", default_ngrams(), "logits"),
        part("mixture", default_mixture(), "probabilities"),
        {"en": part("reader of English", english_reader(), "logits"), "latin": others, "ar": others},
    )
    return clock.timed("scores and evidence", detector.detect)


def by_stage(events: int) -> dict[str, float]:
    """Microseconds of processor time for one message; as many come before those that count."""
    policy = default_policy("benchmark")
    raw = [value for _, value in traffic(2 * events)]
    least: list[dict[str, float]] = []
    for _ in range(_TIMES):
        clock = _Clock()
        processor = Processor(lambda _: policy, _detector(clock))
        states: dict[bytes, bytes] = {}
        for number, begin in enumerate(range(0, len(raw), _BATCH)):
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
            if number == len(least):
                least.append(dict.fromkeys(_STAGES, float("inf")))
            least[number] = {name: min(most, clock.spent[name]) for name, most in least[number].items()}
    counted = least[events // _BATCH :]
    return {name: 1e6 * sum(one[name] for one in counted) / (len(counted) * _BATCH) for name in _STAGES}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=3_000)
    found = by_stage(parser.parse_args().events)
    for name, microseconds in (*found.items(), ("all", sum(found.values()))):
        sys.stdout.write(f"{name:28} {microseconds:8.1f} µs\n")


if __name__ == "__main__":
    main()
