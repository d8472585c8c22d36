"""The rows that training makes of the corpus's own."""

from __future__ import annotations

from handraise.detection.evaluation import Row, read_rows
from handraise.detection.heads import CUSTOMER_SIGNALS
from handraise.events import Sender
from handraise.training.corpus import CORPUS, shouted


def test_some_messages_are_learned_in_capitals_too_with_what_they_ask_for() -> None:
    rows = [Row(text=f"call me about order {n}", labels=("human_request",), writer="w/1") for n in range(1_000)]
    made = shouted(rows)
    assert 30 < len(made) < 100
    assert shouted(rows) == made
    for row in made:
        assert row.text.startswith("CALL ME ABOUT ORDER ")
        assert row.labels == ("human_request",)
        assert row.knows("human_request")
        assert row.writer == "w/1"


def test_of_capitals_nobody_can_say_whether_they_are_anger() -> None:
    rows = [Row(text=f"my father fell {n}", labels=("distress", "crisis"), sentiment="negative") for n in range(1_000)]
    for row in shouted(rows):
        assert row.labels == ("crisis",)
        assert not row.knows("distress")
        assert row.sentiment is None


def test_what_has_no_capitals_or_is_no_customers_or_is_judged_in_part_is_left_as_it_is() -> None:
    rows = [
        *(Row(text=f"طلبي {n}", language="ar") for n in range(1_000)),
        *(Row(text=f"let me check {n}", sender=Sender.ASSISTANT) for n in range(1_000)),
        *(Row(text=f"two pizzas {n}", known=CUSTOMER_SIGNALS) for n in range(1_000)),
    ]
    assert shouted(rows) == []


def test_the_corpus_has_a_fair_share_of_them() -> None:
    rows = read_rows([CORPUS / "train" / "en-posts9.jsonl"])
    assert 0.03 < len(shouted(rows)) / len(rows) < 0.1
