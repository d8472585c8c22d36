"""How a problem of a policy, or of a scenario file, is printed."""

from __future__ import annotations

from typing import Final

from rich.text import Text

from handraise.policy import Problem, Severity
from handraise.terminal import harmless

_COLOURS: Final = {Severity.ERROR: "bold red", Severity.WARNING: "yellow"}


def shown(problem: Problem) -> Text:
    """Where it is, what is wrong, and how to mend it, on two lines."""
    text = Text(harmless(problem.where), style="bold")
    text.append(": ", style="not bold")
    text.append(f"{problem.severity}: ", style=f"not bold {_COLOURS[problem.severity]}")
    text.append(harmless(problem.message), style="not bold")
    return text.append(f"\n    {harmless(problem.mend)}", style="not bold dim")
