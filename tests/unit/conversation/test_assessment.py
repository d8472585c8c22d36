from __future__ import annotations

from typing import Any

import pytest

from handraise.conversation.effects import Effects, Fact
from handraise.detection.signals import Intent, Signals
from handraise.events import BuiltinTriggers, DecisionResult, Policy, TriggerPolicy
from handraise.policy import CompiledPolicy, default_policy
from tests.support.chats import ASKS, NEUTRAL, Chat, said

ADMITS = said(admission=0.9, fingerprint=(10, 11, 12, 13))
PROMISES = said(promise=0.9)
ANSWER = said(fingerprint=(20, 21, 22, 23, 24))


def test_an_ai_turn_that_admits_to_a_real_question_is_a_knowledge_gap() -> None:
    chat = Chat()
    chat.customer(ASKS, "do you ship to Norway?")
    (escalation,) = chat.ai(ADMITS, "I don't have that information").escalations
    assert escalation.trigger == "knowledge_gap"
    assert "do you ship to Norway?" in escalation.reason


@pytest.mark.parametrize(
    ("fields", "fires"),
    [
        ({"answered": False}, True),
        ({"answered": True}, False),
        ({"confidence": 0.35}, True),
        ({"confidence": 0.36}, False),
        ({"sources": []}, False),
        ({"sources": [], "retrieval_score": 0.1}, False),
    ],
)
def test_what_the_producer_says_of_the_turn_decides(fields: dict[str, Any], fires: bool) -> None:
    chat = Chat()
    chat.customer(ASKS)
    assert bool(chat.ai(NEUTRAL, **fields).escalations) is fires


@pytest.mark.parametrize(("admission", "fires"), [(0.9, False), (0.97, True)])
def test_where_the_producer_says_that_the_turn_answers_only_a_clear_admission_counts(
    admission: float, *, fires: bool
) -> None:
    chat = Chat()
    chat.customer(ASKS)
    assert bool(chat.ai(said(admission=admission), answered=True).escalations) is fires


@pytest.mark.parametrize(
    "before",
    [
        said(gibberish=True, fingerprint=(1,)),
        said(Intent.SMALLTALK),
        said(thanks=0.9, fingerprint=(1, 2)),
    ],
)
def test_without_a_real_question_there_is_no_gap(before: Signals) -> None:
    chat = Chat()
    chat.customer(before)
    assert not chat.ai(ADMITS, answered=False).escalations


def test_an_answer_in_two_turns_that_ends_in_an_admission_leaves_a_gap() -> None:
    """What is asked has been answered in part; an AI that only chats on admits nothing that was asked for."""
    chat = Chat()
    chat.customer(ASKS, "it's on, thanks. can I use linseed oil on it?")
    assert not chat.ai(said(fingerprint=(7, 8)), "It is finished with hard wax oil.").escalations
    (raised,) = chat.ai(said(admission=0.95), "Whether linseed oil suits it I don't know.").escalations
    assert raised.trigger == "knowledge_gap"
    three = Chat()
    three.customer(ASKS, "can I use linseed oil on it?")
    three.ai(said(fingerprint=(7, 8)), "Let me see.")
    three.ai(said(fingerprint=(9,)), "It is finished with hard wax oil.")
    assert three.ai(said(admission=0.95), "Whether linseed oil suits it I don't know.").escalations
    other = Chat()
    other.customer(ASKS, "can I use linseed oil on it?")
    other.ai(said(fingerprint=(7, 8)), "Yes, you can.")
    other.customer(said(thanks=0.95), "great, thanks")
    other.ai(NEUTRAL, "You're welcome.")
    assert not other.ai(said(admission=0.95), "I can't see the weather from here!").escalations


def test_asking_the_customer_for_a_detail_is_no_gap_and_leaves_the_question_open() -> None:
    chat = Chat()
    chat.customer(ASKS)
    assert not chat.ai(said(asks_detail=True, question=True), answered=False).escalations
    chat.customer(said(fingerprint=(7,)), "12345")
    assert chat.ai(ADMITS).escalations


