"""Write every generated file that differs, and name it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from handraise.reference import asyncapi, readme, samples, schemas

ROOT: Final = Path(__file__).resolve().parents[3]
RENDERERS: Final[tuple[Callable[[Path], Mapping[Path, str]], ...]] = (
    schemas.render,
    samples.render,
    asyncapi.render,
    readme.render,
)


def documents(root: Path) -> dict[Path, str]:
    """The text of every generated file of a checkout."""
    return {path: text for render in RENDERERS for path, text in render(root).items()}


def write(root: Path) -> list[Path]:
    """Write the files that differ; which ones they were."""
    written = []
    for path, text in documents(root).items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    if not (ROOT / "pyproject.toml").exists():
        sys.exit("handraise.reference writes into a checkout: install Handraise from one, with `make setup`")
    for changed in write(ROOT):
        sys.stdout.write(f"wrote {changed.relative_to(ROOT)}\n")
