"""The escalation and the control that README.md shows: what really comes of its event, under the example policy."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from handraise.conversation import Effects, Processor
from handraise.events import MESSAGES, Control, Escalation, decode, encode
from handraise.policy import PolicyBook, load

POLICY: Final = Path("ops/policies/example.yaml")
_EVENT: Final = re.compile(r"^```json\n(\{\"message_id\".*)\n```$", re.MULTILINE)


class ExampleMissingError(Exception):
    """The README shows no event, or one that raises nothing."""


def escalation(readme: str, policy: Path) -> str:
    """The event of the README, folded as the worker does: its escalation, to be read.

    Raises:
        ExampleMissingError: there is no event, or nothing comes of it.
    """
    effects = _effects(readme, policy)
    if not effects.escalations:
        raise ExampleMissingError("the event of README.md raises no escalation: choose one that does")
    return _block(effects.escalations[0])


def control(readme: str, policy: Path) -> str:
    """What the AI agent is told of the same event.

    Raises:
        ExampleMissingError: there is no event, or it changes nothing for the AI.
    """
    effects = _effects(readme, policy)
    if not effects.controls:
        raise ExampleMissingError("the event of README.md changes nothing for the AI: choose one that does")
    return _block(effects.controls[0])


def _effects(readme: str, policy: Path) -> Effects:
    shown = _EVENT.search(readme)
    if shown is None:
        raise ExampleMissingError("README.md needs a block of `json` that holds one message on one line")
    event = decode(shown[1], MESSAGES)
    (processed,) = Processor(PolicyBook(load(policy)).__getitem__).process([event], lambda _: None)
    return processed.effects


def _block(event: Escalation | Control) -> str:
    return f"```json\n{json.dumps(json.loads(encode(event)), indent=2, ensure_ascii=False)}\n```\n"
