"""Log lines: one format for everything, and no message text in them."""

from __future__ import annotations

import asyncio
import gc
import io
import json
import logging
from collections.abc import Iterator
from typing import Any, Final

import pytest
import structlog
from aiokafka.errors import KafkaConnectionError

from handraise.engine.errors import EngineError
from handraise.logs import count_retries, set_up_logs
from handraise.settings import LogFormat, LogLevel

SECRET: Final = "terces ym"[::-1]
"""Backwards, since a traceback does show source lines."""


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    """Where the lines go; the logging of the test run is put back."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    yield io.StringIO()
    root.handlers[:] = before
    root.setLevel(level)
    structlog.reset_defaults()
    logging.getLogger("aiokafka.producer.sender").filters.clear()


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    """The JSON lines."""
    return [json.loads(line) for line in out.getvalue().splitlines()]


def fail_over(text: str) -> None:
    """Raise with a message's text in a local variable."""
    secret = text
    raise ZeroDivisionError(len(secret) and "a defect")


async def fail_with(text: str) -> None:
    """Raise an error that quotes a message's text."""
    raise KeyError(text)


@pytest.mark.parametrize("form", [LogFormat.JSON, LogFormat.CONSOLE])
def test_a_traceback_shows_no_local_variables(written: io.StringIO, form: LogFormat) -> None:
    """They hold what customers wrote."""
    set_up_logs(LogLevel.INFO, form, written)
    try:
        fail_over(SECRET)
    except ZeroDivisionError:
        structlog.get_logger("test").exception("failed")
        logging.getLogger("library").exception("failed too")
    assert "fail_over" in written.getvalue()
    assert SECRET not in written.getvalue()


@pytest.mark.parametrize("form", [LogFormat.JSON, LogFormat.CONSOLE])
def test_the_message_of_an_error_that_nobody_foresaw_is_left_out(written: io.StringIO, form: LogFormat) -> None:
    """It may quote what was in hand; so may the line in which Faust tells of it, and the error before it."""
    set_up_logs(LogLevel.INFO, form, written)
    try:
        try:
            int(SECRET)
        except ValueError as error:
            raise KeyError(SECRET) from error
    except KeyError as error:
        structlog.get_logger("test").error("partition_failed", exc_info=error)
        logging.getLogger("mode.service").critical("Crashed reason=%r", error, exc_info=error)
    assert SECRET not in written.getvalue()
    assert written.getvalue().count("KeyError, its message left out") == 3
    assert "ValueError" in written.getvalue()


@pytest.mark.parametrize("form", [LogFormat.JSON, LogFormat.CONSOLE])
def test_the_error_of_a_task_that_nobody_waited_for_is_told_without_its_message(
    written: io.StringIO, form: LogFormat
) -> None:
    """The event loop tells of it, with the whole task as text."""
    set_up_logs(LogLevel.INFO, form, written)

    async def main() -> None:
        task = asyncio.create_task(fail_with(SECRET))
        await asyncio.sleep(0.01)
        del task
        gc.collect()

    asyncio.run(main())
    assert SECRET not in written.getvalue()
    assert "Task exception was never retrieved" in written.getvalue()
    assert "KeyError, its message left out" in written.getvalue()


def test_what_the_broker_says_is_told(written: io.StringIO) -> None:
    """With what led to it."""
    set_up_logs(LogLevel.INFO, LogFormat.JSON, written)
    try:
        try:
            raise ConnectionResetError(104, "Connection reset by peer")
        except OSError as error:
            raise KafkaConnectionError("no answer from 127.0.0.1:9092") from error
    except KafkaConnectionError:
        structlog.get_logger("test").exception("failed")
    (line,) = lines(written)
    before, after = line["exception"].split("which led to:")
    assert "Connection reset by peer" in before
    assert "no answer from 127.0.0.1:9092" in after


def test_lines_of_the_program_and_of_libraries_have_one_shape(written: io.StringIO) -> None:
    """Event, level, logger, time; those below the level are left out."""
    set_up_logs(LogLevel.INFO, LogFormat.JSON, written)
    structlog.get_logger("mine").info("dead_letter", offset=7)
    structlog.get_logger("mine").debug("unheard")
    logging.getLogger("theirs").warning("something %s", "happened")
    logging.getLogger("aiokafka.consumer").info("chatter")
    mine, theirs = lines(written)
    assert (mine["event"], mine["offset"], mine["level"], mine["logger"]) == ("dead_letter", 7, "info", "mine")
    assert (theirs["event"], theirs["level"], theirs["logger"]) == ("something happened", "warning", "theirs")
    assert mine["timestamp"].endswith("Z")


def test_an_error_whose_message_says_all_has_no_traceback(written: io.StringIO) -> None:
    """It is meant for people."""
    set_up_logs(LogLevel.INFO, LogFormat.JSON, written, quiet_errors=(EngineError,))
    structlog.get_logger("test").error("stopped", exc_info=EngineError("topics are missing: create them"))
    (line,) = lines(written)
    assert line["error"] == "topics are missing: create them"
    logging.getLogger("faust").error("Error: %r", EngineError("topics are missing: create them"))
    assert "EngineError: topics are missing: create them" in lines(written)[1]["event"]
    assert "exception" not in line


def test_requests_that_the_client_repeats_are_counted_and_not_logged(written: io.StringIO) -> None:
    """Its other warnings are logged."""
    set_up_logs(LogLevel.INFO, LogFormat.JSON, written)
    retried: list[int] = []
    count_retries(lambda: retried.append(1))
    sender = logging.getLogger("aiokafka.producer.sender")
    sender.warning("Got error produce response on topic-partition %s, retrying. Error: %s", "t", "NotEnoughReplicas")
    sender.warning("Cannot send %r to %s: %r", "request", 1, "error")
    sender.error("Unexpected error in sender routine")
    assert len(retried) == 2
    assert [line["event"] for line in lines(written)] == ["Unexpected error in sender routine"]
