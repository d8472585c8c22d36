"""`handraise trigger try`: what example sentences would catch among past messages, and what they narrowly miss."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, NamedTuple

import typer
from rich.console import Console
from rich.text import Text

from handraise.cli.lines import Reader
from handraise.conversation.weights import NEAR
from handraise.events import ChatMessage, ExampleTest, Sender
from handraise.terminal import printable

if TYPE_CHECKING:
    from handraise.detection.meaning import Likeness

app = typer.Typer(no_args_is_help=True, help="Try a trigger of one's own on messages of the past.")

_DEFAULT: Final = ExampleTest(like=["x"]).at_least
_LEAST: Final = 0.001
"""What is not alike at all is near to nothing, however low the bar."""


class _Tried(NamedTuple):
    """A message of the past."""

    likeness: Likeness
    conversation: str
    text: str

    def is_caught(self, at_least: float) -> bool:
        """Whether a trigger of these sentences would have held."""
        return self.likeness.counted >= max(at_least, _LEAST)

    def is_near(self, at_least: float) -> bool:
        """Whether it would nearly have held."""
        return not self.is_caught(at_least) and self.likeness.like >= max(NEAR * at_least, _LEAST)


def _readable(sentences: list[str] | None) -> list[str] | None:
    """Refuse what `handraise policy check` would refuse as well."""
    from handraise.detection.meaning import is_readable  # noqa: PLC0415 - as in `try_`

    for sentence in sentences or ():
        if not is_readable(sentence):
            raise typer.BadParameter(f"there is nothing to read in `{printable(sentence)}`: write a sentence")
    return sentences


@app.callback()
def trigger() -> None:
    """Keep `try` a command of its own."""


@app.command("try")
def try_(
    sentences: Annotated[
        list[str],
        typer.Argument(metavar="SENTENCE...", callback=_readable, help="Sentences that mean what is looked for."),
    ],
    *,
    on: Annotated[
        list[Path], typer.Option("--on", metavar="FILE", exists=True, dir_okay=False, help="Messages as JSON lines.")
    ],
    unlike: Annotated[
        list[str] | None,
        typer.Option(metavar="SENTENCE", callback=_readable, help="A sentence that means something else."),
    ] = None,
    at_least: Annotated[
        float, typer.Option(metavar="SHARE", help="How alike at least, from 0 to 1.", min=0.0, max=1.0)
    ] = _DEFAULT,
    show: Annotated[int, typer.Option(metavar="N", help="How many messages to show on either side.", min=0)] = 10,
) -> None:
    """Show which of the customers' messages mean the same as one of the sentences, the most alike first.

    Narrowly missed is what comes to 70 % of what it must, and what would be caught were it not as near to a sentence of
    `--unlike`.
    """
    from handraise.detection.meaning import Examples  # noqa: PLC0415 - loads the encoder, which the help can do without

    examples = Examples(sentences, unlike or ())
    reader = Reader(strict=False)
    found = [
        _Tried(examples.compare(event.text), event.conversation_id, event.text)
        for batch in reader.batches(on)
        for _, event in batch
        if isinstance(event, ChatMessage) and event.sender is Sender.CUSTOMER and event.text
    ]
    reader.close()
    found.sort(key=lambda one: (-one.likeness.like, one.conversation, one.text))
    caught = [one for one in found if one.is_caught(at_least)]
    near = [one for one in found if one.is_near(at_least)]
    console = Console(file=sys.stdout, highlight=False, soft_wrap=True)
    conversations = len({one.conversation for one in caught})
    console.print(
        f"{len(caught)} of {len(found)} messages of customers are at least {at_least:g} alike,"
        f" in {conversations} of {len({one.conversation for one in found})} conversations"
    )
    _list(console, "caught, the least alike last", caught[:show])
    _list(console, "narrowly missed", near[:show])


def _list(console: Console, title: str, found: list[_Tried]) -> None:
    if found:
        console.print(Text(title, style="bold"))
    for one in found:
        likeness = one.likeness
        other = f" ({likeness.unlike:.3f} like a sentence of --unlike)" if likeness.is_other else ""
        console.print(Text(f"  {likeness.like:6.3f}  {printable(one.conversation)}  {printable(one.text)}{other}"))
