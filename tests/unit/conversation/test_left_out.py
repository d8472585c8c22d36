"""Who comes back to words that the AI's answers have left out shows that these were beside the point."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from handraise.conversation.corrections import Beside
from handraise.conversation.leftout import ASKED
from handraise.conversation.state import MAX_FINGERPRINTS
from handraise.detection.fingerprint import MOST, hash_of
from handraise.detection.signals import Intent, Signals
from handraise.events import OutcomeKind
from tests.support.chats import ASKS, Chat, last_correction, said, talks_past

CORRECTS = said(corrects=True)


def words(*numbers: int) -> Signals:
    """A message of these content words, which says what is wanted."""
    return said(Intent.QUESTION, fingerprint=numbers)


NO_MILK, MONDAY, WEDNESDAY = 1, 2, 3
HOLIDAY = said(fingerprint=(10, 11, 12))


def asked_about_wednesdays() -> Chat:
    """A chat in which the AI has answered about holidays."""
    chat = Chat()
    chat.customer(words(NO_MILK, MONDAY, WEDNESDAY))
    chat.ai(HOLIDAY)
    return chat


@pytest.mark.parametrize(
    ("first", "second", "raises"),
    [
        (words(NO_MILK, WEDNESDAY), words(WEDNESDAY), True),
        (words(WEDNESDAY, 20), words(NO_MILK, WEDNESDAY, 21), True),
        (words(WEDNESDAY), CORRECTS, False),
        (words(WEDNESDAY), replace(CORRECTS, fingerprint=(WEDNESDAY,)), True),
        (words(WEDNESDAY), words(NO_MILK), False),
        (words(20, 21), words(NO_MILK, WEDNESDAY), False),
        (words(NO_MILK, WEDNESDAY), words(20, 21), False),
        (words(NO_MILK, WEDNESDAY), words(12, 20), False),
    ],
)
def test_who_comes_back_to_words_that_the_answers_left_out_is_talked_past(
    first: Signals, second: Signals, *, raises: bool
) -> None:
    """Nothing says that the answer was none: "There is no holiday. Simply no milk on Wednesdays", for one."""
    chat = asked_about_wednesdays()
    assert not chat.customer(first).escalations
    chat.ai(said(fingerprint=(12, 13, 14)))
    assert talks_past(chat.customer(second)) is raises


@pytest.mark.parametrize(("between", "raises"), [(0, True), (1, False)])
def test_one_word_that_comes_back_counts_at_once_or_not_at_all(between: int, *, raises: bool) -> None:
    """Who has gone on in the meantime, and then names the driver again, is content: "at least he's insured now"."""
    chat = asked_about_wednesdays()
    chat.customer(words(NO_MILK, WEDNESDAY))
    chat.ai(said(fingerprint=(12, 13, 14)))
    for _ in range(between):
        chat.customer(said(fingerprint=(30, 31)))
        chat.ai(said(fingerprint=(32, 33, 34)))
    assert talks_past(chat.customer(words(WEDNESDAY))) is raises


@pytest.mark.parametrize(
    "text",
    [
        "And does the gift card count in the shop?",
        "I see. And does it count in the shop?",
        "is it on at 7.30 or 8 then",
    ],
)
def test_the_next_questions_on_the_same_topic_are_no_corrections(text: str) -> None:
    """The answers have no need to name the thing again: to "And the gift card?" there may be "Yes, in all of them"."""
    chat = asked_about_wednesdays()
    for number in range(3):
        chat.customer(replace(words(NO_MILK, WEDNESDAY, 20 + number), question=True), text)
        assert last_correction(chat) == 0
        chat.ai(said(fingerprint=(30 + number, 40 + number)))


@pytest.mark.parametrize(
    ("text", "more"),
    [
        ("Hm, thank you. There is no holiday. Is there milk on Wednesdays?", {"fingerprint": (NO_MILK, WEDNESDAY, 20)}),
        ("let me try again\nthere is no holiday\nmilk on Wednesdays", {"fingerprint": (NO_MILK, WEDNESDAY, 20)}),
        ("Is there no milk on Wednesdays?", {"fingerprint": (NO_MILK, WEDNESDAY)}),
        ("I asked whether there is milk on Wednesdays?", {"fingerprint": (NO_MILK, WEDNESDAY, 20), "corrects": True}),
    ],
)
def test_a_question_of_more_than_two_sentences_or_of_nothing_new_or_a_correction_is_one(
    text: str, more: dict[str, Any]
) -> None:
    chat = asked_about_wednesdays()
    chat.customer(said(Intent.QUESTION, question=True, **more), text)
    assert chat.state is not None
    assert (chat.state.corrected, chat.state.corrected_as) == (2, Beside.SHOWN)


def test_a_word_of_the_answer_comes_back_for_another_question() -> None:
    """And so does one that has been answered since: "And the bath?", after the answer about the towels and the bath."""
    chat = asked_about_wednesdays()
    chat.customer(words(10, 20))
    chat.ai(said(fingerprint=(10, 20, 21)))
    assert last_correction(chat) == 0
    chat.customer(words(10, 20, 22))
    assert last_correction(chat) == 0


def test_a_short_answer_leaves_nothing_out() -> None:
    """After "Is breakfast included?" and "Yes, included." comes "And breakfast for the children?", for one."""
    chat = Chat()
    chat.customer(words(1, 2))
    chat.ai(said(fingerprint=(9,)))
    chat.customer(words(1, 2, 3))
    assert last_correction(chat) == 0


def test_an_answer_without_a_word_is_the_last_answer_too() -> None:
    """It is not the one before it that leaves something out."""
    chat = asked_about_wednesdays()
    chat.ai(said(), "👍")
    chat.customer(words(NO_MILK, WEDNESDAY))
    assert last_correction(chat) == 0


def test_words_of_long_ago_do_not_come_back() -> None:
    chat = asked_about_wednesdays()
    for number in range(ASKED):
        chat.customer(words(100 + number))
        chat.ai(said(fingerprint=(200 + number, 100 + number)))
    chat.customer(words(NO_MILK, WEDNESDAY))
    assert last_correction(chat) == 0


def test_several_messages_before_an_answer_are_compared_with_what_was_answered() -> None:
    """Not with each other, and the first of them alone: "no." "her." "does SHE need it"."""
    chat = asked_about_wednesdays()
    chat.customer(words(20, 21))
    chat.customer(words(20, 21, NO_MILK, WEDNESDAY))
    assert last_correction(chat) == 0


@pytest.mark.parametrize("replied", [True, False])
def test_what_a_human_has_answered_is_left_out_by_no_answer_of_the_ai(*, replied: bool) -> None:
    """Somebody stepped in for a question, by the chat or a tool of theirs, and the AI goes on."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    chat.human()
    chat.customer(words(NO_MILK, WEDNESDAY))
    if replied:
        chat.outcome(OutcomeKind.REPLIED)
    else:
        chat.human()
    chat.ai(said(fingerprint=(30, 31, 32)))
    chat.customer(words(NO_MILK, WEDNESDAY, 40))
    assert last_correction(chat) == 0


