"""What `handraise dead-letters` asks for; what is read and replayed is tried in tests/integration."""

from __future__ import annotations

import pytest

from handraise.cli import main
from handraise.engine.letterbox import Wanted


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Wanted]:
    """What was looked for, in dead letters that are empty."""
    seen = list[Wanted]()

    async def look_through(_: object, wanted: Wanted, *__: object, **___: object) -> int:
        seen.append(wanted)
        return 0

    monkeypatch.setattr("handraise.cli.dead_letters.look_through", look_through)
    return seen


@pytest.mark.parametrize("since", ["99999 days", "1969-12-31", "0001-01-01T00:00+14:00"])
def test_a_time_before_kafka_knows_any_asks_for_all(since: str, asked: list[Wanted]) -> None:
    """A negative time ends the client."""
    assert main(["dead-letters", "list", "--since", since]) == 0
    assert asked[0].since_ms == 0


def test_a_period_is_asked_for_as_it_is_named(asked: list[Wanted]) -> None:
    assert main(["dead-letters", "list", "--since", "1970-01-01T00:00:01", "--until", "1970-01-01T00:00:02Z"]) == 0
    assert (asked[0].since_ms, asked[0].until_ms) == (1_000, 2_000)


@pytest.mark.parametrize(
    "period", [["--since", "1 hour", "--until", "2 hours"], ["--since", "9999-12-31"], ["--since", "soon"]]
)
@pytest.mark.parametrize("command", ["list", "replay"])
def test_a_period_that_holds_nothing_is_wrong_usage(command: str, period: list[str], asked: list[Wanted]) -> None:
    """To say that there are none would be taken for good news."""
    assert main(["dead-letters", command, *period]) == 2
    assert asked == []
