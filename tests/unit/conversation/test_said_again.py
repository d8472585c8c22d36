"""An AI that says once more what it has said: when that is a failure at once, and when it is what was asked for."""

from __future__ import annotations

import pytest

from handraise.conversation.weights import FAILURE_REPEAT_ASKED, Sign
from handraise.detection.signals import Intent
from handraise.events import EscalationType, Sender
from tests.support.chats import ASKS, Chat, said

KERB = "Bulk pickups take place on your booked day. Please put your items on the kerb the night before."
CONTENT = (20, 21, 22, 23, 24)
OTHER = said(Intent.QUESTION, question=True, fingerprint=(8, 9))


def asked_and_answered(text: str = KERB) -> Chat:
    """Chat in which the AI has answered once."""
    chat = Chat()
    chat.customer(ASKS, "What time does the truck come?")
    chat.ai(said(fingerprint=CONTENT), text)
    return chat


@pytest.mark.parametrize(
    ("first", "again"),
    [
        (KERB, KERB),
        (KERB, KERB.upper()),
        ("Choose your tariff, and have your ID and number ready.", "Choose a tariff and have the ID and number ready."),
        (f"Good morning! {KERB}", KERB),
        ("नया नंबर ऐप में मेरा प्लान खोलकर देखें", "नया नंबर ऐप में मेरा प्लान खोलकर देखें"),
    ],
)
def test_the_same_words_to_another_question_are_a_failure_at_once(first: str, again: str) -> None:
    chat = asked_and_answered(first)
    assert not chat.customer(OTHER, "ok but roughly when? morning or noon").escalations
    effects = chat.ai(said(fingerprint=CONTENT), again)
    (raised,) = effects.escalations
    assert raised.trigger == "ai_failure"
    (found,) = [one for one in effects.assessments if one.trigger == "ai_failure"]
    assert (found.score, found.signs) == (FAILURE_REPEAT_ASKED, (Sign.REPEATS_TO_ASKER,))


@pytest.mark.parametrize(
    ("first", "again"),
    [
        ("It is included in the price of the room.", "It is not included in the price of the room."),
        ("Open 9 to 5, in the shop and on the phone.", "Open 9 to 6, in the shop and on the phone."),
        ("हाँ, पार्किंग मुफ़्त है, होटल के पीछे", "नहीं, पार्किंग मुफ़्त नहीं है, होटल के पीछे"),
        ("You may return it in 14 days at any shop.", "Returning it is possible in 14 days at any shop."),
    ],
)
def test_what_says_something_else_with_nearly_the_same_words_is_not_yet_one(first: str, again: str) -> None:
    chat = asked_and_answered(first)
    chat.customer(OTHER, "and otherwise?")
    assert not chat.ai(said(fingerprint=CONTENT), again).escalations


def test_a_yes_may_be_true_of_the_next_question_too() -> None:
    """As in "And the parking?", where breakfast is included."""
    chat = asked_and_answered("Yes, that is included in the room price at no extra charge.")
    chat.customer(OTHER, "and the parking")
    again = chat.ai(said(fingerprint=CONTENT), "Yes, that is included in the room price at no extra charge.")
    assert not again.escalations


def test_a_question_without_its_mark_is_one() -> None:
    chat = asked_and_answered()
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(21,)), "and on saturdays")
    assert not chat.ai(said(fingerprint=CONTENT), KERB).escalations


def test_what_answers_the_next_question_too_may_come_again() -> None:
    """All the opening hours answer "And on Saturdays?"."""
    chat = asked_and_answered()
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(21,)), "And on Saturdays?")
    assert not chat.ai(said(fingerprint=CONTENT), KERB).escalations


def test_who_tells_what_the_answer_names_has_asked_for_nothing_that_it_answers() -> None:
    """As in "It isn't on the kerb"."""
    chat = asked_and_answered()
    chat.customer(said(Intent.CHANGE, fingerprint=(21, 22)), "It isn't on the kerb")
    assert chat.ai(said(fingerprint=CONTENT), KERB).escalations


@pytest.mark.parametrize("more", [{"thanks": 0.9}, {"intent": Intent.SMALLTALK}])
def test_what_is_said_again_to_who_wants_nothing_is_none(more: dict[str, object]) -> None:
    chat = asked_and_answered()
    chat.customer(said(fingerprint=(8, 9), **more), "ok, have a good day")  # type: ignore[arg-type]  # as `said`
    assert not chat.ai(said(fingerprint=CONTENT), KERB).escalations


def test_a_detail_that_is_asked_for_again_is_none() -> None:
    chat = Chat()
    chat.customer(ASKS)
    for _ in range(2):
        effects = chat.ai(said(question=True, asks_detail=True, fingerprint=CONTENT), "Which number has your order?")
        assert not effects.escalations
        chat.customer(OTHER, "why do you need it?")


