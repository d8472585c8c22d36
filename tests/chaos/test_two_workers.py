"""Two workers under load, and one of them is killed, stopped or stalled again and again.

What a consumer of the output that reads only what is committed must then find: every message answered once, in order,
and a state that is the very one that a replay of the input gives. Under at-least-once an answer may come again, but
then it is the same to the byte, and the state is the same too.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from handraise.conversation import Processor
from handraise.engine.folding import Step, StepResult
from handraise.engine.topics import Topic
from handraise.events import MESSAGES, Decision, Escalation, encode
from handraise.policy import PolicyBook
from handraise.settings import Delivery
from tests.support.brokers import Broker
from tests.support.counting import CountingStep
from tests.support.installation import COUNTING, WORKER, Installation, WorkerProcess, installed, message
from tests.support.waiting import eventually

pytestmark = [pytest.mark.kafka, pytest.mark.chaos]

DECISIONS: Final = msgspec.json.Decoder(Decision)
SESSION_SECONDS: Final = 3.0
CONVERSATIONS: Final = 40
PAUSE_SECONDS: Final = 0.005
"""Between two messages: about 150 a second."""
STALL_SECONDS: Final = 2 * SESSION_SECONDS
ROUNDS: Final = 3
TEXTS: Final = (
    "Hello",
    "Do you open on Sundays?",
    "Can I talk to a real person please?",
    "Thank you",
    "Is it in stock?",
)

Fault = Callable[[Installation, WorkerProcess], Awaitable[WorkerProcess]]


@pytest.fixture
def shared_by_two(kafka: Broker, tmp_path: Path) -> Iterator[Installation]:
    """An installation whose group soon notices that a member is gone."""
    with installed(kafka, tmp_path, session_timeout_seconds=SESSION_SECONDS) as made:
        yield made


def test_nothing_is_lost_or_doubled_by_three_kills(shared_by_two: Installation) -> None:
    """SIGKILL: the other worker takes over when the session has ended."""
    asyncio.run(_under_load(shared_by_two, _killed))


def test_nothing_is_lost_or_doubled_by_three_stops(shared_by_two: Installation) -> None:
    """SIGTERM: the worker hands its partitions over, and ends in good order."""
    asyncio.run(_under_load(shared_by_two, _terminated))


def test_a_worker_that_was_stalled_and_lost_its_partitions_writes_nothing(shared_by_two: Installation) -> None:
    """SIGSTOP for longer than the session, then SIGCONT: a zombie with a batch in hand."""
    asyncio.run(_under_load(shared_by_two, _stalled, rounds=2))


def test_at_least_once_loses_nothing_and_repeats_only_the_same(kafka: Broker, tmp_path: Path) -> None:
    """SIGKILL, without transactions."""
    with installed(kafka, tmp_path, session_timeout_seconds=SESSION_SECONDS, delivery=Delivery.AT_LEAST_ONCE) as made:
        asyncio.run(_under_load(made, _killed))


def test_escalations_and_states_are_those_of_a_replay_after_three_kills(shared_by_two: Installation) -> None:
    """`handraise worker` itself, on conversations in which some ask for a person."""
    made = shared_by_two
    sent = asyncio.run(_load(made, _killed, ROUNDS, WORKER))
    book = PolicyBook()
    results, states = asyncio.run(_replay(made, sent, Processor(book.__getitem__)))
    expected = [_without_emission(one) for result in results for one in result.effects.escalations]
    published = asyncio.run(made.read(Topic.ESCALATIONS, lambda records: len(records) >= len(expected), seconds=60))
    found = [_without_emission(msgspec.json.decode(record.value, type=Escalation)) for record in published]
    assert len(expected) >= CONVERSATIONS // len(TEXTS)
    assert sorted(found) == sorted(expected)
    assert asyncio.run(made.state()) == states


async def _killed(made: Installation, victim: WorkerProcess) -> WorkerProcess:
    victim.kill()
    return made.worker(victim.arguments)


async def _terminated(made: Installation, victim: WorkerProcess) -> WorkerProcess:
    victim.terminate()
    assert await asyncio.to_thread(victim.wait, 10) == 0
    return made.worker(victim.arguments)


async def _stalled(_: Installation, victim: WorkerProcess) -> WorkerProcess:
    before = len(victim.events("partitions_assigned"))
    victim.process.send_signal(signal.SIGSTOP)
    await asyncio.sleep(STALL_SECONDS)  # the fault itself: nothing can be polled for
    victim.process.send_signal(signal.SIGCONT)
    await eventually(lambda: len(victim.events("partitions_assigned")) > before, 30, "it to be let in again")
    return victim


async def _under_load(made: Installation, fault: Fault, rounds: int = ROUNDS) -> None:
    sent = await _load(made, fault, rounds, COUNTING)
    # Copies count once: under at-least-once there may be some.
    decisions = await made.read(
        Topic.DECISIONS, lambda records: len({record.value for record in records}) >= sent, seconds=60
    )
    await _assert_exact(made, sent, decisions)


async def _load(made: Installation, fault: Fault, rounds: int, arguments: Sequence[str]) -> int:
    workers = [made.worker(arguments), made.worker(arguments)]
    await _all_ready(workers)
    done = asyncio.Event()
    feeding = asyncio.create_task(_feed(made, done))
    for number in range(rounds):
        place = number % len(workers)
        workers[place] = await fault(made, workers[place])
        await _all_ready(workers)
    done.set()
    return await feeding


async def _feed(made: Installation, done: asyncio.Event) -> int:
    sent = 0
    async with made.producer() as producer:
        waiting = []
        while not done.is_set():
            one = message(sent, f"c{sent % CONVERSATIONS}", TEXTS[sent % len(TEXTS)])
            waiting.append(await producer.send(made.names[Topic.MESSAGES], one.value, key=one.key))
            sent += 1
            await asyncio.sleep(PAUSE_SECONDS)
        await asyncio.gather(*waiting)
    return sent


async def _all_ready(workers: list[WorkerProcess]) -> None:
    async def ready() -> bool:
        return all([await asyncio.to_thread(worker.is_ready) for worker in workers])

    await eventually(ready, 60, "both workers to be ready")


async def _assert_exact(made: Installation, sent: int, records: list[Any]) -> None:
    decisions = [DECISIONS.decode(record.value) for record in records]
    if made.settings.delivery is Delivery.AT_LEAST_ONCE:
        # A copy that differed would stay, and be counted as a second answer below.
        decisions = [DECISIONS.decode(value) for value in dict.fromkeys(record.value for record in records)]
    answered = [decision.message_id for decision in decisions]
    lost = {f"m{number}" for number in range(sent)} - set(answered)
    assert not lost
    assert len(answered) == sent, f"{len(answered) - len(set(answered))} answered twice"
    in_order: dict[str, list[int]] = {}
    for decision in decisions:
        in_order.setdefault(decision.conversation_id, []).append(int(decision.because))
    assert all(told == list(range(1, len(told) + 1)) for told in in_order.values())
    _, states = await _replay(made, sent, CountingStep())
    assert await made.state() == states


async def _replay(made: Installation, sent: int, step: Step) -> tuple[list[StepResult], dict[bytes, bytes]]:
    records = await made.read(Topic.MESSAGES, lambda found: len(found) >= sent)
    assert len(records) == sent
    results = list(step.process([MESSAGES.decode(record.value) for record in records], lambda _: None))
    return results, {result.key: result.state for result in results if result.state is not None}


def _without_emission(escalation: Escalation) -> bytes:
    return encode(msgspec.structs.replace(escalation, emitted_at=escalation.occurred_at))
