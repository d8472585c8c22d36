"""Silence: a trigger that holds once nobody has said anything for long enough."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from handraise.events import Condition, OwnTrigger, Sender
from handraise.policy import durations
from handraise.policy.durations import TimeSpan
from handraise.policy.model import ConversationFacts
from handraise.policy.remembered import silence_key

ANSWERING: Final = frozenset({Sender.ASSISTANT, Sender.HUMAN})
"""Who should answer a customer."""


class Silence(Struct, frozen=True):
    """Whose silence a trigger waits for, and how long."""

    key: bytes
    silent: frozenset[Sender]
    lasts: TimeSpan
    in_hours: bool

    @property
    def because(self) -> str:
        """What has happened once it has lasted, in words."""
        hours = " of opening hours" if self.in_hours else ""
        if self.silent <= ANSWERING:
            who = "answer" if self.silent == ANSWERING else f"answer of the {_named(self.silent)}"
            return f"no {who} for {self.lasts.written()}{hours}"
        return f"nothing from the {_named(self.silent)} for {self.lasts.written()}{hours}"

    def begins(self, sender: Sender, facts: ConversationFacts) -> bool:
        """Whether a message begins the silence of the others: one that wants an answer, if it is theirs to give."""
        if sender in self.silent:
            return False
        return facts.wants_answer or sender is not Sender.CUSTOMER


def silence_of(name: str, trigger: OwnTrigger) -> Silence | None:
    """The silence that an own trigger waits for, if it waits for one."""
    test = trigger.when.silence if trigger.when is not None else None
    if test is None:
        return None
    named = test.silent if isinstance(test.silent, list) else [test.silent] if test.silent is not None else ANSWERING
    return Silence(silence_key(name), frozenset(named), durations.parse(test.lasts), test.in_hours)


def without_silence(condition: Condition) -> Condition:
    """What must hold of the message after which the silence begins; anything said by the others where nothing is."""
    test = condition.silence
    if test is None:
        return condition
    rest = msgspec.structs.replace(condition, silence=None)
    named = test.silent if isinstance(test.silent, list) else [test.silent]
    if rest == Condition():
        speaking = [Sender.ASSISTANT, Sender.HUMAN] if Sender.CUSTOMER in named else [Sender.CUSTOMER]
        return Condition(sender=speaking)
    return rest


def _named(senders: frozenset[Sender]) -> str:
    names = {Sender.ASSISTANT: "AI", Sender.HUMAN: "human", Sender.CUSTOMER: "customer", Sender.SYSTEM: "system"}
    return " and the ".join(names[sender] for sender in Sender if sender in senders)
