"""Who says or shows twice in a short while that the AI's answer is beside the point gets a human."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.conversation.corrections import WITHIN
from handraise.conversation.state import Conversation, decode_state, encode_state
from handraise.conversation.weights import FAILURE_TALKED_PAST, Sign
from handraise.detection.signals import Intent, Signals
from handraise.events import Action, BuiltinTriggers, ControlState, OutcomeKind, Policy, Sender, TriggerPolicy
from handraise.policy import CompiledPolicy
from handraise.policy.wording import WORDINGS
from tests.support.chats import ASKS, Chat, last_correction, said, talks_past

CORRECTS = said(corrects=True)
REFERENCE = "it is KX-20417"
ASKS_FOR_IT = said(question=True, asks_detail=True)


def corrected_once() -> Chat:
    """A chat in which the AI has answered beside the point, was told, and has answered again."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    assert not chat.customer(CORRECTS).escalations
    chat.ai(text="another answer")
    return chat


IN_OTHER_WORDS = "the same in other words"


def test_the_second_correction_is_a_failure_of_the_ai() -> None:
    chat = corrected_once()
    effects = chat.customer(CORRECTS)
    (raised,) = effects.escalations
    assert (raised.trigger, raised.caused_by) == ("ai_failure", "m5")
    (found,) = [one for one in effects.assessments if one.trigger == "ai_failure"]
    assert (found.score, found.signs) == (FAILURE_TALKED_PAST, (Sign.TALKED_PAST,))
    assert Sign.TALKED_PAST in raised.reason
    assert last_correction(chat) == 0


@pytest.mark.parametrize("language", sorted(set(WORDINGS) - {"en"}))
def test_the_reason_says_so_in_the_language_of_the_owner(language: str) -> None:
    chat = corrected_once()
    chat.policy = CompiledPolicy(Policy(business_id="shop", languages=[language]))
    (raised,) = chat.customer(CORRECTS).escalations
    assert WORDINGS[language].texts.reason.signs["talked_past"] in raised.reason


def test_the_first_correction_alone_changes_nothing_else() -> None:
    chat, other = Chat(), Chat()
    for one, second in ((chat, CORRECTS), (other, said())):
        one.customer(ASKS)
        one.ai()
        one.customer(second)
    assert chat.state is not None
    assert other.state is not None
    assert last_correction(chat) == 2
    chat.state.corrected = 0
    assert encode_state(chat.state) == encode_state(other.state)


@pytest.mark.parametrize(("between", "raises"), [(0, True), (1, True), (2, False), (3, False)])
def test_it_has_to_come_within_the_next_two_turns_of_the_customer(between: int, *, raises: bool) -> None:
    chat = corrected_once()
    for _ in range(between):
        chat.customer(said())
        chat.ai()
    assert talks_past(chat.customer(CORRECTS)) is raises


def test_one_that_comes_too_late_is_a_first_one() -> None:
    chat = corrected_once()
    for _ in range(WITHIN):
        chat.customer(said())
        chat.ai()
    assert not chat.customer(CORRECTS).escalations
    chat.ai()
    assert chat.customer(CORRECTS).escalations


def test_two_before_the_ai_has_answered_are_one() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    chat.customer(CORRECTS)
    assert not chat.customer(CORRECTS).escalations


@pytest.mark.parametrize("before", [said(), said(thanks=0.3)])
def test_it_may_come_behind_another_message_of_the_customer(before: Signals) -> None:
    """As in "bruh", and then "again not my question"."""
    chat = corrected_once()
    assert not chat.customer(before).escalations
    assert talks_past(chat.customer(CORRECTS))


def test_a_greeting_is_no_answer_that_a_later_message_corrects() -> None:
    chat = Chat()
    chat.ai(text="Hello! How can I help?")
    chat.customer(said(), "hi")
    chat.customer(CORRECTS)
    chat.ai()
    assert not chat.customer(CORRECTS).escalations


