"""The traffic of the benchmarks is what they say it is."""

from __future__ import annotations

from collections import Counter

from handraise.events import MESSAGES, Sender, decode
from tests.benchmarks.traffic import traffic


def test_traffic_is_the_same_each_time() -> None:
    """A longer run begins as a shorter one; another seed gives other messages."""
    assert list(traffic(500)) == list(traffic(700))[:500]
    assert list(traffic(500)) != list(traffic(500, seed=2))


def test_traffic_is_like_that_of_a_business() -> None:
    """Valid messages of 300 to 600 bytes, most of them the customer's, in conversations of several turns."""
    made = list(traffic(8_000))
    messages = [decode(value, MESSAGES) for _, value in made]
    sizes = sorted(len(value) for _, value in made)
    assert all(key == message.conversation_id.encode() for (key, _), message in zip(made, messages, strict=True))
    assert sizes[len(sizes) // 20] >= 290
    assert sizes[-len(sizes) // 20] <= 620
    senders = Counter(message.sender for message in messages)
    assert senders[Sender.CUSTOMER] > senders[Sender.ASSISTANT] > senders[Sender.HUMAN] > 0
    assert {message.language for message in messages} == {None, "en", "es", "pt", "fr", "de", "hi", "ar"}
    turns = Counter(message.conversation_id for message in messages)
    assert len({message.message_id for message in messages}) == len(made)
    assert max(turns.values()) >= 10
