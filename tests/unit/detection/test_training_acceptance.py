"""What the model of answers to offers is fitted on."""

from __future__ import annotations

from importlib import import_module

from handraise.detection.evaluation import Row
from handraise.events import Sender
from tests.support.tools import for_training

for_training("sklearn")
acceptance = import_module("handraise.training.acceptance")

OFFER = Row(text="Shall I connect you?", sender=Sender.ASSISTANT, labels=("offers_human",))
PRICE = Row(text="It is 12 euros.", sender=Sender.ASSISTANT)


def test_the_answers_to_offers_are_found_in_the_corpus() -> None:
    rows = [
        OFFER,
        PRICE,
        Row(text="yes please", before=("hi", OFFER.text), labels=("affirm",)),
        Row(text="a person, now", before=(OFFER.text,), labels=("human_request",)),
        Row(text="no thanks", before=(OFFER.text,)),
        Row(text="yes, that is right", before=(PRICE.text,), labels=("affirm",)),
        Row(text="of which nobody knows", before=(OFFER.text,), known=("complaint",)),
    ]
    assert acceptance.answers_among(rows) == [("yes please", True), ("a person, now", True), ("no thanks", False)]


def test_what_says_neither_yes_nor_asks_is_something_else() -> None:
    rows = [
        Row(text="blue"),
        Row(text="yes", labels=("affirm",)),
        Row(text="a person", labels=("human_request",)),
        Row(text="word " * 30),
        PRICE,
    ]
    assert acceptance.something_else(rows) == [("blue", False)]


def test_the_model_knows_the_answers_that_it_was_fitted_on() -> None:
    model = acceptance.fit([])
    written = acceptance.answers("train")
    assert model.heads == (acceptance.ACCEPTS,)
    likely = model.logits([acceptance.tokens_of(one.answer) for one in written])[:, 0] > 0
    assert sum(one.takes_up == found for one, found in zip(written, likely, strict=True)) > 0.9 * len(written)


def test_no_answer_that_is_held_out_is_learned_with_its_offer() -> None:
    learned = {(one.offer, one.answer) for one in acceptance.answers("train")}
    assert not learned.intersection((one.offer, one.answer) for one in acceptance.answers("heldout"))
