"""When the demo publishes what."""

from __future__ import annotations

from itertools import groupby, pairwise
from typing import Final

import pytest

from handraise.demo.play import schedule
from handraise.demo.samples import load_samples, samples_to_play
from handraise.events import milliseconds

CONVERSATIONS: Final = [sample.messages for sample in samples_to_play()]
NOW_MS: Final = 1_764_000_000_000


def test_the_demo_plays_each_business_language_and_trigger_and_no_conversation_twice() -> None:
    played, all_of_them = samples_to_play(), load_samples()
    assert len({sample.conversation.id for sample in played}) == len(played) >= 60
    for what in (
        lambda sample: {sample.conversation.business},
        lambda sample: {sample.conversation.language},
        lambda sample: {one.trigger for one in sample.expect if isinstance(one.trigger, str)},
    ):
        assert set().union(*map(what, played)) == set().union(*map(what, all_of_them))


def test_conversations_overlap_and_each_keeps_its_order() -> None:
    planned = schedule(CONVERSATIONS, 1.0, NOW_MS)
    assert [one.due for one in planned] == sorted(one.due for one in planned)
    by_conversation = sorted(planned, key=lambda one: one.message.conversation_id)
    for _, group in groupby(by_conversation, key=lambda one: one.message.conversation_id):
        times = [milliseconds(one.message.sent_at) for one in group]
        assert times == sorted(times)
    changes = sum(
        before.message.conversation_id != after.message.conversation_id for before, after in pairwise(planned)
    )
    assert changes > len(planned) / 2


def test_the_whole_demo_plays_for_about_half_a_minute() -> None:
    assert 25 < schedule(CONVERSATIONS, 1.0, NOW_MS)[-1].due < 35


def test_twice_the_speed_takes_half_as_long() -> None:
    slow, fast = (schedule(CONVERSATIONS, speed, NOW_MS) for speed in (1.0, 2.0))
    assert fast[-1].due == pytest.approx(slow[-1].due / 2)


def test_the_last_message_of_each_conversation_is_sent_when_it_is_published() -> None:
    last = {one.message.conversation_id: one for one in schedule(CONVERSATIONS, 1.0, NOW_MS)}
    for due, message in last.values():
        assert milliseconds(message.sent_at) == NOW_MS + int(due * 1_000)
