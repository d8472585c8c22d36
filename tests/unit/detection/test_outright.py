"""What is said outright counts, and only that."""

from __future__ import annotations

import tomllib

import pytest

from handraise.detection import detect, detect_fast
from handraise.detection.besides import REPORTED
from handraise.detection.lexicon import FOLDER, NAMES
from handraise.detection.outright import SIGNALS, default_outright
from handraise.detection.statements import wordings
from handraise.detection.tokens import TOKEN
from handraise.events import Sender

STORED = tomllib.loads((FOLDER / "outright.toml").read_text("utf-8"))
SAID = [
    (name, signal, wording)
    for name, language in STORED.items()
    for signal in SIGNALS
    for kind, texts in language.get(signal, {}).items()
    if kind not in ("head", "tail")
    for text in texts
    for wording in wordings(text)
]
JOINED = ("head", "tail")
MOST_SENTENCES, MOST_IN_ALL = 10_000, 150_000
"""What is looked up by its words has to be made when a worker starts, and kept: 100,000 take half a second."""
OF_THE_AI = ("promise", "admission", "rephrase", "praise", "closing")


def found(text: str) -> set[str]:
    return set(default_outright().find(TOKEN.findall(text)))


def test_every_way_of_writing_has_its_statements() -> None:
    assert set(STORED) == set(NAMES)
    of_customers = {(name, signal) for name in NAMES for signal in SIGNALS if signal not in OF_THE_AI}
    assert {(name, signal) for name, signal, _ in SAID if signal not in OF_THE_AI} == of_customers


def test_of_a_choice_each_is_a_wording() -> None:
    assert sorted(wordings("my (son|little girl) is (very )?ill")) == [
        "my little girl is ill",
        "my little girl is very ill",
        "my son is ill",
        "my son is very ill",
    ]
    assert [text for _, _, text in SAID if any(mark in text for mark in "()|?")] == []


def test_no_statement_stands_for_more_sentences_than_a_worker_can_start_with() -> None:
    numbers = {
        text: sum(1 for _ in wordings(text))
        for language in STORED.values()
        for kinds in language.values()
        if isinstance(kinds, dict)
        for kind, texts in kinds.items()
        if kind in ("whole", "start", *JOINED)
        for text in texts
    }
    assert {text: number for text, number in numbers.items() if number > MOST_SENTENCES} == {}
    assert sum(numbers.values()) <= MOST_IN_ALL


def test_any_beginning_of_an_arrival_counts_with_any_end_of_its_language() -> None:
    for language in STORED.values():
        heads, tails = (
            [wording for text in language["arrival"].get(kind, ()) for wording in wordings(text)] for kind in JOINED
        )
        for at, head in enumerate(heads):
            tail = tails[at % len(tails)]
            assert "arrival" in found(f"{head} {tail}"), (head, tail)
        for at, tail in enumerate(tails):
            head = heads[at % len(heads)]
            assert "arrival" in found(f"{head} {tail}"), (head, tail)
        assert [head for head in heads[:50] if "arrival" in found(f"{head} gold")] == []


def test_each_statement_counts() -> None:
    scored = [said for said in SAID if said[1] not in ("rephrase", "praise", "arrival", "closing")]
    senders = [Sender.ASSISTANT if signal in OF_THE_AI else Sender.CUSTOMER for _, signal, _ in scored]
    scores = detect_fast([text for _, _, text in scored], senders=senders, languages=[None] * len(scored))
    missed = [
        said
        for said, one in zip(scored, scores, strict=True)
        if (one.human_request > 0.1 if said[1] == "refusal" else getattr(one, said[1]) < 0.9)
    ]
    assert missed == []


@pytest.mark.parametrize("text", ["Do not call me. The lamp is broken.", "no agent needed, get me a manager"])
def test_a_refusal_counts_only_where_nothing_else_is_said(text: str) -> None:
    assert "refusal" not in found(text)


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("I want to make a complaint.", "complaint"),
        ("Hello, I want to make a complaint about your driver", "complaint"),
        ("ok. i'd like to complain", "complaint"),
        ("Ich möchte mich beschweren!", "complaint"),
        ("QUIERO PONER UNA QUEJA", "complaint"),
        ("i want to make a complaint 😡", "complaint"),
        ("quero morrer", "crisis"),
        ("I want to die.", "crisis"),
        ("the order is 4471. I want to kill myself. bye", "crisis"),
        ("my son swallowed a battery, what do I do?", "crisis"),
        ("mi bebé no respira ayuda por favor", "crisis"),
        ("Kooperation möglich?", "high_value"),
        ("hi. Beliefern Sie auch Wiederverkäufer?", "high_value"),
        ("Do you sell to resellers?", "high_value"),
        ("queria ser franqueado de vcs", "high_value"),
    ],
)
def test_it_is_found_wherever_its_sentence_stands(text: str, signal: str) -> None:
    assert signal in found(text)
    (one,) = detect([text], senders=[Sender.CUSTOMER], languages=[None])
    assert getattr(one, signal) >= 0.9
    assert any(span.signal == signal for span in one.spans)


