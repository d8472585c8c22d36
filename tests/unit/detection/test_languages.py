"""What is heard in the languages other than English; the wordings stand in `test_language_*.toml` beside this file."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Final

import pytest

from handraise.detection.lexicon import load
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.signals import Signals
from handraise.events import Sender

SURE: Final = 0.5
LEXICONS: Final = ("es", "pt", "fr", "de", "hi", "hi_latn", "ar")
HEARD: Final = ("human_request", "crisis", "complaint", "high_value", "distress", "affirm", "thanks")
RAISING: Final = ("human_request", "complaint", "high_value", "distress", "crisis")
SCORED: Final = ("admission", "promise")
FLAGS: Final = ("deferral", "asks_detail", "offers_human")


def samples(sender: str, *kinds: str) -> list[tuple[str, str]]:
    """Each kind with each of its texts, over all languages."""
    found = []
    for lexicon in LEXICONS:
        with Path(__file__).with_name(f"test_language_{lexicon}.toml").open("rb") as file:
            texts = tomllib.load(file)[sender]
        for kind in kinds:
            found += [(kind, text) for text in texts.get(kind, ())]
    return found


def raised(signals: Signals) -> list[str]:
    """The signals that would act by themselves."""
    return [name for name in RAISING if getattr(signals, name) >= SURE]


@pytest.mark.parametrize(("signal", "text"), samples("customer", *HEARD))
def test_what_a_customer_means_is_heard_in_every_language(signal: str, text: str) -> None:
    """Requests, crises, complaints, large enquiries, distress, yes and thanks, in whatever words."""
    assert getattr(default_phrases().detect(text), signal) >= SURE


@pytest.mark.parametrize(("_kind", "text"), samples("customer", "ordinary", "thanks"))
def test_ordinary_messages_look_alikes_and_thanks_raise_nothing(_kind: str, text: str) -> None:
    """Nor do one's own number, suppositions, figures of speech, and being asked not to call."""
    assert raised(default_phrases().detect(text)) == []


@pytest.mark.parametrize(("signal", "text"), samples("assistant", *SCORED))
def test_what_the_ai_admits_and_promises_is_told_apart(signal: str, text: str) -> None:
    """An admission is no promise, and a promise no admission."""
    signals = default_phrases().detect(text, Sender.ASSISTANT)
    assert [name for name in SCORED if getattr(signals, name) >= SURE] == [signal]


@pytest.mark.parametrize(("flag", "text"), samples("assistant", *FLAGS))
def test_putting_off_asking_and_offering_are_neither_gap_nor_promise(flag: str, text: str) -> None:
    """An offer of a person promises none, and asking for a detail admits nothing."""
    signals = default_phrases().detect(text, Sender.ASSISTANT)
    assert getattr(signals, flag)
    assert [name for name in SCORED if getattr(signals, name) >= SURE] == []


@pytest.mark.parametrize(("_kind", "text"), samples("assistant", "plain"))
def test_a_plain_answer_of_the_ai_is_neither_gap_nor_promise(_kind: str, text: str) -> None:
    """An answer that answers admits, promises and puts off nothing."""
    signals = default_phrases().detect(text, Sender.ASSISTANT)
    assert (signals.admission, signals.promise, signals.deferral) == (0.0, 0.0, False)


@pytest.mark.parametrize(
    "text",
    [
        "no quiero hablar con un bot",
        "não quero falar com um robô",
        "je ne veux pas parler à un robot",
        "ich will nicht mit einem Bot reden",
        "mujhe bot se baat nahi karni",
        "मुझे बॉट से बात नहीं करनी",
        "ما ابي اكلم بوت",
    ],
)
def test_refusing_the_machine_asks_for_a_person(text: str) -> None:
    """The "no" belongs to the request and does not cancel it."""
    assert default_phrases().detect(text).human_request >= SURE


@pytest.mark.parametrize("language", ["en", "fr", "und", None])
def test_a_request_and_a_crisis_are_heard_whatever_language_the_producer_names(language: str | None) -> None:
    """A mistaken tag silences neither."""
    detect = default_phrases().detect
    assert detect("quiero hablar con un agente", language=language).human_request >= SURE
    assert detect("ich will nicht mehr leben", language=language).crisis >= SURE


@pytest.mark.parametrize(
    "text",
    [
        "book me a flight from delhi to san diego",
        "i need two large pizzas please",
        "my confirmation number is AB 344 KL",
        "what is the weather in los angeles",
        "change my address to 12 Main Street",
    ],
)
def test_ordinary_english_stays_english_and_raises_nothing(text: str) -> None:
    """The phrases of other languages act on no English sentence."""
    signals = default_phrases().detect(text)
    assert raised(signals) == []
    assert signals.language in ("en", "und")


@pytest.mark.parametrize("lexicon", LEXICONS)
def test_a_lexicon_holds_no_filler_that_its_phrases_need(lexicon: str) -> None:
    """A filler is left out of phrases too, so that a phrase which needs it would match without it."""
    known = load(lexicon)
    phrases = [*(phrase for words in known.words.values() for phrase in words)]
    phrases += [phrase for pattern in known.pattern for phrase in (*pattern.any, *pattern.unless)]
    phrases += [phrase for guard in known.guard for phrase in guard.any]
    needed = {word for phrase in phrases for word in phrase.translate(str.maketrans("()|?+^$", "       ")).split()}
    assert needed.isdisjoint(known.fillers)
