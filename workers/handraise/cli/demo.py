"""`handraise demo`: sample conversations, live, on a broker that comes with it."""

from __future__ import annotations

import asyncio
import re
import signal
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console

from handraise.cli.configured import configured
from handraise.cli.errors import UnusableInputError, UserError
from handraise.cli.lines import Reader
from handraise.demo import lines
from handraise.demo.broker import BrokerError
from handraise.demo.going_on import go_on
from handraise.demo.installation import Installation, Say, on_embedded_broker, on_own_broker
from handraise.demo.play import StalledError, play, schedule
from handraise.demo.program import Page, Program, ProgramError, Worker, running
from handraise.demo.samples import load_samples, samples_to_play
from handraise.demo.tally import Tally
from handraise.demo.view import view_for
from handraise.engine.errors import EngineError
from handraise.events import ChatMessage
from handraise.settings import Settings

_SERVERS: Final = re.compile(r"[^\s,:]+:\d{1,5}(,[^\s,:]+:\d{1,5})*")


def _servers(value: str | None) -> str | None:
    if value is not None and not _SERVERS.fullmatch(value):
        raise typer.BadParameter("give HOST:PORT, for example 127.0.0.1:9092; several are separated by commas")
    return value


def demo(
    *,
    file: Annotated[
        Path | None,
        typer.Option(
            "--input",
            metavar="FILE",
            exists=True,
            dir_okay=False,
            help="JSON lines of chat messages, gzip too, instead of the samples; outcomes in it are left out.",
        ),
    ] = None,
    speed: Annotated[
        float,
        typer.Option(
            metavar="FACTOR", min=0.01, max=100.0, help="2 plays twice as fast, 0.2 slow enough to read every message."
        ),
    ] = 1.0,
    broker: Annotated[
        str | None,
        typer.Option(
            metavar="HOST:PORT",
            callback=_servers,
            help="An Apache Kafka of your own, in topics of this run; HANDRAISE_ variables say how it is secured.",
        ),
    ] = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Start the log and the console too, and stay up with more conversations.")
    ] = False,
) -> None:
    """Stream sample conversations through a real worker and show each escalation as it happens."""
    conversations = _conversations(file)
    console = Console(highlight=False)

    def say(line: str) -> None:
        console.print(line, markup=False, soft_wrap=True)

    with _stopped_by_signals(), tempfile.TemporaryDirectory(prefix="handraise-demo-") as name:
        scratch = Path(name)
        try:
            with ExitStack() as started:
                installation = started.enter_context(_installation(broker, scratch, say))
                worker = started.enter_context(running(Worker, "worker", installation, scratch))
                say("Starting a worker, which takes a few seconds …")
                worker.wait_ready()
                say(f"It is ready. Its metrics, while it runs: {worker.metrics_url}")
                others = _others(started, installation, scratch, say) if keep else []
                _play(installation, worker, conversations, speed, console, say)
                if keep:
                    _stay(installation, worker, others, _more(file), say)
        except (BrokerError, ProgramError, EngineError, StalledError) as error:
            raise UserError(str(error)) from error


def _play(
    installation: Installation,
    worker: Worker,
    conversations: list[list[ChatMessage]],
    speed: float,
    console: Console,
    say: Say,
) -> None:
    tally = Tally()
    planned = schedule(conversations, speed, time.time_ns() // 1_000_000)
    say(f"{len(conversations)} conversations take {planned[-1].due:.0f} s at this speed; Ctrl-C ends them.")
    try:
        with view_for(console, tally) as view:
            asyncio.run(play(installation.settings, planned, view, worker.folded))
    finally:
        say("")
        for line in lines.summary(tally):
            say(line)


def _others(started: ExitStack, installation: Installation, scratch: Path, say: Say) -> list[Program]:
    """Start the escalation log and the console over it, and tell where that is."""
    log = started.enter_context(running(Program, "log", installation, scratch))
    page = started.enter_context(running(Page, "console", installation, scratch))
    for program in (log, page):
        program.wait_ready()
    say(f"Its escalation log, in a browser: {page.url}")
    return [log, page]


def _stay(
    installation: Installation,
    worker: Worker,
    others: Sequence[Program],
    more: Sequence[Sequence[ChatMessage]],
    say: Say,
) -> None:
    settings = installation.settings
    say(f"Up until Ctrl-C: broker {settings.brokers}, topics {settings.topic_prefix}*, metrics {worker.metrics_url}")
    try:
        asyncio.run(_watched(settings, worker, others, more))
    except KeyboardInterrupt:
        say("Stopping.")


async def _watched(
    settings: Settings, worker: Worker, others: Sequence[Program], more: Sequence[Sequence[ChatMessage]]
) -> None:
    """Let conversations go on for as long as every program runs."""
    going_on = asyncio.create_task(go_on(settings, more))
    try:
        while True:
            if going_on.done():
                going_on.result()
            await asyncio.to_thread(worker.folded)
            for program in others:
                program.check()
            await asyncio.sleep(1.0)
    finally:
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)


def _more(file: Path | None) -> list[list[ChatMessage]]:
    """What is played while the demo stays up: the samples that it has not shown, and nothing after a file."""
    if file is not None:
        return []
    shown = {sample.conversation.id for sample in samples_to_play()}
    return [sample.messages for sample in load_samples() if sample.conversation.id not in shown]


def _installation(broker: str | None, scratch: Path, say: Say) -> AbstractContextManager[Installation]:
    return on_embedded_broker(scratch, say) if broker is None else on_own_broker(broker, configured(), scratch, say)


def _conversations(file: Path | None) -> list[list[ChatMessage]]:
    if file is None:
        return [sample.messages for sample in samples_to_play()]
    reader = Reader()
    found: dict[tuple[str, str], list[ChatMessage]] = {}
    for batch in reader.batches([file]):
        for _, event in batch:
            if isinstance(event, ChatMessage):
                found.setdefault((event.business_id, event.conversation_id), []).append(event)
    reader.close()
    if not found:
        raise UnusableInputError(f"{file} has no chat message to play: each line is one, as schemas/ describes it")
    return list(found.values())


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let SIGTERM and a closed terminal end the demo as Ctrl-C does, so that no process of it is left."""
    received: list[int] = []

    def stop(number: int, _: object) -> None:
        received.append(number)
        signal.raise_signal(signal.SIGINT)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGHUP)}
    # A shell that starts it in the background has Ctrl-C ignored, and then nothing would end it.
    before[signal.SIGINT] = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    except KeyboardInterrupt:
        if received:
            raise typer.Exit(128 + received[0]) from None
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