def test_signs_of_a_gap_add_up_when_the_customer_asks_again() -> None:
    chat = Chat()
    chat.customer(ASKS)
    assert not chat.ai(ANSWER, sources=[], retrieval_score=0.1).escalations
    (escalation,) = chat.customer(ASKS).escalations
    assert escalation.trigger == "knowledge_gap"
    assert escalation.intent.asked_again == 1


def test_being_put_off_and_asking_again_is_a_gap() -> None:
    chat = Chat()
    chat.customer(ASKS)
    assert not chat.ai(said(deferral=True)).escalations
    assert chat.customer(ASKS).escalations


def test_several_messages_in_a_row_are_no_repetition() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.customer(ASKS)
    chat.ai(ANSWER)
    assert chat.state is not None
    assert chat.state.asked_again == 0


def test_a_promise_with_nothing_open_is_a_broken_promise() -> None:
    chat = Chat()
    chat.customer(ASKS)
    (escalation,) = chat.ai(PROMISES).escalations
    assert escalation.trigger == "broken_promise"


def test_each_promise_with_nothing_open_is_counted_whatever_the_policy_does_about_it() -> None:
    def counted(effects: Effects) -> int:
        return sum(note.fact is Fact.PROMISE_BROKEN for note in effects.notes)

    off = BuiltinTriggers(broken_promise=TriggerPolicy(enabled=False))
    for policy in (default_policy("shop"), CompiledPolicy(Policy(business_id="shop", triggers=off))):
        chat = Chat(policy=policy)
        chat.customer(ASKS)
        assert counted(chat.ai(said(promise=0.4))) == 0
        assert counted(chat.ai(PROMISES)) == 1
    assert counted(chat.ai(PROMISES)) == 1
    chat.customer(said(human_request=0.95))
    assert counted(chat.ai(PROMISES)) == 0


@pytest.mark.parametrize("asks", [said(human_request=0.9), said(high_value=0.9)])
def test_a_promise_with_an_escalation_open_is_kept_however_urgent(asks: Signals) -> None:
    chat = Chat()
    assert chat.customer(asks).escalations
    effects = chat.ai(PROMISES)
    assert not effects.escalations
    assert [decision.result for decision in effects.decisions] == [DecisionResult.SUPPRESSED]


def test_an_admission_with_a_promise_is_one_knowledge_gap() -> None:
    chat = Chat()
    chat.customer(ASKS)
    effects = chat.ai(said(admission=0.85, promise=0.95))
    assert [escalation.trigger for escalation in effects.escalations] == ["knowledge_gap"]
    assert [decision.trigger for decision in effects.decisions] == ["knowledge_gap"]


def test_an_error_of_the_ai_is_a_failure_and_not_a_gap() -> None:
    chat = Chat()
    chat.customer(ASKS)
    (escalation,) = chat.ai(NEUTRAL, error="timeout", answered=False).escalations
    assert escalation.trigger == "ai_failure"


def test_an_ai_that_says_the_same_in_other_words_is_near_once_and_fails_the_third_time() -> None:
    chat = Chat()
    fired = []
    texts = "Restart the router.", "Please restart your router.", "A router is to be restarted."
    for number, text in enumerate(texts):
        chat.customer(said(Intent.QUESTION, question=True, fingerprint=(100 + number, 200 + number)))
        fired.append(bool(chat.ai(ANSWER, text).escalations))
    assert fired == [False, False, True]


def test_a_short_turn_may_come_twice() -> None:
    chat = Chat()
    greeting = said(fingerprint=(1, 2))
    for number in range(4):
        chat.customer(said(Intent.QUESTION, question=True, fingerprint=(10 * number, 10 * number + 1)))
        assert "ai_failure" not in [assessment.trigger for assessment in chat.ai(greeting).assessments]


