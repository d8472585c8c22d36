"""`handraise policy test`: the scenario files beside policies, run through the very fold of the worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Final

import msgspec
import typer
from msgspec import Struct
from rich.console import Console
from rich.text import Text

from handraise.cli.errors import UserError
from handraise.cli.lines import Fast
from handraise.cli.problems import shown
from handraise.events import Policy
from handraise.policy import PolicyError, Problem, compile_policy, effective, load
from handraise.policy.defaults import default_document
from handraise.policy.problems import error
from handraise.policy.source import SCENARIOS, SUFFIXES, files_of
from handraise.scenarios import ReadFile, Result, Runner, builtin_files, files_beside, read, unknown_triggers
from handraise.terminal import harmless, printable

_SHOWN: Final = 100
_BUILTIN: Final = "default"
_STEM: Final = SCENARIOS.removesuffix(".yaml")


class _Counts(Struct):
    passed: int = 0
    failed: int = 0
    unreadable: int = 0


def run_scenarios(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE|FOLDER]...",
            exists=True,
            help="Policies with scenario files beside them, or scenario files; without any, the built-in ones.",
        ),
    ] = None,
    *,
    fast: Fast = False,
) -> None:
    """Run the scenarios beside policies: what must fire fires, and nothing else; exit 1 if one goes otherwise."""
    console = Console(highlight=False, soft_wrap=True)
    policies, files = _found(paths or [])
    counts = _Counts()
    for file in files:
        _run(console, read(file), policies, counts, fast=fast)
    total = counts.passed + counts.failed
    console.print(_summary(total, counts))
    if counts.failed or counts.unreadable:
        raise typer.Exit(1)


def _found(paths: list[Path]) -> tuple[dict[str, Policy], list[Path]]:
    """The policies by business, and the scenario files.

    Raises:
        UserError: a policy is refused, there are no scenarios, or it is not clear whose they are.
    """
    if not paths:
        return {}, builtin_files()
    _check_names(paths)
    named = [path for path in paths if path.name.endswith(SCENARIOS)]
    given = [path for path in paths if path not in named]
    try:
        policies = {policy.business_id: policy for policy in load([*given, *_policies_of(named, given)])}
    except PolicyError as refused:
        raise UserError(f"{harmless(str(refused))} (see `handraise policy check`)") from refused
    files = list(dict.fromkeys([*named, *(file for path in given for file in files_beside(path))]))
    if not files:
        raise UserError(f"no scenarios: name a file like {given[0].stem}{SCENARIOS} beside the policy")
    for file in files:
        if len(beside := [path.name for path in _beside(file)]) > 1:
            raise UserError(f"{file} lies beside both {' and '.join(beside)}: rename or remove one of the two")
    return policies, files


def _check_names(paths: list[Path]) -> None:
    """Refuse scenarios that would never run, since their name ends otherwise.

    Raises:
        UserError: there are such.
    """
    for path in paths:
        subject = path.stem.removesuffix(_STEM)
        found = files_of(path) if path.is_dir() else [path.with_name(f"{subject}{_STEM}{end}") for end in SUFFIXES]
        for file in found:
            if file.stem.endswith(_STEM) and not file.name.endswith(SCENARIOS) and file.exists():
                raise UserError(f"{file} would not run: its name must end with {SCENARIOS}, so rename it")


def _policies_of(named: list[Path], given: list[Path]) -> Iterator[Path]:
    """The policy that lies beside each scenario file, where there is one that was not named itself."""
    for file in named:
        for beside in _beside(file):
            if not any(beside == path or path in beside.parents for path in given):
                yield beside


def _beside(scenarios: Path) -> list[Path]:
    """The policy that scenarios belong to by their name; more than one where names differ in their ending alone."""
    subject = scenarios.name.removesuffix(SCENARIOS)
    return [path for suffix in SUFFIXES if (path := scenarios.with_name(f"{subject}{suffix}")).exists()]


def _run(console: Console, file: ReadFile, policies: dict[str, Policy], counts: _Counts, *, fast: bool) -> None:
    content, problems = file.content, file.problems
    policy = default_document(_BUILTIN)
    if content is not None:
        chosen = _policy_for(content.business, policies)
        if isinstance(chosen, Problem):
            problems = [_placed(chosen, file)]
        else:
            policy = chosen
            problems = [_placed(problem, file) for problem in unknown_triggers(content, list(policy.own_triggers))]
    if content is None or problems:
        counts.unreadable += 1
        for problem in problems:
            console.print(shown(problem))
        return
    runner = Runner(compile_policy(policy), effective(policy).hours.zone, fast=fast)
    for result in runner.run(content):
        counts.passed += not result.failures
        counts.failed += bool(result.failures)
        _print(console, file, result)


def _policy_for(business: str | None, policies: dict[str, Policy]) -> Policy | Problem:
    """The policy that a file's scenarios run under."""
    if business is None and len(policies) > 1:
        names = ", ".join(f"`{name}`" for name in policies)
        return error((), "there is more than one policy", f"name the business: `business: …`, one of {names}")
    if business is None:
        return next(iter(policies.values()), default_document(_BUILTIN))
    if business not in policies:
        return error(("business",), f"no policy of `{business}` was read", "name its file or folder too")
    return policies[business]


def _placed(problem: Problem, file: ReadFile) -> Problem:
    return msgspec.structs.replace(problem, file=file.name, line=file.line_of(problem.path))


def _print(console: Console, file: ReadFile, result: Result) -> None:
    where = f"{file.name}:{file.line_of(('scenarios', result.number))}"
    word, style = ("failed", "bold red") if result.failures else ("passed", "green")
    console.print(Text.assemble((word, style), f"  {where}  {printable(result.name)}"))
    for failure in result.failures:
        line = file.line_of(("scenarios", result.number, "turns", failure.turn))
        said = printable(" ".join(failure.said.split()))
        said = said if len(said) <= _SHOWN else f"{said[: _SHOWN - 1]}…"
        console.print(Text(f"    {file.name}:{line}  turn {failure.turn + 1}, {said}"))
        for difference in failure.differences:
            console.print(Text(f"        {printable(difference)}", style="yellow"))


def _summary(total: int, counts: _Counts) -> Text:
    words = f"{total} {'scenario' if total == 1 else 'scenarios'}: {counts.passed} passed, {counts.failed} failed"
    if counts.unreadable:
        files = "file" if counts.unreadable == 1 else "files"
        words += f"; {counts.unreadable} {files} not run"
    return Text(words, style="bold red" if counts.failed or counts.unreadable else "green")
