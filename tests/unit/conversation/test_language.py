"""The language of a conversation is that of what is said in it, and not of a name or a scrap."""

from __future__ import annotations

from typing import Final

import pytest

from handraise.conversation import Processor
from handraise.detection import detect
from handraise.detection.signals import Intent
from handraise.events import BuiltinTriggers, ChatMessage, Policy, Sender, TriggerPolicy
from handraise.policy import compile_policy, default_policy
from tests.support.chats import START, Chat, said

SPANISH: Final = said(language="es", fingerprint=(1, 2, 3))
ENGLISH: Final = said(language="en", fingerprint=(4, 5, 6))
ADDRESS: Final = "John Smith, 221 Baker Street, London"


def language_of(chat: Chat) -> str | None:
    """The language that a reply would be in."""
    assert chat.state is not None
    return chat.state.language


@pytest.mark.parametrize(
    "text", [ADDRESS, "order number FR-2231", "Samsung Galaxy Book Pro", "iPhone 15 Pro Max order 2231"]
)
def test_a_detail_that_the_ai_has_asked_for_does_not_change_the_language(text: str) -> None:
    chat = Chat()
    chat.customer(SPANISH, "Hola, quiero cambiar la dirección de entrega")
    chat.ai(said(language="es", asks_detail=True))
    chat.customer(ENGLISH, text)
    assert language_of(chat) == "es"


@pytest.mark.parametrize("text", ["hm ok", "hmm", "Baker Street", "FR-2231 ok"])
def test_a_scrap_does_not_change_the_language(text: str) -> None:
    chat = Chat()
    chat.customer(SPANISH, "Hola, quiero cambiar la dirección de entrega")
    chat.ai()
    chat.customer(ENGLISH, text)
    assert language_of(chat) == "es"


def test_what_the_ai_has_asked_for_may_be_in_any_language() -> None:
    chat = Chat()
    chat.customer(SPANISH, "Hola, quiero cambiar la dirección de entrega")
    chat.ai(said(language="es", asks_detail=True))
    chat.customer(ENGLISH, ADDRESS)
    assert language_of(chat) == "es"
    chat.ai(said(language="es"))
    chat.customer(ENGLISH, ADDRESS)
    assert language_of(chat) == "en", "nothing was asked, so that these are words"


@pytest.mark.parametrize(
    ("signals", "text", "language"),
    [
        (ENGLISH, "I would rather go on in English with you please", "en"),
        (ENGLISH, "I need an invoice", "en"),
        (said(language="de", intent=Intent.OTHER), "Ich brauche eine Rechnung", "de"),
        (ENGLISH, "I want 3 chairs please", "en"),
        (said(language="en", question=True), "you there?", "en"),
        (said(language="en", human_request=0.9), "human please", "en"),
        (said(language="de"), "schöne Grüße", "de"),
        (said(language="ar"), "مرحبا", "ar"),
        (said(language="hi"), "नमस्ते", "hi"),
    ],
)
def test_what_is_said_in_another_language_changes_it(signals: object, text: str, language: str) -> None:
    """Also as an answer to what the AI has asked."""
    chat = Chat()
    chat.customer(SPANISH, "Hola, quiero cambiar la dirección de entrega")
    chat.ai(said(language="es", asks_detail=True))
    chat.customer(signals, text)  # type: ignore[arg-type]  # of a table of several types
    assert language_of(chat) == language


def test_the_producer_s_word_counts_however_little_is_said() -> None:
    chat = Chat()
    chat.customer(SPANISH, "Hola, quiero cambiar la dirección de entrega")
    chat.customer(ENGLISH, "ok", language="en")
    assert language_of(chat) == "en"


def test_a_first_scrap_is_the_best_that_is_known_until_there_is_another() -> None:
    chat = Chat()
    chat.customer(ENGLISH, "hi")
    assert language_of(chat) == "en"
    chat.ai()
    chat.customer(SPANISH, "necesito ayuda")
    assert language_of(chat) == "es"


