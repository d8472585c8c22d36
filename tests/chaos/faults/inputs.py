"""What is wrong with what comes in: unusable, twice, out of order, by wrong clocks, or under ever new policies."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random
from typing import Final

import msgspec

from handraise.engine.topics import Topic
from handraise.events import MESSAGES, encode
from tests.chaos.load import Parcel, Shape, straight
from tests.chaos.scripts import BUSINESSES, EVERY_MESSAGE
from tests.chaos.trial import Trial
from tests.support.installation import Record

_MINUTE_MS: Final = 60_000
_HOUR_MS: Final = 60 * _MINUTE_MS
_SHUFFLED_SECONDS: Final = 2.0
_LATE_SECONDS: Final = 65.0
_AGAIN_SECONDS: Final = 120.0
_BAD_POLICY_EVERY: Final = 10
_SKEW_MS: Final = {"acme": -45 * _MINUTE_MS, "casa-lua": 0, "nordlicht": 45 * _MINUTE_MS}
"""How far the clock of each business's systems is off."""
_SPOILT: Final = (
    lambda value: value[:-1],
    lambda _: b"",
    lambda _: b"\xff\xfe\x00",
    lambda _: b"[" * 20_000,
    lambda value: value.replace(b'"text":', b'"words":', 1),
    lambda value: value.replace(b'"customer"', b'"nobody"', 1).replace(b'"assistant"', b'"nobody"', 1),
    lambda value: value.replace(b'"sent_at":', b'"sent_at":"soon","was":', 1),
)


async def shaped(trial: Trial, shape: Shape) -> None:
    """The messages are changed on their way for as long as the fault lasts."""
    async with trial.striking():
        trial.load.shape = shape
        while trial.goes_on:
            await trial.wait(1)
        trial.load.shape = straight


async def poisoned_a_little(trial: Trial) -> None:
    """One record in a hundred is unusable."""
    await shaped(trial, _poison(0.01))


async def poisoned_wholly(trial: Trial) -> None:
    """Every record is unusable."""
    await shaped(trial, _poison(1.0))


async def repeated(trial: Trial) -> None:
    """Each message comes one to three times, up to two minutes apart."""
    await shaped(trial, _repeat)


async def disordered(trial: Trial) -> None:
    """Messages come shuffled within two seconds, some a minute late, and some are dated an hour back."""
    await shaped(trial, _disorder)


async def skewed(trial: Trial) -> None:
    """The clocks of upstream systems are wrong: their stamps of messages, and of the records."""
    await shaped(trial, _skew)


async def policies_pushed(trial: Trial) -> None:
    """Every second a business has another policy; every tenth is one that cannot be used."""
    number = 0
    async with trial.striking():
        while trial.goes_on:
            number += 1
            business = BUSINESSES[number % len(BUSINESSES)]
            document = _policy(business, number)
            if number % _BAD_POLICY_EVERY == 0:
                document = document.replace(b'"owner"', b'"owners"')
            else:
                trial.published.append(document)
            await trial.made.produce([Record(Topic.POLICIES, document, business.encode())])
            await trial.wait(1)
    trial.figures["policies_published"] = number


def _poison(share: float) -> Shape:
    def poison(parcel: Parcel, rng: Random) -> Sequence[tuple[float, Parcel]]:
        if rng.random() >= share:
            return [(0.0, parcel)]
        return [(0.0, parcel._replace(value=rng.choice(_SPOILT)(parcel.value), good=False))]

    return poison


def _repeat(parcel: Parcel, rng: Random) -> Sequence[tuple[float, Parcel]]:
    again = rng.choices((0, 1, 2), (1, 1, 1))[0]
    return [(0.0, parcel), *((rng.uniform(0, _AGAIN_SECONDS), parcel) for _ in range(again))]


def _disorder(parcel: Parcel, rng: Random) -> Sequence[tuple[float, Parcel]]:
    match rng.choices(("shuffled", "late", "old"), (96, 2, 2))[0]:
        case "late":
            return [(_LATE_SECONDS, parcel)]
        case "old":
            return [(0.0, _restamped(parcel, -_HOUR_MS))]
        case _:
            return [(rng.uniform(0, _SHUFFLED_SECONDS), parcel)]


def _skew(parcel: Parcel, _: Random) -> Sequence[tuple[float, Parcel]]:
    message = MESSAGES.decode(parcel.value)
    off_ms = _SKEW_MS[message.business_id]
    at = message.sent_at
    assert isinstance(at, int)
    return [(0.0, _restamped(parcel, off_ms)._replace(timestamp_ms=at + off_ms))]


def _restamped(parcel: Parcel, off_ms: int) -> Parcel:
    message = MESSAGES.decode(parcel.value)
    assert isinstance(message.sent_at, int)
    return parcel._replace(value=encode(msgspec.structs.replace(message, sent_at=message.sent_at + off_ms)))


def _policy(business: str, number: int) -> bytes:
    return json.dumps(
        {
            "business_id": business,
            "owner": f"Owner {number}",
            "own_triggers": {
                EVERY_MESSAGE: {
                    "when": {"sender": ["customer", "assistant", "human", "system"], "patterns": ["."]},
                    "action": "shadow",
                }
            },
        }
    ).encode()
