"""The scenario files that ship with the built-in triggers, and the one of the example policy."""

from __future__ import annotations

from pathlib import Path

import pytest

from handraise.policy import compile_policy, load
from handraise.policy.defaults import BUILTIN, default_document
from handraise.scenarios import Runner, builtin_files, files_beside, read
from handraise.scenarios.model import ScenarioFile, listed

EXAMPLE = Path(__file__).parents[3] / "ops" / "policies" / "example.yaml"


def content_of(file: Path) -> ScenarioFile:
    """A file that can be read."""
    found = read(file)
    assert found.problems == []
    assert found.content is not None
    return found.content


def test_each_builtin_trigger_has_a_file() -> None:
    assert {file.name.partition(".")[0] for file in builtin_files()} == set(BUILTIN)


@pytest.mark.parametrize("file", builtin_files(), ids=lambda file: file.name.partition(".")[0])
def test_the_builtin_policy_does_what_they_say(file: Path) -> None:
    runner = Runner(compile_policy(default_document("default")), "UTC")
    failed = [result for result in runner.run(content_of(file)) if result.failures]
    assert failed == []


@pytest.mark.parametrize("file", builtin_files(), ids=lambda file: file.name.partition(".")[0])
def test_each_shows_where_the_trigger_fires_and_where_nothing_does(file: Path) -> None:
    trigger = file.name.partition(".")[0]
    scenarios = content_of(file).scenarios
    firing = [s for s in scenarios if any(trigger in listed(turn.fires) for turn in s.turns)]
    quiet = [s for s in scenarios if not any(turn.fires for turn in s.turns)]
    assert len(firing) >= 3
    assert quiet


def test_the_example_policy_does_what_its_scenarios_say() -> None:
    (policy,) = load(EXAMPLE)
    (file,) = files_beside(EXAMPLE)
    results = list(Runner(compile_policy(policy), policy.hours.zone).run(content_of(file)))
    assert results
    assert [result for result in results if result.failures] == []
