"""`handraise demo`: sample conversations, live, on a broker that comes with it."""

from __future__ import annotations

import asyncio
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.live import Live
from rich.text import Text

from handraise.cli.errors import UserError
from handraise.cli.lines import Run, messages, policy_book
from handraise.demo.broker import BrokerError, embedded_broker
from handraise.demo.play import play, schedule
from handraise.demo.samples import load_samples
from handraise.demo.view import View
from handraise.demo.worker import WorkerError, worker
from handraise.engine.clients import Clients
from handraise.engine.errors import EngineError
from handraise.engine.topics import create_topics
from handraise.events import ChatMessage
from handraise.settings import Delivery, Settings


def demo(
    *,
    file: Annotated[
        Path | None, typer.Option("--input", exists=True, help="JSON lines of messages, instead of the samples.")
    ] = None,
    speed: Annotated[float, typer.Option(min=0.01, max=100.0, help="2 plays twice as fast.")] = 1.0,
    broker: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="A broker of your own, instead of the embedded one.")
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Stay up after the last message, until Ctrl-C.")] = False,
) -> None:
    """Stream sample conversations through a real worker and show each escalation as it happens."""
    conversations = _conversations(file)
    view = View(Console(highlight=False))
    with tempfile.TemporaryDirectory(prefix="handraise-demo-") as name:
        folder = Path(name)
        try:
            with _settings(broker, folder, view) as settings:
                asyncio.run(create_topics(settings, Clients(settings)))
                with worker(settings, folder) as running:
                    view.line("Starting a worker …")
                    running.wait_ready()
                    metrics = f"{running.url}/metrics"
                    view.line(f"It is ready; its metrics: {metrics}")
                    planned = schedule(conversations, speed)
                    with _live(view):
                        asyncio.run(play(settings, planned, view, running.folded))
                    view.summary(metrics)
                    if keep:
                        view.line(f"Staying up until Ctrl-C: broker {settings.brokers}, metrics {metrics}")
                        while True:
                            time.sleep(3600)
        except (BrokerError, WorkerError, EngineError) as error:
            raise UserError(str(error)) from error
        except TimeoutError as error:
            raise UserError("the worker did not fold all messages in time; try a lower --speed") from error


@contextmanager
def _settings(broker: str | None, folder: Path, view: View) -> Iterator[Settings]:
    """Settings for this run alone: topics of its own, and the embedded broker unless another one is named."""
    name = f"handraise-demo-{uuid.uuid4().hex[:6]}"

    own: dict[str, Any] = {
        "group": name,
        "topic_prefix": f"{name}.",
        "http_port": 0,
        "partitions": 4,
        "session_timeout_seconds": 6.0,
    }
    if broker is not None:
        view.line(f"Broker {broker}; the topics begin with {name}. and stay there.")
        yield Settings(brokers=broker, delivery=Delivery.EXACTLY_ONCE, **own)
        return
    with embedded_broker(folder) as servers:
        view.line(f"Broker {servers}: in memory, for trying out; it keeps nothing and has no transactions.")
        yield Settings(brokers=servers, delivery=Delivery.AT_LEAST_ONCE, **own)


@contextmanager
def _live(view: View) -> Iterator[None]:
    """A status line at the bottom of a terminal; nothing in a pipe."""
    live = Live(
        console=view.console,
        get_renderable=lambda: Text(view.status(), style="bold"),
        refresh_per_second=4,
        transient=True,
    )
    with live if view.console.is_terminal else nullcontext():
        yield


def _conversations(file: Path | None) -> list[list[ChatMessage]]:
    if file is None:
        return [sample.messages for sample in load_samples()]
    found: dict[tuple[str, str], list[ChatMessage]] = {}
    for message in messages(Run(policy_book(None)), [file]):
        found.setdefault((message.business_id, message.conversation_id), []).append(message)
    if not found:
        raise UserError(f"{file} has no message to play")
    return list(found.values())
