"""Scenario tests of a policy: short conversations, with what must and what must not fire at which turn. Pure.

A file is read and checked (`read`), and run through the very fold of the worker (`Runner`).
"""

from handraise.scenarios.model import ScenarioFile
from handraise.scenarios.read import ReadFile, builtin_files, files_beside, read, unknown_triggers
from handraise.scenarios.run import Failure, Result, Runner

__all__ = [
    "Failure",
    "ReadFile",
    "Result",
    "Runner",
    "ScenarioFile",
    "builtin_files",
    "files_beside",
    "read",
    "unknown_triggers",
]
