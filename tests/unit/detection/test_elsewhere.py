"""Trouble with another business is no complaint about this one."""

from __future__ import annotations

import pytest

from handraise.detection import detect
from handraise.detection.besides import REPORTED
from handraise.detection.elsewhere import without_elsewhere

ELSEWHERE = [
    "ok cos the last one i got off a market was horrific",
    "last year we ordered from another shop and half of it came broken",
    "my old provider charged me twice every month",
    "el año pasado lo compré en otra tienda y llegó roto",
    "aguento. semana passada pedi de outro lugar e veio fria e sem a bebida, nunca mais",
    "l'an dernier dans un autre magasin tout était cassé, une horreur",
    "beim letzten Mal war ich bei einem anderen Friseur, das war eine Katastrophe",
    "pichle saal dusri dukaan se liya tha, bilkul kharab nikla",
    "पिछले साल दूसरी दुकान से लिया था, सब खराब निकला",
    "مرة طلبت من محل ثاني ووصل الورد بعد ما طلعت البنت من المستشفى بيومين",
]
HERE = [
    "Driver left my parcel at another shop",
    "I had to buy from another shop because the order never came",
    "my last shop order never arrived",
    "mein Paket wurde woanders abgegeben, eine Frechheit",
    "The parcel came smashed, next time I buy from another shop",
    "worse service than my old provider, this is a disgrace",
    "the refund never reached my current bank, i am furious",
    "veio quebrado, péssimo, vou comprar em outra loja",
    "I bought it from another shop and yours was late too",
    "my son came home with another boy's shoes",
    "five of the last lot came broken",
    "La etiqueta decía el nombre de otra empresa cuando llegaron nuestros invitados, una vergüenza",
    "A nota fiscal veio no CNPJ de outra empresa.",
    "The garage I went to elsewhere broke it. And your invoice is wrong, I am furious",
    "das Paket kam kaputt an, beim anderen Anbieter wäre Ihnen das nicht passiert",
]


@pytest.mark.parametrize("text", ELSEWHERE)
def test_who_tells_of_another_business_complains_of_none_here(text: str) -> None:
    assert without_elsewhere(text) is not None
    assert detect([text])[0].complaint <= REPORTED


@pytest.mark.parametrize("text", HERE)
def test_who_tells_of_this_one_too_is_heard(text: str) -> None:
    assert detect([text])[0].complaint >= 0.5
