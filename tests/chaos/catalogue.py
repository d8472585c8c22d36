"""Every fault, by its name: what it does, what it needs, and the guarantees under which it is tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from handraise.engine.topics import Topic
from handraise.settings import Delivery
from tests.chaos.faults import brokers, inputs, pressure, versions, workers
from tests.chaos.trial import LONG_SECONDS, Inject, Setup

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
    seconds: float = LONG_SECONDS
    """How long it lasts at least in the long form."""
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
        short=EXACTLY,
    ),
    "storm": Fault("Every 3 s another worker comes, and goes when it has been given partitions.", workers.storm),
    "static": Fault(
        "Three workers with a `HANDRAISE_GROUP_INSTANCE_ID` each are restarted one after the other; no other pauses.",
        workers.restarted_with_a_name,
        Setup(workers=3, session_seconds=20.0),
    ),
    "broker": Fault("The only broker is killed, and started again 3 s later.", brokers.restarted, short=EXACTLY),
    "leader": Fault(
        "Three brokers, each topic on all of them, two copies must be in step: a leader is killed, five times.",
        brokers.leaders_killed,
        Setup(nodes=3),
    ),
    "unreachable": Fault(
        "For a minute every connection to the broker is refused.", brokers.unreachable, Setup(proxied=True)
    ),
    "half-open": Fault(
        "For 25 s connections look alive and nothing is answered; the old ones stay like that.",
        brokers.half_open,
        Setup(proxied=True),
    ),
    "network": Fault(
        "A request takes 500 ms longer, and 1 % of them break their connection.",
        brokers.slow_and_broken,
        Setup(proxied=True, session_seconds=10.0),
    ),
    "output": Fault(
        "The topic of decisions takes no records for 30 s.", brokers.unwritable(Topic.DECISIONS), Setup(nodes=3)
    ),
    "changelog": Fault("The changelog takes no records for 30 s.", brokers.unwritable(Topic.STATE), Setup(nodes=3)),
    "disk": Fault(
        "The broker's disk is full until it gives up; then there is room and it starts again.",
        brokers.full,
        Setup(disk_megabytes=400),
    ),
    "poison": Fault("One record in a hundred is unusable.", inputs.poisoned_a_little),
    "all-poison": Fault(
        "Every record is unusable, and the workers are told to go on all the same.",
        inputs.poisoned_wholly,
        Setup(settings={"bad_records_in_a_row": 0, "bad_records_share": 0}),
    ),
    "duplicates": Fault(
        "Each message comes one to three times, up to two minutes apart.", inputs.repeated, Setup(counted=True)
    ),
    "disorder": Fault(
        "Messages come shuffled within 2 s, 2 % of them a minute late, 2 % dated an hour back.",
        inputs.disordered,
        Setup(counted=True),
    ),
    "clocks": Fault(
        "The clocks of upstream systems and of workers are 45 minutes early or late.", pressure.wrong_clocks
    ),
    "slow": Fault(
        "Twice as much comes in as the detector can look at.",
        pressure.slow_detector,
        Setup(session_seconds=10.0),
    ),
    "policies": Fault(
        "A policy is published every second, every tenth of them unusable.",
        inputs.policies_pushed,
        Setup(with_outcomes=False),
    ),
    "versions": Fault(
        "Workers are replaced by those of a version whose state has a field more, and back, under load.",
        versions.upgraded_and_rolled_back,
        Setup(same_state=versions.same_but_for_new_fields),
    ),
    "soak": Fault(
        "At 60 % of what the workers can do with the detector that they have by default, on texts of which none comes"
        " twice, one of them is killed every minute; twelve times in three minutes before that is measured.",
        pressure.soak,
        Setup(with_outcomes=False, conversations=3_000, numbered=True, settings={"detector": "careful"}),
        seconds=1_200.0,
    ),
}


def chosen(names: Iterable[str] = FAULTS, *, short: bool) -> list[tuple[str, Delivery]]:
    """What is tried of these faults: each with its guarantees."""
    return [
        (name, delivery) for name in names for delivery in (FAULTS[name].short if short else FAULTS[name].deliveries)
    ]
