"""The two programs in `schemas/examples` that a newcomer copies, against a worker."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from handraise.engine.topics import Topic
from handraise.events import ChatMessage, Control, ControlState, Sender, encode
from tests.support.brokers import ROOT
from tests.support.installation import Installation

EXAMPLES: Final = ROOT / "schemas" / "examples"
WORKER: Final = ("-m", "handraise", "worker")


def run(name: str, environment: dict[str, str], *arguments: str) -> str:
    """What an example prints."""
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / name), *arguments],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, **environment},
    )
    return done.stdout


def just_now(conversation: str, text: str) -> ChatMessage:
    """A message of this minute: the outcome that the example sends is of now, and an old conversation would be over."""
    return ChatMessage(
        message_id=f"{conversation}-1",
        conversation_id=conversation,
        business_id="acme",
        sender=Sender.CUSTOMER,
        sent_at=datetime.now(UTC),
        text=text,
    )


def test_the_examples_publish_messages_and_answer_an_escalation(installation: Installation, tmp_path: Path) -> None:
    installation.worker(WORKER).wait_ready()
    prefix = installation.settings.topic_prefix
    texts = {"c1": "Where is my order?", "c2": "Can I talk to a real person please?"}
    file = tmp_path / "messages.jsonl"
    file.write_bytes(b"\n".join(encode(just_now(name, text)) for name, text in texts.items()))
    brokers = installation.broker.servers
    published = run("publish_messages.py", {"BROKERS": brokers, "TOPIC": f"{prefix}chat.messages"}, str(file))
    assert published.startswith("2 messages published")
    shown = run("consume_escalations.py", {"BROKERS": brokers, "PREFIX": prefix, "GROUP": f"{prefix}tool"}, "1")
    assert shown.startswith("raised human_request")
    controls = asyncio.run(installation.read(Topic.CONTROL, lambda records: len(records) >= 2))
    states = [msgspec.json.decode(record.value, type=Control).state for record in controls]
    assert states == [ControlState.ESCALATED, ControlState.HUMAN]
