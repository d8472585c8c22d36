"""Every fault, by its name: what it does, what it needs, and the guarantees under which it is tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from handraise.settings import Delivery
from tests.chaos.faults import workers
from tests.chaos.trial import Inject, Setup

EXACTLY: Final = (Delivery.EXACTLY_ONCE,)
BOTH: Final = (Delivery.EXACTLY_ONCE, Delivery.AT_LEAST_ONCE)


@dataclass(frozen=True)
class Fault:
    """A fault as it is tried."""

    about: str
    """One sentence for the report."""
    inject: Inject
    setup: Setup = field(default_factory=Setup)
    deliveries: Sequence[Delivery] = EXACTLY
    short: Sequence[Delivery] = ()
    """The guarantees under which the short form tries it."""


FAULTS: Final[Mapping[str, Fault]] = {
    "sigkill": Fault(
        "A worker is killed every 8 to 15 s, and started again.", workers.killed, deliveries=BOTH, short=BOTH
    ),
    "sigterm": Fault(
        "Workers are stopped and started again, one after the other.", workers.stopped, deliveries=BOTH, short=EXACTLY
    ),
    "zombie": Fault(
        "A worker is stalled (SIGSTOP) for longer than its session, and goes on.",
        workers.stalled,
        deliveries=BOTH,
        short=BOTH,
    ),
}


def chosen(names: Iterable[str] = FAULTS, *, short: bool) -> list[tuple[str, Delivery]]:
    """What is tried of these faults: each with its guarantees."""
    return [
        (name, delivery) for name in names for delivery in (FAULTS[name].short if short else FAULTS[name].deliveries)
    ]
