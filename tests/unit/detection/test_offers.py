"""Whether an AI turn offers a person: a yes to that is a request, so nothing else may be taken for an offer."""

from __future__ import annotations

import pytest

from handraise.detection import detect
from handraise.detection.phrase_detector import PhraseDetector
from handraise.events import Sender

OFFERS = [
    "Shall I put you through to a colleague?",
    "Would you like me to connect you with Harriet, our events manager?",
    "Shall I pass this on to our trade manager?",
    "Would you like one of our arrangers to telephone you this evening?",
    "Would you like us to call you back?",
    "Shall we ring you this afternoon?",
    "Can we call you about this?",
    "Shall I hand over to a colleague?",
    "Do you want me to raise this with a manager?",
    "Are you happy for a colleague to call you?",
    "Would you be interested in speaking with one of our advisors?",
    "Did you want someone to call you?",
    "Want me to bring in a specialist?",
    "Shall I put you through to a colleague about your appointment with Dr Patel?",
    "Shall I send your request to our returns team?",
    "Shall I book you a call with one of our experts?",
    "Reply YES to speak to an agent.",
    "I can connect you with a human agent. Would you like that?",
    "We can put you through to a colleague in billing. Shall I do that?",
    "Would you like Dr Patel to ring you about the results?",
    "Could she ring you about it?",
    "May I have them call you?",
    "Shall I ask Tasha to text you?",
    "Shall I get somebody from the workshop to look at it?",
    "Would you rather talk to a person?",
    "Do you want to speak to someone in billing?",
    "Fancy a call from one of our stylists?",
    "Want me to set up a call?",
    "Would you like a callback?",
    "If you'd prefer to speak with a person, I can connect you.",
    "If you like, one of our advisers can go through the years with you. Shall I pass you on?",
    "I can have an agent look at this if you like, just say so. Shall I?",
    "¿Quiere que le pase con un compañero?",
    "¿Prefiere que le llame alguien del equipo?",
    "Quer falar com um atendente?",
    "Prefere que alguém da equipa lhe ligue?",
    "Souhaitez-vous parler à un conseiller ?",
    "Voulez-vous que quelqu'un vous rappelle ?",
    "Soll ich Sie mit einer Kollegin verbinden?",
    "Möchten Sie, dass Sie jemand zurückruft?",
    "क्या मैं आपको हमारे किसी प्रतिनिधि से जोड़ दूँ?",
    "kya aap hamare kisi agent se baat karna chahenge?",
    "هل تود أن أحولك إلى أحد الزملاء؟",
    "هل ترغب في التحدث مع موظف؟",
]
NO_OFFERS = [
    "Did someone call you?",
    "I can connect you with a human agent from Monday. Would you like the opening hours?",
    "Did our team reach out?",
    "Did the agent call you yesterday?",
    "Reply YES to confirm your appointment with Dr Patel.",
    "If you would like an appointment with a specialist, I can book one for Tuesday.",
    "Shall I book you in with a specialist on Tuesday?",
    "Would you like to invite a colleague to the workspace?",
    "Would you like to add a person to the booking?",
    "Would you like to gift it to someone?",
    "Would you like to transfer the ticket to a colleague?",
    "Should I send it to the office?",
    "Shall I send your order to the store in Leeds?",
    "Can we text you the code?",
    "May we call you by your first name?",
    "Hello! How can I help you today?",
    "What else can I help you with?",
    "Is there anything else I can help you with?",
    "Wednesday at nine is free. Shall I put you down?",
    "Shall I put one aside for you?",
    "Shall I hold the Moorhen for you for 24 hours?",
    "Shall I add the Malm to your basket?",
    "Would you like the Skoda or the Seat?",
    "Would you like an appointment with Dr Patel on Tuesday?",
    "Shall I book you in with Maria for a cut on Friday?",
    "Would you like one of our gift boxes?",
    "Would you like to collect it from the shop?",
    "Shall I have it delivered to the office?",
    "Do you want the Chef's Special?",
    "May I take a moment to look that up for you?",
    "Could you tell me the number on which we may reach you?",
    "On which number can she reach you?",
    "Would you like a reminder in October?",
    "Shall I send them to the Kilmarnock address?",
    "If you'd rather not wait, a thin coat of Krytox does wonders. Shall I order it?",
    "Shall I transfer the money to your other account?",
    "Would you like me to move you to the Premium plan?",
    "Would you like help with the order?",
    "¿En qué puedo ayudarle hoy?",
    "¿Hay algo más en lo que pueda ayudarte?",
    "¿Le reservo cita con la doctora Ruiz el martes?",
    "¿Quieres que te guarde la Ibiza hasta mañana?",
    "¿Quiere recogerlo en la tienda?",
    "Em que posso ajudar?",
    "Posso ajudar em algo mais?",
    "Quer marcar com a doutora Inês na terça?",
    "Posso adicionar a cadeira Malm ao carrinho?",
    "Comment puis-je vous aider ?",
    "Puis-je vous aider pour autre chose ?",
    "Souhaitez-vous un rendez-vous avec le docteur Martin mardi ?",
    "Je vous mets le Fjord de côté ?",
    "Wie kann ich Ihnen helfen?",
    "Kann ich sonst noch etwas für Sie tun?",
    "Soll ich Sie bei Frau Dr. Weber eintragen?",
    "Soll ich den Fjord für Sie zurücklegen?",
    "मैं आपकी कैसे मदद कर सकता हूँ?",
    "क्या मैं डॉक्टर शर्मा के साथ आपका समय तय कर दूँ?",
    "kya main aapki aur koi madad kar sakta hoon?",
    "kya main Dr Sharma ke saath appointment book kar doon?",
    "كيف يمكنني مساعدتك؟",
    "هل هناك شيء آخر يمكنني مساعدتك به؟",
    "هل أحجز لك موعدا مع الدكتورة سلمى يوم الثلاثاء؟",
]


@pytest.fixture(scope="module")
def phrases() -> PhraseDetector:
    return PhraseDetector()


@pytest.mark.parametrize("text", OFFERS)
def test_a_person_is_offered(phrases: PhraseDetector, text: str) -> None:
    assert phrases.detect(text, Sender.ASSISTANT).offers_human


@pytest.mark.parametrize("text", NO_OFFERS)
def test_something_else_is_offered(phrases: PhraseDetector, text: str) -> None:
    assert not phrases.detect(text, Sender.ASSISTANT).offers_human


@pytest.mark.parametrize(
    "text",
    [
        "Wenn Sie noch Fragen haben, melden Sie sich gerne.",
        "Gern geschehen! Bei Fragen können Sie uns gerne anrufen.",
        "Schreiben Sie uns gerne, wenn Sie noch etwas wissen möchten.",
        "Melde dich gerne, wenn noch was ist!",
        "अगर कोई सवाल हो तो हमें कॉल कर सकते हैं।",
        "Agar koi sawaal ho to humein call kar sakte hain.",
    ],
)
def test_where_questions_may_go_is_no_offer(text: str) -> None:
    """For "ok", which often follows it, would call a human."""
    assert not detect([text], senders=[Sender.ASSISTANT])[0].offers_human


def test_an_offer_beside_where_questions_may_go_is_one() -> None:
    text = "Soll ich Sie mit einem Mitarbeiter verbinden? Bei weiteren Fragen schreiben Sie einfach."
    assert detect([text], senders=[Sender.ASSISTANT])[0].offers_human
