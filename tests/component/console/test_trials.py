"""Trials: one at a time, followed to their end, and ended with the console."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections.abc import Callable
from datetime import timedelta
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any

import pytest
from msgspec.structs import replace

from handraise.console.trial.job import Failure, Order, Result, Step, run, start
from handraise.console.trial.past import Past
from handraise.console.trial.trials import KEPT, BusyError, Trial, Trials
from handraise.events import OutcomeKind, Policy
from handraise.policy import draft_of
from handraise.settings import Settings
from tests.support.brokers import free_port
from tests.support.console import HTMX, NONE, served
from tests.support.logged import a_message, an_empty_log, an_outcome
from tests.support.waiting import eventually

ORDER = Order(business="shop", before=[], after=[], since_ms=0, idle_ms=1)


def settings() -> Settings:
    """No broker answers."""
    own: dict[str, Any] = {"brokers": f"127.0.0.1:{free_port()}"}
    return Settings(**own)


def begun(work: Callable[[Connection], None]) -> Callable[[Settings, Order], tuple[BaseProcess, Connection]]:
    """Starts processes that do this instead of a trial."""

    def begin(_: Settings, __: Order) -> tuple[BaseProcess, Connection]:
        forking = multiprocessing.get_context("fork")
        ours, theirs = forking.Pipe(duplex=False)
        process = forking.Process(target=work, args=(theirs,))
        process.start()
        theirs.close()
        return process, ours

    return begin


def go_on_for_long(reports: Connection) -> None:
    """Say how far it is, and no more."""
    reports.send(Step("folding", 3, 9))
    time.sleep(600)


def die(reports: Connection) -> None:
    """End without a word."""
    reports.send(Step("folding", 3, 9))
    os._exit(9)


def try_on_a_complaint(reports: Connection) -> None:
    """A trial of another fallback owner, with one complaint of long ago in Kafka."""
    before, after = (
        [draft_of(Policy(business_id="shop", owner="Rosa", fallback_owner=name))] for name in ("Ines", "Tom")
    )

    async def reading(*_: object, **__: object) -> Past:
        complaint = a_message(text="The lamp arrived broken and I want my money back.")
        return Past(events=[complaint], conversations=1, since_ms=0, cut=0, is_limited=False)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("handraise.console.trial.job.read_past", reading)
        run(settings(), replace(ORDER, before=before, after=after), reports)


def a_trial() -> Trial:
    """One that is over."""

    async def scenario() -> Trial:
        trials, trial = Trials(settings(), begun(try_on_a_complaint)), Trial("Rosa", "shop", "", 7)
        await trials.begin(trial, ORDER)
        await eventually(lambda: trial.is_over, 60, "the trial to end")
        await trials.close()
        return trial

    return asyncio.run(scenario())


def test_timers_have_fired_until_now_and_who_gets_a_missed_promise_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = a_trial()
    assert isinstance(trial.report, Result)
    assert (trial.report.added, trial.report.dropped, trial.report.changed, trial.report.followed) == (0, 0, 0, 1)
    with an_empty_log() as log, served(log.database) as reader:
        monkeypatch.setattr(reader.services.trials, "get", lambda _: trial)
        page = reader.sign_in().page(f"/try/shop/trials/{trial.id}")
    assert "Nothing would have been otherwise" not in page
    assert "<del>Ines</del> <ins>Tom</ins>" in page


def test_a_kept_trial_shows_no_example_of_what_was_erased_since(monkeypatch: pytest.MonkeyPatch) -> None:
    trial = a_trial()
    monkeypatch.setattr(Trials, "get", lambda *_: trial)
    assert isinstance(trial.report, Result)
    (example,) = trial.report.diff.followed
    quoted = replace(example, text="My name is Ada.")
    other = replace(quoted, conversation_id="c2", text="My name is Bea.")
    trial.report = replace(trial.report, followed=2, diff=replace(trial.report.diff, followed=[quoted, other]))
    assert example.after is not None
    at = example.after.at
    for erased_at, shown in ((at, False), (at - timedelta(seconds=1), True)):
        with an_empty_log() as log, served(log.database) as reader:
            reader.sign_in()
            assert "Ada" in reader.page(f"/try/shop/trials/{trial.id}")
            log.add(an_outcome(0, OutcomeKind.ERASED, escalation_id=None, at=erased_at))
            for headers in (NONE, HTMX):
                page = reader.page(f"/try/shop/trials/{trial.id}", headers=headers)
                assert "Bea" in page
                assert ("Ada" in page) == shown


def test_neither_a_clock_that_is_ahead_nor_an_empty_list_speaks_for_what_was_erased(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    trial = a_trial()
    monkeypatch.setattr(Trials, "get", lambda *_: trial)
    assert isinstance(trial.report, Result)
    (example,) = trial.report.diff.followed
    assert example.after is not None
    ahead = replace(example.after, at=trial.began_at + timedelta(hours=1))
    quoted = replace(example, text="My name is Ada.", before=None, after=ahead)
    trial.report = replace(trial.report, diff=replace(trial.report.diff, followed=[quoted]))
    with an_empty_log() as log, served(log.database) as reader:
        log.add(an_outcome(0, OutcomeKind.ERASED, escalation_id=None, at=trial.began_at + timedelta(minutes=1)))
        page = reader.sign_in().page(f"/try/shop/trials/{trial.id}")
    assert "Ada" not in page
    assert "Nothing would have been otherwise" not in page


def test_a_trial_without_a_broker_says_so() -> None:
    async def scenario() -> None:
        trials, trial = Trials(settings(), start), Trial("Rosa", "shop", "", 7)
        await trials.begin(trial, ORDER)
        await eventually(lambda: trial.is_over, 60, "the trial to end")
        assert isinstance(trial.report, Failure)
        assert trial.report.said.startswith("Kafka does not answer, so nothing could be tried.")
        await trials.close()

    asyncio.run(scenario())


def test_a_trial_that_dies_says_so() -> None:
    async def scenario() -> None:
        trials, trial = Trials(settings(), begun(die)), Trial("Rosa", "shop", "", 7)
        await trials.begin(trial, ORDER)
        await eventually(lambda: trial.is_over, 20, "the trial to end")
        assert trial.report == Failure("The trial has ended without a result. Try fewer days.")

    asyncio.run(scenario())


def test_one_runs_at_a_time_and_one_s_own_is_replaced() -> None:
    async def scenario() -> None:
        trials = Trials(settings(), begun(go_on_for_long))
        first, second, other = Trial("Rosa", "shop", "", 7), Trial("Rosa", "shop", "", 7), Trial("Tom", "shop", "", 7)
        await trials.begin(first, ORDER)
        await eventually(lambda: first.report == Step("folding", 3, 9), 20, "the first report")
        with pytest.raises(BusyError, match="Rosa tries something at the moment"):
            await trials.begin(other, ORDER)
        await trials.begin(second, ORDER)
        assert first.report == Failure("Stopped.")
        await trials.stop(second)
        await trials.begin(other, ORDER)
        await trials.close()
        assert other.report == Failure("Stopped.")
        assert multiprocessing.active_children() == []

    asyncio.run(scenario())


def test_only_the_last_few_are_kept() -> None:
    async def scenario() -> None:
        trials = Trials(settings(), begun(die))
        made = [Trial("Rosa", "shop", "", 7) for _ in range(KEPT + 2)]
        for trial in made:
            await trials.begin(trial, ORDER)
        assert [trials.get(trial.id) is not None for trial in made] == [False, False, *[True] * KEPT]
        await trials.close()

    asyncio.run(scenario())
