"""A user of Kafka with too few rights is told which one is missing, by an Apache Kafka with ACLs."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from aiokafka.protocol.admin import CreateAclsRequest

from handraise.demo.broker import free_port
from handraise.engine.topics import Topic
from tests.support.brokers import Broker, kafka_cluster
from tests.support.installation import Installation, Record, installed

pytestmark = [pytest.mark.kafka, pytest.mark.usefixtures("kafka_jars")]

_KINDS: Final = {"topic": 2, "group": 3, "transactional id": 5}
_OPERATIONS: Final = {"Read": 3, "Write": 4, "Describe": 8}
_USERS: Final = (
    'org.apache.kafka.common.security.plain.PlainLoginModule required username="worker" password="secret"'
    ' user_worker="secret";'
)


class Guarded:
    """An installation on a broker with ACLs, where its tests may do all, and the user `worker` only what is given."""

    def __init__(self, made: Installation, servers: str) -> None:
        self.made = made
        self._as_worker = {
            "HANDRAISE_BROKERS": servers,
            "HANDRAISE_SECURITY_PROTOCOL": "SASL_PLAINTEXT",
            "HANDRAISE_SASL_MECHANISM": "PLAIN",
            "HANDRAISE_SASL_USERNAME": "worker",
            "HANDRAISE_SASL_PASSWORD": "secret",
            "HANDRAISE_LOG_HTTP_PORT": "0",
        }

    def give(self, kind: str, operation: str, *names: str) -> None:
        """Give the user a right to some of what begins like these names."""

        async def main() -> None:
            admin = await self.made.clients.start(self.made.clients.admin())
            for name in names:
                right = (_KINDS[kind], name, 4, "User:worker", "*", _OPERATIONS[operation], 3)
                answer = await admin._send_request(CreateAclsRequest(*right))  # noqa: SLF001 - it has no such method
                assert answer.creation_responses[0][0] == 0
            await admin.close()

        asyncio.run(main())

    def said(self, *command: str, **more: str) -> str:
        """The last line of a command that does not go on."""
        done = subprocess.run(
            [sys.executable, "-m", "handraise", *command],
            env=self.made.environment(**self._as_worker, **more),
            cwd=self.made.folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 1
        return done.stderr.splitlines()[-1]


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[Guarded]:
    """Its topics are there; the user has no right yet."""
    own = f"SASL_PLAINTEXT://127.0.0.1:{free_port()}"
    properties = {
        "listeners": f"PLAINTEXT://127.0.0.1:$port,{own},CONTROLLER://127.0.0.1:$controller_port",
        "advertised.listeners": f"PLAINTEXT://127.0.0.1:$port,{own}",
        "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL_PLAINTEXT:SASL_PLAINTEXT",
        "inter.broker.listener.name": "PLAINTEXT",
        "sasl.enabled.mechanisms": "PLAIN",
        "listener.name.sasl_plaintext.plain.sasl.jaas.config": _USERS,
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users": "User:ANONYMOUS",
    }
    with (
        kafka_cluster(tmp_path / "kafka", properties=properties) as cluster,
        installed(Broker("kafka", cluster.servers, transactions=True), tmp_path) as made,
    ):
        yield Guarded(made, own.removeprefix("SASL_PLAINTEXT://"))


def test_each_right_that_is_missing_is_named_by_the_last_line(guarded: Guarded) -> None:
    """From the first that a worker needs to the last."""
    names, group = guarded.made.names, guarded.made.settings.group
    assert "make the topic" in guarded.said("topics", "create")
    assert f"see {names[Topic.CONTROL]}" in guarded.said("worker")
    guarded.give("topic", "Describe", guarded.made.settings.topic_prefix)
    assert "transactional ids" in guarded.said("worker")
    guarded.give("transactional id", "Write", guarded.made.settings.topic_prefix)
    assert f"read topic {names[Topic.POLICIES]}: give it the ACL Read there" in guarded.said("worker")
    assert "give it the ACL Read there" in guarded.said("log")
    guarded.give("topic", "Read", guarded.made.settings.topic_prefix)
    assert "group of HANDRAISE_GROUP: give it the ACL Read" in guarded.said("worker")
    guarded.give("group", "Read", group)
    refused = guarded.said("worker", HANDRAISE_DELIVERY="at_least_once")
    assert f"write topic {names[Topic.STATE]}: give it the ACL Write there" in refused
    asyncio.run(guarded.made.produce([Record(Topic.MESSAGES, b"no message", b"c1")]))
    assert f"write topic {names[Topic.DEAD_LETTERS]}: give it the ACL Write there" in guarded.said("worker")
    (guarded.made.folder / "policy.yaml").write_text("business_id: shop\nowner: Rosa\n", encoding="utf-8")
    pushed = guarded.said("policy", "push", "policy.yaml")
    assert f"write topic {names[Topic.POLICIES]}: give it the ACL Write there" in pushed
