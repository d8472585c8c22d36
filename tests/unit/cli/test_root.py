"""What `handraise` itself does, whatever the subcommand."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from collections.abc import Callable

import pytest
import typer
from aiokafka.errors import TopicAuthorizationFailedError

from handraise import cli
from handraise.cli.errors import UserError


@pytest.fixture
def subcommand(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., None] | typer.Typer], None]:
    """Puts a function, or a group, in place of `handraise topics`."""

    def put(command: Callable[..., None] | typer.Typer) -> None:
        module = types.ModuleType("put_there_by_a_test")
        module.command = command  # type: ignore[attr-defined]  # a module made for the test
        monkeypatch.setitem(sys.modules, module.__name__, module)
        monkeypatch.setitem(cli.SUBCOMMANDS, "topics", cli._Subcommand(module.__name__, "command", "Help"))  # noqa: SLF001  the table is private to the root on purpose

    return put


def test_help_names_every_subcommand_and_imports_none(capsys: pytest.CaptureFixture[str]) -> None:
    """The help must come at once: it is the first thing that a newcomer types."""
    before = set(sys.modules)
    assert cli.main(["--help"]) == 0
    shown = capsys.readouterr().out
    for name, command in cli.SUBCOMMANDS.items():
        assert name in shown
        assert command.help in shown
        assert command.module not in set(sys.modules) - before


def test_help_costs_no_heavy_import() -> None:
    script = (
        "import sys; from handraise.cli import main; main(['--help']);"
        "heavy = ('faust', 'aiokafka', 'rich', 'pydantic', 'handraise.detection', 'msgspec');"
        "print([name for name in heavy if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_help_lines_fit_a_narrow_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["-h"]) == 0
    assert max(len(line) for line in capsys.readouterr().out.splitlines()) <= 80


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    name, version = capsys.readouterr().out.split()
    assert name == "handraise"
    assert version[0].isdigit()


def test_a_mistyped_subcommand_is_wrong_usage_and_the_right_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["replya"]) == 2
    assert "replay" in capsys.readouterr().err.splitlines()[-1]


def test_a_subcommand_gets_its_arguments(
    subcommand: Callable[[Callable[..., None]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def topics(name: str, *, loud: bool = False) -> None:
        typer.echo(name.upper() if loud else name)

    subcommand(topics)
    assert cli.main(["topics", "--loud", "chat"]) == 0
    assert capsys.readouterr().out == "CHAT\n"
    assert cli.main(["topics"]) == 2


def test_a_group_gets_its_own_subcommand(
    subcommand: Callable[[typer.Typer], None], capsys: pytest.CaptureFixture[str]
) -> None:
    group = typer.Typer()
    group.command("create")(lambda: typer.echo("created"))
    subcommand(group)
    assert cli.main(["topics", "create"]) == 0
    assert capsys.readouterr().out == "created\n"


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UserError("no broker answers at localhost:9092: start one, or set HANDRAISE_BROKER"), 1, "no broker answers"),
        (FileNotFoundError(2, "No such file or directory", "day.jsonl"), 1, "No such file or directory: day.jsonl"),
        (KeyboardInterrupt(), 130, ""),
        (typer.BadParameter("speed must be above 0"), 2, "speed must be above 0"),
        (typer.Exit(3), 3, ""),
    ],
)
def test_an_error_is_one_sentence_with_a_conventional_exit_code(
    error: BaseException,
    code: int,
    said: str,
    subcommand: Callable[[Callable[..., None]], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    def topics() -> None:
        raise error

    subcommand(topics)
    assert cli.main(["topics"]) == code
    shown = capsys.readouterr().err
    assert said in shown
    assert bool(shown) == bool(said)
    assert "Traceback" not in shown


def test_a_defect_tells_its_place_but_not_its_message(
    subcommand: Callable[[Callable[..., None]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """The message of an unforeseen exception may quote what a customer wrote."""

    def topics() -> None:
        raise ValueError("my card is 4111 1111 1111 1111")

    subcommand(topics)
    assert cli.main(["topics"]) == 1
    shown = capsys.readouterr().err
    assert "ValueError at" in shown
    assert "test_root.py:" in shown
    assert "4111" not in shown
    assert shown.count("\n") == 1


def test_a_reader_that_leaves_early_is_no_error_message() -> None:
    """`handraise replay FILE | head -1` must end without a word on stderr."""
    script = (
        "import sys, types, typer\n"
        "from handraise import cli\n"
        "module = types.ModuleType('many')\n"
        "def topics() -> None:\n"
        "    for n in range(200_000): print(n)\n"
        "module.topics = topics\n"
        "sys.modules['many'] = module\n"
        "cli.SUBCOMMANDS['topics'] = cli._Subcommand('many', 'topics', '')\n"
        "sys.exit(cli.main(['topics']))\n"
    )
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as pipe:
        done = subprocess.run(
            [sys.executable, "-c", script], stdout=pipe, stderr=subprocess.PIPE, text=True, check=False
        )
    assert done.stderr == ""
    assert done.returncode == 1


@pytest.mark.parametrize("name", list(cli.SUBCOMMANDS))
def test_every_subcommand_is_there_and_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([name, "--help"]) == 0
    assert f"handraise {name}" in capsys.readouterr().out


def test_an_argument_that_is_not_utf_8_is_wrong_usage_where_it_has_to_be(
    subcommand: Callable[[Callable[..., None]], None], capsys: pytest.CaptureFixture[str]
) -> None:
    """What a terminal or a script in Latin-1 gives; the name of a file may be in any encoding."""

    def topics(name: str, *, note: str = "") -> None:
        note.encode()
        typer.echo(f"{len(name)} letters")

    subcommand(topics)
    latin = os.fsdecode("Zoë".encode("latin-1"))
    assert cli.main(["topics", latin]) == 0
    assert capsys.readouterr().out == "3 letters\n"
    assert cli.main(["topics", "shop", "--note", latin]) == 2
    assert capsys.readouterr().err == "handraise: `Zo\\udceb` is not UTF-8, and this needs it: write it in UTF-8\n"


@pytest.mark.parametrize("encoding", ["ascii", "cp1252", "utf-8:strict"])
def test_what_the_terminal_cannot_show_does_not_end_a_command(encoding: str) -> None:
    script = (
        "import sys, types; from handraise import cli; module = types.ModuleType('topics');"
        "module.command = lambda: print('“مرحباً” of Zo' + chr(0xDCEB)); sys.modules['topics'] = module;"
        "cli.SUBCOMMANDS['topics'] = cli._Subcommand('topics', 'command', 'Help'); sys.exit(cli.main(['topics']))"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.rstrip().endswith(b"of Zo\\udceb")


def test_a_right_that_is_missing_in_kafka_is_no_defect(
    subcommand: Callable[[Callable[..., None] | typer.Typer], None], capsys: pytest.CaptureFixture[str]
) -> None:
    def refused() -> None:
        raise TopicAuthorizationFailedError("chat.state")

    subcommand(refused)
    assert cli.main(["topics"]) == 1
    assert capsys.readouterr().err == (
        "handraise: Kafka does not let this user read topic chat.state: give it the ACL Read there\n"
    )
