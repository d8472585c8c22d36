"""A yes to the offer of a person that is more than a bare yes, or none at all."""

from __future__ import annotations

import pytest

from handraise.conversation.weights import CONSENT, Sign
from handraise.detection.signals import Intent, Signals
from tests.support.chats import ASKS, NEUTRAL, Chat, said

TAKES_UP = [
    "oh. yes ok but after 4, im in a meeting till then",
    "yeah but tell them to be quick",
    "Noon would be fine",
    "sure, this afternoon if they can",
    "ok but only in writing please",
    "if its quick then go on. ive got 10 min before the school run",
    "if it's free, sure",
    "a guide would be perfect",
    "that'd be lovely",
    "I'd like that",
    "sí, pero por escrito por aquí eh, que en la oficina no puedo hablar",
    "si pero despues de las 4",
    "si no tarda mucho, dale",
    "estaría bien",
    "sim, mas só depois das 18h",
    "se for rápido então pode ser",
    "seria ótimo",
    "oui mais pas avant midi",
    "si c'est gratuit, je veux bien",
    "ce serait super",
    "ja aber bitte erst nach fünf",
    "wenn das heute noch geht, dann gern",
    "das wäre prima",
    "haan par shaam ko",
    "ok aber schnell",
    "theek hai, shaam ko",
    "اوكي بس بعد العصر",
    "agar abhi ho sake to theek hai",
    "accha rahega",
    "हाँ, लेकिन शाम को",
    "अगर आज हो जाए तो ठीक है",
    "अच्छा रहेगा",
    "ايوه بس بعد العصر",
    "اذا بيرد علي اليوم فنعم، لان التسجيل يقفل بكرة",
    "يا ليت والله",
]
TAKES_UP_NOTHING = [
    "yes that worked thanks",
    "sure, i'll wait",
    "yeah nah",
    "yes it's the blue one",
    "sim obrigado já resolvi",
    "ja danke hat sich erledigt",
    "oui merci c'est réglé",
    "تمام خلاص وصلت",
    "a refund would be nice",
    "ein rabatt wäre gut",
    "un descuento estaría bien",
    "por favor cancela el pedido",
    "absolutely not",
    "please do not transfer me to anyone",
    "claro que no",
    "ok but how much does it cost?",
    "ok please tell me the price",
    "تمام، كم السعر؟",
    "theek hai koi baat nahi",
    "ठीक है, कोई बात नहीं",
    "oui je comprends mais non merci",
    "yeah i got it thanks",
    "klar, dann probier ich das mal",
    "اكيد لا",
    "why not just tell me the price?",
    "wenn das nicht geht, bitte stornieren",
    "would be good to know the price",
    "se eu comprar hoje, pode entregar amanhã?",
    "nah im good, theyd only have to watch me type lol",
    "maybe later, once i've measured properly",
    "yes but no need to call anyone, the link is enough",
    "no thats ok, ive got a physio",
    "how much is it roughly tho",
    "not right now, im on the train",
    "my husband measured and well. we've been married 12 years",
    "it would be good if you could tell me the price first",
    "ok and how do i pay",
    "what would be best?",
    "no hace falta, con eso me vale",
    "si no lo encuentro ya pregunto",
    "ahora no",
    "agora não dá, to no trabalho",
    "sim, mas não precisa ligar",
    "oui mais pas la peine de m'appeler",
    "le lien suffit merci",
    "si je comprends bien c'est gratuit",
    "Später vielleicht, im Moment eher nicht",
    "ja nee lass mal",
    "ja aber nicht anrufen",
    "nahi rehne do",
    "haan baad mein dekhte hain",
    "अभी नहीं, पहले डेमो देख लेते हैं",
    "لا شكرا انا عارف انا عايز ايه",
    "ايوه بس مش دلوقتي",
]
OFFERS = said(question=True, offers_human=True)
PLAIN = said(Intent.OTHER, fingerprint=(7, 8, 9))


def answered(text: str, signals: Signals = PLAIN, offer: Signals = OFFERS) -> list[str]:
    """What is raised when this is said to an AI that has offered a person."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(offer, "Shall I bring in a colleague?")
    return [one.trigger for one in chat.customer(signals, text).escalations]


@pytest.mark.parametrize("text", TAKES_UP)
def test_a_yes_with_a_wish_or_a_condition_takes_up_the_person_that_is_offered(text: str) -> None:
    assert answered(text) == ["human_request"]


@pytest.mark.parametrize("text", TAKES_UP_NOTHING)
def test_a_no_another_question_and_anything_else_do_not(text: str) -> None:
    assert not answered(text, said(Intent.QUESTION, question="?" in text or "؟" in text))


@pytest.mark.parametrize("text", TAKES_UP)
def test_where_no_person_was_offered_it_takes_up_none(text: str) -> None:
    assert not answered(text, offer=said(question=True))


def test_it_says_why() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(OFFERS, "Shall I bring in a colleague?")
    effects = chat.customer(PLAIN, TAKES_UP[0])
    (found,) = [one for one in effects.assessments if one.trigger == "human_request"]
    assert (found.score, found.signs) == (CONSENT, (Sign.OFFERED_BY_AI,))


def test_a_question_in_the_conditional_takes_up_nothing() -> None:
    assert not answered("would be great for what?", said(Intent.QUESTION, question=True))


@pytest.mark.parametrize(("offered", "raised"), [(True, True), (False, False)])
def test_who_answers_an_offer_of_a_person_is_taken_at_their_word(offered: bool, *, raised: bool) -> None:
    """Behind such an offer, "the second one, I have something to tell them" asks for a person."""
    offer = OFFERS if offered else NEUTRAL
    assert bool(answered("the second one, I have something to tell them", said(human_request=0.6), offer)) is raised
