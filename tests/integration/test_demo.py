"""`handraise demo` as a user runs it: a process of its own, with everything that it starts."""

from __future__ import annotations

import asyncio
import os
import pty
import re
import signal
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from handraise.demo.samples import samples_to_play
from handraise.engine.clients import Clients
from handraise.events import encode
from handraise.settings import Settings
from tests.support.brokers import Broker, free_port
from tests.support.demo import SECONDS, Demo
from tests.support.scoring import published
from tests.support.waiting import until

pytestmark = pytest.mark.embedded

StartDemo = Callable[..., Demo]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[StartDemo]:
    """Starts demos, and ends what they leave."""
    started: list[Demo] = []

    def start(*arguments: str, **options: Any) -> Demo:  # noqa: ANN401 - what Popen takes
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(Demo(folder, *arguments, **options))
        return started[-1]

    yield start
    for one in started:
        one.close()


def expected_lines() -> list[str]:
    """What should be raised and updated in the demo, by conversation, in order."""
    return [
        f"{event.type.value.upper()} {event.trigger}{f'/{event.trigger_class}' if event.trigger_class else ''}"
        f" {sample.conversation.id}"
        for sample in samples_to_play()
        for event in published(sample)
    ]


def shown_lines(out: str) -> list[str]:
    """The same of what was shown."""
    found = re.findall(r"^((?:RAISED|UPDATED) \S+), \w+ priority: .*, (\S+)$", out, flags=re.MULTILINE)
    order = [sample.conversation.id for sample in samples_to_play()]
    return [f"{what} {where}" for what, where in sorted(found, key=lambda one: order.index(one[1]))]


def test_the_whole_demo_shows_in_a_pipe_exactly_what_the_conversations_come_to(demo: StartDemo) -> None:
    run = demo("--speed", "8")
    assert run.wait() == 0, run.err
    assert shown_lines(run.out) == expected_lines()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", run.out)
    assert run.err == ""
    assert re.search(r"^Broker 127\.0\.0\.1:\d+: in memory, for trying out\.", run.out, flags=re.MULTILINE)
    assert re.search(r"metrics, while it runs: http://127\.0\.0\.1:\d+/metrics$", run.out, flags=re.MULTILINE)
    summary = run.out.split("Summary: ")[1]
    assert re.match(r"\d+ messages in 6\d conversations\.\n\d+ of 6\d conversations \(\d+%\) needed nobody\.", summary)
    assert re.search(r"^  human_request +\d+ +\d+\.\d%", summary, flags=re.MULTILINE)
    assert re.search(r"half within \d+ ms, 95% within \d+ ms\.$", summary, flags=re.MULTILINE)
    assert run.processes() == []


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=str)
def test_a_signal_ends_the_demo_with_a_summary_and_leaves_no_process(demo: StartDemo, number: int, status: int) -> None:
    run = demo("--speed", "2")
    run.wait_for("RAISED ")
    assert len(run.processes()) == 3
    run.process.send_signal(number)
    assert run.wait() == status, run.err
    assert "Summary: " in run.out
    assert run.err == ""
    assert run.processes() == []


def test_a_demo_that_is_kept_up_goes_on_with_a_log_and_a_console_until_ctrl_c(demo: StartDemo) -> None:
    run = demo("--speed", "20", "--keep")
    run.wait_for("Up until Ctrl-C")
    assert len(run.processes()) == 5
    address = re.findall(r"http://\S+/metrics", run.out)[-1]
    before = _folded(address)
    assert before
    until(lambda: _folded(address) > before, SECONDS, "more conversations")
    console = re.findall(r"in a browser: (http://\S+/sign-in\?token=\S+)$", run.out, flags=re.MULTILINE)[0]
    assert b'name="token"' in _get(console)
    run.process.send_signal(signal.SIGINT)
    assert run.wait() == 0, run.err
    assert run.processes() == []


