"""What AIs say in plain formulas, of all languages: what they cannot, who will answer, and what only sounds like it."""

from __future__ import annotations

import pytest

from handraise.conversation.weights import ANSWER, in_context
from handraise.detection import Signals, detect
from handraise.events import Sender


def said_by_the_ai(text: str) -> Signals:
    """What an AI turn says."""
    return detect([text], senders=[Sender.ASSISTANT])[0]


@pytest.mark.parametrize(
    "text",
    [
        "I can only answer questions about our store.",
        "Lo siento, no puedo procesar reembolsos.",
        "Solo puedo responder preguntas sobre nuestros productos.",
        "Não posso cancelar pedidos.",
        "Só consigo responder perguntas sobre a loja.",
        "Ich kann nur Fragen zu unseren Produkten beantworten.",
        "Je peux seulement répondre aux questions sur nos produits.",
        "Main sirf hamare products ke baare mein bata sakta hoon.",
        "मैं केवल ऑर्डर से जुड़े सवालों में मदद कर सकता हूँ।",
        "Is number ka koi order nahi mila.",
        "इस नंबर का कोई ऑर्डर नहीं मिला।",
        "لا أجد حجزك.",
        "يمكنني فقط الإجابة عن أسئلة حول منتجاتنا.",
    ],
)
def test_what_the_ai_cannot_is_admitted(text: str) -> None:
    assert said_by_the_ai(text).admission >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "I don't see why not!",
        "Solo puedo recomendarte la paella, está riquísima.",
        "Ich kann nur sagen: ein toller Kauf!",
        "Is number ka order mil gaya.",
        "Tarif ke liye shukriya, isse behtar order nahi mila.",
    ],
)
def test_what_the_ai_can_is_not(text: str) -> None:
    assert said_by_the_ai(text).admission < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "Thanks! We'll be in touch soon.",
        "Thank you for your message, we'll be in touch shortly.",
        "Please wait while I transfer you to a representative.",
        "Let me connect you with a representative.",
        "Voy a reenviar esto al gerente.",
        "Je fais remonter votre demande au responsable.",
        "Unsere Finanzabteilung wird Sie kontaktieren.",
        "Main yeh baat manager tak pahuncha doonga.",
        "Ek agent jald hi chat join karega.",
        "मैं यह बात मैनेजर तक पहुँचा दूँगा।",
        "एक एजेंट जल्द ही चैट में शामिल होगा।",
        "سأنقل الأمر إلى المدير.",
        "سينضم موظف إلى المحادثة قريبا.",
    ],
)
def test_a_person_who_will_answer_is_promised(text: str) -> None:
    assert said_by_the_ai(text).promise >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "سنخبرك عبر البريد عندما يكون طلبك جاهزا.",
        "Wir geben Ihnen per SMS Bescheid, wenn Ihr Tisch frei ist.",
        "Nous vous tiendrons informé par e-mail de l'avancement de la livraison.",
        "La doctora le atenderá a las 10.",
        "Para hablar con un agente, llame al 900 123 456.",
        "ऑर्डर तैयार होते ही हम आपको ईमेल से बता देंगे।",
        "उपलब्ध होते ही हम आपको एसएमएस से सूचित करेंगे।",
        "Order ready hote hi hum aapko email se bata denge.",
        "Please wait while I transfer your booking to the new date.",
        "Let me connect you with the wifi first.",
    ],
)
def test_a_mail_an_appointment_or_a_number_to_call_is_not(text: str) -> None:
    assert in_context(said_by_the_ai(text).promise, ANSWER["promise"]) < 0.5