def test_an_answer_is_told_of_once_though_another_message_stands_between() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    for one in (said(), CORRECTS, CORRECTS):
        assert not chat.customer(one).escalations
    chat.ai(text="another answer")
    assert talks_past(chat.customer(CORRECTS))


def test_the_first_message_corrects_nothing_though_the_ai_has_greeted() -> None:
    chat = Chat()
    chat.ai(text="Hello! How can I help?")
    chat.customer(CORRECTS)
    chat.ai()
    assert not chat.customer(CORRECTS).escalations
    chat.ai()
    assert chat.customer(CORRECTS).escalations


def test_a_redelivered_correction_counts_once() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    chat.customer(CORRECTS, message_id="again")
    chat.ai()
    before = chat.state
    assert not chat.customer(CORRECTS, message_id="again").escalations
    assert chat.state is before
    assert chat.customer(CORRECTS).escalations


def test_a_system_message_between_changes_nothing() -> None:
    chat = corrected_once()
    chat.say(Sender.SYSTEM, said(), "The chat was assigned.")
    assert chat.customer(CORRECTS).escalations


def test_what_a_human_is_told_corrects_no_ai() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.human()
    chat.customer(CORRECTS)
    chat.human()
    assert not talks_past(chat.customer(CORRECTS))
    assert last_correction(chat) == 0


def test_a_human_between_makes_the_next_correction_a_first_one() -> None:
    chat = corrected_once()
    chat.human()
    chat.ai()
    assert not talks_past(chat.customer(CORRECTS))
    assert last_correction(chat) == 3


def test_thanks_make_the_next_correction_a_first_one() -> None:
    chat = corrected_once()
    chat.customer(said(thanks=0.9))
    assert last_correction(chat) == 0
    chat.ai()
    assert not chat.customer(CORRECTS).escalations


def test_polite_thanks_with_a_correction_are_a_correction() -> None:
    assert corrected_once().customer(said(thanks=0.9, corrects=True)).escalations


@pytest.mark.parametrize("action", [Action.ESCALATE, Action.NOTIFY])
def test_another_escalation_makes_the_next_correction_a_first_one(action: Action) -> None:
    chat = corrected_once()
    triggers = BuiltinTriggers(complaint=TriggerPolicy(action=action))
    chat.policy = CompiledPolicy(Policy(business_id="shop", owner="Rosa", triggers=triggers))
    assert chat.customer(said(complaint=0.95)).escalations
    assert last_correction(chat) == 0


def test_a_close_makes_the_next_correction_a_first_one() -> None:
    chat = corrected_once()
    assert chat.state is not None
    chat.outcome(OutcomeKind.ACCEPTED)
    chat.outcome(OutcomeKind.RESOLVED)
    assert last_correction(chat) == 0
    assert chat.state.control is not ControlState.AI
    chat.customer(ASKS)
    chat.ai()
    assert not talks_past(chat.customer(CORRECTS))


@pytest.mark.parametrize(
    "told",
    [CORRECTS, said(Intent.QUESTION, question=True, fingerprint=(1, 2)), said(fingerprint=(3, 30))],
    ids=["said", "shown", "hinted"],
)
def test_an_ai_that_says_the_same_again_to_who_has_told_so_fails_at_once(told: Signals) -> None:
    """There is no need to wait for the third time."""
    chat = Chat()
    same = said(fingerprint=(20, 21, 22, 23, 24))
    chat.customer(ASKS)
    chat.ai(same)
    assert not chat.customer(told).escalations
    (raised,) = chat.ai(same).escalations
    assert raised.trigger == "ai_failure"
    assert Sign.REPEATS_TO_ASKER in raised.reason


