"""Conversations with known answers: what is said, turn by turn, and which trigger must be raised.

The answers are written here by hand, so that they do not depend on the fold that the oracle and the worker share.
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import Final, NamedTuple

from handraise.events import Assistant, Sender

BUSINESSES: Final = ("acme", "casa-lua", "nordlicht")
EVERY_MESSAGE: Final = "every_message"
"""An own trigger in shadow that holds on each message: each message has a decision, which tells that it was folded."""

POLICY: Final = """\
business_id: {business}
owner: {owner}
own_triggers:
  every_message:
    when:
      sender: [customer, assistant, human, system]
      patterns: ['.']
    action: shadow
"""


class Said(NamedTuple):
    """One turn."""

    sender: Sender
    text: str
    assistant: Assistant | None = None


class Script(NamedTuple):
    """A conversation: its turns, and the trigger that it must raise, if any."""

    turns: Sequence[Said]
    raises: str | None


def policy(business: str, owner: str = "Rosa") -> str:
    """A business's policy, as YAML."""
    return POLICY.format(business=business, owner=owner)


def script(rng: Random) -> Script:
    """A conversation of 12 to 24 turns: small talk, and somewhere in it what must be raised, or nothing."""
    raises, key = rng.choice(_KEYS)
    pairs = rng.sample(_SMALL_TALK, rng.randint(5, 10))
    at = rng.randint(1, len(pairs))
    turns = [turn for pair in (*pairs[:at], *key, *pairs[at:]) for turn in pair]
    return Script(turns, raises)


def _customer(text: str) -> Said:
    return Said(Sender.CUSTOMER, text)


def _ai(text: str) -> Said:
    return Said(Sender.ASSISTANT, text, Assistant(answered=True, confidence=0.9))


_SMALL_TALK: Final = [
    (_customer(asked), _ai(answered))
    for asked, answered in (
        ("Do you open on Sundays?", "Yes, on Sundays we open from ten to four."),
        ("Where is the shop?", "At 12 Mill Lane, next to the station."),
        ("Is there a garden table in oak?", "There is one, the model is called Fjord."),
        ("Which colours does it come in?", "Natural, grey and dark brown."),
        ("How wide is the larger one?", "It is 180 centimetres wide."),
        ("Does the lamp need a special bulb?", "It takes any bulb with an E27 socket."),
        ("Can I pay by card?", "You can pay by card, cash or bank transfer."),
        ("How long does delivery take?", "Three to five working days."),
        ("Is parking free?", "The first two hours are free."),
        ("Is the cover washable?", "It can be washed at thirty degrees."),
    )
]

_KEYS: Final[Sequence[tuple[str | None, Sequence[tuple[Said, ...]]]]] = (
    (None, ()),
    (None, ((_customer("Great, thank you!"), _ai("You are welcome.")),)),
    ("human_request", ((_customer("Can I talk to a real person please?"), _ai("Of course, one moment.")),)),
    ("human_request", ((_customer("Quiero hablar con una persona, por favor."), _ai("Claro, un momento.")),)),
    (
        "complaint",
        ((_customer("I want to make a complaint. The kettle arrived broken."), _ai("I see.")),),
    ),
    (
        "high_value",
        (
            (
                _customer("We would like to order 500 units for our company, can you give us special pricing?"),
                _ai("For which month would that be?"),
            ),
        ),
    ),
    (
        "knowledge_gap",
        (
            (
                _customer("Does the blue kettle fit the base station of 2019?"),
                Said(Sender.ASSISTANT, "I don't have that information.", Assistant(answered=False)),
            ),
        ),
    ),
)
