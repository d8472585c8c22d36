"""The command `handraise`: each subcommand is a thin module of its own, imported only when it is the one asked for.

Exit codes: 0 done, 1 failed, 2 wrong usage or files in which nothing can be used, 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from io import TextIOWrapper
from typing import Annotated, Final, NamedTuple, TextIO

import typer

from handraise.cli.errors import UserError

FAILED: Final = 1
MISUSED: Final = 2
INTERRUPTED: Final = 130


class _Subcommand(NamedTuple):
    """Where a subcommand lives, and the line that the help shows, so that the help need not import it."""

    module: str
    attribute: str
    """A function, which is the command, or a `typer.Typer`, which holds commands of its own."""
    help: str


SUBCOMMANDS: Final = {
    "worker": _Subcommand("handraise.cli.worker", "worker", "Watch the conversations on Kafka and raise escalations."),
    "log": _Subcommand(
        "handraise.cli.log", "log_command", "Keep the escalation log: write what happens to a database."
    ),
    "topics": _Subcommand("handraise.cli.topics", "app", "Create the topics that Handraise reads and writes."),
    "dead-letters": _Subcommand(
        "handraise.cli.dead_letters", "app", "List or replay the records that could not be used."
    ),
    "policy": _Subcommand("handraise.cli.policy", "app", "Check, test, show, publish or revert a policy."),
    "trigger": _Subcommand("handraise.cli.trigger", "app", "Try a trigger of one's own on messages of the past."),
    "replay": _Subcommand(
        "handraise.cli.replay", "replay", "Print what the worker would publish for files of messages."
    ),
    "detect": _Subcommand("handraise.cli.detect", "detect", "Print what is detected in each message on its own."),
    "evaluate": _Subcommand("handraise.cli.evaluate", "command", "Measure detection on labelled messages."),
    "explain": _Subcommand(
        "handraise.cli.explain", "explain", "Tell, turn by turn, why a conversation was raised or not."
    ),
    "analyse": _Subcommand("handraise.cli.analyse", "analyse", "Tell what the triggers did, and how well."),
    "calibrate": _Subcommand(
        "handraise.cli.calibrate", "calibrate_command", "Propose thresholds from verdicts and probable misses."
    ),
    "verdict": _Subcommand("handraise.cli.verdict", "verdict_command", "Say whether an escalation was right."),
    "erase": _Subcommand("handraise.cli.erase", "erase", "Forget a conversation, or all of a customer's."),
    "console": _Subcommand(
        "handraise.cli.console", "console", "Serve the page for those who run the business, over the log."
    ),
    "demo": _Subcommand("handraise.cli.demo", "demo", "Watch sample conversations live, on a broker of its own."),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line, by default that of the process, and return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    # A command that logs sets that up itself; in the others, the client's own words would come before our sentence.
    client = logging.getLogger("aiokafka")
    if not client.handlers:
        client.addHandler(logging.NullHandler())
    _show_what_it_can(sys.stdout)
    try:
        try:
            return _run(arguments)
        finally:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader (`| head`) has left. What Python still has buffered must not fail a second time at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except UserError as error:
        return _fail(str(error), error.exit_code)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        return _fail(f"{error.strerror or type(error).__name__}{where}")
    except Exception as error:
        spoilt = next(filter(_is_spoilt, arguments), None)
        if spoilt is not None and isinstance(error, UnicodeEncodeError):
            shown = spoilt.encode(errors="backslashreplace").decode()
            return _fail(f"`{shown}` is not UTF-8, and this needs it: write it in UTF-8", MISUSED)
        if sys.flags.dev_mode:
            raise
        from handraise.engine.errors import EngineError, explained  # noqa: PLC0415  slow to import

        # Whoever asks Kafka for something may lack a right to it, at any request.
        if isinstance(clear := explained(error), EngineError):
            return _fail(str(clear))
        # The message of an exception nobody foresaw may quote a conversation, so only its place is told.
        frame = traceback.extract_tb(error.__traceback__)[-1]
        return _fail(
            f"this is a defect, please report it: {type(error).__name__} at {frame.filename}:{frame.lineno}"
            " (the whole traceback: python -X dev -m handraise …)"
        )


def _show_what_it_can(stream: TextIO) -> None:
    """Let a terminal or a pipe of another encoding, or a file's name in another, cost a letter and not the output."""
    if isinstance(stream, TextIOWrapper) and stream.errors == "strict":
        stream.reconfigure(errors="backslashreplace")


def _is_spoilt(argument: str) -> bool:
    """Whether an argument is in another encoding than the system's; as the name of a file it serves all the same."""
    return any("\udc80" <= letter <= "\udcff" for letter in argument)


def _run(arguments: Sequence[str]) -> int:
    asked = next((argument for argument in arguments if not argument.startswith("-")), None)
    try:
        _application(asked)(args=list(arguments), prog_name="handraise")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else 0
    return 0


def _application(asked: str | None) -> typer.Typer:
    """The whole command line, of which only the subcommand that was asked for is imported."""
    application = typer.Typer(
        add_completion=False,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    application.callback()(_root)
    for name, subcommand in SUBCOMMANDS.items():
        target = _load(subcommand) if name == asked else _not_asked
        if isinstance(target, typer.Typer):
            application.add_typer(target, name=name, help=subcommand.help)
        else:
            application.command(name, help=None if name == asked else subcommand.help)(target)
    return application


def _load(subcommand: _Subcommand) -> typer.Typer | Callable[..., None]:
    loaded: typer.Typer | Callable[..., None] = getattr(
        importlib.import_module(subcommand.module), subcommand.attribute
    )
    return loaded


def _not_asked() -> None:
    """Stand in the help for a subcommand that was not asked for."""


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version  # noqa: PLC0415  only this option needs it, and it is slow to import

        typer.echo(f"handraise {version('handraise')}")
        raise typer.Exit


def _root(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Decides, live, when an AI agent's chat with a customer must be handed to a human."""


def _fail(sentence: str, code: int = FAILED) -> int:
    sys.stderr.write(f"handraise: {sentence}\n")
    return code
