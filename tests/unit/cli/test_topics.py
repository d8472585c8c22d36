from __future__ import annotations

import pytest

from handraise.cli import main
from handraise.engine.topics import Difference, TopicReport

REPORTS = [
    TopicReport("chat.messages", created=True, differences=()),
    TopicReport("chat.outcomes", created=False, differences=()),
    TopicReport("chat.state", created=False, differences=(Difference("retention.ms", "1", "2"),)),
    TopicReport("chat.control", created=False, differences=(Difference("partitions", "4", "6"),)),
]


def test_topics_create_tells_of_each_topic_and_never_to_change_the_number_of_partitions(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    async def create(*_: object) -> list[TopicReport]:
        return REPORTS

    monkeypatch.setattr("handraise.cli.topics.create_topics", create)
    assert main(["topics", "create"]) == 1
    made, there, options, partitions = capsys.readouterr().out.splitlines()
    assert made == "chat.messages: created"
    assert there == "chat.outcomes: exists"
    assert options.endswith("(retention.ms is 1, not 2); change it with Kafka's own tools, or change the settings")
    assert "partitions is 4, not 6" in partitions
    assert "set HANDRAISE_PARTITIONS=4" in partitions
    assert "own tools" not in partitions


def test_topics_create_fails_only_for_what_no_option_mends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def create(*_: object) -> list[TopicReport]:
        return REPORTS[:3]

    monkeypatch.setattr("handraise.cli.topics.create_topics", create)
    assert main(["topics", "create"]) == 0
