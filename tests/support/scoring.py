"""Sample conversations against what is expected of them: `python -m tests.support.scoring FILE…` prints the totals.

With `--wrong` it also names each conversation that comes out otherwise, what was expected of it and what came.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, Self

from handraise.conversation import Processor
from handraise.demo.samples import Expected, Sample, load_samples
from handraise.detection import Signals, detection
from handraise.events import EscalationType
from handraise.policy import default_policy

Detector = Callable[..., list[Signals]]
"""What `handraise.detection.detect` is."""


class Published(NamedTuple):
    """An escalation event of type `raised` or `updated`, and the turn, counted from 1, that it came with."""

    turn: int
    trigger: str
    trigger_class: str | None
    type: EscalationType

    def fits(self, expected: Expected) -> bool:
        """Whether this is the event that was expected."""
        return expected.fits(*self)

    def __str__(self) -> str:
        kind = f"{self.trigger}/{self.trigger_class}" if self.trigger_class else self.trigger
        return f"{self.type} {kind} at turn {self.turn}"


class Totals(NamedTuple):
    """Sums over conversations."""

    conversations: int
    wholly_right: int
    """Conversations with every event that was expected, in order, and no other."""
    expected: int
    right: int
    """Expected events that came: the trigger, the class and the type, at the turn."""
    false_alarms: int
    """Conversations that need nobody and were raised all the same."""
    quiet: int
    """Conversations that need nobody."""
    missed: int
    """Conversations that need somebody and were never raised."""

    @classmethod
    def of(cls, samples: Iterable[Sample], detector: Detector | None = None) -> Self:
        """Play the samples under the built-in policy and add up."""
        results = [(sample.expect, published(sample, detector)) for sample in samples]
        return cls(
            conversations=len(results),
            wholly_right=sum(agree(expect, came) for expect, came in results),
            expected=sum(len(expect) for expect, _ in results),
            right=sum(any(event.fits(one) for event in came) for expect, came in results for one in expect),
            false_alarms=sum(bool(came) and not expect for expect, came in results),
            quiet=sum(not expect for expect, _ in results),
            missed=sum(bool(expect) and not came for expect, came in results),
        )

    def __str__(self) -> str:
        return (
            f"{self.wholly_right} of {self.conversations} conversations wholly right"
            f" ({self.wholly_right / self.conversations:.1%});"
            f" {self.right} of {self.expected} expected events came at their turn;"
            f" {self.false_alarms} of {self.quiet} quiet conversations raised;"
            f" {self.missed} of {self.conversations - self.quiet} others never raised"
        )


def published(sample: Sample, detector: Detector | None = None) -> list[Published]:
    """What the messages of a sample bring about under the built-in policy: closings and timers are left out."""
    found = detection(fast=False).detect if detector is None else detector
    results = Processor(default_policy, found).process(sample.messages, lambda _: None)
    return [
        Published(turn, event.trigger, event.trigger_class, event.type)
        for turn, result in enumerate(results, 1)
        for event in result.effects.escalations
        if event.type is not EscalationType.CLOSED and not event.caused_by.startswith("timer:")
    ]


def agree(expect: Sequence[Expected], came: Sequence[Published]) -> bool:
    """Whether each event that was expected came, in order, and no other."""
    return len(expect) == len(came) and all(event.fits(one) for one, event in zip(expect, came, strict=True))


def wrong(samples: Iterable[Sample]) -> Iterator[str]:
    """A line on each sample that comes out otherwise than expected under the built-in policy."""
    for sample in samples:
        came = published(sample)
        if not agree(sample.expect, came):
            wanted = "; ".join(_said(one) for one in sample.expect) or "nobody"
            yield f"  {sample.conversation.id}: expected {wanted}; came {'; '.join(map(str, came)) or 'nobody'}"


def _said(one: Expected) -> str:
    triggers = one.trigger if isinstance(one.trigger, list) else [one.trigger]
    kind = f"/{one.trigger_class}" if one.trigger_class else ""
    return f"{one.type} {' or '.join(triggers)}{kind} at turn {' or '.join(map(str, one.turns))}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the totals of files of sample conversations."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.scoring", description=__doc__)
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")
    parser.add_argument("--wrong", action="store_true", help="name those that come out otherwise than expected")
    options = parser.parse_args(arguments)
    for file in options.files:
        samples = load_samples([file])
        sys.stdout.write(f"{file}: {Totals.of(samples)}\n")
        if options.wrong:
            sys.stdout.writelines(f"{line}\n" for line in wrong(samples))


if __name__ == "__main__":
    main()
