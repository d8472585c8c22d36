"""A text in doubt is read with what stands before it, and anew after other turns; one that is clear is not."""

from __future__ import annotations

from typing import Final, cast

import pytest

from handraise.detection import Detector, Signals, detect, detect_fast
from handraise.detection.detector import default_detector, fast_detector
from handraise.detection.mixture import default_mixture
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import PhraseDetector, default_phrases
from handraise.detection.reader import Reader
from handraise.events import Sender
from tests.support.hearing import Hearing, hearing_detector

CUSTOMER: Final = Sender.CUSTOMER
CLEAR: Final = "Thank you"
DOUBTFUL: Final = "broken"
RETURNS: Final = ("I want to send this lamp back.", "What is the reason: broken, wrong size, or changed your mind?")
STATE: Final = ("My lamp has come today.", "In what state has it arrived?")


class Counted:
    """The phrases; how often they are asked is counted."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __getattr__(self, name: str) -> object:
        return getattr(default_phrases(), name)

    def read(self, text: str, sender: Sender, language: str | None) -> tuple[Signals, list[str]]:
        """Count, and read."""
        self.asked.append(text)
        return default_phrases().read(text, sender, language)


def test_a_text_in_doubt_is_not_answered_from_memory_after_other_turns() -> None:
    reader = Hearing()
    detector = hearing_detector(reader)
    first, second, alone = (detector([DOUBTFUL], before=[before])[0] for before in (RETURNS, STATE, ()))
    assert len({repr(signals) for signals in (first, second, alone)}) == 3
    assert detector([DOUBTFUL] * 3, before=[STATE, RETURNS, ()]) == [second, first, alone]
    assert {len(before) for _, before in reader.asked} == {0, 2}


def test_a_text_that_is_clear_is_answered_from_memory_whatever_stands_before_it() -> None:
    """The reader is not asked about it, and the faster models are asked once."""
    reader, phrases = Hearing(), Counted()
    detector = Detector(cast(PhraseDetector, phrases), default_ngrams(), default_mixture(), cast(Reader, reader))
    found = [detector([CLEAR], before=[before])[0] for before in (RETURNS, STATE, ())]
    assert found == found[:1] * 3
    assert (phrases.asked, reader.asked) == ([CLEAR], [])
    detector([DOUBTFUL], before=[STATE])
    detector([DOUBTFUL], before=[STATE])
    assert phrases.asked == [CLEAR, DOUBTFUL, DOUBTFUL]


def test_the_steps_taken_one_by_one_find_what_a_call_finds() -> None:
    """Of some of the texts alone, and in another order."""
    detector = hearing_detector(Hearing())
    texts, before = [DOUBTFUL, CLEAR, DOUBTFUL, "the manager"], [RETURNS, RETURNS, STATE, ()]
    begun = detector.begin(texts, [CUSTOMER] * 4, [None] * 4)
    assert [begun.in_doubt(at) for at in range(4)] == [True, False, True, True]
    places = [3, 1, 2]
    read = [detector.read(begun, at, before[at]) for at in places if begun.in_doubt(at)]
    found = detector(texts, before=before)
    assert detector.end(begun, places, read) == [found[at] for at in places]
    with pytest.raises(ValueError, match="2 texts are in doubt, and 1 were read"):
        detector.end(begun, places, read[:1])


@pytest.mark.parametrize("detector", [detect, detect_fast, default_detector(), fast_detector()])
@pytest.mark.parametrize("before", [[], [()], [(), (), ()]])
def test_what_stands_before_is_given_for_each_text(detector: Detector, before: list[tuple[str, ...]]) -> None:
    with pytest.raises(ValueError, match=f"2 texts, and what comes before {len(before)}"):
        detector([DOUBTFUL, CLEAR], before=before)


def test_the_fast_detection_hears_nothing_of_what_stands_before() -> None:
    """It has no reader, and is in doubt of nothing."""
    texts = [DOUBTFUL, CLEAR, "about 40 of them"]
    assert detect_fast(texts, before=[RETURNS, STATE, RETURNS]) == detect_fast(texts)
    detector = fast_detector()
    begun = detector.begin(texts, [CUSTOMER] * 3, [None] * 3)
    assert not any(begun.in_doubt(at) for at in range(3))
    with pytest.raises(ValueError, match="no reader"):
        detector.read(begun, 0, ())


@pytest.mark.parametrize(
    "about",
    [
        ("broken", *RETURNS),
        ("still off", "Are you open on Sundays?", "The shop is closed. Is the light above the door off or on?"),
        ("kaputt", "Ich möchte die Lampe zurückschicken.", "Gerne. Ist sie kaputt, zu groß oder gefällt sie nicht?"),
    ],
)
def test_the_answer_to_what_the_ai_asked_is_no_complaint(about: tuple[str, ...]) -> None:
    """Alone it looks like one."""
    text, *before = about
    alone, answer = detect([text, text], before=[(), before])
    assert alone.complaint >= 0.7
    assert answer.complaint <= 0.3
    assert answer.sentiment > alone.sentiment


def test_the_same_words_are_a_complaint_where_a_fault_stands_before_them() -> None:
    """They are no answer to a mere question."""
    (faulty,) = detect(["still off"], before=[("My heating is off", "Have you tried the reset button?")])
    assert faulty.complaint >= 0.7


def test_no_more_than_the_last_two_turns_are_read() -> None:
    last = detect([DOUBTFUL], before=[RETURNS])
    assert detect([DOUBTFUL], before=[("Everything here is broken!", *RETURNS)]) == last
    assert detect([DOUBTFUL], before=[RETURNS[1:]]) != last


GREETING: Final = ("hi", "Hi! How can I help?")


@pytest.mark.parametrize(
    "text",
    [
        "he wont wake up and im scared",
        "im standing on the bridge",
        "there's smoke coming from the washing machine",
        "sie wacht nicht auf",
        "ayuda me van a matar",
        "il a un couteau",
        "minha insulina acabou",
        "सीने में दर्द हो रहा है",
        "قطعت ايدي",
    ],
)
def test_a_greeting_before_it_makes_nobody_deaf_to_danger(text: str) -> None:
    """The reader alone took each of them, after a greeting, for an answer to the question how it can help."""
    alone, later = detect([text, text], before=[(), GREETING])
    assert alone.crisis >= later.crisis >= 0.5


@pytest.mark.parametrize(
    "text", ["my bath bomb arrived broken", "this deal is killing it", "do you sell rope by the metre?"]
)
def test_what_only_sounds_like_danger_stays_none_after_a_greeting(text: str) -> None:
    assert detect([text], before=[GREETING])[0].crisis < 0.5


@pytest.mark.parametrize(
    "text", ["agent chahiye", "operador", "bitte eskalieren", "atencion al cliente", "kaun madad karega"]
)
def test_a_few_words_that_ask_for_a_person_do_so_after_a_greeting(text: str) -> None:
    alone, later = detect([text, text], before=[(), GREETING])
    assert alone.human_request >= later.human_request >= 0.5


def test_what_stands_before_may_tell_of_danger_that_a_text_does_not() -> None:
    """Where it says more than the text alone, that stands."""
    before = ("I have taken all my pills", "Are you serious? Please tell me that you are safe.")
    alone, later = detect(["No. It won't hurt much longer."] * 2, before=[(), before])
    assert later.crisis > alone.crisis
