"""One browser for all tests of the console."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.support.browser import Visitor, chromium

Visit = Callable[..., Visitor]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium. It goes with the file, since its event loop runs for as long as it does and stops others."""
    with chromium() as running:
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Makes visitors, who leave at the end."""
    visitors: list[Visitor] = []

    def come(origin: str, **options: Any) -> Visitor:  # noqa: ANN401 - what a browser context takes
        visitors.append(Visitor(browser, origin, **options))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.close()
