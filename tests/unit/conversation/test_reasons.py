"""The sentence that says why: in the owner's language, with the quotes as they are."""

from __future__ import annotations

from string import Formatter

import pytest

from handraise.conversation.weights import Sign
from handraise.detection.signals import Intent
from handraise.events import BuiltinTriggers, ClosedBecause, Condition, OutcomeKind, OwnTrigger, Policy, TriggerPolicy
from handraise.policy import CompiledPolicy
from handraise.policy.wording import WORDINGS
from tests.support.chats import ASKS, Chat, said

OTHERS = sorted(set(WORDINGS) - {"en"})
WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)


def shop(language: str, **more: object) -> Chat:
    """A chat with a business whose owner reads this language."""
    fields: dict[str, object] = {"business_id": "shop", "languages": [language], **more}
    return Chat(policy=CompiledPolicy(Policy(**fields)))  # type: ignore[arg-type]  # fields of several types


def reason(chat: Chat) -> str:
    """That of the last escalation."""
    return chat.escalations[-1].reason


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "The customer asks for a person: “Kann ich mit jemandem sprechen?”"),
        ("de", "Der Kunde möchte mit einem Menschen sprechen: „Kann ich mit jemandem sprechen?“"),
        ("es", "El cliente pide hablar con una persona: “Kann ich mit jemandem sprechen?”"),
        ("fr", "Le client demande à parler à quelqu'un\u00a0: «\u00a0Kann ich mit jemandem sprechen?\u00a0»"),
        ("ar", "يطلب العميل التحدث إلى شخص: «\u2068Kann ich mit jemandem sprechen?\u2069»"),
    ],
)
def test_it_is_in_the_language_of_the_owner_whatever_the_customer_speaks(language: str, told: str) -> None:
    chat = shop(language)
    chat.customer(WANTS_HUMAN, "Kann ich mit jemandem sprechen?")
    assert reason(chat) == told


def test_signs_are_told_in_the_same_language() -> None:
    chat = shop("de")
    chat.customer(ASKS, "Gibt es Wi-Fi?")
    chat.ai(answered=False)
    assert reason(chat) == (
        "Die KI konnte „Gibt es Wi-Fi?“ nicht beantworten: der Anbieter der KI meldet, dass sie nicht geantwortet hat."
    )


def test_what_only_english_can_say_is_left_to_the_log() -> None:
    """The condition of an own trigger: elsewhere what was said takes its place."""
    own = {"allergy": OwnTrigger(when=Condition(keywords=["nuts"]))}
    for language, told in (
        ("en", "The trigger “allergy” holds: "),
        ("pt", "“allergy” se verifica: “are there nuts in it?”"),
    ):
        chat = shop(language, own_triggers=own)
        effects = chat.customer(said(question=True), "are there nuts in it?")
        assert reason(chat).startswith(told)
        assert "keyword" in effects.decisions[-1].because
    assert reason(chat) == told


def test_a_promise_that_passes_and_a_failed_handover_are_told_in_it_too() -> None:
    chat = shop("es", owner="Rosa", fallback_owner="Marco")
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.FAILED)
    assert reason(chat) == "Rosa no pudo encargarse; pasa a Marco."
    chat.wait(60 * 24 * 2)
    chat.customer(said())
    assert reason(chat) == "Nadie se ha encargado en el plazo prometido."


@pytest.mark.parametrize(
    ("language", "told"),
    [
        ("en", "Rosa could not take it, and nobody comes after them."),
        ("de", "Rosa konnte es nicht übernehmen, und sonst ist niemand vorgesehen."),
    ],
)
def test_an_owner_after_whom_nobody_comes_is_not_said_to_hand_it_to_themselves(language: str, told: str) -> None:
    chat = shop(language, owner="Rosa")
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.FAILED)
    assert reason(chat) == told


def test_the_owner_that_has_no_name_has_one_in_every_language() -> None:
    chat = shop("fr", triggers=BuiltinTriggers(human_request=TriggerPolicy(owner="Rosa")))
    chat.customer(WANTS_HUMAN)
    chat.wait(60 * 24 * 2)
    chat.customer(said())
    assert reason(chat).endswith("\u00a0; notre équipe prend le relais.")


@pytest.mark.parametrize("owner", ["our team", "Our Team"])
@pytest.mark.parametrize(("language", "named"), [("en", "Our team"), ("de", "Unser Team"), ("pt", "Nossa equipe")])
def test_a_sentence_that_begins_with_it_begins_with_a_capital(language: str, named: str, owner: str) -> None:
    chat = shop(language, owner=owner, fallback_owner="iPhone desk")
    chat.customer(WANTS_HUMAN)
    chat.outcome(OutcomeKind.FAILED)
    assert reason(chat).startswith(f"{named} ")
    chat.outcome(OutcomeKind.FAILED)
    assert reason(chat).startswith("iPhone desk ")


def test_an_ai_that_is_silent_is_told_with_how_long() -> None:
    chat = shop("de", ai_answers_within="10 minutes")
    chat.customer(ASKS)
    chat.wait(20)
    chat.customer(said())
    assert chat.escalations[0].reason == "Die KI versagt: die KI hat seit 10 Minuten nicht geantwortet."


@pytest.mark.parametrize("language", OTHERS)
def test_every_sentence_and_sign_is_there_with_what_is_filled_in(language: str) -> None:
    frame, english = WORDINGS[language].texts.reason, WORDINGS["en"].texts.reason
    assert set(frame.signs) == {sign.name.lower() for sign in Sign}
    assert set(frame.closed) == {because.value for because in ClosedBecause}
    assert set(frame.lead) == set(english.lead)
    for name in english.__struct_fields__:
        if isinstance(text := getattr(english, name), str):
            assert fields(getattr(frame, name)) == fields(text), name
            assert name in PUNCTUATION or getattr(frame, name) != text, name


PUNCTUATION = {"told", "told_why", "because", "plain"}


def fields(text: str) -> set[str]:
    """What is filled into a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name}
