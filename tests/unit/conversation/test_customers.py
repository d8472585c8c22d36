"""Who the customer is: what one message leaves out another has said, but never of somebody else."""

from __future__ import annotations

from typing import Final

import pytest

from handraise.detection.signals import Intent
from handraise.events import Customer, OutcomeKind, Policy, Sender
from handraise.policy import compile_policy, parse
from tests.support.chats import ASKS, NEUTRAL, Chat, said

WANTS_HUMAN: Final = said(Intent.REQUEST_HUMAN, human_request=0.95)
ANA: Final = Customer(id="1", name="Ana", segment="gold")
POLICY: Final = """{
  "business_id": "shop", "owner": "Rosa",
  "triggers": {"human_request": {"reply": "Thank you, ${customer}. ${owner} will write to you ${timeframe}."}},
  "overrides": [{"segments": ["gold"], "triggers": {"human_request": {"owner": "Gloria"}}}]
}"""


def shop() -> Chat:
    """A chat with a business that names its customers, and has somebody of their own for the best of them."""
    policy: Policy = parse(POLICY.encode())
    return Chat(policy=compile_policy(policy))


@pytest.mark.parametrize("then", [None, Customer(), Customer(id="1"), Customer(name="Ana")])
def test_what_a_message_leaves_out_was_said_before(then: Customer | None) -> None:
    chat = shop()
    chat.customer(ASKS, who=ANA)
    (raised,) = chat.customer(WANTS_HUMAN, who=then).escalations
    assert (raised.customer, raised.owner) == (ANA, "Gloria")


def test_an_id_that_comes_later_is_of_who_was_not_known_by_one() -> None:
    """They have signed in."""
    chat = shop()
    chat.customer(ASKS, who=Customer(name="Ana"))
    (raised,) = chat.customer(WANTS_HUMAN, who=Customer(id="1")).escalations
    assert raised.customer == Customer(id="1", name="Ana")


def test_a_second_person_in_the_chat_has_neither_the_name_nor_the_segment_of_the_first() -> None:
    chat = shop()
    chat.customer(ASKS, who=ANA)
    (raised,) = chat.customer(WANTS_HUMAN, who=Customer(id="2")).escalations
    assert (raised.customer, raised.owner) == (Customer(id="2"), "Rosa")
    assert raised.reply is not None
    assert raised.reply.text.startswith("Thank you. Rosa will write")


@pytest.mark.parametrize("sender", [Sender.ASSISTANT, Sender.SYSTEM, Sender.HUMAN])
def test_who_answers_is_not_the_customer(sender: Sender) -> None:
    """A producer may name under `customer` whoever writes."""
    chat = shop()
    chat.customer(ASKS, who=ANA)
    chat.say(sender, NEUTRAL, who=Customer(id="bot-7", name="Tom"))
    chat.outcome(OutcomeKind.RELEASED)
    (raised,) = chat.customer(WANTS_HUMAN, who=Customer(id="1")).escalations
    assert (raised.customer, raised.owner) == (ANA, "Gloria")


def test_what_else_is_known_of_the_customer_may_come_with_an_answer() -> None:
    chat = shop()
    chat.customer(ASKS, who=Customer(id="1", name="Ana"))
    chat.say(Sender.ASSISTANT, NEUTRAL, who=Customer(id="1", segment="gold"))
    (raised,) = chat.customer(WANTS_HUMAN).escalations
    assert (raised.customer, raised.owner) == (ANA, "Gloria")
