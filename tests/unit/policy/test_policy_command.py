"""`handraise policy check` and `handraise policy show`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from handraise import cli
from handraise.policy import load

EXAMPLE = Path(__file__).parents[3] / "ops" / "policies" / "example.yaml"


def write(path: Path, text: str) -> str:
    """A policy file."""
    path.write_text(text)
    return str(path)


def test_a_sound_file_ends_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    """And says that it was looked at."""
    assert cli.main(["policy", "check", "--strict", str(EXAMPLE)]) == 0
    assert capsys.readouterr().out == "1 policy: no problems\n"


def test_an_error_is_printed_with_file_line_and_mend_and_ends_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Plain in a pipe, one problem on two lines however long they are."""
    file = write(
        tmp_path / "a.yaml", "business_id: a\nowner: Rosa\nonwer: Rosa\nhours: {days: {mon-sun: '00:00-24:00'}}\n"
    )
    assert cli.main(["policy", "check", file]) == 1
    assert capsys.readouterr().out == (
        f"{file}:3: error: unknown key `onwer`\n    did you mean `owner`?\n0 policies: 1 error, 0 warnings\n"
    )


@pytest.mark.parametrize("text", ["own\\u001b[2Jer", "own\\u202eer", "own\\u0007er\\nx"])
def test_what_a_file_holds_does_not_steer_the_terminal(
    tmp_path: Path, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A policy may come from a customer of the agency that runs the check."""
    file = write(tmp_path / "a.yaml", f'business_id: a\nowner: Rosa\n"{text}": 1\nlanguages: ["{text}"]\n')
    assert cli.main(["policy", "check", file]) == 1
    out = capsys.readouterr().out
    assert not [letter for letter in out if letter != "\n" and not letter.isprintable()]
    assert len(out.splitlines()) == 5
    assert cli.main(["policy", "show", file]) == 1
    err = capsys.readouterr().err
    assert not [letter for letter in err if letter != "\n" and not letter.isprintable()]


def test_warnings_end_with_0_unless_strict(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A pipeline may ask for more than the worker does."""
    file = write(tmp_path / "a.yaml", "business_id: a\nowner: Rosa\ntriggers: {crisis: {enabled: false}}\n")
    assert cli.main(["policy", "check", file]) == 0
    assert ":3: warning: `crisis` is turned off" in capsys.readouterr().out
    assert cli.main(["policy", "check", file, "--strict"]) == 1


@pytest.mark.parametrize(
    "arguments", [["check"], ["check", "/no/such/file"], ["show", "/no/such/file"], ["check", "-x"]]
)
def test_wrong_usage_ends_with_2(arguments: list[str]) -> None:
    """As everywhere."""
    assert cli.main(["policy", *arguments]) == 2


def test_show_without_a_file_prints_the_default_that_can_be_loaded(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Saved to a file, it is the start of a policy of one's own."""
    assert cli.main(["policy", "show", "--business", "cafe"]) == 0
    shown = capsys.readouterr().out
    (policy,) = load(write(tmp_path / "a.yaml", shown))
    assert (policy.business_id, policy.owner, policy.within) == ("cafe", "our team", "1 business day")


def test_show_prints_one_business_or_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is printed for all can be loaded as well."""
    file = write(tmp_path / "a.yaml", "business_id: a\nowner: A\n---\nbusiness_id: b\nowner: B\n")
    assert cli.main(["policy", "show", file]) == 0
    assert [policy.owner for policy in load(write(tmp_path / "s.yaml", capsys.readouterr().out))] == ["A", "B"]
    assert cli.main(["policy", "show", file, "--business", "b"]) == 0
    assert [policy.owner for policy in load(write(tmp_path / "s.yaml", capsys.readouterr().out))] == ["B"]


def test_show_of_a_refused_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With the way to see the rest."""
    file = write(tmp_path / "a.yaml", "business_id: a\n")
    assert cli.main(["policy", "show", file]) == 1
    assert capsys.readouterr().err.startswith(f"handraise: {file}:1: `owner` is missing")


def test_what_show_prints_can_be_loaded_wherever_it_is_printed(tmp_path: Path) -> None:
    """A redirection in a terminal that is not UTF-8 must not put escapes into what customers are told."""
    file = write(tmp_path / "a.yaml", "business_id: a\nowner: Zoë or سارة\n")
    done = subprocess.run(
        [sys.executable, "-m", "handraise", "policy", "show", file],
        env=os.environ | {"PYTHONIOENCODING": "latin-1"},
        capture_output=True,
        check=True,
    )
    (tmp_path / "s.yaml").write_bytes(done.stdout)
    assert [policy.owner for policy in load(tmp_path / "s.yaml")] == ["Zoë or سارة"]
