"""`handraise policy check`, `show` and `test`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.text import Text

from handraise.cli.errors import UserError
from handraise.cli.problems import shown
from handraise.cli.publishing import history, push, revert
from handraise.cli.scenarios import run_scenarios
from handraise.policy import Examined, PolicyError, compile_policy, effective, examine, fitting, load, overridden
from handraise.policy.defaults import default_document
from handraise.policy.inheritance import DEFAULT
from handraise.policy.written import to_yaml
from handraise.terminal import harmless

app = typer.Typer(no_args_is_help=True, help="Check a policy, test it, show what it comes to, publish it, or go back.")
app.command("test")(run_scenarios)
for _published in (push, history, revert):
    app.command()(_published)


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
    channel: Annotated[
        str | None, typer.Option("--channel", metavar="NAME", help="As it holds on this channel.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option("--segment", metavar="NAME", help="As it holds for customers of this segment.")
    ] = None,
) -> None:
    """Print the policies in force, with every default and all they inherit filled in, as YAML to be loaded again."""
    try:
        policies = load(path) if path is not None else []
    except PolicyError as refused:
        raise UserError(f"{harmless(str(refused))} (see `handraise policy check {path}`)") from refused
    if business is not None:
        policies = [policy for policy in policies if policy.business_id == business] or [
            msgspec.structs.replace(policy, business_id=business, name=business)
            for policy in policies
            if policy.business_id == DEFAULT
        ]
    said = []
    if not policies:
        whose = business or "default"
        said.append(f"`{whose}` has no policy of its own, so this built-in one is in force.")
        policies = [default_document(whose)]
    said += [f"{policy.business_id}: version {compile_policy(policy).version}" for policy in policies]
    shown_policies = [effective(policy) for policy in policies]
    if channel is not None or segment is not None:
        where = " and ".join(
            f"{what} `{name}`" for what, name in (("channel", channel), ("segment", segment)) if name is not None
        )
        said.append(f"as it holds for {where}")
        shown_policies = [overridden(policy, fitting(policy.overrides, channel, segment)) for policy in shown_policies]
    comment = "".join(f"# {sentence}\n" for sentence in said)
    # In UTF-8 wherever it goes: it is to be loaded again.
    typer.echo(f"{comment}{to_yaml(shown_policies)}".encode(), nl=False)


def _summary(examined: Examined) -> Text:
    errors = len(examined.errors)
    warnings = len(examined.problems) - errors
    counts = f"{_count(len(examined.policies), 'policy', 'policies')}"
    if not examined.problems:
        return Text(f"{counts}: no problems", style="green")
    return Text(f"{counts}: {_count(errors, 'error', 'errors')}, {_count(warnings, 'warning', 'warnings')}")


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"
