"""How safely topics keep what is written to them, without a broker."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, Final, cast

import pytest
from aiokafka.errors import NodeNotReadyError
from aiokafka.protocol.metadata import MetadataRequest, MetadataRequest_v5

from handraise.engine.clients import Clients
from handraise.engine.errors import BrokerUnreachableError, EngineError, NotAuthorizedError, TopicsNotFitError
from handraise.engine.topics import Difference, Topic, TopicReport, check_topics, create_topics, options
from handraise.settings import Settings, load_settings

OPTION: Final = "min.insync.replicas"


class Admin:
    """A cluster of so many brokers; each of its topics has so many copies and this option."""

    def __init__(self, brokers: int, copies: int | None = None, in_step: str = "1") -> None:
        self.asked: list[Any] = []
        self._brokers = brokers
        self._copies = copies
        self._in_step = in_step
        self.hidden: set[str] = set()

    async def close(self) -> None:
        """It has no connection."""

    async def describe_cluster(self) -> dict[str, Any]:
        """Its brokers."""
        return {"brokers": [object()] * self._brokers}

    async def describe_topics(self) -> list[dict[str, Any]]:
        """All there are; the last partition has the copies."""
        if self._copies is None:
            return []
        replicas = [*[[*range(self._brokers)]] * 11, [*range(self._copies)]]
        partitions = [{"partition": number, "replicas": found} for number, found in enumerate(replicas)]
        return [{"topic": topic.value, "partitions": partitions, "error_code": 0} for topic in Topic]

    async def describe_configs(self, asked: list[Any]) -> list[Any]:
        """What a topic is set to."""
        found = options(Topic(asked[0].name), 30) | {OPTION: self._in_step}
        return [SimpleNamespace(resources=[(0, None, 2, asked[0].name, list(found.items()))])]

    async def create_topics(self, asked: list[Any]) -> Any:  # noqa: ANN401 - as the real one
        """Make them."""
        self.asked += asked
        return SimpleNamespace(topic_errors=[(one.name, 29, "Authorization failed.") for one in asked if self.hidden])

    async def _send_request(self, request: MetadataRequest) -> Any:  # noqa: ANN401 - as the real one
        """Of topics by name, what they are to this user; none is made."""
        asked = request.build(MetadataRequest_v5)
        assert not asked.allow_auto_topic_creation
        topics = [{"topic": name, "error_code": 29 if name in self.hidden else 3} for name in asked.topics]
        return SimpleNamespace(to_object=lambda: {"topics": topics})


def made(admin: Admin, **settings: Any) -> list[TopicReport]:  # noqa: ANN401 - any setting
    """What `topics create` does."""
    return asyncio.run(create_topics(Settings(**settings), clients_of(admin)))


def clients_of(admin: Admin) -> Clients:
    """Clients of which every one is this."""

    async def start(client: Admin) -> Admin:
        return client

    return cast(Clients, SimpleNamespace(admin=lambda: admin, start=start))


@pytest.mark.parametrize(
    ("brokers", "settings", "wanted"),
    [
        (1, {}, (1, None)),
        (2, {}, (2, None)),
        (3, {}, (3, "2")),
        (5, {"replication_factor": 5}, (5, "2")),
        (3, {"replication_factor": 1}, (1, None)),
    ],
)
def test_with_three_copies_what_is_written_stands_on_two_brokers_at_least(
    brokers: int, settings: dict[str, Any], wanted: tuple[int, str | None]
) -> None:
    """Else the leader alone may say that a transaction is committed, and lose its disk."""
    admin = Admin(brokers)
    made(admin, **settings)
    assert len(admin.asked) == len(Topic)
    assert {(one.replication_factor, one.topic_configs.get(OPTION)) for one in admin.asked} == {wanted}


@pytest.mark.parametrize(
    ("copies", "in_step", "told"),
    [
        (3, "1", (Difference(OPTION, "1", "2"),)),
        (3, "2", ()),
        (3, "3", ()),
        (2, "1", ()),
        (1, "1", ()),
    ],
)
def test_a_topic_that_counts_on_one_broker_is_told_by_the_copies_that_it_has(
    copies: int, in_step: str, told: tuple[Difference, ...]
) -> None:
    """Whatever the settings would ask for; more than two is somebody's choice."""
    reports = made(Admin(3, copies, in_step))
    assert [report.differences for report in reports] == [told] * len(Topic)


@pytest.mark.parametrize(
    ("hidden", "refusal", "told"),
    [
        ({"chat.state"}, NotAuthorizedError, "see chat.state on"),
        (set(Topic), NotAuthorizedError, "the ACL Describe on those topics"),
        (set(), TopicsNotFitError, "Run `handraise topics create`"),
    ],
)
def test_topics_that_the_user_may_not_see_are_not_called_missing(
    hidden: set[str], refusal: type[EngineError], told: str
) -> None:
    """Kafka leaves them out of its list, and to make them would be refused, or is done already."""
    admin = Admin(1)
    admin.hidden = hidden
    with pytest.raises(refusal, match=told):
        asyncio.run(check_topics(load_settings(), clients_of(admin)))


def test_who_may_make_no_topic_is_told_which_right_that_is() -> None:
    admin = Admin(1)
    admin.hidden = set(Topic)
    with pytest.raises(
        NotAuthorizedError, match=r"make the topic chat\.\S+: give it the ACL Create on that topic or on"
    ):
        made(admin)


@pytest.mark.parametrize("ask", [check_topics, create_topics])
def test_a_broker_that_gives_itself_an_address_that_leads_nowhere_is_told(
    monkeypatch: pytest.MonkeyPatch, ask: Callable[[Settings, Clients], Awaitable[object]]
) -> None:
    """As Kafka in a container does that names itself as others in its network reach it."""

    async def refuse(_: object) -> None:
        raise NodeNotReadyError

    async def main() -> None:
        await ask(load_settings(), clients_of(Admin(1)))

    monkeypatch.setattr(Admin, "describe_topics", refuse)
    with pytest.raises(BrokerUnreachableError, match=r"advertised\.listeners"):
        asyncio.run(main())
