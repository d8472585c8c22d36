"""Log lines: readable on a terminal, JSON otherwise. They name topics, partitions, offsets and ids, never values."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Final, TextIO

import structlog
from structlog.tracebacks import ExceptionDictTransformer
from structlog.typing import EventDict, Processor, WrappedLogger

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
# Local variables hold message texts, so no traceback may show them; both of structlog's usual renderers would.
_TRACES: Final = ExceptionDictTransformer(show_locals=False)
_SENDER: Final = "aiokafka.producer.sender"


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
    level: LogLevel, form: LogFormat, stream: TextIO | None = None, quiet_errors: Iterable[type[Exception]] = ()
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
    rendering: list[Processor] = (
        [structlog.dev.ConsoleRenderer(colors=out.isatty(), exception_formatter=structlog.dev.plain_traceback)]
        if readable
        else [structlog.processors.ExceptionRenderer(_TRACES), structlog.processors.JSONRenderer()]
    )
    handler = logging.StreamHandler(out)
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
