"""What was said lately is not looked at anew, and that changes nothing."""

from __future__ import annotations

import pytest

from handraise.detection import Signals, lately
from handraise.detection.detector import Detector
from handraise.detection.lately import Lately
from handraise.detection.mixture import default_mixture
from handraise.detection.ngrams import default_ngrams
from handraise.detection.phrase_detector import default_phrases
from handraise.detection.signals import Intent
from handraise.events import Sender

NEUTRAL = Signals(language="en", sentiment=0.0, intent=Intent.OTHER)


def test_a_text_that_was_said_before_has_the_signals_it_had() -> None:
    """Whoever says it, and in whatever language it is said to be, is part of what is remembered."""
    detector = Detector(default_phrases(), default_ngrams(), default_mixture(), None)
    texts = ["can I talk to someone", "ok", "can I talk to someone", "si", "si"]
    senders = [Sender.CUSTOMER, Sender.CUSTOMER, Sender.ASSISTANT, Sender.CUSTOMER, Sender.CUSTOMER]
    tags = [None, None, None, "es", "fr"]
    first = detector(texts, senders=senders, languages=tags)
    assert detector(texts, senders=senders, languages=tags) == first
    assert detector(texts[::-1], senders=senders[::-1], languages=tags[::-1]) == first[::-1]
    assert first[0].human_request > first[2].human_request
    assert first[3].language != first[4].language


def test_the_text_not_met_for_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lately, "_MOST", 2)
    known = Lately()
    said = [(text, Sender.CUSTOMER, None) for text in "abc"]
    known.add(said[0], NEUTRAL)
    known.add(said[1], NEUTRAL)
    assert known.find(said[0]) is NEUTRAL
    known.add(said[2], NEUTRAL)
    assert [known.find(one) is NEUTRAL for one in said] == [True, False, True]


def test_a_long_text_is_not_kept() -> None:
    """They are seldom said twice, and would take the room of many short ones."""
    known = Lately()
    said = ("word " * 60, Sender.CUSTOMER, None)
    known.add(said, NEUTRAL)
    assert known.find(said) is None
