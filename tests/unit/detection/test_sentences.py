"""What an AI's long turn says in one of its sentences."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.detection import Signals, Span, detect, detect_fast
from handraise.detection.sentences import CLEAR, LONG, MOST, Sentence, heard_in_any, sentences_of
from handraise.detection.signals import Intent
from handraise.events import Sender

KIND = (
    "What a lovely idea to finish the set! The Alder table is made to order in nine to eleven weeks, with delivery by"
    " two people included. Walnut does lighten with the years, so a fresh table looks a shade darker at first."
)
DEEP = {
    "admission": f"{KIND} How close this batch comes to yours is something I don't know. The samples are free.",
    "promise": f"{KIND} Our colleague Tomás will call you tomorrow morning about it. Until then, enjoy the oak.",
    "offers_human": f"{KIND} Shall I ask one of our joiners to give you a call about it? Samples are free as well.",
    "fault": f"{KIND} I tried twice, and our booking system keeps returning an error. The samples are free.",
}


@pytest.mark.parametrize("signal", DEEP)
def test_what_stands_in_one_sentence_of_many_is_heard_and_shown(signal: str) -> None:
    text = DEEP[signal]
    (found,) = detect([text], senders=[Sender.ASSISTANT])
    assert getattr(found, signal) >= CLEAR
    for name in DEEP:
        assert bool(getattr(found, name) >= 0.5) == (name == signal), name
    for span in found.spans:
        assert 0 <= span.start < span.end <= len(text)
    shown = [text[span.start : span.end] for span in found.spans if span.signal == signal]
    said = text[len(KIND) :]
    assert all(one in said for one in shown)
    assert shown or signal in {"offers_human", "fault"}


@pytest.mark.parametrize("detector", [detect, detect_fast])
def test_of_a_long_turn_that_only_helps_nothing_of_the_kind_is_heard(detector: Callable[..., list[Signals]]) -> None:
    (found,) = detector([f"{KIND} The samples are free, and the shop is open until six."], senders=[Sender.ASSISTANT])
    assert max(found.admission, found.promise) < CLEAR / 2
    assert not found.offers_human
    assert not found.fault


def test_what_a_turn_says_does_not_depend_on_those_beside_it() -> None:
    texts = [*DEEP.values(), KIND, "Shall I ask one of our joiners to give you a call about it?"]
    senders = [Sender.ASSISTANT] * len(texts)
    together = detect(texts, senders=senders)
    assert together == [detect([text], senders=[Sender.ASSISTANT])[0] for text in texts]
    assert together == detect(texts, senders=senders)


def test_customers_and_short_turns_are_read_whole() -> None:
    assert not sentences_of(KIND, Sender.CUSTOMER)
    assert not sentences_of("Yes, we do. On Sundays we are closed.", Sender.ASSISTANT)
    assert not sentences_of("word " * LONG, Sender.ASSISTANT)
    assert sentences_of("word and another word. " * LONG, Sender.ASSISTANT)


def test_no_sentence_of_a_word_or_two_is_read_alone_and_no_more_than_some() -> None:
    text = "Great! Yes, sure. " + "Here is one more line to read.\n" * (2 * MOST)
    found = sentences_of(text, Sender.ASSISTANT)
    assert [one.text for one in found] == ["Here is one more line to read."] * MOST


@given(st.text(alphabet="ab .!?।؟…\n", max_size=400))
def test_a_sentence_is_where_it_says(text: str) -> None:
    found = sentences_of(text, Sender.ASSISTANT)
    for one in found:
        assert text[one.begin : one.begin + len(one.text)] == one.text == one.text.strip()
    assert all(one.begin + len(one.text) <= other.begin for one, other in pairwise(found))


SCORE = st.integers(0, 1_000).map(lambda score: score / 1_000)


@st.composite
def answers(draw: st.DrawFn) -> Signals:
    admission, promise = draw(SCORE), draw(SCORE)
    scores = {"admission": admission, "promise": promise}
    return Signals(
        language="en",
        sentiment=0.0,
        intent=Intent.OTHER,
        admission=admission,
        promise=promise,
        offers_human=draw(st.booleans()),
        fault=draw(st.booleans()),
        spans=tuple(Span(name, 2, 5, score) for name, score in scores.items() if score >= 0.2),
    )


@given(answers(), st.lists(st.tuples(st.builds(Sentence, st.integers(0, 90), st.just("a sentence")), answers())))
def test_a_sentence_adds_and_takes_nothing_away(whole: Signals, parts: list[tuple[Sentence, Signals]]) -> None:
    found = heard_in_any(whole, parts)
    for name in ("admission", "promise"):
        of_parts = [getattr(one, name) for _, one in parts if getattr(one, name) >= CLEAR]
        assert getattr(found, name) == max(getattr(whole, name), *of_parts, 0.0)
        shown = [span.start for span in found.spans if span.signal == name]
        assert len(shown) <= 1
    for name in ("offers_human", "fault"):
        assert getattr(found, name) == (getattr(whole, name) or any(getattr(one, name) for _, one in parts))
    assert list(found.spans) == sorted(found.spans, key=lambda span: (span.start, span.end, span.signal))
    assert heard_in_any(whole, []) == whole
