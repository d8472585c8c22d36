"""What AIs say plainly, in all languages: a person offered, handovers under way, what is promised and not known."""

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
        "Would you like to be transferred?",
        "Type AGENT to talk to a person.",
        "Möchten Sie einen Rückruf?",
        "Soll sich jemand bei Ihnen melden?",
        "Souhaitez-vous être rappelé ?",
        "¿Desea recibir una llamada?",
        "¿Le agendo una llamada?",
        "Kya aapko callback chahiye?",
        "هل تحب أحولك لموظف؟",
    ],
)
def test_an_offer_of_a_person_is_one(text: str) -> None:
    assert said_by_the_ai(text).offers_human


@pytest.mark.parametrize(
    "text",
    [
        "Would you like the money to be transferred to your bank?",
        "Désirez-vous un rappel par SMS la veille ?",
        "¿Te transfiero el saldo a tu cuenta?",
        "هل أحول المبلغ إلى حسابك؟",
        "Type CANCEL to stop the order.",
        "Möchten Sie einen Termin?",
    ],
)
def test_an_offer_of_something_else_is_none(text: str) -> None:
    assert not said_by_the_ai(text).offers_human


@pytest.mark.parametrize(
    "text",
    [
        "Transfiriendo a un agente...",
        "Einen Moment, ich verbinde Sie.",
        "Ihr Rückruf ist für morgen eingeplant.",
        "Transferring you to a live agent.",
        "Connecting you to an agent. Please hold.",
        "One moment please. Let me hand you over to a human.",
        "Nous reviendrons vers vous.",
        "Transferindo para um atendente humano.",
        "आपको एजेंट से जोड़ा जा रहा है।",
        "جاري تحويلك إلى موظف.",
    ],
)
def test_a_handover_that_is_under_way_is_promised(text: str) -> None:
    assert said_by_the_ai(text).promise >= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "Ein Mitarbeiter ist von 9 bis 17 Uhr im Laden.",
        "Transferring money takes 2 days.",
        "Connecting your phone to wifi takes a minute.",
        "Would you like to be transferred to a live agent?",
        "Transferindo para um amigo, não há taxa.",
        "جاري تحويل المبلغ إلى حسابك.",
        "Votre rappel de vaccin est prévu le 3 mai.",
    ],
)
def test_what_only_sounds_like_it_is_not(text: str) -> None:
    assert said_by_the_ai(text).promise < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "No encuentro tu pedido.",
        "Não entendi sua mensagem.",
        "Das liegt leider außerhalb meiner Möglichkeiten.",
        "لم أجد طلبك.",
        "لا يمكنني تأكيد ذلك.",
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
def test_what_the_ai_does_not_know_is_admitted(text: str) -> None:
    assert said_by_the_ai(text).admission >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "No encuentro mejor regalo que este.",
        "Das liegt außerhalb der Stadt.",
        "Estoy seguro de eso.",
        "I couldn't think of a better present.",
        "Honestly, we can't recommend it enough!",
        "Não imagino presente melhor para uma avó.",
        "Je ne connais pas de meilleur endroit.",
        "Ich kann mir nichts Schöneres vorstellen.",
        "I don't see why not!",
        "Solo puedo recomendarte la paella, está riquísima.",
        "Ich kann nur sagen: ein toller Kauf!",
        "Is number ka order mil gaya.",
        "Tarif ke liye shukriya, isse behtar order nahi mila.",
    ],
)
def test_an_answer_is_no_admission(text: str) -> None:
    assert said_by_the_ai(text).admission < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "I can't wait to see you! But I don't know whether the pool is open, sorry.",
        "I could not fault it. I'm afraid I don't know the price.",
        "Ich kann mir nichts Schöneres vorstellen. Ob es noch Karten gibt, weiß ich leider nicht.",
        "Je ne connais pas de meilleur endroit. Par contre je n'ai pas l'information sur les horaires.",
    ],
)
def test_who_praises_and_does_not_know_admits_it(text: str) -> None:
    assert said_by_the_ai(text).admission >= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "You'll hear from us by Friday.",
        "We'll get back to you as soon as possible.",
        "I'm putting you through now.",
        "Your callback is booked for 3pm.",
        "A human will take over shortly.",
        "Please hold, an agent will be right with you.",
        "Tu llamada está agendada para las 3.",
        "Pedí que te llamen.",
        "Sua ligação está agendada para as 15h.",
        "Patientez, un conseiller arrive.",
        "Bitte warten, ein Mitarbeiter ist gleich für Sie da.",
        "Aapka callback schedule ho gaya hai.",
        "आपका कॉलबैक शेड्यूल हो गया है।",
        "تم حجز مكالمة لك الساعة 3.",
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
def test_a_person_who_will_come_is_promised(text: str) -> None:
    assert said_by_the_ai(text).promise >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "The money will get back to you within 3 days.",
        "Your booking is confirmed.",
        "Handing in the form takes a minute.",
        "Tu cita está agendada para las 3.",
        "Un colis arrive demain.",
    ],
)
def test_a_thing_that_will_come_is_not(text: str) -> None:
    assert said_by_the_ai(text).promise < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "¿Te paso con un asesor?",
        "¿Quieres que un asesor te llame?",
        "Puedo comunicarte con un asesor si lo prefieres.",
        "Posso te transferir para um humano, se preferir.",
        "Souhaitez-vous qu'un collègue vous rappelle ?",
        "Si vous voulez, un conseiller vous rappelle.",
        "Soll Sie ein Kollege zurückrufen?",
        "क्या मैं मैनेजर से कहूँ कि वे आपको फ़ोन कर लें?",
        "Human agent se baat karenge?",
        "هل تود أن يتصل بك أحد موظفينا؟",
        "أقدر أحولك لموظف إذا تحب.",
    ],
)
def test_an_offer_promises_nothing(text: str) -> None:
    """Whoever says nothing to it has been promised nobody, so nobody breaks a promise."""
    assert said_by_the_ai(text).promise < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "¿Algo más? Un asesor te llamará mañana.",
        "Un collègue vous rappelle demain. Autre chose ?",
        "Um atendente vai te ligar amanhã. Posso ajudar em algo mais?",
        "سيتصل بك أحد موظفينا. هل من شيء آخر؟",
    ],
)
def test_a_promise_beside_a_question_is_one(text: str) -> None:
    assert said_by_the_ai(text).promise >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "Shall I get a colleague to call you?",
        "Fancy a chat with one of our team?",
        "¿Quieres que le pida a alguien que te llame?",
        "¿Le paso con el departamento de ventas?",
        "Pretende falar com um assistente?",
        "Je peux vous mettre en relation avec un conseiller si vous voulez.",
        "On vous rappelle ?",
        "Ich kann Sie mit einem Mitarbeiter verbinden, wenn Sie möchten.",
        "Möchten Sie weiterverbunden werden?",
        "क्या हम आपको कॉल करें?",
        "Kya hum aapko call kare?",
        "Aap chahe to main agent se baat kara sakta hu.",
        "هل ترغب أن نتصل بك؟",
        "أقدر أحولك لموظف إذا تحب.",
    ],
)
def test_a_person_offered_in_passing_is_an_offer(text: str) -> None:
    assert said_by_the_ai(text).offers_human


@pytest.mark.parametrize(
    "text",
    [
        "Fancy a chat about football?",
        "¿Le paso el enlace del departamento?",
        "Je peux vous envoyer le lien si vous voulez.",
        "Ich kann das mit Ihrem Konto verbinden, wenn Sie möchten.",
        "क्या हम ऑर्डर कैंसल करें?",
        "Kya hum order cancel kare?",
        "هل ترغب أن نرسل الفاتورة؟",
    ],
)
def test_another_thing_offered_in_passing_is_not(text: str) -> None:
    assert not said_by_the_ai(text).offers_human


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
