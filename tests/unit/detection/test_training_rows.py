"""The rows that training makes of the corpus's own."""

from __future__ import annotations

from collections import Counter

import pytest

from handraise.detection.evaluation import Row, read_rows
from handraise.detection.heads import CUSTOMER_SIGNALS
from handraise.events import Sender
from handraise.training.corpus import CORPUS, corpus_rows, joined, shouted, with_turns


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


@pytest.mark.parametrize("split", ["train", "heldout"])
def test_the_corpus_is_as_large_as_its_readme_says(split: str) -> None:
    said = (CORPUS / "README.md").read_text(encoding="utf-8")
    rows = [row for row in corpus_rows(split) if not row.writer.startswith("public-")]
    customers = [row for row in rows if row.sender is Sender.CUSTOMER]
    assert f"{sum(bool(row.before) for row in rows):,}{' rows' if split == 'train' else ''} of `{split}`" in said
    if split == "heldout":
        assert f"`heldout` has {len(customers):,} and {len(rows) - len(customers):,}." in said
        return
    by_language = Counter(row.language for row in customers)
    english = by_language.pop("en")
    least, most = min(by_language.values()), max(by_language.values())
    assert (
        f"`train` has {len(customers):,} messages of customers ({english:,} in English, {least:,} to {most:,}" in said
    )
    assert f"{len(rows) - len(customers):,} AI turns" in said
    assert f"{sum(not row.labels for row in customers):,} of the customers' hold no label at all" in said


def test_turns_before_a_row_are_two_at_most() -> None:
    for split in ("train", "heldout"):
        for row in corpus_rows(split):
            assert len(row.before) <= 2
            assert all(row.before)


def test_rows_with_turns_before_them_are_learned_alone_and_after_these() -> None:
    first, second = Row(text="hello", writer="w/1"), Row(text="7", writer="w/1", before=("which day?",))
    assert with_turns([first, second]) == [first, Row(text="7", writer="w/1"), second]


def test_rows_that_are_made_of_others_have_no_turns_before_them() -> None:
    rows = [Row(text=f"of May {n}", labels=("affirm",) * (n % 2), before=("which day?",)) for n in range(1_000)]
    for make in (joined, shouted):
        made = make(rows)
        assert made
        assert not any(row.before for row in made)
