"""What a customer says to an AI whose answer is beside the point, in every way of writing."""

from __future__ import annotations

import time
import tomllib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.detection import detect, detect_fast
from handraise.detection.corrections import contrasts
from handraise.detection.lexicon import FOLDER, NAMES
from handraise.detection.outright import CORRECTION, default_outright
from handraise.detection.signals import Signals
from handraise.detection.statements import Place, wordings
from handraise.detection.tokens import tokens_of
from handraise.events import Sender

STORED = tomllib.loads((FOLDER / "outright.toml").read_text("utf-8"))
CORRECTS = {
    "en": [
        "I wrote that too. Noon, the 6th.",
        "That's the second thing I've had to say twice in a minute",
        "that's once again not what I asked",
        "No, that's not what I asked.",
        "You didn't answer my question",
        "thats the delivery fee, i asked about the price",
        "I already told you that, it's the blue one",
        "yes I know that, but how long does it take?",
        "You misunderstood me. It is about the second order.",
        "No I meant the small one",
        "Again not my question. How do I change it?",
        "not the question, sorry",
        "not the question I asked",
        "Right, not quite what I asked. Off lead, allowed or not?",
        "that's the same answer as before",
        "you keep repeating yourself",
        "we're going in circles",
    ],
    "es": [
        "otra vez no es lo que pregunté",
        "eso no es lo que pregunté",
        "no po, no te pregunté eso",
        "no me estás entendiendo",
        "ya te lo dije",
        "si ya la vi, pregunto por las cuotas",
        "No, me refiero al otro pedido",
        "Ya se lo he dicho, es el azul",
        "Eso lo sé, pero cuánto tarda?",
        "eso no es exactamente lo que pregunté",
        "la misma respuesta otra vez",
        "otra vez me contestas otra cosa",
        "pero si ya te lo he dicho",
        "que sigues sin contestarme a lo que pregunto",
    ],
    "pt": [
        "moço, de novo não foi isso que eu perguntei",
        "não foi isso que eu perguntei",
        "você não entendeu minha pergunta",
        "já te disse isso",
        "Isso eu já sei, mas quanto demora?",
        "a minha pergunta era outra",
        "Não, eu perguntei sobre a garantia",
        "não foi bem isso que eu perguntei",
        "está repetindo a mesma coisa",
    ],
    "fr": [
        "c'est encore pas ma question",
        "ce n'est pas ce que j'ai demandé",
        "C'est pas ma question !",
        "vous n'avez pas répondu à ma question",
        "Je vous l'ai déjà dit",
        "tu m'as mal compris",
        "non je parlais de la livraison",
        "ce n'est pas vraiment ce que j'ai demandé",
        "vous tournez en rond",
        "toujours pas ma question, je parle de la caution",
    ],
    "de": [
        "das ist wieder nicht meine Frage",
        "Das war nicht meine Frage.",
        "danach habe ich nicht gefragt",
        "Sie haben mich falsch verstanden",
        "Wie gesagt, es geht um die zweite Lieferung",
        "Das weiß ich, aber wie lange dauert es?",
        "du beantwortest meine Frage nicht",
        "das hab ich doch schon gesagt",
        "das ist nicht ganz was ich gefragt habe",
        "schon wieder dieselbe Antwort",
    ],
    "hi": [
        "मैंने ये नहीं पूछा था",
        "आप मेरी बात नहीं समझ रहे",
        "मैंने पहले ही बताया था",
        "ये तो मुझे पता है, लेकिन कब आएगा?",
        "मेरा सवाल कुछ और है",
        "आपने मेरे सवाल का जवाब नहीं दिया",
        "वही जवाब फिर से",
        "अरे भाई मैंने टाइम भी नहीं पूछा। कितने किलो?",
        "रिचार्ज हो गया है भाई, ये नही पूछा",
        "फिर वही। चैनल हटाने है",
    ],
    "hi_latn": [
        "phir se ye mera sawal nahi tha",
        "fees nahi puchi, recording kab tak milegi",
        "maine ye nahi pucha",
        "aap meri baat nahi samajh rahe",
        "maine pehle hi bataya tha",
        "nahi, mera matlab dusra wala order",
        "mere sawal ka jawab nahi mila",
        "wo to pata hai, par kab aayega",
        "same answer phir se",
        "wahi baat bol rahe ho",
        "ye sab nahi pucha, limit batao",
        "dusri baar bol raha hu",
    ],
    "ar": [
        "مرة ثانية مش ده سؤالي",
        "هذا ليس ما سألت عنه",
        "مش ده اللي سألت عنه",
        "انت ما فهمت سؤالي",
        "كما قلت لك، الطلب الثاني",
        "ما جاوبت على سؤالي",
        "أعرف هذا، لكن متى يصل؟",
        "نفس الجواب",
        "بتكرر نفس الكلام",
    ],
}
NO_CORRECTION = {
    "en": [
        "It is the principle, not the question of five euros",
        "sorry, I meant Tuesday",
        "I mean 3",
        "Tuesday. No, I meant Wednesday",
        "I have a question about my order",
        "I already paid, when does it ship?",
        "what did you ask?",
        "no thanks",
        "I'd like the same message on the card",
        "the same again please",
    ],
    "es": [
        "perdón, quise decir martes",
        "digo, 3",
        "tengo una pregunta",
        "ya pagué, cuándo llega?",
        "no tengo el número",
        "no entiendo",
    ],
    "pt": [
        "desculpa, quis dizer terça",
        "quer dizer, 3",
        "tenho uma pergunta",
        "já paguei",
        "não sei",
        "não, obrigado",
    ],
    "fr": [
        "pardon, je voulais dire mardi",
        "enfin 3",
        "j'ai une question",
        "j'ai déjà payé",
        "je ne sais pas",
        "non merci",
    ],
    "de": [
        "Entschuldigung, ich meinte Dienstag",
        "ich meine 3",
        "Ich habe eine Frage",
        "ich habe schon bezahlt",
        "das weiß ich nicht",
        "Nein danke",
    ],
    "hi": ["माफ़ कीजिए, मेरा मतलब मंगलवार", "मतलब 3", "मुझे एक सवाल पूछना है", "पैसे दे दिए", "पता नहीं", "नहीं धन्यवाद"],
    "hi_latn": [
        "sorry mera matlab tuesday",
        "matlab 3",
        "mujhe ek sawal puchna hai",
        "payment kar diya hai",
        "mujhe nahi pata",
        "nahi thanks",
    ],
    "ar": ["آسف، قصدي الثلاثاء", "يعني 3", "عندي سؤال", "دفعت خلاص", "ما أعرف", "لا شكرا"],
}


