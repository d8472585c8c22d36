"""A policy that changes while something is open: what is waited for, and who is named, follow the one in force."""

from __future__ import annotations

from datetime import timedelta

import msgspec
import pytest
from msgspec.structs import replace

from handraise.detection.signals import Intent
from handraise.events import ClosedBecause, OutcomeKind, OwnTrigger, Policy
from handraise.policy import CompiledPolicy
from tests.support.chats import ASKS, Chat, said
from tests.support.shops import SHOP, pass_time, shop

WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)
COMPLAINS = said(Intent.COMPLAINT, sentiment=-0.6, complaint=0.95)
ASKS_ELSE = said(Intent.QUESTION, question=True, fingerprint=(7, 8, 9))


def now_says(chat: Chat, policy: Policy) -> None:
    """Publish another policy."""
    chat.policy = CompiledPolicy(policy)


def test_an_ai_that_is_given_longer_meanwhile_has_the_longer_time() -> None:
    """It was said to have been silent for an hour after ten minutes."""
    chat = shop()
    chat.customer(ASKS)
    now_says(chat, replace(SHOP, ai_answers_within="60 minutes"))
    assert not pass_time(chat, 58).escalations
    (raised,) = pass_time(chat, 3).escalations
    assert raised.reason == "The AI fails: the AI has not answered for 60 minutes."


def test_an_ai_is_not_silent_once_the_policy_no_longer_says_what_is_too_long() -> None:
    chat = shop()
    chat.customer(ASKS)
    now_says(chat, replace(SHOP, ai_answers_within=None))
    assert not pass_time(chat, 60).decisions
    assert chat.state is not None


def test_an_ai_that_is_given_less_meanwhile_is_told_of_as_of_the_time_that_it_had() -> None:
    """A reply as of long before would be stale."""
    chat = shop()
    chat.customer(ASKS)
    now_says(chat, replace(SHOP, ai_answers_within="1 minute"))
    (raised,) = pass_time(chat, 11).escalations
    assert raised.occurred_at == raised.transcript.turns[0].sent_at + timedelta(minutes=10)


def test_what_is_told_of_a_wait_that_has_become_too_long_is_told_as_of_now() -> None:
    """The customer wrote once more, and the AI was given a reply that had expired: nobody was told of anything."""
    chat = shop(replace(SHOP, ai_answers_within="60 minutes"))
    chat.customer(ASKS)
    now_says(chat, SHOP)
    chat.wait(29.5)
    chat.customer(ASKS_ELSE)
    (raised,) = pass_time(chat, 1).escalations
    assert raised.occurred_at == raised.transcript.turns[-1].sent_at


def test_a_conversation_lasts_for_as_long_as_the_policy_has_come_to_say() -> None:
    chat = shop()
    chat.customer(WANTS_HUMAN)
    chat.human()
    now_says(chat, replace(SHOP, idle_after="7 days"))
    assert not pass_time(chat, 6 * 24 * 60).escalations
    (closed,) = pass_time(chat, 24 * 60).escalations
    assert closed.closed_because is ClosedBecause.IDLE


def test_a_human_who_is_given_longer_meanwhile_is_not_told_of_before() -> None:
    chat = shop()
    chat.customer(ASKS)
    chat.human()
    chat.customer(ASKS_ELSE)
    now_says(chat, replace(SHOP, within="4 hours"))
    assert not pass_time(chat, 3 * 60).escalations
    (told,) = pass_time(chat, 61).escalations
    assert told.caused_by == "timer:unanswered"


def waits_for_silence(minutes: int) -> Policy:
    quiet = {"quiet": {"when": {"silence": {"for": f"{minutes} minutes", "from": "customer"}}}}
    return replace(SHOP, own_triggers=msgspec.convert(quiet, dict[str, OwnTrigger]))


@pytest.mark.parametrize("goes_on", [False, True])
def test_a_silence_that_is_to_last_longer_meanwhile_has_lasted_when_it_has(*, goes_on: bool) -> None:
    """After five minutes it was said that the customer had written nothing for sixty."""
    chat = shop(waits_for_silence(5))
    chat.customer(ASKS)
    chat.ai()
    if goes_on:
        chat.ai()
        chat.wait(-0.5)
    now_says(chat, waits_for_silence(60))
    assert not pass_time(chat, 59).decisions
    (raised,) = pass_time(chat, 1).escalations
    assert raised.reason == "The trigger “quiet” holds: nothing from the customer for 60 minutes."
    assert raised.occurred_at == raised.transcript.turns[1].sent_at + timedelta(minutes=60)


def test_a_silence_that_is_to_last_longer_is_counted_from_where_it_began_anew() -> None:
    chat = shop(waits_for_silence(5))
    chat.ai()
    chat.customer(ASKS)
    chat.wait(2)
    chat.ai()
    now_says(chat, waits_for_silence(60))
    (raised,) = pass_time(chat, 60).escalations
    assert raised.occurred_at == raised.transcript.turns[2].sent_at + timedelta(minutes=60)


@pytest.mark.parametrize("waits", [0, 121])
def test_an_update_names_the_owner_that_the_policy_has_now(waits: float) -> None:
    """Whoever is no longer there, or was passed over, is promised to nobody."""
    chat = shop()
    chat.customer(COMPLAINS)
    pass_time(chat, waits)
    now_says(chat, replace(SHOP, owner="Vera", fallback_owner="Zoe"))
    (update,) = chat.customer(WANTS_HUMAN).escalations
    assert update.owner == "Vera"
    assert update.reply is not None
    assert "Vera" in update.reply.text


@pytest.mark.parametrize("by", ["failed", "promise"])
def test_an_update_does_not_go_back_to_who_let_it_pass_though_the_fallback_owner_is_another_now(by: str) -> None:
    """Ben, to whom it had passed, is gone; Rosa had said that she cannot take it."""
    chat = shop()
    chat.customer(COMPLAINS)
    if by == "failed":
        chat.outcome(OutcomeKind.FAILED)
    else:
        pass_time(chat, 121)
    now_says(chat, replace(SHOP, fallback_owner="Zoe"))
    (update,) = chat.customer(WANTS_HUMAN).escalations
    assert update.owner == "Zoe"
    (crisis,) = chat.customer(said(crisis=0.95, distress=0.95)).escalations
    assert crisis.owner == "Zoe"


def test_whoever_has_taken_it_keeps_it_though_the_policy_names_another_now() -> None:
    chat = shop()
    chat.customer(COMPLAINS)
    chat.outcome(OutcomeKind.ACCEPTED)
    now_says(chat, replace(SHOP, owner="Vera"))
    (update,) = chat.customer(said(crisis=0.95, distress=0.95)).escalations
    assert update.owner == "Rosa"
