"""`handraise detect`: what is seen in each message on its own."""

from __future__ import annotations

import sys
from typing import Annotated, Final

import msgspec
import typer

from handraise.cli.lines import Fast, Files, Reader
from handraise.detection import SIGNALS, Signals, detection
from handraise.events import ChatMessage
from handraise.policy import default_policy
from handraise.policy.model import CRISIS, BusinessPolicy

FIRED: Final = ("human_request", "complaint", "high_value", "distress", "crisis")
"""The signals that act as triggers on a customer's message alone."""


def detect(
    files: Files,
    *,
    fast: Fast = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")] = False,
) -> None:
    """Print what is detected in each message on its own: one JSON object a line.

    A worker also hears the two turns before a message that it is in doubt about: see `handraise explain`.
    """
    reader = Reader(strict=strict)
    policy = default_policy("default")
    detect_texts = detection(fast=fast).detect
    out = sys.stdout.buffer
    for batch in reader.batches(files):
        messages = [event for _, event in batch if isinstance(event, ChatMessage)]
        found = detect_texts(
            [message.text for message in messages],
            senders=[message.sender for message in messages],
            languages=[message.language for message in messages],
        )
        for message, signals in zip(messages, found, strict=True):
            out.write(msgspec.json.encode(_shown(message, signals, policy)) + b"\n")
        out.flush()
    reader.close()


def _fired(signals: Signals, policy: BusinessPolicy) -> list[str]:
    """The triggers that the message alone pulls; the policy's floors for quantities and amounts count, as live."""
    scores = {name: getattr(signals, name) for name in FIRED} | {"high_value": policy.high_value_score(signals).score}
    rules = {name: policy.rule("distress", CRISIS) if name == CRISIS else policy.rule(name) for name in FIRED}
    return [name for name in FIRED if scores[name] >= rules[name].threshold]


def _shown(message: ChatMessage, signals: Signals, policy: BusinessPolicy) -> dict[str, object]:
    scores = {name: getattr(signals, name) for name in SIGNALS}
    return {
        "message_id": message.message_id,
        "language": signals.language,
        "sentiment": signals.sentiment,
        "intent": signals.intent,
        "signals": {name: score for name, score in scores.items() if score > 0},
        "fired": _fired(signals, policy),
    }
