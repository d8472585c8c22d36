"""Whether an AI promises that somebody will answer, or only says that whoever brings something rings before coming."""

from __future__ import annotations

import pytest

from handraise.detection import detect, detect_fast
from handraise.events import Sender

ERRANDS = [
    "Our driver will call you 30 minutes before arrival.",
    "Booked! The driver will ring your mobile on arrival.",
    "The courier texts you when he is ten minutes away.",
    "Nuestro repartidor le llamará antes de llegar.",
    "O entregador vai ligar quando chegar.",
    "Le livreur vous appellera avant d'arriver.",
    "Der Fahrer ruft Sie vor der Ankunft an.",
    "Delivery wala pahunchne se pehle aapko call karega.",
    "डिलीवरी वाला पहुँचने से पहले आपको फ़ोन करेगा।",
    "भैया नीचे पहुँचकर आपको फ़ोन करते हैं।",
    "Rider gate pe pahunchkar aapko call karega.",
    "سيتصل بك السائق قبل الوصول.",
    "The courier will give you a call before the drop-off.",
    "The delivery partner will contact you on arrival.",
    "You will receive a call from our rider when he reaches.",
    "El mensajero se comunicará con usted antes de la entrega.",
    "Recibirás una llamada del repartidor al llegar.",
    "Te llamará el repartidor cuando esté cerca.",
    "A transportadora vai entrar em contato antes da entrega.",
    "Você vai receber uma ligação do entregador ao chegar.",
    "Vous recevrez un appel du livreur à son arrivée.",
    "Le transporteur prendra contact avec vous avant la livraison.",
    "Sie bekommen einen Anruf vom Fahrer, wenn er da ist.",
    "Vor der Lieferung ruft Sie der Kurier an.",
    "डिलीवरी पार्टनर पहुँचने पर आपको कॉल करेगा।",
    "राइडर आपसे डिलीवरी से पहले संपर्क करेगा।",
    "पहुँचने पर राइडर का कॉल आएगा।",
    "Pahunchne par rider ka call aayega.",
    "مندوب الشحن سيتصل بك عند التسليم.",
]
PROMISES = [
    "I've told the manager and she will call you today. The driver will ring before he arrives.",
    "I've told our driver, and he will call you before he leaves.",
    "An engineer will call you this evening to agree on a time for the visit.",
    "A colleague will call you before your delivery to sort out the refund.",
    "Ya le avisé al mensajero y él la llama cuando esté llegando al conjunto.",
    "Un técnico le llamará esta tarde para concretar a qué hora pasa por su casa.",
    "Our manager will call you about the courier before the delivery.",
    "Sie bekommen noch heute einen Anruf von meiner Kollegin wegen des Fahrers.",
    "Vous recevrez un appel de notre responsable au sujet du livreur.",
    "Recibirá una llamada de nuestra encargada por lo del repartidor.",
]


@pytest.mark.parametrize("text", ERRANDS)
def test_whoever_brings_something_promises_no_answer(text: str) -> None:
    for found in (*detect([text], senders=[Sender.ASSISTANT]), *detect_fast([text], senders=[Sender.ASSISTANT])):
        assert found.promise < 0.2


@pytest.mark.parametrize("text", PROMISES)
def test_a_promise_stays_one(text: str) -> None:
    assert detect([text], senders=[Sender.ASSISTANT])[0].promise >= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "The driver will ring you before he arrives. Would you like to speak to a colleague about it?",
        "Der Fahrer ruft Sie vor der Ankunft an. Möchten Sie mit einem Kollegen sprechen?",
        "El repartidor le llama antes de llegar. ¿Quiere que le pase con un compañero?",
        "Le livreur vous appellera avant d'arriver. Voulez-vous parler à un conseiller ?",
        "O entregador liga antes de chegar. Quer falar com um atendente?",
        "Shall I put you through to a colleague? The driver rings before he comes anyway.",
    ],
)
def test_a_person_who_is_offered_beside_it_is_offered(text: str) -> None:
    for found in (*detect([text], senders=[Sender.ASSISTANT]), *detect_fast([text], senders=[Sender.ASSISTANT])):
        assert found.offers_human


@pytest.mark.parametrize(
    "text",
    [
        "Shall I ask the driver to call you before he comes?",
        "Would you like the driver to ring you before arriving?",
        "Should our driver give you a ring when he's ten minutes away?",
        "Voulez-vous que le livreur vous appelle avant d'arriver ?",
        "Soll der Fahrer Sie vor der Ankunft anrufen?",
        "Möchten Sie, dass der Fahrer Sie kurz vor der Ankunft anruft?",
        "بتحبي السائق يتصل فيكي قبل ما يوصل؟",
    ],
)
def test_a_ring_that_is_offered_is_no_offer_of_a_person(text: str) -> None:
    assert not detect([text], senders=[Sender.ASSISTANT])[0].offers_human