@pytest.mark.parametrize(("puts_off", "raises"), [(True, True), (False, False)])
def test_another_moments_patience_is_one_too_many_for_who_was_put_off(puts_off: bool, *, raises: bool) -> None:
    moment = "One moment, I am looking into that for you."
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(deferral=True, fingerprint=CONTENT), moment)
    if not puts_off:
        chat.ai(said(fingerprint=(40, 41, 42, 43)), "It has left our warehouse.")
    chat.customer(said(Intent.QUESTION, question=True), "hello?")
    effects = chat.ai(said(deferral=True, fingerprint=CONTENT), moment)
    assert [one.trigger for one in effects.escalations] == ["ai_failure"] * raises


def test_another_moments_patience_in_other_words_is_no_failure() -> None:
    """It leaves a gap, and is told as one."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(deferral=True, fingerprint=(20,)), "Let me check that for you.")
    chat.customer(said(Intent.QUESTION, question=True), "hello?")
    effects = chat.ai(said(deferral=True, fingerprint=(21, 22)), "One second, the archive is being searched.")
    assert "ai_failure" not in [one.trigger for one in effects.assessments]


def test_few_words_put_off_for_the_second_time_are_enough() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(deferral=True), "Looking that up. One moment, please.")
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(8,)), "so whats the code?")
    effects = chat.ai(said(deferral=True), "Thank you, looking that up. One moment, please.")
    assert [one.trigger for one in effects.escalations] == ["ai_failure"]


AGAIN = [
    "can you send it again? i do not have it",
    "vous pouvez me le renvoyer ? je ne trouve même plus le message",
    "sorry?",
    "what was the code again?",
    "sorry, whats the code again",
    "me again.. lock number?",
    "can you send it once more please",
    "remind me of the code",
    "¿me lo puedes mandar otra vez?",
    "¿puedes repetirlo?",
    "pode mandar de novo?",
    "vous pouvez me le renvoyer ?",
    "c'était quoi déjà le code ?",
    "Können Sie mir das noch einmal schicken?",
    "wie war nochmal der Code?",
    "phir se bhej do na",
    "फिर से भेजेंगे?",
    "ممكن تبعت الرقم مرة ثانية؟",
    "أعد من فضلك",
]


@pytest.mark.parametrize("text", AGAIN)
def test_who_asks_to_be_told_again_is_told_again(text: str) -> None:
    """The chat was closed by accident, or the message did not open."""
    chat = asked_and_answered()
    for _ in range(3):
        chat.customer(OTHER, text)
        effects = chat.ai(said(fingerprint=CONTENT), KERB)
        assert "ai_failure" not in [one.trigger for one in effects.assessments]
        assert not effects.escalations


@pytest.mark.parametrize(
    "text",
    [
        "I ask you again, what time?",
        "again: roughly when",
        "ich frage noch einmal: wann?",
        "te lo pregunto otra vez, ¿a qué hora?",
        "perguntei de novo: que horas?",
        "je redemande, à quelle heure ?",
        "phir wahi, time batao",
        "مرة ثانية نفس الجواب؟",
        "I'll say it again, what time does the truck come?",
        "how many times must i tell you again, what hour?",
        "dobara bol raha hun, kis din aana hai?",
        "you just repeat the same thing",
        "you say the same thing again, who pays the shipping?",
        "je veux renvoyer l'article",
        "siempre repites lo mismo",
        "falhou de novo",
        "me pasó otra vez el mismo error",
        "to phir batao kitne baje",
        "متى دوامكم في عيد الفطر؟",
    ],
)
def test_who_asks_the_same_again_is_not_answered_by_the_same(text: str) -> None:
    chat = asked_and_answered()
    chat.customer(OTHER, text)
    assert chat.ai(said(fingerprint=CONTENT), KERB).escalations


def test_whoever_spoke_in_between_was_asked_and_not_the_ai() -> None:
    chat = asked_and_answered()
    chat.customer(OTHER, "send it again please")
    chat.say(Sender.SYSTEM, said(), "The chat was assigned.")
    assert not chat.ai(said(fingerprint=CONTENT), KERB).escalations
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(50, 51)), "and roughly when?")
    assert chat.ai(said(fingerprint=CONTENT), KERB).escalations


@pytest.mark.parametrize("told", [{"answered": False}, {"answered": False, "confidence": 0.1}, {"confidence": 0.1}])
def test_a_second_try_that_fails_too_tells_nothing_new(told: dict[str, object]) -> None:
    """Somebody is called already, for the failure; that the producer calls the next try unanswered is no update."""
    chat = Chat()
    chat.customer(ASKS)
    (raised,) = chat.ai(said(fault=True), "Something went wrong.").escalations
    assert raised.trigger == "ai_failure"
    chat.customer(OTHER, "try again?")
    assert not chat.ai(said(admission=0.3), "The ticket office does not respond.", **told).escalations


def test_an_ai_that_says_then_that_it_does_not_know_has_more_to_tell() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(fault=True), "Something went wrong.")
    chat.customer(OTHER, "and can I bring a dog?")
    (updated,) = chat.ai(said(admission=0.95), "I have no information on dogs.", answered=False).escalations
    assert (updated.type, updated.trigger) == (EscalationType.UPDATED, "knowledge_gap")
