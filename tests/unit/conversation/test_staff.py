"""A customer who asks by name for somebody who was there before."""

from __future__ import annotations

import pytest

from handraise.conversation.weights import ASKED_BY_NAME, Sign
from handraise.detection.signals import Intent
from handraise.events import Customer, EscalationType, OutcomeKind, Sender
from tests.support.chats import ASKS, NEUTRAL, Chat, said

ASKS_BY_NAME = [
    ("Wes here, what's up?", "where's Wes"),
    ("Wes here, what's up?", "I talked to Wes earlier, please get him back"),
    ("Hey, Wes from the bench jumping in. It's done.", "hey can you get Wes back on here, forgot to ask him something"),
    ("Wes here, what's up?", "could i speak to wes again pls?"),
    ("Hello Nuria, Tobit here, I run the site.", "Would you please fetch Tobit"),
    ("Hi, I'm Rosie from reception.", "is Rosie still there?"),
    ("Hi, I'm Femi.", "I was in the middle of something with Femi, please put him back on"),
    ("Hola, soy Charo, de fiscal.", "¿me puede pasar otra vez con Charo?"),
    ("Bom dia, fala o Duarte.", "pode chamar o Duarte de novo?"),
    ("Bonjour Monsieur Delmas, Nadia. J'ai votre dossier.", "Pourriez-vous me repasser Nadia ?"),
    ("Hi, Tarek aus dem Fundbüro!", "ich warte eigentlich auf Tarek. kannst du ihn nochmal holen?"),
    ("Hallo, hier ist Rosie.", "Rosie wollte nachsehen. können Sie sie nochmal holen?"),
    ("Namaste ji, main Farida, packing dekhti hoon.", "farida ko wapas bula do na"),
    ("नमस्ते, मैं सुनीता, डिस्पैच से।", "सुनीता जी से बात करवा दीजिए ना"),
    ("أهلًا بك، معك طارق من شؤون الطلبة.", "رجعلي طارق لو سمحت"),
]
NAMES_ONLY = [
    ("Hi, I'm Rosie from reception.", "pass my thanks to Rosie"),
    ("Hi, I'm Rosie from reception.", "no need to get Rosie back"),
    ("Hello, it's Monday that we are closed.", "is Monday available then"),
    ("Hallo, Ihre Bestellung ist im Lager.", "kann ich die Bestellung zurückgeben?"),
    ("Hi, the plumber can come Monday or Tuesday.", "is Tuesday free?"),
    ("Hello, I'd suggest the Pro plan.", "can i get Pro monthly?"),
    ("Hello Nuria, how can I help?", "get Nuria a second ticket"),
    ("أنا هنا لمساعدتك", "متى يوصل الطلب هنا؟"),
    ("मैं अभी देखती हूँ", "अभी सामान को वापस करना है"),
    ("Wes here, what's up?", "in my chat with Wes he said 20% off, is that right?"),
    ("Wes here, what's up?", "i don't want to talk to Wes again"),
    ("Bom dia, fala o Duarte.", "acabei de falar com o Duarte, ele resolveu"),
    ("Bonjour Monsieur Delmas, Nadia. J'ai votre dossier.", "je viens de parler à Nadia, c'est réglé"),
    ("Namaste ji, main Farida, packing dekhti hoon.", "farida se baat ho gayi"),
    ("Hi, I'm Rosie from reception.", "Rosie said kids are free. do I need to get her a ticket"),
    ("Hi, I'm Rosie from reception.", "Thanks Rosie, i'll reach @yourshop"),
    ("Hi, I'm Rosie from reception.", "tell rosie thanks from me and the monster"),
    ("Hi, I'm Rosie from reception.", "Rosie said it's 0.45 a kWh, right?"),
    ("Lucas from dispatch.", "I just told Lucas all that. 6th of August"),
    ("I'm Pilar, I looked at your test.", "pilar teach the tuesday herself?"),
    ("Hola, soy Nacho.", "recogida, así veo a Nacho de paso"),
    ("Olá, sou a Teresa.", "obrigada. E um abraço à Teresa, salvou-me"),
    ("Bonjour, ici Étienne.", "Étienne vient de me dire 10 de plus, donc 72 non ?"),
    ("Hallo, hier ist Rosie.", "Rosie hat gesagt, Sie können mir den Code geben"),
    ("Hallo, hier ist Rosie.", "laut Rosie kann man bei Ihnen anrufen, stimmt das?"),
    ("Namaste, main Tanvi.", "haan kar do. Tanvi ne mast kaam kiya btw"),
    ("أهلًا، أنا محمود.", "ماشي. سلّملي على محمود"),
]


def served_by(introduction: str, sender: Sender = Sender.HUMAN, customer: Customer | None = None) -> Chat:
    """Chat in which somebody has stepped in and left, and the AI goes on."""
    chat = Chat()
    chat.customer(ASKS, who=customer)
    chat.say(sender, NEUTRAL, introduction)
    chat.human()
    chat.customer(said(Intent.PRAISE, thanks=0.95))
    chat.ai()
    return chat


@pytest.mark.parametrize(("introduction", "text"), ASKS_BY_NAME)
def test_who_asks_for_somebody_by_name_gets_a_human(introduction: str, text: str) -> None:
    """Though detection has heard nothing of it."""
    effects = served_by(introduction).customer(said(), text)
    (raised,) = effects.escalations
    assert raised.trigger == "human_request"
    (found,) = effects.assessments
    assert (found.score, found.signs) == (ASKED_BY_NAME, (Sign.BY_NAME,))
    assert Sign.BY_NAME in raised.reason


@pytest.mark.parametrize(("introduction", "text"), NAMES_ONLY)
def test_who_only_names_them_asks_for_nobody(introduction: str, text: str) -> None:
    assert not served_by(introduction).customer(said(), text).escalations


def test_a_name_that_the_system_has_announced_is_known_too() -> None:
    assert served_by("Rosie joined", Sender.SYSTEM).customer(said(), "get Rosie back please").escalations


@pytest.mark.parametrize("text", [text for _, text in ASKS_BY_NAME])
def test_a_name_of_nobody_who_was_there_is_left_to_detection(text: str) -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    assert not chat.customer(said(), text).escalations


def test_the_customers_own_name_is_no_such_name() -> None:
    chat = served_by("Hello Nuria, how can I help?", customer=Customer(id="u1", name="Nuria Vidal"))
    assert not chat.customer(said(), "get Nuria a second ticket").escalations


def test_a_more_urgent_request_updates_what_is_open() -> None:
    chat = served_by("Wes here, what's up?")
    chat.wait(20)
    chat.customer(said(complaint=0.95))
    (updated,) = chat.customer(said(), "please get Wes").escalations
    assert (updated.type, updated.trigger) == (EscalationType.UPDATED, "human_request")


def test_while_a_human_holds_nothing_is_raised() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.say(Sender.HUMAN, NEUTRAL, "Wes here, what's up?")
    assert not chat.customer(said(), "please get Wes").assessments
    chat.outcome(OutcomeKind.RELEASED)
    chat.ai()
    assert chat.customer(said(), "please get Wes").escalations
