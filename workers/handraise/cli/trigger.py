"""`handraise trigger try`: what example sentences would catch among past messages, and what they narrowly miss."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from handraise.cli.lines import Reader
from handraise.demo.lines import printable
from handraise.events import ChatMessage, ExampleTest, Sender

app = typer.Typer(no_args_is_help=True, help="Try a trigger of one's own on messages of the past.")

_DEFAULT: Final = ExampleTest(like=["x"]).at_least


@app.callback()
def trigger() -> None:
    """Keep `try` a command of its own."""


@app.command("try")
def try_(
    sentences: Annotated[
        list[str], typer.Argument(metavar="SENTENCE...", help="Sentences that mean what is looked for.")
    ],
    *,
    on: Annotated[
        list[Path], typer.Option("--on", metavar="FILE", exists=True, dir_okay=False, help="Messages as JSON lines.")
    ],
    unlike: Annotated[
        list[str] | None, typer.Option(metavar="SENTENCE", help="A sentence that means something else.")
    ] = None,
    at_least: Annotated[
        float, typer.Option(metavar="SHARE", help="How alike at least, from 0 to 1.", min=0.0, max=1.0)
    ] = _DEFAULT,
    show: Annotated[int, typer.Option(metavar="N", help="How many messages to show on either side.", min=0)] = 10,
) -> None:
    """Show which of the customers' messages mean the same as one of the sentences, the most alike first."""
    from handraise.detection.meaning import Examples  # noqa: PLC0415 - loads the encoder, which the help can do without

    examples = Examples(sentences, unlike or ())
    reader = Reader(strict=False)
    found = [
        (examples.likeness(event.text), event.conversation_id, event.text)
        for batch in reader.batches(on)
        for _, event in batch
        if isinstance(event, ChatMessage) and event.sender is Sender.CUSTOMER and event.text
    ]
    reader.close()
    found.sort(key=lambda one: (-one[0], one[1], one[2]))
    caught = [one for one in found if one[0] >= at_least and one[0] > 0.0]
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    conversations = len({conversation for _, conversation, _ in caught})
    console.print(
        f"{len(caught)} of {len(found)} messages of customers are at least {at_least:g} alike,"
        f" in {conversations} of {len({conversation for _, conversation, _ in found})} conversations"
    )
    _list(console, "caught, the least alike last", caught[:show])
    _list(console, "narrowly missed", found[len(caught) : len(caught) + show])


def _list(console: Console, title: str, found: list[tuple[float, str, str]]) -> None:
    if found:
        console.print(Text(title, style="bold"))
    for likeness, conversation, text in found:
        console.print(Text(f"  {likeness:6.3f}  {printable(conversation)}  {printable(text)}"))
