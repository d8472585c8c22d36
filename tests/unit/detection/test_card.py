"""The tables of the model card, as they are written anew."""

from __future__ import annotations

import re

import pytest

from handraise.training.corpus import CORPUS
from tests.support.card import CARD, CONVERSATIONS, TABLE, rewritten


def test_a_table_is_measured_and_what_stands_around_it_stays() -> None:
    card = "before\n\n<!-- messages: ar-ninth -->\n\nan old table\n\n<!-- end -->\n\nafter\n"
    found = rewritten(card)
    assert found.startswith("before\n\n<!-- messages: ar-ninth -->\n\n| label | holds |")
    assert re.search(r"quiet messages \(\d+\.\d per 1,000\)\.\n\n<!-- end -->\n\nafter\n$", found)
    assert "an old table" not in found
    assert rewritten(found) == found


def test_a_table_of_conversations_has_a_line_for_each_file() -> None:
    found = rewritten("<!-- conversations: heldout heldout-[28] heldout-1[1] -->\n<!-- end -->")
    files = re.findall(r"^\| `(.+?)\.jsonl`", found, re.MULTILINE)
    assert files == ["heldout", "heldout-2", "heldout-8", "heldout-11"]


def test_a_pattern_that_means_no_file_is_refused() -> None:
    with pytest.raises(ValueError, match="no file is meant by xx-ninth"):
        rewritten("<!-- messages: xx-ninth -->\n<!-- end -->")


def test_each_table_of_the_card_is_measured_from_files_that_there_are() -> None:
    card = CARD.read_text(encoding="utf-8")
    tables = TABLE.findall(card)
    assert len(tables) == card.count("<!-- end -->") == len(re.findall(r"^\|(?:---\|)+$", card, re.MULTILINE)) - 1
    for _, kind, patterns in tables:
        folder = CORPUS / "heldout" if kind == "messages" else CONVERSATIONS
        for pattern in patterns.split():
            assert list(folder.glob(f"{pattern}.jsonl")), pattern