def test_what_the_customer_asked_after_the_human_had_spoken_is_the_ai_s() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    chat.human()
    chat.customer(words(NO_MILK, WEDNESDAY))
    chat.ai(HOLIDAY)
    chat.customer(words(NO_MILK, WEDNESDAY))
    assert last_correction(chat) == 3


def test_an_answer_in_several_messages_is_one_answer() -> None:
    """What its first message took up is not left out, though three others came behind it."""
    chat = Chat()
    chat.customer(words(NO_MILK, WEDNESDAY))
    for fingerprint in ((NO_MILK, WEDNESDAY, 10), (11, 12), (13, 14), (15, 16)):
        chat.ai(said(fingerprint=fingerprint))
    chat.customer(words(NO_MILK, WEDNESDAY, 20))
    assert last_correction(chat) == 0


def test_nothing_is_known_to_be_left_out_of_an_answer_in_more_messages_than_are_kept() -> None:
    chat = Chat()
    chat.customer(words(NO_MILK, WEDNESDAY))
    chat.ai(said(fingerprint=(NO_MILK, WEDNESDAY, 10)))
    for number in range(MAX_FINGERPRINTS):
        chat.ai(said(fingerprint=(11 + number, 20 + number)))
    chat.customer(words(NO_MILK, WEDNESDAY, 20))
    assert last_correction(chat) == 0


@pytest.mark.parametrize(("word", "left_out"), [(MOST - 1, True), (MOST + 1, False)])
def test_what_a_long_answer_has_no_room_for_in_its_fingerprint_is_not_left_out(word: int, *, left_out: bool) -> None:
    """A fingerprint keeps the smallest hashes alone: of a greater one it is not known."""
    chat = Chat()
    chat.customer(words(word, word + 100))
    chat.customer(words(1, 2))
    chat.ai(said(fingerprint=tuple(one for one in range(MOST + 1) if one != MOST - 1)))
    chat.customer(words(word))
    assert bool(last_correction(chat)) is left_out


