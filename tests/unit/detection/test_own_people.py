"""Who talks something over with their own people asks the business for nobody."""

from __future__ import annotations

import pytest

from handraise.detection import detect
from handraise.detection.besides import REPORTED
from handraise.detection.ownpeople import without_own_people

OWN = [
    "not yet, need to talk it through with my wife first",
    "let me ask my husband",
    "I'll run it by our board on Monday",
    "tengo que hablarlo con mi mujer",
    "vou falar com meu marido e volto",
    "je dois en parler avec mon mari",
    "oha dann muss ich mit meinem Chef reden ob ich den 13. auch frei krieg",
    "dann red ich erst mit meinem chef und meld mich",
    "ich frage erst meine Frau",
    "ok. principal madam se baat karke trust ka GSTIN bhejta hu",
    "पापा से पूछकर बताती हूँ",
    "منيح، معناها منلحق. بشوف مع المدير وبرجعلك",
]
THE_BUSINESS = [
    "لازم اكلم المدير",
    "I need to speak to my support team",
    "I need to speak to my property manager",
    "malik se baat karke batao",
    "I'd like to talk to your manager",
    "can I speak to my account manager",
    "I'll talk to my wife, can someone call me tomorrow?",
    "let me ask my boss. can I talk to a person meanwhile",
    "could someone ring my mother, she is 88",
    "preciso falar com meu gerente",
    "ich möchte mit einem Menschen sprechen",
    "manager se baat karao",
    "necesito hablar con una persona, mi mujer no me deja en paz",
]


@pytest.mark.parametrize("text", OWN)
def test_a_talk_with_ones_own_people_is_no_request(text: str) -> None:
    assert detect([text])[0].human_request <= REPORTED
    assert without_own_people(text) is not None


@pytest.mark.parametrize("text", THE_BUSINESS)
def test_who_wants_somebody_of_the_business_is_heard(text: str) -> None:
    assert detect([text])[0].human_request >= 0.85