@pytest.mark.parametrize(
    ("questions", "answers", "content", "fails"),
    [
        (((1, 2, 3), (1, 2, 3)), ("See our help centre.", "See our  help centre."), (1, 2), True),
        (((1, 2, 3), (1, 2, 3)), ("It is included.", "It is not included."), (1, 2), False),
        (((1, 2, 3), (1, 2, 3)), ("Yes, absolutely!", "Yes, absolutely!"), (1,), False),
        (((1, 2, 3, 4), (1, 2, 3, 5)), ("Yes, it is included.", "Yes, it is included."), (1, 2), False),
        (((1,), (1,)), ("See our help centre.", "See our help centre."), (1, 2), False),
    ],
)
def test_a_short_turn_may_not_come_again_word_for_word_to_the_very_same_question(
    questions: tuple[tuple[int, ...], ...], answers: tuple[str, str], content: tuple[int, ...], fails: bool
) -> None:
    """It may be true of another question, and what it denies has the content words of what it affirms."""
    chat = Chat()
    for question, answer in zip(questions, answers, strict=True):
        chat.customer(said(Intent.QUESTION, question=True, fingerprint=question))
        effects = chat.ai(said(fingerprint=content), answer)
    assert [escalation.trigger for escalation in effects.escalations] == ["ai_failure"] * fails


WAITS = said(Intent.QUESTION, question=True, fingerprint=(9,))


@pytest.mark.parametrize(
    ("signals", "text", "raised"),
    [
        (WAITS, "any update?", True),
        (said(Intent.QUESTION, question=True, fingerprint=(8, 9)), "¿Alguna novedad?", True),
        (said(Intent.QUESTION, question=True), "Hello??", True),
        (WAITS, "Price?", False),
        (WAITS, "In blue?", False),
        (said(Intent.QUESTION, fingerprint=(9,)), "an update", False),
        (said(Intent.QUESTION, question=True, thanks=0.9), "Thanks, right?", False),
        (WAITS, "did you find out?", True),
        (WAITS, "any luck?", True),
        (said(Intent.QUESTION, question=True, fingerprint=(7, 8, 9)), "y? pudiste ver?", True),
        (WAITS, "haben Sie nachgesehen?", True),
        (WAITS, "vous avez trouvé ?", True),
        (said(Intent.QUESTION, question=True, fingerprint=(8, 9)), "e aí, achou?", True),
        (said(Intent.QUESTION, question=True, fingerprint=(8, 9)), "kuch pata chala kya?", True),
        (said(Intent.QUESTION, question=True, fingerprint=(8, 9)), "कुछ पता चला?", True),
        (said(Intent.QUESTION, question=True, fingerprint=(8, 9)), "لقيت شي؟", True),
        (said(Intent.OTHER, fingerprint=(7, 8, 9)), "sigo por acá", True),
        (said(Intent.SMALLTALK, fingerprint=(9,)), "I'm still waiting", True),
        (said(Intent.SMALLTALK, fingerprint=(9,)), "j'attends toujours", True),
        (said(Intent.SMALLTALK, fingerprint=(9,)), "لسه مستني", True),
        (said(Intent.SMALLTALK, fingerprint=(8, 9)), "main abhi bhi wait kar raha hoon", True),
        (said(Intent.SMALLTALK, fingerprint=(9,)), "ok, waiting", False),
        (said(Intent.SMALLTALK, fingerprint=(9,)), "ok espero", False),
        (said(Intent.SMALLTALK, fingerprint=(9,)), "j'attends, merci", False),
        (
            said(Intent.QUESTION, question=True, fingerprint=(6, 7, 8, 9)),
            "I found a red one, do you ship to Malta?",
            False,
        ),
    ],
)
def test_whoever_calls_for_what_was_put_off_asks_again(signals: Signals, text: str, raised: bool) -> None:
    """As "any update?" does, which has not one content word of the question."""
    chat = Chat()
    chat.customer(ASKS, "Is the blue sofa available in leather?")
    chat.ai(said(deferral=True), "Let me check that for you.")
    chat.wait(1)
    effects = chat.customer(signals, text)
    assert [escalation.trigger for escalation in effects.escalations] == ["knowledge_gap"] * raised
    for escalation in effects.escalations:
        assert "Is the blue sofa available in leather?" in escalation.reason
        assert escalation.summary.startswith("Wants: “Is the blue sofa")


