from __future__ import annotations

from pathlib import Path

import pytest

from handraise.reference import example, readme

ROOT = Path(__file__).resolve().parents[2]


def test_the_example_is_of_the_event_that_the_readme_shows() -> None:
    shown = (ROOT / readme.README).read_text(encoding="utf-8")
    other = shown.replace("Can I talk to someone?", "Can I talk to Rosa, please?")
    assert "Can I talk to Rosa, please?" in example.escalation(other, ROOT / example.POLICY)
    assert '"holder": "human"' in example.control(other, ROOT / example.POLICY)


ASKS = """```json
{"message_id": "m", "conversation_id": "c", "business_id": "b", "sender": "customer", "sent_at": 0, "text": "Open?"}
```"""


@pytest.mark.parametrize(("text", "problem"), [("no event at all", "needs a block"), (ASKS, "raises no escalation")])
def test_a_readme_without_an_event_that_escalates_is_an_error(text: str, problem: str) -> None:
    with pytest.raises(example.ExampleMissingError, match=problem):
        example.escalation(text, ROOT / example.POLICY)
    with pytest.raises(example.ExampleMissingError):
        example.control(text, ROOT / example.POLICY)


def test_text_around_the_markers_stays_and_what_is_between_is_replaced() -> None:
    text = "before\n<!-- x:begin -->\nold\n<!-- x:end -->\nafter\n"
    written = readme.between_markers(text, "x", "| new |\n")
    assert written == "before\n<!-- x:begin -->\n| new |\n<!-- x:end -->\nafter\n"
    assert readme.between_markers(written, "x", "| new |\n") == written


@pytest.mark.parametrize(
    "text",
    [
        "no markers",
        "<!-- x:begin -->",
        "<!-- x:end --><!-- x:begin -->",
        "<!-- x:begin --><!-- x:begin --><!-- x:end -->",
        "<!-- x:begin --><!-- x:end --><!-- x:end -->",
    ],
)
def test_a_missing_or_doubled_marker_is_an_error_that_names_it(text: str) -> None:
    with pytest.raises(readme.MarkerMissingError, match="x:begin"):
        readme.between_markers(text, "x", "")
