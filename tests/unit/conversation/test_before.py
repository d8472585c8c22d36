"""What was said before a message is heard, and the same whatever batches the events come in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from handraise.conversation import Effects, Processor
from handraise.conversation.processor import Event, Processed, runs
from handraise.conversation.state import Conversation, StoredTurn, decode_state
from handraise.detection import Detect, Detector
from handraise.events import ChatMessage, Outcome, OutcomeKind, Sender, encode
from handraise.policy import default_policy
from tests.support.chats import HOUR, MINUTE, START
from tests.support.hearing import Hearing, chats, cuts, hearing, hearing_detector

DETECTOR: Final = hearing_detector(Hearing())
DETECTORS: Final[tuple[Detect | Detector, ...]] = (DETECTOR, hearing)
POLICIES: Final = {business: default_policy(business) for business in ("shop", "bank")}


def played(
    detector: Detect | Detector, batches: Iterable[Sequence[Event]]
) -> tuple[list[Processed], dict[bytes, bytes]]:
    """What becomes of each event, and the states that are left."""
    processor = Processor(POLICIES.__getitem__, detector, "test")
    results: list[Processed] = []
    states: dict[bytes, bytes] = {}
    for batch in batches:
        done = processor.process(batch, states.get)
        told = [one.key for one in done if one.state is not None or one.forgotten]
        assert len(told) == len(set(told)), "a batch tells of the state of a conversation once"
        for one in done:
            assert (one.head is None) == (one.state is None)
            if one.state is not None:
                states[one.key] = one.state
            elif one.forgotten:
                states.pop(one.key, None)
        results += done
    return results, states


def told(effects: Effects) -> tuple[list[bytes], list[object], bool, bool]:
    """Everything that goes out."""
    published = [encode(one) for one in (*effects.escalations, *effects.controls, *effects.decisions)]
    return published, list(effects.notes), effects.forgets, effects.came_too_late


@pytest.mark.parametrize("detector", DETECTORS, ids=["careful", "plain"])
@given(events=chats(), data=st.data())
@settings(deadline=None, max_examples=60)
def test_however_events_are_cut_into_batches_what_comes_of_them_is_the_same(
    detector: Detect | Detector, events: list[Event], data: st.DataObject
) -> None:
    """Several conversations at once, outcomes, erasures and duplicates among them."""
    single, left = played(detector, [[event] for event in events])
    batched, states = played(detector, data.draw(cuts(events)))
    assert [(one.key, one.signals, one.rejected, told(one.effects)) for one in batched] == [
        (one.key, one.signals, one.rejected, told(one.effects)) for one in single
    ]
    assert states == left


@pytest.mark.parametrize("detector", DETECTORS, ids=["careful", "plain"])
@given(events=chats(), data=st.data())
@settings(deadline=None, max_examples=40)
def test_what_stands_before_a_message_does_not_hang_on_when_the_timers_fire(
    detector: Detect | Detector, events: list[Event], data: st.DataObject
) -> None:
    """A conversation that has ended has said nothing, whether a sweep has found that before the next message or not."""
    processor = Processor(POLICIES.__getitem__, detector, "test")
    states: dict[bytes, bytes] = {}
    signals = []
    for event in events:
        at = event.at if isinstance(event, Outcome) else event.sent_at
        assert isinstance(at, int)
        key = f"{event.business_id}/{event.conversation_id}".encode()
        if key in states and data.draw(st.booleans()):
            swept = processor.advance(key, states.pop(key), at)
            if swept.state is not None:
                states[key] = swept.state
        (done,) = processor.process([event], states.get)
        signals.append(done.signals)
        if done.state is not None:
            states[key] = done.state
        elif done.forgotten:
            states.pop(key, None)
    alike = [one.signals for one in played(detector, [[event] for event in events])[0]]
    # An event that comes again is not looked at, so what it says may hang on whether its conversation is known yet.
    first = {at for at, event in enumerate(events) if event not in events[:at]}
    assert [signals[at] for at in first] == [alike[at] for at in first]


def message(text: str, at: int = START, *, conversation: str = "c1", business: str = "shop") -> ChatMessage:
    return ChatMessage(
        message_id=f"{conversation}-{at}-{text}",
        conversation_id=conversation,
        business_id=business,
        sender=Sender.CUSTOMER,
        sent_at=at,
        text=text,
    )


def test_a_conversation_that_is_over_says_nothing_before_the_next() -> None:
    """Though its state is still there; a timer that ends nothing leaves what was said."""
    processor = Processor(POLICIES.__getitem__, hearing, "test")
    (done,) = processor.process([message("It is broken")], lambda _: None)
    assert done.state is not None
    load = {done.key: done.state}.get
    assert processor.before(message("Hello", START + HOUR), load) == ("It is broken",)
    assert processor.before(message("Hello", START + 30 * 24 * HOUR), load) == ()
    assert processor.before(message("Hello", conversation="c2"), load) == ()


CLEAR: Final = "Thank you"
DOUBTFUL: Final = "broken"
RESOLVED: Final = Outcome(outcome_id="o", conversation_id="c1", business_id="shop", kind=OutcomeKind.RESOLVED, at=START)


def cut(*events: Event) -> list[int]:
    """How many events are in each run, where the texts that are in doubt hang on what stands before."""
    messages = [event for event in events if isinstance(event, ChatMessage)]
    found = list(runs(events, lambda at: messages[at].text == DOUBTFUL))
    assert [event for run in found for event in events[run.events]] == list(events)
    return [run.events.stop - run.events.start for run in found]


def test_a_batch_is_cut_before_a_message_in_doubt_of_a_conversation_that_is_in_it_already() -> None:
    assert cut(message(CLEAR), message(DOUBTFUL)) == [1, 1]
    assert cut(message(DOUBTFUL), message(DOUBTFUL), message(DOUBTFUL)) == [1, 1, 1]
    assert cut(message(CLEAR), message(CLEAR, conversation="c2"), message(DOUBTFUL), message(CLEAR)) == [2, 2]
    assert cut(RESOLVED, message(DOUBTFUL)) == [1, 1]


def test_a_batch_is_cut_nowhere_else() -> None:
    """Not for a text that is clear, for an outcome, or for other conversations; and what was cut off is not met."""
    assert cut() == []
    assert cut(message(DOUBTFUL)) == [1]
    assert cut(message(DOUBTFUL), message(CLEAR), RESOLVED, message(CLEAR)) == [4]
    assert cut(message(DOUBTFUL), message(DOUBTFUL, conversation="c2")) == [2]
    assert cut(message(DOUBTFUL), message(DOUBTFUL, business="bank")) == [2]
    other = message(DOUBTFUL, conversation="c2")
    assert cut(message(CLEAR), other, message(DOUBTFUL), other, message(CLEAR)) == [2, 3]


@given(chats())
def test_all_events_come_in_the_runs_in_their_order(events: list[Event]) -> None:
    """And no run holds two messages of a conversation of which the later one hangs on the earlier one."""
    messages = [event for event in events if isinstance(event, ChatMessage)]
    found = list(runs(events, lambda at: messages[at].text == DOUBTFUL))
    assert [at for run in found for at in range(run.events.start, run.events.stop)] == list(range(len(events)))
    assert [at for run in found for at in run.places] == list(range(len(messages)))
    for run in found:
        assert [messages[at] for at in run.places] == run.messages
        met = set()
        for event in events[run.events]:
            key = event.business_id, event.conversation_id
            assert not (key in met and isinstance(event, ChatMessage) and event.text == DOUBTFUL)
            met.add(key)


def stored(text: str, sender: Sender = Sender.CUSTOMER) -> StoredTurn:
    return StoredTurn(message_id="m", sender=sender, sent_at=START, text=text, cut=0, given=False)


def test_the_last_two_turns_that_say_anything_are_those_that_were_said_last() -> None:
    """The oldest first; what the system writes is no turn, nor is a message without a text."""
    state = Conversation(business_id="shop", conversation_id="c1", started_at=START, last_at=START)
    assert state.said_last() == ()
    state.add_turn(stored("Hello"))
    assert state.said_last() == ("Hello",)
    state.add_turn(stored("What is it?", Sender.ASSISTANT))
    state.add_turn(stored("The chat was moved", Sender.SYSTEM))
    state.add_turn(stored(""))
    assert state.said_last() == ("Hello", "What is it?")
    state.add_turn(stored("Rosa here", Sender.HUMAN))
    assert state.said_last() == ("What is it?", "Rosa here")


def test_the_end_of_a_long_turn_is_heard_too() -> None:
    """An AI that answers at length asks at the end; of turns that are not heard any more it is not kept."""
    reader = Hearing()
    processor = Processor(POLICIES.__getitem__, hearing_detector(reader), "test")
    long = f"{'Of course. ' * 60}My password is hunter2now. Is it broken, or the wrong size?"
    events = [replace(message(long), sender=Sender.ASSISTANT), message(DOUBTFUL, START + MINUTE)]
    events += [message("Thank you", START + at * MINUTE) for at in range(2, 6)]
    results = processor.process(
        [replace(event, message_id=f"m{at}") for at, event in enumerate(events)], lambda _: None
    )
    ((heard,),) = [before for text, before in reader.asked if text == DOUBTFUL]
    assert heard.startswith("Of course . Of course .")
    assert heard.endswith("Is it broken , or the wrong size ?")
    assert "hunter2now" not in heard
    assert [turn.end for turn in decode_state(results[-1].state or b"").transcript] == [""] * 6


def test_what_was_said_is_heard_as_it_is_kept() -> None:
    """Secrets are masked by then."""
    reader = Hearing()
    processor = Processor(POLICIES.__getitem__, hearing_detector(reader), "test")
    events = [message("My password is hunter2now"), message(DOUBTFUL, START + MINUTE)]
    processor.process(events, lambda _: None)
    ((heard,),) = [before for text, before in reader.asked if text == DOUBTFUL]
    assert "hunter2now" not in heard
    assert "password" in heard
