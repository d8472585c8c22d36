"""Who comes to bring or mend something and rings first promises no answer; who rings back does."""

from __future__ import annotations

import pytest

from handraise.detection import detect
from handraise.events import Sender

RINGS_FIRST = [
    "You're set for Tuesday 8 to 10 am. The technician will text you when he's on the way.",
    "Your engineer will ring you before the visit.",
    "Tom has the keys. He'll ring you if he's held up at the viewing before yours.",
    "El técnico le llamará antes de llegar.",
    "O técnico liga antes de chegar.",
    "Le technicien vous appellera avant d'arriver.",
    "Der Monteur ruft Sie vor der Ankunft an.",
    "Herr Weidinger, der das Team leitet, ruft Sie an, sobald sie losfahren.",
    "Technician nikalne se pehle aapko call karega.",
    "तकनीशियन निकलने से पहले आपको फ़ोन करेगा।",
    "الفني بيتصل فيك قبل ما يوصل",
    "On le laisse au gardien et on vous envoie un message.",
    "Wir geben es beim Nachbarn ab und schicken Ihnen eine Nachricht.",
    "haan ji, guard ko de denge aur aapko message kar denge",
    "जी हाँ, चौकीदार को दे देंगे और आपको संदेश भेज देंगे।",
    "I'll match you with somebody who's fond of dogs and put a note about the biscuits.",
]
RINGS_BACK = [
    "One of our engineers will call you back today about the fault.",
    "An engineer will call you this evening to agree on a time for the visit.",
    "My colleague Anna is in a meeting; she will call you as soon as she leaves it",
    "He'll call you when he's back in the office.",
    "Un técnico le llamará mañana para explicarle el presupuesto.",
    "Frau Lang ruft Sie an, sobald sie wieder da ist.",
    "الفني بيتصل فيك بكرا يشرح لك",
    "I'll match you with someone who can answer that.",
    "I'll match you with someone from billing.",
    "मैंने मैनेजर को बता दिया है, वे आपको संदेश भेज देंगे।",
]


@pytest.mark.parametrize("text", RINGS_FIRST)
def test_who_rings_before_coming_promises_no_answer(text: str) -> None:
    (said,) = detect([text], senders=[Sender.ASSISTANT])
    assert (said.promise <= 0.2, said.errand) == (True, True)


@pytest.mark.parametrize("text", RINGS_BACK)
def test_who_rings_to_answer_does(text: str) -> None:
    (said,) = detect([text], senders=[Sender.ASSISTANT])
    assert (said.promise >= 0.8, said.errand) == (True, False)