def test_a_demo_that_was_started_in_the_background_ends_when_asked(demo: StartDemo) -> None:
    """A shell starts a background job with Ctrl-C ignored."""
    run = demo("--speed", "20", "--keep", preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    run.wait_for("Up until Ctrl-C")
    run.process.send_signal(signal.SIGTERM)
    assert run.wait() in {0, 143}, run.err
    assert run.processes() == []


def test_a_worker_that_dies_ends_the_demo_with_a_sentence(demo: StartDemo) -> None:
    run = demo("--speed", "2")
    run.wait_for("RAISED ")
    worker = next(one for one in run.processes() if b"\0worker\0" in Path(f"/proc/{one}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    assert run.wait() == 1
    assert run.err.startswith("handraise: the worker has ended; it said last: ")
    assert run.processes() == []


def test_a_file_of_ones_own_is_played_and_its_bad_lines_are_told(demo: StartDemo, tmp_path: Path) -> None:
    sample = next(one for one in samples_to_play() if one.conversation.id == "bank-02")
    file = tmp_path / "own.jsonl"
    file.write_bytes(b"\n".join([*map(encode, sample.messages), b'{"message_id": 7, "text": "private words"}']))
    run = demo("--input", str(file), "--speed", "20")
    assert run.wait() == 0, run.err
    assert "RAISED human_request" in run.out
    assert f"{len(sample.messages)} messages in 1 conversation." in run.out
    assert f"own.jsonl:{len(sample.messages) + 1}: " in run.err
    assert "private words" not in run.err


def test_what_is_configured_for_another_broker_does_not_reach_the_embedded_one(
    demo: StartDemo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = next(one for one in samples_to_play() if one.conversation.id == "bank-02")
    file = tmp_path / "own.jsonl"
    file.write_bytes(b"\n".join(map(encode, sample.messages)))
    (tmp_path / ".env").write_text("HANDRAISE_SECURITY_PROTOCOL=SSL\n")
    monkeypatch.setenv("HANDRAISE_PARTITIONS", "none of your business")
    run = demo("--input", str(file), "--speed", "20", cwd=tmp_path)
    assert run.wait() == 0, run.err


def test_in_a_terminal_there_are_cards_and_ctrl_c_leaves_it_as_it_was(demo: StartDemo) -> None:
    main, side = pty.openpty()
    run = demo("--speed", "2", stdin=side, stdout=side, stderr=side, start_new_session=True)
    os.close(side)
    shown = b""
    while b"RAISED" not in shown and (more := _read(main)):
        shown += more
    run.process.send_signal(signal.SIGINT)
    while more := _read(main):
        shown += more
    os.close(main)
    assert run.wait() == 130
    assert "╭─ RAISED" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown.decode())
    assert shown.rindex(b"\x1b[?25h") > shown.rindex(b"\x1b[?25l")
    assert shown.rindex(b"Summary: ") > shown.rindex(b"\x1b[?25h")


@pytest.mark.kafka
def test_on_ones_own_kafka_it_is_exactly_once_and_its_topics_are_gone_at_the_end(
    demo: StartDemo, kafka: Broker
) -> None:
    run = demo("--broker", kafka.servers, "--speed", "8")
    assert run.wait() == 0, run.err
    assert shown_lines(run.out) == expected_lines()
    prefix = re.findall(r"exactly-once, in topics of this run, (\S+)\*", run.out)[0]
    assert [name for name in asyncio.run(_topics(kafka)) if name.startswith(prefix)] == []
    assert run.processes() == []


@pytest.mark.parametrize(
    ("arguments", "status", "told"),
    [
        (["--broker", f"127.0.0.1:{free_port()}"], 1, "handraise: no broker answers at 127.0.0.1"),
        (["--broker", "somewhere"], 2, "give HOST:PORT"),
        (["--input", "missing.jsonl"], 2, "missing.jsonl"),
        (["--speed", "0"], 2, "--speed"),
    ],
)
def test_what_cannot_be_is_told_in_a_sentence(
    demo: StartDemo, arguments: Sequence[str], status: int, told: str
) -> None:
    run = demo(*arguments)
    assert run.wait() == status
    assert told in run.err
    assert "Traceback" not in run.err


def _get(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - an address of the demo's own
        return bytes(answer.read())


def _folded(address: str) -> float:
    """How many messages the worker has folded."""
    lines = _get(address).decode().splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("handraise_messages_total{"))


def _read(terminal: int) -> bytes:
    """What has been written to the terminal; nothing once its last process has ended."""
    try:
        return os.read(terminal, 65_536)
    except OSError:
        return b""


async def _topics(broker: Broker) -> set[str]:
    own: dict[str, Any] = {"brokers": broker.servers}
    clients = Clients(Settings(**own))
    admin = await clients.start(clients.admin())
    try:
        return set(await admin.list_topics())
    finally:
        await admin.close()