@pytest.mark.parametrize(
    "text",
    [
        "How do I make a complaint?",
        "where can i complain about a neighbour",
        "I want to know your complaints procedure",
        "can't complain",
        "I want to die of embarrassment",
        "I want to die 😂",
        "lol i want to die",
        "I want to die?",
        "my son swallowed a battery?",
        "what do I do?",
        "help please",
        "my sister said she wants to die laughing",
        "not good enough?",
        "",
    ],
)
def test_what_is_near_it_is_left_to_the_models(text: str) -> None:
    assert found(text) == set()


def test_an_agent_says_nothing_outright() -> None:
    (one,) = detect(["I want to make a complaint."], senders=[Sender.ASSISTANT], languages=[None])
    assert one.complaint == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "Sorry, I didn't understand that. Could you rephrase your question?",
        "I'm not sure I understand. Could you tell me more?",
        "Disculpa, no entendí bien. ¿Me lo puedes repetir de otra forma?",
        "Desculpa, não percebi. Podes repetir?",
        "Désolé, je n'ai pas compris. Pouvez-vous reformuler votre question ?",
        "Das habe ich leider nicht verstanden. Könnten Sie es bitte wiederholen?",
        "maaf kijiye, main samajh nahi paya. Kya aap dobara bata sakte hain?",
        "माफ़ कीजिए, मैं समझ नहीं पाया। क्या आप दूसरे शब्दों में बता सकते हैं?",
        "عذرا، لم أفهم. هل يمكنك إعادة صياغة السؤال؟",
        "Sorry, I didn't get that. Please choose a topic: 1 Bills, 2 Top-up, 3 New SIM.",
        "Lo siento, no te he entendido. Elige una opción: 1 Facturas, 2 Recargas.",
        "Désolé, je n'ai pas compris. Choisissez un thème : 1 Factures",
        "Das habe ich nicht verstanden. Bitte wählen Sie ein Thema: 1 Rechnung",
    ],
)
def test_an_ai_that_asks_for_other_words_admits_nothing(text: str) -> None:
    assert detect([text], senders=[Sender.ASSISTANT], languages=[None])[0].admission < 0.2


@pytest.mark.parametrize(
    "text",
    [
        "I don't have that information, I'm afraid. Could you tell me more?",
        "Je n'ai pas compris votre question.",
        "I don't know. Could you clarify with the shop?",
    ],
)
def test_an_ai_that_does_not_know_admits_it_whatever_it_asks(text: str) -> None:
    assert detect([text], senders=[Sender.ASSISTANT], languages=[None])[0].admission >= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "will someone call me before they come?",
        "Will the driver ring me beforehand?",
        "can the driver ring me when he's close",
        "Who will call me?",
        "¿me llama alguien antes de venir?",
        "me llaman antes?",
        "alguém me liga antes? o porteiro daqui é enrolado",
        "o motorista me liga quando estiver perto?",
        "quelqu'un m'appelle avant de passer ?",
        "ruft mich vorher jemand an?",
        "Wer ruft mich da an?",
        "koi call karega kya aane se pehle?",
        "आने से पहले कोई कॉल करेगा?",
        "هل في حدا بيتصل فيي قبل ما يوصل؟",
    ],
)
def test_who_asks_whether_somebody_rings_before_coming_wants_no_human(text: str) -> None:
    (one,) = detect([text], senders=[Sender.CUSTOMER], languages=[None])
    assert one.human_request <= REPORTED


@pytest.mark.parametrize(
    "text",
    [
        "will someone call me before 5?",
        "can someone call me before I book?",
        "will someone call me before they come? otherwise put me through to a person please",
        "alguém me liga antes das 5?",
        "ruft mich heute noch jemand an?",
        "me llaman antes de las 5? quiero hablar con alguien",
        "can someone call me",
        "please have someone call me when they are free",
        "can someone call me when they get a chance",
        "who is going to call me back? I have been waiting all week",
    ],
)
def test_who_wants_to_be_called_wants_a_human(text: str) -> None:
    (one,) = detect([text], senders=[Sender.CUSTOMER], languages=[None])
    assert one.human_request >= 0.9
