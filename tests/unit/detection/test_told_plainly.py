"""What has happened, told in a few plain words after an ordinary turn: no answer to "how can I help?"."""

from __future__ import annotations

import pytest

from handraise.detection import detect
from handraise.detection.outright import default_outright
from handraise.detection.tokens import TOKEN

GREETING = ("hi", "Hi! How can I help?")


@pytest.mark.parametrize(
    ("signal", "text"),
    [
        ("complaint", "nobody answers the phone"),
        ("complaint", "yesterday your driver shouted at me"),
        ("complaint", "you lied to me about the price"),
        ("complaint", "my room was dirty last night"),
        ("complaint", "your driver was so rude to me"),
        ("complaint", "me atendieron mal"),
        ("complaint", "nadie contesta el teléfono"),
        ("complaint", "la señorita de la caja me trató muy mal"),
        ("complaint", "sigo esperando el reembolso desde marzo"),
        ("complaint", "ninguém me retorna"),
        ("complaint", "o vendedor gritou comigo na frente de todo mundo"),
        ("complaint", "quebrou no segundo dia"),
        ("complaint", "on m'a menti sur le prix"),
        ("complaint", "encore la mauvaise taille"),
        ("complaint", "le vendeur m'a crié dessus devant tout le monde"),
        ("complaint", "niemand ruft mich zurück"),
        ("complaint", "ich wurde ausgelacht"),
        ("complaint", "das zimmer war dreckig"),
        ("complaint", "counter wali madam ne bahut badtameezi ki"),
        ("complaint", "bina bataye booking cancel kar di"),
        ("complaint", "koi call back nahi karta"),
        ("complaint", "दूध खराब था"),
        ("complaint", "कोई फोन नहीं उठाता"),
        ("complaint", "दो दिन में बंद हो गया"),
        ("complaint", "محدش بيرد"),
        ("complaint", "بعتولي مقاس غلط تاني"),
        ("complaint", "البياع صرخ علي قدام الناس"),
        ("complaint", "un empleado suyo me tocó"),
        ("complaint", "un de vos employés m'a touchée"),
        ("complaint", "aapke staff ne mujhe chhua"),
        ("crisis", "my daughter ate a whole bottle of vitamins"),
        ("crisis", "mi hija se comió todo el frasco de vitaminas"),
        ("crisis", "ma mère a mal à la poitrine après vos comprimés"),
        ("crisis", "meine tochter hat die ganze packung vitamine gegessen"),
        ("crisis", "बेटी ने विटामिन की पूरी डिब्बी खा ली"),
        ("crisis", "ابني مش قادر يتنفس من الصبح"),
        ("distress", "mañana nos desalojan porque no llegó el pago"),
        ("distress", "não tenho dinheiro pra comer"),
        ("distress", "je n'ai plus rien pour manger"),
        ("distress", "papa guzar gaye unke contract ka kya karu"),
        ("distress", "मेरा बेटा नहीं रहा"),
        ("distress", "ما عندي فلوس اكل"),
        ("high_value", "group booking for 40 people in june"),
        ("high_value", "reserva de grupo para 40 personas en junio"),
        ("high_value", "quero comprar dois apartamentos à vista"),
        ("high_value", "réservation de groupe pour 40 personnes"),
        ("high_value", "gruppenreservierung für 40 personen im juni"),
        ("high_value", "poora restaurant book karna hai birthday ke liye"),
        ("high_value", "दो फ्लैट नकद में खरीदने हैं"),
        ("high_value", "حجز مجموعة 40 شخص في يونيو"),
        ("human_request", "manger se bt krni h"),
        ("human_request", "कस्टमर केयर से जोड़ दीजिए"),
    ],
)
def test_what_is_told_in_a_few_words_is_heard_after_an_ordinary_turn(signal: str, text: str) -> None:
    assert getattr(detect([text], before=[GREETING])[0], signal) >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "your driver was so kind to me",
        "your driver broke the ice with a joke",
        "your staff touched me with their kindness",
        "does anybody answer the phone on sundays",
        "nobody answers my riddle lol",
        "quero comprar casas de boneca",
        "quiero comprar casas para pájaros",
        "je suis en panne sur l'autoroute",
        "i can not buy food on your app",
        "estou parado na estrada",
        "we need a monthly contract for my sim",
        "i never received my order confirmation",
        "i lost my baby monitor manual",
        "what is your policy on chest pain?",
        "my budget is 20000 for a phone",
        "i want to buy two flats in size 6",
        "group booking for 4",
        "the box was empty enough to fit more in",
        "me tocó un técnico muy amable",
        "el técnico rompió el hielo con un chiste",
        "no puedo pagar la renta con tarjeta",
        "perdí a mi equipo favorito",
        "nadie como ustedes",
        "o técnico quebrou o galho, obrigada",
        "estou esperando o pedido",
        "meu pedido veio gelado como eu queria",
        "não quero robô aspirador",
        "votre technicien a cassé la baraque",
        "un de vos techniciens m'a suivi tout du long, super",
        "j'ai perdu mon mot de passe",
        "vous m'avez facturé combien",
        "ich werde immer aus der app rausgeworfen",
        "der techniker kam pünktlich",
        "das ganze restaurant war begeistert",
        "mera bag kho diya maine",
        "kal ghar khali karna hai packers chahiye",
        "doodh kharab kab hota hai",
        "do flat chappal lena hai",
        "कल घर खाली करना है",
        "दूध खराब कब होता है",
        "पापा के लिए क्या लें",
        "المندوب لحقني بالطلب شكرا",
        "توفي صاحب العقار قبل أعوام",
        "متى يرد المدير",
    ],
)
def test_what_only_begins_like_it_is_left_to_the_models(text: str) -> None:
    assert default_outright().find(TOKEN.findall(text)) == {}


@pytest.mark.parametrize("text", ["yesterday i lost my ring", "is it cold today?", "hoy no, gracias", "kal milte hain"])
def test_a_day_changes_nothing(text: str) -> None:
    """What stands before a sentence or behind it is left out only where the rest says something outright."""
    assert default_outright().find(TOKEN.findall(text)) == {}
