"""The escalation that README.md shows: what really comes of the event above it, under the example policy."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

from handraise.conversation import Processor
from handraise.events import MESSAGES, decode, encode
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
    shown = _EVENT.search(readme)
    if shown is None:
        raise ExampleMissingError("README.md needs a block of `json` that holds one message on one line")
    event = decode(shown[1], MESSAGES)
    (processed,) = Processor(PolicyBook(load(policy)).__getitem__).process([event], lambda _: None)
    if not processed.effects.escalations:
        raise ExampleMissingError("the event of README.md raises no escalation: choose one that does")
    raised = json.loads(encode(processed.effects.escalations[0]))
    return f"```json\n{json.dumps(raised, indent=2, ensure_ascii=False)}\n```\n"