def test_who_says_so_of_the_same_answer_twice_need_not_say_it_twice() -> None:
    """As of a way that the customer cannot go: "I've just told you that I have no smartphone"."""
    chat = Chat()
    same = said(fingerprint=(20, 21, 22, 23, 24))
    chat.customer(ASKS)
    chat.ai(same)
    assert not chat.customer(said(Intent.QUESTION, question=True, fingerprint=(8, 9))).escalations
    assert not chat.ai(same, IN_OTHER_WORDS).escalations
    effects = chat.customer(CORRECTS)
    (found,) = [one for one in effects.assessments if one.trigger == "ai_failure"]
    assert (found.score, found.signs) == (FAILURE_TALKED_PAST, (Sign.REPEATS_TO_ASKER,))
    (raised,) = effects.escalations
    assert raised.trigger == "ai_failure"
    assert Sign.REPEATS_TO_ASKER in raised.reason
    assert Sign.TALKED_PAST not in raised.reason


def test_the_same_answer_twice_alone_is_not_told_of() -> None:
    """A word that is given again, or comes back, may mean anything else."""
    chat = Chat()
    same = said(fingerprint=(20, 21, 22, 23, 24))
    chat.customer(ASKS)
    chat.ai(same)
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(8, 9)))
    chat.ai(same, IN_OTHER_WORDS)
    assert not chat.customer(said(fingerprint=(3, 30))).escalations


def test_an_ai_that_says_the_same_again_to_who_has_told_nothing_does_not_fail_yet() -> None:
    chat = Chat()
    same = said(fingerprint=(20, 21, 22, 23, 24))
    chat.customer(ASKS)
    chat.ai(same)
    chat.customer(CORRECTS)
    chat.ai(said(fingerprint=(30, 31, 32, 33)))
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(8, 9)))
    assert not chat.ai(same, IN_OTHER_WORDS).escalations


SAME = said(fingerprint=(20, 21, 22, 23, 24))


def test_a_greeting_that_comes_twice_before_the_customer_has_written_is_no_failure() -> None:
    """As when the chat window is opened again."""
    chat = Chat()
    chat.ai(SAME)
    assert not chat.ai(SAME).escalations


def test_what_the_ai_adds_to_each_answer_is_no_failure() -> None:
    """As the opening hours are, in a message of their own, though the answer before was to a customer who told so."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    chat.ai(SAME)
    chat.customer(CORRECTS)
    chat.ai(said(fingerprint=(1, 2, 3, 4)))
    assert not chat.ai(SAME).escalations


def test_an_ai_that_says_the_same_again_fails_also_where_the_customer_has_told_so_in_several_messages() -> None:
    """Such as "That's not what I asked." and "I mean the old one"."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(SAME)
    chat.customer(CORRECTS)
    chat.customer(said(fingerprint=(40,)))
    assert chat.ai(SAME).escalations


