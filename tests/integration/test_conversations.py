"""The path from a produced message to a consumed escalation, through `handraise worker` itself."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import msgspec

from handraise.engine.topics import Topic
from handraise.events import Control, ControlState, Escalation, EscalationType, Holder
from tests.support.installation import WORKER, Installation, Record, WorkerProcess, message
from tests.support.waiting import until

ASKS: Final = "Can I talk to a real person please?"


def escalations(installation: Installation, number: int) -> list[Escalation]:
    """Those that are published, once they are so many."""
    found = asyncio.run(installation.read(Topic.ESCALATIONS, lambda records: len(records) >= number))
    return [msgspec.json.decode(record.value, type=Escalation) for record in found]


def policy(owner: str, business: str = "acme") -> Record:
    """A policy as a business publishes it."""
    return Record(Topic.POLICIES, msgspec.json.encode({"business_id": business, "owner": owner}), business.encode())


def in_force(workers: list[WorkerProcess], number: int) -> bool:
    """Whether each worker has taken so many policies while it ran."""
    return all(len(worker.events("policy_accepted")) >= number for worker in workers)


def test_a_request_for_a_person_becomes_an_escalation_and_hands_the_conversation_over(
    installation: Installation,
) -> None:
    """With the reply for the customer; what needs nobody brings nothing about."""
    installation.worker(WORKER).wait_ready()
    asyncio.run(installation.produce([message(1, "c1", "Do you open on Sundays?"), message(2, "c2", ASKS)]))
    (raised,) = escalations(installation, 1)
    assert (raised.type, raised.conversation_id, raised.trigger) == (EscalationType.RAISED, "c2", "human_request")
    assert raised.caused_by == "m2"
    assert raised.reply is not None
    assert raised.emitted_at > raised.occurred_at
    controls: list[Any] = asyncio.run(installation.read(Topic.CONTROL, bool))
    control = msgspec.json.decode(controls[-1].value, type=Control)
    assert controls[-1].key == b"acme/c2"
    assert (control.state, control.holder, control.escalation_id) == (
        ControlState.ESCALATED,
        Holder.HUMAN,
        raised.escalation_id,
    )
    assert control.reply == raised.reply


def test_a_restarted_worker_remembers_what_is_open(installation: Installation) -> None:
    """The customer asks again after the restart: no second escalation is raised, only suppressed."""
    first = installation.worker(WORKER).wait_ready()
    asyncio.run(installation.produce([message(1, "c1", ASKS)]))
    escalations(installation, 1)
    first.terminate()
    assert first.wait(10) == 0
    second = installation.worker(WORKER).wait_ready()
    assert any(
        "handraise_conversations_open" in line and 'trigger="human_request"} 1.0' in line for line in page(second)
    )
    asyncio.run(installation.produce([message(2, "c1", ASKS), message(3, "c9", ASKS)]))
    raised = escalations(installation, 2)
    assert [(one.conversation_id, one.revision) for one in raised] == [("c1", 0), ("c9", 0)]


def page(worker: WorkerProcess) -> list[str]:
    """The lines of `/metrics`."""
    status, body = worker.get("/metrics")
    assert status == 200
    return body.splitlines()


def test_a_published_policy_is_followed_live_by_every_worker(installation: Installation) -> None:
    """Two workers; a bad policy in between leaves the good one in force, and removing it brings the default back."""
    workers = [installation.worker(WORKER), installation.worker(WORKER)]
    for worker in workers:
        worker.wait_ready()
    until(
        lambda: all(len(worker.events("partitions_assigned")[-1]["partitions"]) == 2 for worker in workers),
        30,
        "halves",
    )
    asyncio.run(installation.produce([policy("Rosa")]))
    until(lambda: in_force(workers, 1), 20, "both workers to take the policy")
    asyncio.run(installation.produce([message(number, f"a{number}", ASKS) for number in range(8)]))
    assert {one.owner for one in escalations(installation, 8)} == {"Rosa"}
    asyncio.run(installation.produce([Record(Topic.POLICIES, b'{"business_id": "acme", "ownr": "X"}', b"acme")]))
    until(lambda: all(worker.events("policy_refused") for worker in workers), 20, "both workers to refuse it")
    asyncio.run(installation.produce([message(number, f"b{number}", ASKS) for number in range(8)]))
    assert {one.owner for one in escalations(installation, 16)} == {"Rosa"}
    asyncio.run(installation.produce([Record(Topic.POLICIES, None, b"acme")]))
    until(lambda: all(worker.events("policy_removed") for worker in workers), 20, "both workers to drop it")
    asyncio.run(installation.produce([message(number, f"c{number}", ASKS) for number in range(8)]))
    owners = {one.conversation_id: one.owner for one in escalations(installation, 24)}
    assert {owner for conversation, owner in owners.items() if conversation.startswith("c")} == {"our team"}


def test_a_policy_that_was_there_before_is_in_force_for_the_first_message(installation: Installation) -> None:
    """All policies are read before anything is folded."""
    asyncio.run(installation.produce([message(1, "c1", ASKS), policy("Rosa")]))
    installation.worker(WORKER).wait_ready()
    assert [one.owner for one in escalations(installation, 1)] == ["Rosa"]


def test_a_base_that_is_published_after_its_heir_is_followed_live(installation: Installation) -> None:
    """Until then the built-in default stands in for it; a business without a policy has that of `default`."""
    heir = {"business_id": "acme", "inherits": "default", "queue": "vip"}
    asyncio.run(installation.produce([Record(Topic.POLICIES, msgspec.json.encode(heir), b"acme")]))
    worker = installation.worker(WORKER).wait_ready()
    assert worker.events("policies_without_base")[-1]["business_ids"] == ["acme"]
    asyncio.run(installation.produce([message(1, "c1", ASKS)]))
    assert [(one.owner, one.queue) for one in escalations(installation, 1)] == [("our team", "vip")]
    asyncio.run(installation.produce([policy("Group", "default")]))
    until(lambda: in_force([worker], 1), 20, "the worker to take the base")
    asyncio.run(installation.produce([message(2, "c2", ASKS), message(3, "c3", ASKS, business="unheard of")]))
    found = {one.conversation_id: (one.owner, one.queue) for one in escalations(installation, 3)}
    assert (found["c2"], found["c3"]) == (("Group", "vip"), ("Group", "support"))
