"""Workers of two versions share a group: the state that one has written is read by the other."""

from __future__ import annotations

from typing import Final

import msgspec

from handraise.conversation.state import Conversation, decode_state, encode_state
from tests.chaos.trial import Trial
from tests.support.installation import WORKER

_NEXT: Final = ("-m", "tests.chaos.next_worker", "worker")
_APART_SECONDS: Final = 5.0


async def upgraded_and_rolled_back(trial: Trial) -> None:
    """One worker after the other is replaced by one of the next version, and then by one of this version again."""
    crew = trial.crew
    arguments = _NEXT
    while trial.goes_on:
        for place in crew.places:
            async with trial.striking():
                await crew.terminate(place)
                crew.start(place, arguments)
                await crew.all_ready()
            await trial.wait(_APART_SECONDS)
        arguments = WORKER if arguments is _NEXT else _NEXT
    with_more = [state for state in await _states(trial) if len(msgspec.msgpack.decode(state)) > _fields()]
    trial.figures["states_of_the_next_version"] = len(with_more)
    if not with_more:
        trial.problems.append("no state was written by the next version")


def same_but_for_new_fields(one: bytes | None, other: bytes | None) -> bool:
    """Whether two states are the same to this version."""
    if one is None or other is None:
        return one is other
    return encode_state(decode_state(one)) == encode_state(decode_state(other))


async def _states(trial: Trial) -> list[bytes]:
    return list((await trial.made.state()).values())


def _fields() -> int:
    return len(Conversation.__struct_fields__)