@pytest.mark.parametrize(("read_out", "raises"), [(99, False), (98, True)])
def test_a_booking_that_is_read_out_with_what_was_corrected_is_not_the_same_again(
    read_out: int, *, raises: bool
) -> None:
    """In the long text that comes once more after "No, I said five of us" there is the five."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(question=True, fingerprint=tuple(range(20, 35))))
    chat.customer(said(corrects=True, fingerprint=(99, 100)))
    again = said(question=True, fingerprint=(*range(20, 34), read_out))
    assert bool(chat.ai(again).escalations) is raises


def test_a_reference_that_is_given_again_to_an_ai_that_asks_for_it_is_a_correction() -> None:
    chat = Chat()
    chat.customer(ASKS, REFERENCE)
    chat.ai(ASKS_FOR_IT, "What is your order number?")
    assert not chat.customer(said(), "kx-20417").escalations
    assert last_correction(chat) == 2
    chat.ai(ASKS_FOR_IT, "Could you give me the number of the order?")
    assert chat.customer(said(), "KX-20417!!").escalations


@pytest.mark.parametrize(
    ("asked", "question", "given"),
    [
        (ASKS_FOR_IT, "What is your order number?", "KX-20418"),
        (ASKS_FOR_IT, "Is it KX-20417?", "KX-20417 yes"),
        (said(), "It is on its way.", "KX-20417"),
        (ASKS_FOR_IT, "Which table?", "it is fine"),
    ],
)
def test_what_is_no_reference_that_is_given_again_corrects_nothing(asked: object, question: str, given: str) -> None:
    chat = Chat()
    chat.customer(ASKS, REFERENCE)
    chat.ai(asked, question)  # type: ignore[arg-type]  # of `said`
    chat.customer(said(), given)
    assert last_correction(chat) == 0


@pytest.mark.parametrize("word", ["2024", "a1b2", "AB-12", "street"])
def test_a_short_number_or_a_word_is_no_reference(word: str) -> None:
    chat = Chat()
    chat.customer(ASKS, f"for {word}")
    chat.ai(ASKS_FOR_IT, "For what?")
    chat.customer(said(), word)
    assert last_correction(chat) == 0


def test_a_state_of_an_earlier_version_has_heard_no_correction() -> None:
    chat = corrected_once()
    assert chat.state is not None
    assert chat.state.corrected == 2
    fields = msgspec.msgpack.decode(encode_state(chat.state))
    place = Conversation.__struct_fields__.index("corrected")
    chat.state = decode_state(msgspec.msgpack.encode(fields[:place]))
    assert not talks_past(chat.customer(CORRECTS))
    chat.ai()
    assert talks_past(chat.customer(CORRECTS))


def test_a_correction_that_an_earlier_version_has_heard_was_said() -> None:
    """That version heard no other."""
    chat = corrected_once()
    assert chat.state is not None
    fields = msgspec.msgpack.decode(encode_state(chat.state))
    place = Conversation.__struct_fields__.index("corrected_as")
    chat.state = decode_state(msgspec.msgpack.encode(fields[:place]))
    assert talks_past(chat.customer(CORRECTS))


SAYS_AGAIN = [
    "again not what I asked",
    "Again, my question was about Sunday",
    "moço, de novo não foi isso que eu perguntei",
    "das ist wieder nicht meine Frage",
    "zum zweiten Mal: ich habe nach dem Preis gefragt",
    "c'est encore pas ma question",
    "otra vez no es lo que pregunté",
    "phir se ye mera sawal nahi tha",
    "फिर से मेरा सवाल नहीं था",
    "برضه مش هو ده سؤالي",
]
ASKS_TO_READ_AGAIN = [
    "that's not what I asked. please read it again",
    "not my question, read again what I wrote",
    "das ist nicht meine Frage, lesen Sie noch mal",
    "no es lo que pregunté, léelo otra vez",
    "não foi isso que perguntei, leia de novo por favor",
    "ce n'est pas ma question, relisez encore",
    "yeh mera sawal nahi, dobara padho",
    "I asked whether I can come again, not when",
]


@pytest.mark.parametrize(
    ("text", "fails"), [*((one, True) for one in SAYS_AGAIN), *((one, False) for one in ASKS_TO_READ_AGAIN)]
)
def test_who_says_so_of_an_answer_again_need_not_have_said_it_before(text: str, *, fails: bool) -> None:
    """They asked, were answered, asked in other words and were answered once more."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(7, 8, 9)))
    chat.ai(text="another answer")
    assert [one.trigger for one in chat.customer(CORRECTS, text).escalations] == (["ai_failure"] if fails else [])


@pytest.mark.parametrize("text", SAYS_AGAIN)
def test_of_the_only_answer_nobody_says_so_again(text: str) -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai()
    assert not chat.customer(CORRECTS, text).escalations


@given(st.lists(st.sampled_from(["corrects", "asks", "thanks", "ai", "human"]), max_size=24))
def test_it_is_found_on_no_message_but_a_second_correction(turns: list[str]) -> None:
    chat = Chat()
    signals = {"corrects": CORRECTS, "asks": said(), "thanks": said(thanks=0.9)}
    for turn in turns:
        before = last_correction(chat) if chat.state is not None else 0
        if turn == "ai":
            effects = chat.ai()
        elif turn == "human":
            effects = chat.human()
        else:
            effects = chat.customer(signals[turn])
        assert chat.state is not None
        if talks_past(effects):
            assert turn == "corrects"
            assert before
            assert chat.state.customer_turns - before <= WITHIN
        assert chat.state.corrected <= chat.state.customer_turns
