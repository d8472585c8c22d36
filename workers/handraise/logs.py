"""Log lines: readable on a terminal, JSON otherwise. They name topics, partitions, offsets and ids, never values."""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import Final, TextIO

import structlog
from aiokafka.errors import KafkaError
from structlog.typing import EventDict, ExcInfo, Processor, WrappedLogger

from handraise.settings import LogFormat, LogLevel

_QUIET: Final = {
    # Each repeats what the engine says, or tells of every connection.
    "aiokafka": logging.WARNING,
    "alembic": logging.WARNING,
    "faust": logging.WARNING,
    "mode": logging.WARNING,
    "asyncio": logging.WARNING,
}
_RETRIED: Final = ("retrying. Error:", "Cannot send ", "Could not send ", "Got error produce response")
"""How the client's sender speaks of a request that it repeats by itself."""
_OWN_WORDS: Final = (KafkaError, OSError)
"""What the broker, the network and the disk say is theirs. The message of any other error may quote what was in hand,
which is a conversation."""
_SENDER: Final = "aiokafka.producer.sender"
_EVENT_LOOP: Final = "asyncio"


class Teller(logging.Filter):
    """Says of errors what may be said in a log line: their messages only where those cannot quote a conversation.

    As a filter, it puts that in place of errors that libraries log: Faust tells of a crash by the `repr` of its error.

    Args:
        own_words: errors, besides those of the broker, the network and the disk, whose message is ours.
    """

    def __init__(self, own_words: Iterable[type[Exception]] = ()) -> None:
        super().__init__()
        self._own_words: Final = (*_OWN_WORDS, *own_words)

    def filter(self, record: logging.LogRecord) -> bool:
        """Put what may be told of an error in its place; every record is logged."""
        if isinstance(record.args, tuple):
            record.args = tuple(self.told(one) if isinstance(one, BaseException) else one for one in record.args)
        if record.name == _EVENT_LOOP:
            # Behind the first line, it shows the task that failed, and with it the `repr` of its error.
            record.msg = str(record.msg).partition("\n")[0]
        return True

    def told(self, error: BaseException) -> str:
        """The kind of an error, and its message if that may be told."""
        kind = type(error).__name__
        return f"{kind}: {error}" if isinstance(error, self._own_words) else f"{kind}, its message left out"

    def trace(self, exc_info: ExcInfo) -> str:
        """Where an error came from, and what caused it: places in the code, without a value."""
        steps: list[str] = []
        error: BaseException | None = exc_info[1]
        while error is not None:
            steps.append(f"{''.join(traceback.format_tb(error.__traceback__))}{self.told(error)}")
            error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        return "\nwhich led to:\n".join(reversed(steps))

    def write_trace(self, out: TextIO, exc_info: ExcInfo) -> None:
        """The same on a terminal."""
        out.write(f"\n{self.trace(exc_info)}")


class CountRetries(logging.Filter):
    """Counts the client's warnings about requests that it repeats, in place of logging them.

    A broker answers so in the normal course of things, many times a second under load: while it writes the markers of
    the transaction before, or verifies a partition of a new one.
    """

    def __init__(self, retried: Callable[[], None]) -> None:
        super().__init__()
        self._retried = retried

    def filter(self, record: logging.LogRecord) -> bool:
        """Count and drop what is only a retry."""
        if record.levelno == logging.WARNING and any(text in str(record.msg) for text in _RETRIED):
            self._retried()
            return False
        return True


def set_up_logs(
    level: LogLevel, form: LogFormat, stream: TextIO | None = None, quiet_errors: Sequence[type[Exception]] = ()
) -> None:
    """Send the log lines of the program and of its libraries through one format to one stream (standard error).

    `quiet_errors` are errors whose message says all; they are logged without a traceback.
    """
    out = sys.stderr if stream is None else stream
    readable = form is LogFormat.CONSOLE or (form is LogFormat.AUTO and out.isatty())
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _message_for(tuple(quiet_errors)),
    ]
    teller = Teller(quiet_errors)
    rendering: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=teller.write_trace)]
        if readable
        else [structlog.processors.ExceptionRenderer(teller.trace), structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(out)
    handler.addFilter(teller)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *rendering],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.value.upper())
    for name, least in _QUIET.items():
        logging.getLogger(name).setLevel(max(least, root.level))
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def count_retries(retried: Callable[[], None]) -> None:
    """Call `retried` for each request that the Kafka client repeats, and log none of them."""
    sender = logging.getLogger(_SENDER)
    sender.filters[:] = [CountRetries(retried)]


def _message_for(quiet_errors: tuple[type[Exception], ...]) -> Processor:
    def message_for(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        info = event.get("exc_info")
        error = info[1] if isinstance(info, tuple) else (sys.exc_info()[1] if info is True else info)
        if isinstance(error, quiet_errors):
            del event["exc_info"]
            event["error"] = str(error)
        return event

    return message_for
