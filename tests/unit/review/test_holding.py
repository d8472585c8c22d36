from __future__ import annotations

from datetime import timedelta

import pytest

from handraise.cli import main
from handraise.engine.topics import Topic, options
from handraise.review.holding import held
from tests.support.brokers import free_port
from tests.support.logged import at

DAY_MS = 86_400_000
HOUR = timedelta(hours=1)


def test_a_topic_with_retention_holds_a_record_until_its_file_goes_as_a_whole() -> None:
    found = held("t", options(Topic.MESSAGES, 30), at(0))
    assert found.until == at(0) + timedelta(days=37) + HOUR
    assert found.because == "kept for 30 days, in files that grow for up to 7 days"
    shorter = held("t", options(Topic.MESSAGES, 30) | {"segment.ms": str(DAY_MS)}, at(0))
    assert shorter.until == at(0) + timedelta(days=31) + HOUR


def test_a_compacted_topic_holds_a_record_until_it_must_have_been_compacted() -> None:
    assert held("t", options(Topic.CONTROL, 30), at(0)).until == at(0) + timedelta(days=7) + HOUR
    assert held("t", options(Topic.STATE, 30), at(0)).until == at(0) + timedelta(days=7) + HOUR


@pytest.mark.parametrize("found", [{"cleanup.policy": "compact"}, {"cleanup.policy": "delete", "retention.ms": "-1"}])
def test_a_topic_that_sets_no_end_says_which_options_would(found: dict[str, str]) -> None:
    endless = held("t", found, at(0))
    assert endless.until is None
    assert "retention.ms" in endless.because


def test_what_the_broker_does_not_tell_is_said_to_be_what_was_asked_for() -> None:
    assert "the broker does not tell" in held("t", options(Topic.MESSAGES, 30), at(0), told=False).because


@pytest.mark.parametrize(
    "arguments",
    [[], ["--conversation", "a/b", "--customer", "k"], ["--conversation", "nothing"], ["--conversation", "/c"]],
)
def test_erase_wants_to_know_what(arguments: list[str]) -> None:
    assert main(["erase", *arguments]) == 2


def test_erase_of_a_customer_asks_the_workers_too(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(str(tmp_path))
    monkeypatch.setenv("HANDRAISE_BROKERS", f"127.0.0.1:{free_port()}")
    assert main(["erase", "--customer", "k1"]) == 1
    assert "no broker answers" in capsys.readouterr().err