def found(text: str) -> dict[str, Place]:
    return default_outright().find(tokens_of(text))


def test_every_way_of_writing_has_its_examples() -> None:
    assert set(CORRECTS) == set(NO_CORRECTION) == set(NAMES)


@pytest.mark.parametrize("text", [text for texts in CORRECTS.values() for text in texts])
def test_a_correction_is_heard(text: str) -> None:
    assert CORRECTION in found(text)


@pytest.mark.parametrize("text", [text for texts in NO_CORRECTION.values() for text in texts])
def test_what_is_near_a_correction_is_none(text: str) -> None:
    assert CORRECTION not in found(text)


def test_each_statement_counts() -> None:
    texts = [
        wording
        for language in STORED.values()
        for kind in ("start", "whole")
        for one in language["correction"].get(kind, ())
        for wording in wordings(one)
    ]
    assert [text for text in texts if CORRECTION not in found(text)] == []
    assert [text for text in texts if any(mark in text for mark in "()|?[]")] == []


@pytest.mark.parametrize(
    ("text", "corrects"),
    [
        ("I'm asking about the deposit, not about the rent", True),
        ("not the deposit, I'm asking about the rent", True),
        ("pregunto por el gato, no por el perro", True),
        ("estou falando da segunda entrega, não da primeira", True),
        ("je parle de la caution, pas du loyer", True),
        ("ich rede von der zweiten Lieferung, nicht von der ersten", True),
        ("किराया नहीं, सामान का पूछ रहा हूँ", True),
        ("kiraya nahi, saman ka puch raha hu", True),
        ("أنا بسأل عن السعر مش عن اللون", True),
        ("we were talking about the wedding at dinner and I could not decide", False),
        ("I was talking about my order, it's not the colour I chose", False),
        ("quería preguntar por una bici de segunda mano, no tengo prisa", False),
        ("je parle de la pluie et du beau temps, pas grave", False),
        ("my order came in blue, it's not the colour I chose", False),
        ("mila nahi, order ka puch raha hu", False),
        ("मिला नहीं, ऑर्डर का पूछ रहा हूँ", False),
        ("ich rede mit meinem Chef, nicht heute", False),
        ("nahi, kal aaunga", False),
    ],
)
def test_who_names_what_is_asked_about_and_what_is_not_corrects(text: str, corrects: bool) -> None:
    (told,) = detect([text])
    assert told.corrects == corrects


