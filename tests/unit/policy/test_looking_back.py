"""Conditions that look back: counts, sequences, what was said earlier, and silences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.detection.signals import Intent, Signals
from handraise.events import ChatMessage, Condition, OwnTrigger, Policy, Sender, utc
from handraise.policy import CompiledPolicy, compile_policy, effective, examine
from handraise.policy.model import ConversationFacts, Memory, OwnMatch
from handraise.policy.remembered import MAX_CONDITIONS, MAX_MESSAGES
from tests.support.problems import but_of_crisis

MINUTE = 60_000
NEUTRAL = Signals(language="en", sentiment=0.0, intent=Intent.OTHER)
SAD = msgspec.structs.replace(NEUTRAL, sentiment=-0.6)
BEGAN = 1_772_442_000_000
"""Monday 2026-03-02 09:00 UTC."""


class Talk:
    """A conversation as the conditions of one own trigger, `t`, see it."""

    def __init__(self, when: dict[str, Any], **own: Any) -> None:  # noqa: ANN401 - fields of the trigger
        trigger = msgspec.convert({"when": when, **own}, OwnTrigger)
        self.policy = compile_policy(Policy(business_id="b", owner="Rosa", own_triggers={"t": trigger}))
        self.memory: Memory | None = None
        self.at = BEGAN

    def say(
        self,
        text: str = "",
        sender: Sender = Sender.CUSTOMER,
        signals: Signals = NEUTRAL,
        *,
        wait: float = 1,
        message_type: str = "text",
        attributes: dict[str, Any] | None = None,
    ) -> list[OwnMatch]:
        """The matches of the next message, so many minutes after the one before."""
        self.at += int(wait * MINUTE)
        message = ChatMessage(
            message_id="m",
            conversation_id="c",
            business_id="b",
            sender=sender,
            sent_at=utc(self.at),
            text=text,
            message_type=message_type,
            attributes=attributes,
        )
        facts = ConversationFacts(
            sentiment_mean=0.0,
            negative_streak=0,
            customer_turns=1,
            at_ms=self.at,
            began_ms=BEGAN,
            wants_answer=sender is Sender.CUSTOMER and text != "thanks",
            memory=self.memory,
        )
        matches = self.policy.own_matches(message, signals, facts)
        self.memory = matches.memory
        return matches.found

    def holds(self, text: str = "", sender: Sender = Sender.CUSTOMER, **more: Any) -> bool:  # noqa: ANN401 - as `say`
        """Whether the trigger holds for the next message."""
        return bool(self.say(text, sender, **more))

    def image(self, *, wait: float = 1) -> bool:
        """Whether the trigger holds when the customer sends an image."""
        return bool(self.say(wait=wait, message_type="image"))

    def silent(self, minutes: float) -> list[str]:
        """Why the trigger holds when nobody has said anything for so long."""
        self.at += int(minutes * MINUTE)
        matches = self.policy.silent(self.memory, self.at)
        self.memory = matches.memory
        return [match.because for match in matches.found]


IMAGE = {"message_type": "image"}


def test_a_count_within_a_time_holds_for_the_message_that_makes_it_so_many() -> None:
    """And for each further one that counts; what is said between does not matter, and holds for nothing."""
    talk = Talk({"count": {"of": IMAGE, "at_least": 3, "within": "10 minutes"}})
    assert not talk.image()
    assert not talk.holds("look at this", wait=2)
    assert not talk.image(wait=2)
    (match,) = talk.say(wait=6, message_type="image")
    assert match.because == "3 within 10 minutes: message type image"
    assert not talk.holds("well?")
    assert talk.image()
    assert not talk.image(wait=11)


def test_a_count_within_turns_is_of_those_whom_it_is_about() -> None:
    """Turns of the customer here: what the AI says between does not count."""
    talk = Talk({"count": {"of": {"keywords": ["refund"]}, "at_least": 2, "within": "3 turns"}})
    assert not talk.holds("refund")
    talk.say("answer", Sender.ASSISTANT)
    talk.say("answer", Sender.ASSISTANT)
    assert not talk.holds("hm")
    assert talk.holds("a refund!")
    assert not talk.holds("hm")
    assert not talk.holds("hm")
    assert not talk.holds("refund")


def test_in_a_row_lets_nothing_between_of_those_whom_it_is_about() -> None:
    talk = Talk({"count": {"of": {"sentiment": {"at_most": -0.2}}, "in_a_row": 2}})
    assert not talk.holds("bad", signals=SAD)
    talk.say("answer", Sender.ASSISTANT, SAD)
    assert talk.holds("bad", signals=SAD)
    assert not talk.holds("fine")
    assert not talk.holds("bad", signals=SAD)
    (match,) = talk.say("bad", signals=SAD)
    assert match.because == "2 in a row: sentiment of the message"


OF_TWO = {"any": [{"sender": "human", "keywords": ["refund"]}, {"keywords": ["moneyback"]}]}
"""Of a human, or, where none is named, of the customer."""


def test_in_a_row_counts_the_turns_of_all_whom_its_alternatives_are_about() -> None:
    talk = Talk({"count": {"of": OF_TWO, "in_a_row": 2}})
    assert not talk.holds("moneyback")
    talk.say("moneyback is possible", Sender.ASSISTANT)
    assert talk.holds("moneyback")
    assert talk.holds("refund", Sender.HUMAN)
    assert not talk.holds("hm")
    assert not talk.holds("moneyback")


def test_within_turns_counts_those_of_all_whom_its_alternatives_are_about() -> None:
    talk = Talk({"count": {"of": OF_TWO, "at_least": 2, "within": "3 turns"}})
    assert not talk.holds("moneyback")
    for _ in range(5):
        assert not talk.holds("hm")
    assert not talk.holds("moneyback")
    talk.say("answer", Sender.HUMAN)
    assert talk.holds("moneyback")


def test_a_count_may_be_one_condition_among_others() -> None:
    """Two negative turns in a row, and an order of more than 500."""
    talk = Talk(
        {
            "count": {"of": {"sentiment": {"at_most": -0.2}}, "in_a_row": 2},
            "attributes": {"order_value": {"at_least": 500}},
        }
    )
    order = {"order_value": 620}
    talk.say("bad", signals=SAD, attributes=order)
    assert not talk.holds("bad", signals=SAD, attributes={"order_value": 20})
    assert talk.holds("bad", signals=SAD, attributes=order)


def test_the_messages_of_others_can_be_counted() -> None:
    talk = Talk({"count": {"of": {"sender": "assistant", "keywords": ["sorry"]}, "at_least": 2}})
    talk.say("sorry", Sender.CUSTOMER)
    assert not talk.holds("sorry", Sender.ASSISTANT)
    assert not talk.holds("sorry", Sender.CUSTOMER)
    assert talk.holds("so sorry", Sender.ASSISTANT)


def test_a_sequence_holds_for_its_last_step_each_on_a_later_message() -> None:
    """Asked about the price, then: too expensive."""
    talk = Talk({"sequence": [{"keywords": ["price"]}, {"keywords": ["too expensive"]}]})
    assert not talk.holds("too expensive")
    assert not talk.holds("price too expensive")
    talk.say("it is 500", Sender.ASSISTANT)
    (match,) = talk.say("that is too expensive")
    assert match.because == "the last of 2 in sequence: keyword `too expensive`"
    assert [(span.start, span.end) for span in match.spans] == [(8, 21)]
    assert not talk.holds("price")


def test_the_steps_of_a_sequence_stand_in_their_order() -> None:
    steps = [{"keywords": [word]} for word in ("one", "two", "three")]
    talk = Talk({"sequence": {"of": steps}})
    talk.say("two")
    talk.say("one")
    assert not talk.holds("three")
    talk.say("two")
    talk.say("hm")
    assert talk.holds("three")


def test_one_message_is_one_step_of_a_sequence_also_where_it_could_be_two() -> None:
    steps = [{"keywords": ["one"]}, {"keywords": ["two"]}, {"keywords": ["two", "three"]}, {"keywords": ["four"]}]
    talk = Talk({"sequence": steps})
    assert [talk.holds(word) for word in ("one", "two", "four")] == [False, False, False]
    assert [talk.holds(word) for word in ("two", "four")] == [False, True]


def test_a_sequence_has_its_time_from_the_first_step_to_the_last() -> None:
    """The first step that is nearest counts."""
    talk = Talk({"sequence": {"of": [{"keywords": ["one"]}, {"keywords": ["two"]}], "within": "10 minutes"}})
    talk.say("one")
    assert not talk.holds("two", wait=11)
    talk.say("one")
    assert talk.holds("two", wait=10)


def test_a_sequence_may_go_through_several_people() -> None:
    talk = Talk({"sequence": [{"sender": "assistant", "keywords": ["500 euros"]}, {"keywords": ["too much"]}]})
    talk.say("500 euros", Sender.CUSTOMER)
    assert not talk.holds("too much")
    talk.say("500 euros", Sender.ASSISTANT)
    assert not talk.holds("too much", Sender.HUMAN)
    assert talk.holds("too much")


def test_a_step_may_look_back_itself() -> None:
    """Three images, and then the word."""
    talk = Talk({"sequence": [{"count": {"of": IMAGE, "at_least": 3}}, {"keywords": ["refund"]}]})
    talk.image()
    talk.image()
    assert not talk.holds("refund")
    talk.image()
    assert talk.holds("refund")


def test_earlier_holds_for_this_message_or_one_before() -> None:
    when = {"keywords": ["cancel"], "earlier": {"of": {"attributes": {"order_value": {"at_least": 500}}}}}
    talk = Talk(when)
    assert not talk.holds("cancel")
    assert talk.holds("cancel", attributes={"order_value": 600})
    talk = Talk(when)
    talk.say("hello", attributes={"order_value": 600})
    talk.say("fine", Sender.ASSISTANT)
    (match,) = talk.say("cancel")
    assert match.because == "keyword `cancel`; what was said earlier"


def test_earlier_can_be_denied_and_limited() -> None:
    talk = Talk({"keywords": ["cancel"], "not": {"earlier": {"of": {"keywords": ["thanks"]}, "within": "2 turns"}}})
    talk.say("thanks")
    assert not talk.holds("cancel")
    assert talk.holds("cancel")


def test_earlier_of_others_leaves_the_rest_to_the_customer() -> None:
    talk = Talk({"keywords": ["why"], "earlier": {"of": {"sender": "human"}}})
    talk.say("hi", Sender.HUMAN)
    assert not talk.holds("why", Sender.ASSISTANT)
    assert talk.holds("why")


def test_what_is_remembered_goes_on_under_a_changed_policy() -> None:
    """It is known by the condition: the name of the trigger, and how many are wanted, may change."""
    talk = Talk({"count": {"of": IMAGE, "at_least": 3}})
    talk.image()
    talk.policy = Talk({"count": {"of": IMAGE, "at_least": 2}}, priority="high").policy
    assert talk.image()
    talk.policy = Talk({"count": {"of": {"message_type": "voice"}, "at_least": 2}}).policy
    assert not talk.holds(message_type="voice")
    assert talk.memory is not None
    assert len(talk.memory.held) == 1


def test_a_policy_without_such_conditions_remembers_nothing() -> None:
    talk = Talk({"keywords": ["refund"]})
    assert talk.holds("refund")
    assert talk.memory is None


def test_the_same_condition_in_several_triggers_is_remembered_once() -> None:
    own = {
        name: msgspec.convert({"when": {"count": {"of": IMAGE, "at_least": many}}}, OwnTrigger)
        for name, many in (("two", 2), ("three", 3))
    }
    talk = Talk({"keywords": ["x9"]})
    talk.policy = compile_policy(Policy(business_id="b", owner="Rosa", own_triggers=own))
    assert [len(talk.say(message_type="image")) for _ in range(3)] == [0, 1, 2]
    assert talk.memory is not None
    (hits,) = talk.memory.held.values()
    assert len(hits) == 6


def test_ways_to_write_the_same_are_the_same() -> None:
    def version(when: dict[str, Any]) -> str:
        return Talk(when).policy.version

    steps = [{"keywords": ["b", "a"]}, {"keywords": ["c9"]}]
    assert version({"sequence": steps}) == version({"sequence": {"of": [{"keywords": ["a", "b"]}, steps[1]]}})
    counted = {"of": IMAGE, "at_least": 3}
    assert version({"count": counted | {"within": "an hour"}}) == version({"count": counted | {"within": "1 hour"}})
    assert version({"count": counted | {"within": "60 minutes"}}) != version({"count": counted | {"within": "2 hours"}})
    waits = {"for": "10 minutes"}
    assert version({"silence": waits}) == version({"silence": waits | {"from": ["human", "assistant"]}})
    assert version({"silence": waits}) != version({"silence": waits | {"from": "human"}})


def test_effective_stays_itself() -> None:
    when = {
        "sequence": [{"keywords": ["b", "a"]}, {"count": {"of": IMAGE, "at_least": 2, "within": "a day"}}],
        "silence": {"for": "an hour", "from": "customer"},
    }
    policy = Policy(business_id="b", owner="R", own_triggers={"t": msgspec.convert({"when": when}, OwnTrigger)})
    assert effective(effective(policy)) == effective(policy)


# --- silence ---


def test_a_question_without_an_answer_for_long_enough() -> None:
    talk = Talk({"silence": {"for": "10 minutes"}})
    assert not talk.holds("where is it?")
    assert talk.silent(9) == []
    assert talk.silent(1) == ["no answer for 10 minutes"]
    assert talk.silent(60) == []


@pytest.mark.parametrize("who", [Sender.ASSISTANT, Sender.HUMAN])
def test_an_answer_ends_the_wait(who: Sender) -> None:
    talk = Talk({"silence": {"for": "10 minutes"}})
    talk.say("where is it?")
    talk.say("here", who)
    assert talk.silent(60) == []


def test_the_wait_is_counted_from_the_first_message_without_an_answer() -> None:
    talk = Talk({"silence": {"for": "10 minutes"}})
    talk.say("where is it?")
    talk.say("hello?", wait=8)
    assert talk.silent(2) == ["no answer for 10 minutes"]


def test_a_thank_you_waits_for_nothing() -> None:
    talk = Talk({"silence": {"for": "10 minutes"}})
    talk.say("thanks")
    assert talk.silent(60) == []


def test_a_human_s_silence_is_not_ended_by_the_ai() -> None:
    talk = Talk({"silence": {"for": "10 minutes", "from": "human"}})
    talk.say("where is it?")
    talk.say("a moment", Sender.ASSISTANT, wait=5)
    assert talk.silent(5) == ["no answer of the human for 10 minutes"]


def test_the_reply_that_was_given_ends_the_wait_too() -> None:
    """Of that message no condition is asked."""
    talk = Talk({"silence": {"for": "10 minutes"}})
    talk.say("where is it?")
    talk.memory = talk.policy.spoken(talk.memory, Sender.ASSISTANT)
    assert talk.silent(60) == []


def test_the_customer_s_silence_after_what_was_said() -> None:
    talk = Talk({"earlier": {"of": {"keywords": ["price"]}}, "silence": {"from": "customer", "for": "2 hours"}})
    talk.say("hello")
    talk.say("hello, how can I help?", Sender.ASSISTANT)
    assert talk.silent(300) == []
    talk.say("what is the price?")
    talk.say("500 euros", Sender.ASSISTANT)
    assert talk.silent(121) == ["nothing from the customer for 2 hours"]


def test_only_opening_hours_may_count() -> None:
    """Monday to Friday, nine to five."""
    talk = Talk({"silence": {"for": "10 minutes", "in_hours": True}})
    talk.say("where is it?", wait=7 * 60 + 55)
    assert talk.silent(16 * 60) == []
    assert talk.silent(10) == ["no answer for 10 minutes of opening hours"]


def test_the_condition_says_after_which_message(tmp_path: Path) -> None:
    talk = Talk({"keywords": ["urgent"], "silence": {"for": "5 minutes"}})
    talk.say("where is it?")
    assert talk.silent(10) == []
    talk.say("it is urgent")
    assert talk.silent(5) == ["no answer for 5 minutes"]
    assert tmp_path.exists()


# --- what is refused ---

HEAD = "business_id: cafe\nowner: Rosa\nown_triggers:\n  t:\n    when:\n"
PROBLEMS = [
    # What is written under `when`, the line of the problem, a part of what is said, a part of the mend.
    ("count: {of: {keywords: [refund]}}", 6, "does not say how many", "at_least: 3"),
    ("count: {of: {keywords: [refund]}, at_least: 2, in_a_row: 2}", 6, "two ways to count", "drop one"),
    ("count: {of: {}, at_least: 2}", 6, "empty condition", "say what must hold"),
    ("count: {of: {keywords: [the]}, at_least: 2}", 6, "too broad", "longer"),
    ("count: {of: {keywords: [refund]}, at_least: 1}", 6, "one message", "2 or more"),
    (
        "count: {of: {keywords: [refund]}, at_least: 5, within: 3 turns}",
        6,
        "there are no 5 messages in 3 turns",
        "5 turns",
    ),
    ("count: {of: {keywords: [refund]}, at_least: 2, within: a while}", 6, "cannot be read", "10 minutes"),
    ("sequence: [{keywords: [refund]}]", 6, "1 entry is too little", "at least 2"),
    ("sequence: {of: [{keywords: [refund]}, {keywords: [money]}], within: 1 turn}", 6, "no 2 messages", "2 turns"),
    ("earlier: {of: {keywords: [refund]}, within: 1 turn}", 6, "this message alone", "5 turns"),
    ("not: {count: {of: {keywords: [refund]}, at_least: 2}}", 6, "fails for nearly every message", "earlier"),
    ("any: [{keywords: [a9], silence: {for: 1 hour}}, {keywords: [b9]}]", 6, "at the top of `when`", "move it"),
    ("earlier: {of: {silence: {for: 1 hour}}}", 6, "at the top of `when`", "move it"),
    ("silence: {for: 0 minutes}", 6, "no time", "10 minutes"),
    ("silence: {for: 100 days}", 6, "too long to wait", "90 days"),
    ("silence: {for: 1 hour, from: [customer, assistant, human]}", 6, "nobody is left", "to answer"),
    ("{sender: human, silence: {for: 1 hour, from: [human]}}", 6, "it never begins", "name the `sender`"),
    (
        "{keywords: [refund], count: {of: {sender: assistant}, at_least: 2}}",
        6,
        "`count` ends with a message of the assistant, the rest is about the customer",
        "`earlier`",
    ),
    (
        "{keywords: [refund], sequence: [{keywords: [a9]}, {sender: human}]}",
        6,
        "`sequence` ends with a message of the human",
        "`earlier`",
    ),
    (
        "{count: {of: {sender: assistant}, at_least: 2}, any: [{sender: human, keywords: [a9]}, {keywords: [b9]}]}",
        6,
        "`count` ends with a message of the assistant, the rest is about the customer or human",
        "`earlier`",
    ),
    ("examples: ['', refund please]", 6, "it is empty", "fill it in"),
    ("examples: ['...', refund please]", 6, "nothing to read in this example", "write a sentence"),
    ("examples: {like: [refund please], unlike: ['https://a.example/b']}", 6, "nothing to read", "write a sentence"),
]


@pytest.mark.parametrize(("when", "line", "message", "mend"), PROBLEMS)
def test_what_cannot_be_meant_is_told_with_its_line_and_its_mend(
    tmp_path: Path, when: str, line: int, message: str, mend: str
) -> None:
    (tmp_path / "p.yaml").write_text(f"{HEAD}      {when}\n")
    (problem, *more) = but_of_crisis(examine(tmp_path).problems)
    assert more == []
    assert (problem.line, message in problem.message, mend in problem.mend) == (line, True, True), problem


@pytest.mark.parametrize(
    "when",
    [
        "count: {of: {sender: assistant}, at_least: 3}",
        "{keywords: [refund], earlier: {of: {sender: human}}}",
        "{sender: assistant, sequence: [{keywords: [a9]}, {sender: assistant}]}",
        "{keywords: [refund], not: {earlier: {of: {keywords: [done]}}}}",
        "{silence: {for: 1 hour, from: customer}}",
        "{sender: assistant, silence: {for: 1 hour, from: customer}}",
    ],
)
def test_what_can_be_meant_is_not_complained_of(tmp_path: Path, when: str) -> None:
    (tmp_path / "p.yaml").write_text(f"{HEAD}      {when}\n")
    assert but_of_crisis(examine(tmp_path).problems) == []


def test_a_policy_that_would_remember_too_much_is_refused(tmp_path: Path) -> None:
    head = "business_id: cafe\nowner: Rosa\nown_triggers:\n"
    count = "  t{0}: {{when: {{count: {{of: {{keywords: [w{0}]}}, at_least: {1}}}}}}}\n"
    (tmp_path / "p.yaml").write_text(head + "".join(count.format(number, 2) for number in range(MAX_CONDITIONS + 1)))
    (problem,) = but_of_crisis(examine(tmp_path).problems)
    assert (problem.line, "more than 32 conditions" in problem.message) == (4 + MAX_CONDITIONS, True)
    many = MAX_MESSAGES // 20 + 1
    (tmp_path / "p.yaml").write_text(head + "".join(count.format(number, 20) for number in range(many)))
    (problem,) = but_of_crisis(examine(tmp_path).problems)
    assert (problem.line, "more than 100 messages" in problem.message) == (3 + many, True)


# --- against the plain meaning ---

WORDS = ("ant", "bee", "cow")
Said = tuple[Sender, frozenset[str], int]


def plain_count(history: list[Said], word: str, test: dict[str, Any]) -> bool:
    """The meaning of a count, looked up in the whole history."""
    mine = [one for one in history if one[0] is Sender.CUSTOMER]
    if history[-1][0] is not Sender.CUSTOMER or word not in history[-1][1]:
        return False
    if "in_a_row" in test:
        last = mine[-test["in_a_row"] :]
        return len(last) == test["in_a_row"] and all(word in said for _, said, _ in last)
    near = mine[-5:] if test.get("within") == "5 turns" else mine
    if test.get("within") == "3 minutes":
        near = [one for one in mine if history[-1][2] - one[2] <= 3 * MINUTE]
    return sum(word in said for _, said, _ in near) >= int(test["at_least"])


def plain_sequence(history: list[Said], words: list[str], within: str | None) -> bool:
    """The meaning of a sequence: some messages, one after the other, the last one now."""

    def reached(place: int, step: int) -> list[int]:
        sender, said, _ = history[place]
        if sender is not Sender.CUSTOMER or words[step] not in said:
            return []
        if step == 0:
            return [place]
        return [first for before in range(place) for first in reached(before, step - 1)]

    starts = reached(len(history) - 1, len(words) - 1)
    if within == "3 minutes":
        starts = [start for start in starts if history[-1][2] - history[start][2] <= 3 * MINUTE]
    if within == "5 turns":
        near = [place for place, one in enumerate(history) if one[0] is Sender.CUSTOMER][-5:]
        starts = [start for start in starts if start in near]
    return bool(starts)


HISTORY = st.lists(
    st.tuples(
        st.sampled_from([Sender.CUSTOMER, Sender.CUSTOMER, Sender.ASSISTANT]),
        st.frozensets(st.sampled_from(WORDS), max_size=2),
        st.sampled_from([0, 1, 2, 5]),
    ),
    min_size=1,
    max_size=14,
)
COUNTS = st.sampled_from(
    [
        {"at_least": 2},
        {"at_least": 3},
        {"in_a_row": 2},
        {"in_a_row": 3},
        {"at_least": 2, "within": "5 turns"},
        {"at_least": 3, "within": "3 minutes"},
    ]
)


@given(HISTORY, COUNTS)
def test_a_count_means_what_it_says(history: list[Said], test: dict[str, Any]) -> None:
    """Whatever came before, and though only the last messages are noted."""
    talk, seen = Talk({"count": {"of": {"keywords": ["ant"]}, **test}}), list[Said]()
    for sender, words, minutes in history:
        held = talk.holds(" ".join(sorted(words)), sender, wait=minutes)
        seen.append((sender, words, talk.at))
        assert held is plain_count(seen, "ant", test)


@given(HISTORY, st.sampled_from([None, "5 turns", "3 minutes"]), st.sampled_from([2, 3]))
def test_a_sequence_means_what_it_says(history: list[Said], within: str | None, steps: int) -> None:
    words = list(WORDS[:steps])
    sequence = {"of": [{"keywords": [word]} for word in words]} | ({"within": within} if within else {})
    talk, seen = Talk({"sequence": sequence}), list[Said]()
    for sender, said, minutes in history:
        held = talk.holds(" ".join(sorted(said)), sender, wait=minutes)
        seen.append((sender, said, talk.at))
        assert held is plain_sequence(seen, words, within)


def conditions() -> st.SearchStrategy[dict[str, Any]]:
    """Conditions of any depth that look back."""
    leaf = st.sampled_from([{"keywords": [word]} for word in WORDS] + [{"sender": "assistant"}, IMAGE])
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.builds(lambda of, many: {"count": {"of": of, "at_least": many}}, inner, st.integers(2, 4)),
            st.builds(lambda of, many: {"count": {"of": of, "in_a_row": many}}, inner, st.integers(2, 4)),
            st.builds(lambda of: {"earlier": {"of": of, "within": "4 turns"}}, inner),
            st.builds(lambda of: {"sequence": of}, st.lists(inner, min_size=2, max_size=3)),
            st.builds(lambda of: {"any": of}, st.lists(inner, min_size=1, max_size=2)),
            st.builds(lambda of: {"not": of}, inner),
        ),
        max_leaves=6,
    )


@given(conditions(), HISTORY)
def test_what_is_remembered_has_its_bound_and_is_the_same_each_time(when: dict[str, Any], history: list[Said]) -> None:
    """The policy says how much, not the conversation; stored and read again, it goes on the same."""
    one, other = Talk(when), Talk(when)
    most = sum(slot.keep for slot in _slots(one.policy))
    for sender, words, minutes in history:
        text = " ".join(sorted(words))
        assert one.say(text, sender, wait=minutes) == other.say(text, sender, wait=minutes)
        stored = msgspec.msgpack.encode(one.memory)
        assert stored == msgspec.msgpack.encode(other.memory)
        other.memory = msgspec.msgpack.decode(stored, type=Memory | None)
        hits = sum(len(hits) for hits in one.memory.held.values()) if one.memory else 0
        assert hits <= 2 * most
    assert msgspec.convert(when, Condition) != Condition()


def _slots(policy: CompiledPolicy) -> list[Any]:
    return list(policy._slots._slots.values())  # noqa: SLF001 - the bound that is tested
