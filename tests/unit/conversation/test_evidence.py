"""The words that moved a trigger, with the secrets among them masked, however long the message is."""

from __future__ import annotations

import time

import pytest

from handraise.conversation.effects import Assessment
from handraise.conversation.masking import mask_secrets
from handraise.conversation.present import evidence
from handraise.detection.signals import Span
from handraise.events import ChatMessage, Sender

LOG = "2026-03-02 09:00:00 worker[12] password rejected for user 4711, retrying in 5 s\n"
TOLD = "my password is hunter2 and I want a person"


def shown(text: str, *spans: tuple[int, int]) -> list[str]:
    """The texts of the evidence."""
    message = ChatMessage(
        message_id="m", conversation_id="c", business_id="b", sender=Sender.CUSTOMER, sent_at=0, text=text
    )
    found = tuple(Span("human_request", start, end, 0.9) for start, end in spans)
    return [one.text for one in evidence(message, Assessment(trigger="human_request", score=0.9, spans=found))]


@pytest.mark.parametrize("before", [0, 70, 1_000])
@pytest.mark.parametrize("behind", [0, 1_000])
def test_a_secret_is_masked_wherever_its_message_is_quoted(before: int, behind: int) -> None:
    """The end of a long text is read, too."""
    start = before * len(LOG)
    text = LOG * before + TOLD + LOG * behind
    assert shown(text, (start, start + len(TOLD))) == [mask_secrets(TOLD)]
    assert "hunter2" not in shown(TOLD + text)[0]


def test_a_secret_that_begins_before_what_is_quoted_or_ends_after_it_is_masked() -> None:
    token = "sk-live-" + "a1B2c3D4" * 40
    start = 500 * len(LOG)
    text = LOG * 500 + token + "\n" + LOG * 500
    assert set(shown(text, (start + 20, start + 40))[0]) == {"•"}


@pytest.mark.parametrize("at", [0, 3_000, 6_000])
def test_a_private_key_is_masked_wherever_it_is_quoted_however_long_it_is(at: int) -> None:
    """One of RSA with 8,192 bits has more than 6,000 characters, and lines that tell by themselves of nothing."""
    lines = "AmaUeqXJ3/" * 620
    key = f"-----BEGIN RSA PRIVATE KEY-----\n{lines}\n-----END RSA PRIVATE KEY-----\n"
    start = 200 * len(LOG) + at + 32
    assert shown(LOG * 200 + key + LOG * 200, (start, start + 10)) == ["•" * 10]


def test_a_pasted_log_holds_nobody_up() -> None:
    """All of it would be half a second in which the worker does nothing else."""
    text = LOG * 6_000
    spans = [(at, at + 6) for at in range(0, 5_600, 700)]
    began = time.process_time()
    assert len(shown(text, *spans)) == 8
    few = time.process_time() - began
    began = time.process_time()
    mask_secrets(text)
    assert few < (time.process_time() - began) / 2