def test_the_apology_is_in_the_language_of_the_conversation() -> None:
    """As detection sees it: "hmm ok" was taken for Hindi, and the next reply was in Hindi."""
    policy = default_policy("shop")
    texts = ("Hi, can I talk to a person about my mortgage?", "hmm ok")
    messages = [
        ChatMessage(
            message_id=f"m{number}",
            conversation_id="c1",
            business_id="shop",
            sender=Sender.CUSTOMER,
            sent_at=START + number * 60_000,
            text=text,
        )
        for number, text in enumerate(texts)
    ]
    processor = Processor(lambda _: policy, detect, "test")
    state = processor.process(messages, lambda _: None)[-1].state
    assert state is not None
    told = processor.advance(b"shop/c1", state, START + 48 * 60 * 60_000).effects.escalations
    assert told[0].reply is not None
    assert told[0].reply.language == "en"


ITALIAN: Final = "Il prodotto è arrivato rotto, sono molto deluso"


@pytest.mark.parametrize("tag", ["it", "nl", "it-CH", "nl_BE"])
def test_a_language_that_detection_does_not_know_is_the_one_that_the_producer_names(tag: str) -> None:
    """Detection takes it for the nearest one that it knows."""
    chat = Chat()
    chat.customer(SPANISH, ITALIAN, language=tag)
    assert language_of(chat) == tag


def test_the_producer_s_word_stands_against_a_guess_in_a_language_that_cannot_be_told() -> None:
    """Whatever else is said in Italian is taken for Spanish as well."""
    chat = Chat()
    chat.customer(SPANISH, "Buongiorno a tutti voi", language="it")
    chat.customer(SPANISH, ITALIAN)
    assert language_of(chat) == "it"
    chat.customer(SPANISH, ITALIAN, language="und")
    assert language_of(chat) == "it"
    chat.customer(ENGLISH, "I would rather go on in English with you please", language="en")
    assert language_of(chat) == "en"
    chat.customer(SPANISH, "Hola, quiero cambiar la dirección de entrega")
    assert language_of(chat) == "es", "from then on, it can be told again"


def test_what_was_taken_for_another_language_before_the_producer_named_it_gives_way() -> None:
    chat = Chat()
    chat.customer(SPANISH, ITALIAN)
    chat.customer(SPANISH, "Vorrei un rimborso", language="it")
    assert language_of(chat) == "it"


@pytest.mark.parametrize("tag", ["en", "pt-BR", "HI_Latn", "eng", "und", "mul", "zxx"])
def test_of_a_language_that_detection_knows_the_text_tells_more_than_the_producer(tag: str) -> None:
    """Or where the producer names none."""
    chat = Chat()
    chat.customer(SPANISH, "Hola, quiero cambiar la dirección de entrega", language=tag)
    assert language_of(chat) == "es"


def test_an_owner_s_text_is_used_in_a_language_that_only_the_producer_knows() -> None:
    """As detection sees it: the customer was answered in Spanish."""
    text = "${owner} le risponde entro ${due_at}."
    policy = compile_policy(
        Policy(
            business_id="shop",
            owner="Carla",
            languages=["it", "en"],
            triggers=BuiltinTriggers(human_request=TriggerPolicy(reply={"it": text})),
        )
    )
    message = ChatMessage(
        message_id="m1",
        conversation_id="c1",
        business_id="shop",
        sender=Sender.CUSTOMER,
        sent_at=START,
        text="Vorrei parlare con una persona per favore",
        language="it",
    )
    (result,) = Processor(lambda _: policy, detect, "test").process([message], lambda _: None)
    (escalation,) = result.effects.escalations
    assert escalation.reply is not None
    assert escalation.reply.language == "it"
    assert escalation.reply.text.startswith("Carla le risponde entro 2026-03-02")
