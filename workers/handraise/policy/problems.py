"""What is wrong with a policy, where, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from msgspec import Struct
from rapidfuzz import fuzz, process

Path = tuple[str | int, ...]


class Severity(StrEnum):
    """An error keeps a policy from being used; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Problem(Struct, frozen=True, kw_only=True):
    """One thing that is wrong with a policy."""

    severity: Severity
    path: Path
    message: str
    mend: str
    file: str | None = None
    line: int | None = None
    """From 1; None when the policy did not come as text."""

    @property
    def where(self) -> str:
        """`cafe.yaml:12`, or what is known of it."""
        if self.file is None:
            return path_text(self.path)
        return self.file if self.line is None else f"{self.file}:{self.line}"

    def __str__(self) -> str:
        line = "" if self.line is None or self.file is not None else f" (line {self.line})"
        return f"{self.where}{line}: {self.message}; {self.mend}"


class PolicyError(ValueError):
    """A policy that is refused; `problems` holds its errors, the first of which is the message."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(self.problems) - 1
        super().__init__(f"{self.problems[0]}{f' (and {more} more)' if more else ''}")


def error(path: Path, message: str, mend: str) -> Problem:
    """Something that keeps the policy from being used."""
    return Problem(severity=Severity.ERROR, path=path, message=message, mend=mend)


def warning(path: Path, message: str, mend: str) -> Problem:
    """Something that is probably not meant."""
    return Problem(severity=Severity.WARNING, path=path, message=message, mend=mend)


def path_text(path: Path) -> str:
    """`$.own_triggers.refund.when.keywords[2]`."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)


def nearest(written: str, known: Iterable[str], *, at_least: float = 60.0) -> str | None:
    """The known word that was most likely meant, by edit distance; None if none is near."""
    found = process.extractOne(written, list(known), scorer=fuzz.ratio, processor=str.casefold, score_cutoff=at_least)
    return None if found is None else str(found[0])


def did_you_mean(written: str, known: Iterable[str], otherwise: str) -> str:
    """A mend that names the nearest known word, or says something else if none is near."""
    word = nearest(written, known)
    return otherwise if word is None else f"did you mean `{word}`?"