@pytest.mark.parametrize(("minutes", "raised"), [(0.0, False), (0.45, False), (0.5, True)])
def test_who_calls_before_a_minute_has_passed_has_not_been_left_waiting(minutes: float, *, raised: bool) -> None:
    """The answer to "one moment please" mostly comes within that time, and then nobody is needed."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(deferral=True), "One moment please.")
    chat.wait(minutes)
    effects = chat.customer(said(Intent.QUESTION, question=True), "hello?")
    assert bool(effects.escalations) is raised


def test_who_calls_again_after_a_minute_is_heard() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(deferral=True), "One moment please.")
    assert not chat.customer(said(Intent.QUESTION, question=True), "hello?").escalations
    (raised,) = chat.customer(said(Intent.QUESTION, question=True), "hello??").escalations
    assert raised.trigger == "knowledge_gap"


def test_what_was_answered_is_put_off_no_longer() -> None:
    """Though nothing of substance was said in between, and the sign of it stays."""
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(deferral=True))
    chat.ai(said(fingerprint=(7, 8, 9, 10)))
    assert not chat.customer(WAITS, "any update?").escalations


def test_weak_evidence_alone_raises_nothing() -> None:
    chat = Chat()
    assert not chat.customer(said(complaint=0.45, sentiment=-0.5)).escalations


def test_weak_evidence_with_a_second_sign_is_raised() -> None:
    chat = Chat()
    chat.customer(said(complaint=0.55, sentiment=-0.5))
    chat.ai(ANSWER)
    (escalation,) = chat.customer(said(complaint=0.77, sentiment=-0.5)).escalations
    assert escalation.trigger == "complaint"
    assert escalation.sentiment.streak == 2


def test_words_of_distress_weigh_less_later_in_a_conversation() -> None:
    assert Chat().customer(said(distress=0.917)).escalations
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(ANSWER)
    assert not chat.customer(said(distress=0.917)).escalations


@pytest.mark.parametrize("channel", ["twitter", "X", " Bluesky"])
def test_who_begins_in_public_mostly_complains(channel: str) -> None:
    faint = said(complaint=0.4)
    assert not Chat().customer(faint).escalations
    assert not Chat().customer(faint, channel="whatsapp").escalations
    (escalation,) = Chat().customer(faint, channel=channel).escalations
    assert escalation.trigger == "complaint"


def test_what_is_wanted_in_public_and_no_complaint_weighs_what_it_weighs_elsewhere() -> None:
    assert not Chat().customer(said(human_request=0.7), channel="twitter").escalations
    assert Chat().customer(said(human_request=0.74), channel="twitter").escalations
    assert not Chat().customer(said(high_value=0.6), channel="twitter").escalations
    assert Chat().customer(said(high_value=0.64), channel="twitter").escalations


def test_the_channel_counts_for_the_first_message_alone() -> None:
    chat = Chat()
    chat.customer(ASKS, channel="twitter")
    chat.ai(ANSWER)
    assert not chat.customer(said(complaint=0.4), channel="twitter").escalations


def test_no_mood_raises_anything_without_words() -> None:
    chat = Chat()
    for _ in range(6):
        assert not chat.customer(said(sentiment=-0.9)).escalations


def test_a_yes_to_the_ai_that_offers_a_person_is_a_request_for_one() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(offers_human=True, question=True))
    (escalation,) = chat.customer(said(affirm=0.95)).escalations
    assert escalation.trigger == "human_request"


def test_an_ai_that_offers_a_person_promises_none_yet() -> None:
    chat = Chat()
    chat.customer(ASKS)
    effects = chat.ai(said(promise=0.95, offers_human=True, question=True))
    assert not effects.escalations
    assert Fact.PROMISE_BROKEN not in [note.fact for note in effects.notes]


def test_a_yes_to_anything_else_is_none() -> None:
    chat = Chat()
    chat.customer(ASKS)
    chat.ai(said(question=True))
    assert not chat.customer(said(affirm=0.95)).escalations


def test_what_was_said_before_a_close_counts_for_nothing() -> None:
    chat = Chat()
    chat.customer(said(human_request=0.9))
    chat.customer(said(complaint=0.45, sentiment=-0.5))
    chat.human()
    chat.ai(ANSWER)
    chat.wait(30)
    assert not chat.customer(said(complaint=0.3)).escalations
