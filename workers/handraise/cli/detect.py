"""`handraise detect`: what is seen in each message on its own."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer

from handraise.cli.lines import BATCH, Run, messages, policy_book, report
from handraise.detection import SIGNALS, Signals
from handraise.detection import detect as detect_texts
from handraise.events import ChatMessage
from handraise.policy import default_policy
from handraise.policy.model import CRISIS

FIRED: Final = ("human_request", "complaint", "high_value", "distress", "crisis")
"""The signals that act as triggers on a customer's message alone."""


def detect(
    files: Annotated[
        list[Path], typer.Argument(metavar="FILE...", help="JSON lines of messages, gzip too; - for stdin.")
    ],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first line that cannot be used.")] = False,
) -> None:
    """Print what is detected in each message on its own: one JSON object a line."""
    run = Run(policy_book(None), strict=strict)
    thresholds = _thresholds()
    out, found = sys.stdout.buffer, messages(run, files)
    while batch := list(islice(found, BATCH)):
        for message, signals in zip(batch, _signals(batch), strict=True):
            out.write(msgspec.json.encode(_shown(message, signals, thresholds)) + b"\n")
        out.flush()
    report(run.bad)


def _signals(batch: Iterable[ChatMessage]) -> list[Signals]:
    batch = list(batch)
    return detect_texts(
        [message.text for message in batch],
        senders=[message.sender for message in batch],
        languages=[message.language for message in batch],
    )


def _thresholds() -> dict[str, float]:
    """The default thresholds of the signals that act as triggers."""
    policy = default_policy("default")
    return {
        name: (policy.rule("distress", CRISIS) if name == "crisis" else policy.rule(name)).threshold for name in FIRED
    }


def _shown(message: ChatMessage, signals: Signals, thresholds: dict[str, float]) -> dict[str, object]:
    scores = {name: getattr(signals, name) for name in SIGNALS}
    return {
        "message_id": message.message_id,
        "language": signals.language,
        "sentiment": signals.sentiment,
        "intent": signals.intent,
        "signals": {name: score for name, score in scores.items() if score > 0},
        "fired": [name for name, threshold in thresholds.items() if scores[name] >= threshold],
    }
