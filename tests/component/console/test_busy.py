"""A busy installation: ten thousand open escalations, and pages that stay short and quick."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Final

import pytest
from sqlalchemy import text

from handraise.review.database import LogDatabase
from tests.support.busy import fill_busy
from tests.support.console import HTMX, Reader, served
from tests.support.logged import Log, an_empty_log
from tests.support.postgresql import Server

SECONDS: Final = {"/triggers": 2.0, "/triggers/advice": 4.0}
"""Bounds that a machine which is busy with other things keeps too; on one that is not, they take a tenth of them."""
SHARED: Final = 3
"""PostgreSQL is a process of its own, which a busy machine makes wait too."""
MOST_BYTES: Final = 300_000


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def busy(request: pytest.FixtureRequest) -> Iterator[Reader]:
    """A console over the log of such an installation."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            log = stack.enter_context(an_empty_log())
        else:
            server: Server = request.getfixturevalue("postgresql_server")
            database = stack.enter_context(LogDatabase(server.database()))
            database.migrate()
            log = Log(database)
        fill_busy(log)
        if request.param == "postgresql":
            # What autovacuum does within a minute.
            with log.database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.execute(text("VACUUM ANALYZE"))
        with served(log.database) as reader:
            yield reader.sign_in()


@pytest.mark.parametrize(
    "path",
    [
        "/now", "/now/list", "/now?unclaimed=1&rows=480", "/now/e05000", "/log", "/log?text=kettle",
        "/log?text=nowhere", "/log?owner=Rosa&verdict=unnecessary", "/log/decisions",
        "/log/decisions?text=nowhere", "/log/decisions?owner=Rosa&verdict=unnecessary",
        "/log/decisions?trigger=complaint&result=near",
        "/triggers", "/triggers?business=business-3", "/triggers/advice", "/try", "/try/business-3",
        "/conversations/business-0/c-e05000",
    ],
)  # fmt: skip
def test_every_page_stays_short_and_quick(busy: Reader, path: str, request: pytest.FixtureRequest) -> None:
    on_postgresql = request.node.callspec.params["busy"] == "postgresql"
    headers = HTMX if path in {"/now/list", "/triggers/advice"} else {}
    took = []
    for _ in range(3):
        begin = time.monotonic()
        page = busy.page(path, headers=headers)
        took.append(time.monotonic() - begin)
        assert len(page.encode()) < MOST_BYTES
    assert statistics.median(took) < SECONDS.get(path, 1.0) * (SHARED if on_postgresql else 1)


def test_what_is_not_listed_is_counted(busy: Reader) -> None:
    page = busy.page("/now")
    assert page.count('class="row"') == 60
    assert "10,000 open" in page
    assert "9,940 more are open after these." in page
    more = busy.page("/now?rows=9999")
    assert more.count('class="row"') == 480
    assert '<input type="hidden" name="rows" value="480">' in more  # what comes in meanwhile makes it no shorter
    assert busy.page("/log", headers=HTMX).count('class="entry"') == 50
