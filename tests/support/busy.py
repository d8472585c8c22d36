"""The log of a busy installation: ten thousand escalations, all of them open, of forty businesses."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from handraise.events import DecisionResult, OutcomeKind, Verdict
from tests.support.logged import Event, Log, a_decision, a_message, an_escalation, an_outcome

ESCALATIONS: Final = 10_000
BATCH: Final = 1_000
TRIGGERS: Final = ("human_request", "distress", "complaint", "high_value", "knowledge_gap", "ai_failure")
NEARS: Final = (DecisionResult.NEAR, DecisionResult.SUPPRESSED, DecisionResult.NEAR)


def fill_busy(log: Log, escalations: int = ESCALATIONS) -> None:
    """Write them, one every four minutes, the newest a moment ago, each with four decisions; a quarter are judged."""
    now = datetime.now(UTC)
    for begin in range(0, escalations, BATCH):
        log.add(*(event for number in range(begin, begin + BATCH) for event in _events(number, now)))


def _events(number: int, now: datetime) -> Iterator[Event]:
    name, at = f"e{number:05}", now - timedelta(minutes=4 * number)
    about: dict[str, Any] = {"conversation_id": f"c-{name}", "business_id": f"business-{number % 40}"}
    trigger = TRIGGERS[number % len(TRIGGERS)]
    yield a_message(sent_at=at, **about)
    yield an_escalation(
        escalation_id=name, trigger=trigger, occurred_at=at, due_at=at + timedelta(days=number % 20), **about
    )
    yield a_decision(number, escalation_id=name, trigger=trigger, occurred_at=at, **about)
    for place, result in enumerate(NEARS):
        score = 0.42 + (number * 7 + place) % 18 / 100
        yield a_decision(
            number + place / 10, escalation_id=None, trigger=TRIGGERS[(number + place) % len(TRIGGERS)],
            occurred_at=at, result=result, score=score, **about,
        )  # fmt: skip
    if number % 4 == 0:
        verdict = list(Verdict)[number // 4 % len(Verdict)]
        yield an_outcome(0, OutcomeKind.VERDICT, escalation_id=name, verdict=verdict, at=now, **about)
