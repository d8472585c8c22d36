"""What the README shows is what happens."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Final

import pytest

from handraise.cli import SUBCOMMANDS, main
from handraise.detection.normalise import HEAD, TAIL
from handraise.events import MAX_TEXT, MAX_VALUE_BYTES
from handraise.settings import DEFAULT_SECRETS_DIR, SECRETS_DIR, load_settings

ROOT: Final = Path(__file__).parents[2]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
JSON: Final = re.findall(r"```json\n(.*?)```", README, re.DOTALL)
SHELL: Final = [
    line.removeprefix("$ ").partition("#")[0].strip()
    for block in re.findall(r"```(?:console|sh)\n(.*?)```", README, re.DOTALL)
    for line in block.splitlines()
]
NEEDS_A_BROKER: Final = (
    "handraise topics",
    "handraise dead-letters",
    "handraise worker",
    "handraise console",
    "handraise log",
    "handraise analyse",
    "handraise calibrate",
)


def test_the_example_gives_the_escalation_and_the_control_that_are_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    event, *shown = JSON
    (tmp_path / "event.jsonl").write_text(event, encoding="utf-8")
    (tmp_path / "ops").symlink_to(ROOT / "ops")
    monkeypatch.chdir(tmp_path)
    commands = [line for line in SHELL if line.startswith("handraise replay")]
    for command, value in zip(commands, shown, strict=True):
        assert main(shlex.split(command)[1:]) == 0
        assert json.loads(capfd.readouterr().out) == json.loads(value)


@pytest.mark.parametrize("command", [line for line in SHELL if line.startswith("handraise policy")])
def test_the_policy_commands_run(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert main(shlex.split(command)[1:]) == 0


def test_the_trigger_that_is_tried_catches_one_of_the_messages(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    (command,) = [line for line in SHELL if line.startswith("handraise trigger")]
    assert main(shlex.split(command)[1:]) == 0
    assert "1 of 2 messages of customers" in capfd.readouterr().out


def test_the_environment_is_made_before_the_first_command_that_is_in_it() -> None:
    commands = [line for line in SHELL if line]
    first = next(place for place, line in enumerate(commands) if line.startswith("handraise"))
    assert "make setup" in commands[:first]
    assert ". .venv/bin/activate" in commands[:first]


@pytest.mark.parametrize("command", [line for line in SHELL if line.startswith(NEEDS_A_BROKER)])
def test_the_commands_that_need_a_broker_exist(command: str) -> None:
    assert shlex.split(command)[1] in SUBCOMMANDS
    assert main([*shlex.split(command)[1:], "--help"]) == 0


@pytest.mark.parametrize("command", [line for line in SHELL if line.startswith("make")])
def test_the_make_targets_exist(command: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{shlex.split(command)[1]}:", makefile, re.MULTILINE)


def test_every_link_to_a_file_leads_somewhere() -> None:
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", README) if not link.startswith("http")]
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_who_keeps_a_secret_in_a_file_is_told_where_and_under_which_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = README.partition("\n## Settings\n")[2].partition("<!-- settings:begin -->")[0]
    default, file = re.findall(r"`(/\S+)`|`(handraise_\w+)`", told)
    assert default[0] == str(DEFAULT_SECRETS_DIR)
    assert f"`{SECRETS_DIR}`" in told
    (tmp_path / file[1]).write_text("quite a long secret, this")
    monkeypatch.setenv(SECRETS_DIR, str(tmp_path))
    secret = load_settings().console_token
    assert secret is not None
    assert secret.get_secret_value() == "quite a long secret, this"


def test_the_limits_are_those_of_the_code() -> None:
    (limits,) = re.findall(r"\*\*Limits\.\*\*(.*?)\n- ", README, re.DOTALL)
    for limit in (f"{HEAD + TAIL:,} code points", f"{MAX_TEXT:,}", f"{MAX_VALUE_BYTES >> 20} MiB"):
        assert limit in " ".join(limits.split())