@pytest.mark.parametrize("signals", [words(NO_MILK, WEDNESDAY), words(WEDNESDAY)])
def test_who_thanks_and_comes_back_to_a_word_asks_something_else(signals: Signals) -> None:
    """As in "Thank you, that helps! And on Wednesdays, is there milk?"."""
    chat = asked_about_wednesdays()
    chat.customer(words(NO_MILK, WEDNESDAY))
    chat.ai(said(fingerprint=(12, 13, 14)))
    assert not talks_past(chat.customer(replace(signals, thanks=0.9)))
    assert last_correction(chat) == 0


@pytest.mark.parametrize(
    ("answer", "text", "left_out"),
    [
        ("बड़ा कमरा खाली है, किराया 8000 रुपये है।", "hall me AC hai na. Birthday party Saturday ko hai", False),
        ("The hall is free for 40 people.", "بارتي السبت في القاعة", False),
        ("Der Saal ist frei.", "hall me AC hai na. Birthday party Saturday ko hai", True),
        ("👍 8000", "Birthday party Saturday ko hai", True),
    ],
)
def test_an_answer_in_other_letters_is_not_known_to_leave_a_word_out(answer: str, text: str, *, left_out: bool) -> None:
    """Many customers write Hindi in Latin letters to an AI that does not."""
    chat = Chat()
    chat.customer(words(NO_MILK, WEDNESDAY))
    chat.ai(HOLIDAY, answer)
    chat.customer(words(NO_MILK, WEDNESDAY), text)
    assert bool(last_correction(chat)) is left_out


@pytest.mark.parametrize(("language", "left_out"), [("nl", False), ("pt-BR", True), (None, True)])
def test_of_a_language_whose_general_words_are_not_known_nothing_is_left_out(
    language: str | None, *, left_out: bool
) -> None:
    """Where the producer says which it is: "dan kom ik langs" may stand in any message."""
    chat = asked_about_wednesdays()
    chat.customer(words(NO_MILK, WEDNESDAY), language=language)
    assert bool(last_correction(chat)) is left_out


@pytest.mark.parametrize(
    ("first", "second", "left_out"),
    [
        ("Is the hall free? Best, Maria Lopez, Brightwater", "Then we take it.\nBest, Maria Lopez, Brightwater", False),
        ("Is the hall free? Best, Maria Lopez, Brightwater", "Then we take it for Maria Lopez of Brightwater", True),
        ("Maria Lopez of Brightwater has the hall", "Maria Lopez of Brightwater has the hall", True),
        ("Has Maria Lopez of Brightwater the hall?", "So has Maria Lopez of Brightwater the hall?", True),
    ],
)
def test_a_signature_is_no_word_that_comes_back(first: str, second: str, *, left_out: bool) -> None:
    """Who repeats the whole message, or ends with the same question, does come back."""
    maria, lopez, brightwater = (hash_of(word) for word in ("maria", "lopez", "brightwater"))
    signed = words(*sorted((maria, lopez, brightwater)))
    chat = Chat()
    chat.customer(signed, first)
    chat.ai(HOLIDAY)
    chat.customer(signed, second)
    assert bool(last_correction(chat)) is left_out


def test_who_goes_on_with_a_question_on_the_topic_and_gets_the_same_answer_again_is_not_understood() -> None:
    """It may be the next question, but for that."""
    same = said(fingerprint=(10, 11, 12, 13))
    chat = Chat()
    chat.customer(words(NO_MILK, MONDAY, WEDNESDAY))
    chat.ai(same)
    text = "Yes, but we are at home. Is there no milk on Wednesdays?"
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(NO_MILK, WEDNESDAY, 20)), text)
    assert last_correction(chat) == 0
    (raised,) = chat.ai(same).escalations
    assert raised.trigger == "ai_failure"


@pytest.mark.parametrize(
    ("answer", "tells"),
    [
        ("Yes, 12:00, with space for cars.", False),
        ("No, the next one is at two.", False),
        ("Ja, um zwölf.", False),
        ("Yes, and our office is open from nine to five on every day of the week.", True),
        ("The office is open from nine to five.", True),
    ],
)
def test_a_yes_or_a_no_in_a_few_words_leaves_nothing_out(answer: str, *, tells: bool) -> None:
    """After "Is there a crossing at noon?" and "Yes, 12:00." who asks to be booked on the one at noon was answered."""
    chat = Chat()
    chat.customer(words(1, 2, 3))
    chat.ai(HOLIDAY, answer)
    chat.customer(words(1, 2, 20))
    assert bool(last_correction(chat)) is tells
