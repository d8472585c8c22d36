"""`handraise policy check`, `show` and `test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from handraise.cli.errors import UserError
from handraise.cli.problems import shown
from handraise.cli.scenarios import run_scenarios
from handraise.policy import Examined, PolicyError, compile_policy, effective, examine, load
from handraise.policy.defaults import default_document
from handraise.policy.written import to_yaml

app = typer.Typer(no_args_is_help=True, help="Check a policy file, test it, or show what it comes to.")
app.command("test")(run_scenarios)


@app.command()
def check(
    paths: Annotated[
        list[Path], typer.Argument(metavar="FILE|FOLDER...", exists=True, help="Policy files, or folders of them.")
    ],
    *,
    strict: Annotated[bool, typer.Option("--strict", help="Fail on warnings too.")] = False,
) -> None:
    """Print each problem of the policies with its line and how to mend it; exit 1 if there is an error."""
    examined = examine(paths)
    console = Console(highlight=False, soft_wrap=True)
    for problem in examined.problems:
        console.print(shown(problem))
    console.print(_summary(examined))
    if examined.errors or (strict and examined.problems):
        raise typer.Exit(1)


@app.command()
def show(
    path: Annotated[
        Path | None, typer.Argument(metavar="[FILE|FOLDER]", exists=True, help="Without it, the built-in default.")
    ] = None,
    *,
    business: Annotated[str | None, typer.Option("--business", metavar="ID", help="Only this business.")] = None,
) -> None:
    """Print the policies that are in force with every default filled in, as YAML that can be loaded again."""
    try:
        policies = load(path) if path is not None else []
    except PolicyError as refused:
        raise UserError(f"{refused} (see `handraise policy check {path}`)") from refused
    if business is not None:
        policies = [policy for policy in policies if policy.business_id == business]
    if not policies:
        shown = business or "default"
        typer.echo(f"# `{shown}` has no policy of its own, so this built-in one is in force.")
        policies = [default_document(shown)]
    for policy in policies:
        typer.echo(f"# {policy.business_id}: version {compile_policy(policy).version}")
    typer.echo(to_yaml(map(effective, policies)), nl=False)


def _summary(examined: Examined) -> Text:
    errors = len(examined.errors)
    warnings = len(examined.problems) - errors
    counts = f"{_count(len(examined.policies), 'policy', 'policies')}"
    if not examined.problems:
        return Text(f"{counts}: no problems", style="green")
    return Text(f"{counts}: {_count(errors, 'error', 'errors')}, {_count(warnings, 'warning', 'warnings')}")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