@pytest.mark.parametrize("text", ["नही," * 20_000, "nahi " * 20_000, "i'm asking about " * 10_000, "no, " * 20_000])
def test_no_message_takes_long(text: str) -> None:
    began = time.process_time()
    contrasts(text)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize("detector", [detect, detect_fast])
def test_only_a_customer_corrects(detector: Callable[..., list[Signals]]) -> None:
    text = "That's not what I asked."
    customer, agent = detector([text, text], senders=[Sender.CUSTOMER, Sender.ASSISTANT])
    assert customer.corrects
    assert not agent.corrects


def test_it_hides_nothing_that_its_message_says_and_is_hidden_by_nothing() -> None:
    told = found("That's not what I asked. I want to make a complaint.")
    assert set(told) == {CORRECTION, "complaint"}
    assert set(found("I want to make a complaint. That's not what I asked.")) == {CORRECTION, "complaint"}
    assert set(found("I want to make a complaint, you are not listening")) == {CORRECTION, "complaint"}


@pytest.mark.parametrize(
    ("text", "complains"),
    [
        ("still not what I asked. the FEED-IN rate, what you pay me, from july", False),
        ("toujours pas ma question, je parle de la caution", False),
        ("that's not what I asked. the heater you sold me is dead and nobody comes", True),
        ("das hab ich nicht gefragt und die Ware ist kaputt angekommen", True),
        ("das hab ich nicht gefragt. Die Ware ist kaputt angekommen, eine Frechheit", True),
    ],
)
def test_it_is_no_complaint_and_does_not_hide_one(text: str, complains: bool) -> None:
    (told,) = detect([text])
    assert told.corrects
    assert (told.complaint >= 0.5) == complains


def test_it_is_no_more_than_another_sentence_to_a_refusal() -> None:
    assert set(found("Do not call me.")) == {"refusal"}
    assert set(found("Do not call me. That's not what I asked.")) == {CORRECTION}


def test_in_jest_it_is_none() -> None:
    assert found("lol that's not what i asked") == {}
    assert found("That's not what I asked. 😂") == {}
    assert set(found("haha yes it's on the fridge. that's not what i asked, do we PAY?")) == {CORRECTION}


@given(st.lists(st.sampled_from(["no", "but", ",", ".", "i", "asked", "about", "that", "not", "is", "what", "?"])))
def test_any_words_are_read_to_their_end(words: list[str]) -> None:
    place = found(" ".join(words)).get(CORRECTION)
    assert place is None or 0 <= place.begin < place.end <= len(words)
