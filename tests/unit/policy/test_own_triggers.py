"""Own triggers: keywords, patterns and the other conditions, alone and together."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.detection.signals import Amount, Intent, Quantity, Signals, Span
from handraise.events import ChatMessage, OwnTrigger, Policy, Sender, utc
from handraise.policy import compile_policy
from handraise.policy.conditions import InvalidPatternError, compile_pattern
from handraise.policy.keywords import KeywordIndex, folded_text
from handraise.policy.model import ConversationFacts, OwnMatch

CALM = ConversationFacts(sentiment_mean=0.0, negative_streak=0, customer_turns=1)
NEUTRAL = Signals(language="en", sentiment=0.0, intent=Intent.OTHER)


def message(text: str = "", **more: Any) -> ChatMessage:  # noqa: ANN401  fields of the event
    """A customer's message."""
    fields: dict[str, Any] = {"message_id": "m", "conversation_id": "c", "business_id": "b", "sent_at": utc(0)}
    return ChatMessage(**(fields | {"sender": Sender.CUSTOMER, "text": text} | more))


def matches(
    when: dict[str, Any],
    said: ChatMessage | str,
    signals: Signals = NEUTRAL,
    facts: ConversationFacts = CALM,
    **scope: Any,  # noqa: ANN401  fields of the trigger
) -> list[OwnMatch]:
    """The matches of one own trigger, `t`, written as a policy would write it."""
    trigger = msgspec.convert({"when": when, **scope}, OwnTrigger)
    policy = compile_policy(Policy(business_id="b", owner="Rosa", own_triggers={"t": trigger}))
    return policy.own_matches(said if isinstance(said, ChatMessage) else message(said), signals, facts).found


def found_words(keywords: list[str], text: str) -> list[str]:
    """The words of a text that a keyword list finds, as they stand in the text."""
    return [text[find.start : find.end] for find in KeywordIndex([keywords]).find(text).get(0, [])]


@pytest.mark.parametrize(
    ("keyword", "text", "expected"),
    [
        ("refund", "A REFUND, please", ["REFUND"]),
        ("refund", "refunded prerefund refund_id", []),
        ("refund*", "no refunds, refundable", ["refunds", "refundable"]),
        ("*kosten", "Die Versandkosten und Kosten", ["Versandkosten", "Kosten"]),
        ("*fund*", "unfundable", ["unfundable"]),
        ("money back", "my money   back\nnow", ["money   back"]),
        ("money back*", "moneyback money backs", ["money backs"]),
        ("cafe", "un CAFÉ y un cafe\u0301!", ["CAFÉ", "cafe\u0301"]),
        ("café", "cafe", ["cafe"]),
        ("straße", "STRASSE Straße", ["STRASSE", "Straße"]),
        ("I'm", "I’m here", ["I’m"]),
        ("c++", "I know C++.", ["C++"]),
        ("c++", "C++x", ["C++"]),
        ("c++", "objC++", []),
        ("रिफंड", "मुझे रिफंड चाहिए", ["रिफंड"]),
        ("रिफ", "मुझे रिफंड चाहिए", []),
        ("استرداد", "أريد اِسْتِرْداد المال", ["اِسْتِرْداد"]),
        ("退款", "我要退款谢谢", ["退款"]),
        ("คืนเงิน", "ขอคืนเงินด้วย", ["คืนเงิน"]),
        ("возврат", "Хочу Возврат!", ["Возврат"]),
        ("🔥", "so🔥hot", ["🔥"]),
        ("refund", "re\u200bfund", ["re\u200bfund"]),
        ("refund", "ｒｅｆｕｎｄ", ["ｒｅｆｕｎｄ"]),
    ],
)
def test_keywords_are_whole_words_in_any_script(keyword: str, text: str, expected: list[str]) -> None:
    """Offsets are of the original text, so the slices are the very words."""
    assert found_words([keyword], text) == expected


def test_keywords_of_several_lists_are_found_in_one_pass() -> None:
    """A word may stand in many lists, and one keyword within another."""
    index = KeywordIndex([["chair", "leg"], ["chair leg"], ["sofa"]])
    found = index.find("a Chair  leg")
    assert [find.keyword for find in found[0]] == ["chair", "leg"]
    assert [(find.start, find.end) for find in found[1]] == [(2, 12)]
    assert 2 not in found


@given(st.text(max_size=40))
def test_every_character_keeps_its_place_in_the_original(text: str) -> None:
    """Whatever folding does, offsets stay within the text and in order."""
    folded, offsets = folded_text(text)
    assert len(folded) == len(offsets)
    assert list(offsets) == sorted(offsets)
    assert all(0 <= offset < len(text) for offset in offsets)


@given(st.text(max_size=10), st.text(max_size=10))
def test_a_word_between_spaces_is_always_found(before: str, after: str) -> None:
    """Its surroundings do not matter."""
    text = f"{before} refund {after}"
    places = [(find.start, find.end) for find in KeywordIndex([["refund"]]).find(text)[0]]
    assert (len(before) + 1, len(before) + 7) in places


def test_evidence_names_the_trigger_and_the_place() -> None:
    """A human sees what moved it."""
    (match,) = matches({"keywords": ["peanut*"]}, "Are there PEANUTS in it?")
    assert match.trigger == "t"
    assert match.spans == (Span("t", 10, 17, 1.0),)
    assert match.because == "keyword `peanut*`"
    assert match.score == 1.0


def test_patterns_find_code_points_and_ignore_case() -> None:
    """Offsets are not bytes."""
    (match,) = matches({"patterns": [r"\binv-\d{6}\b"]}, "¿Dónde está INV-123456? 😀")
    assert match.spans == (Span("t", 12, 22, 1.0),)


@pytest.mark.parametrize("pattern", [r"(?=a)", r"(a)\1", r"a{5000}", r"(", r"(?<!x)y"])
def test_patterns_that_re2_does_not_take_are_refused(pattern: str) -> None:
    """There is no other engine behind it."""
    with pytest.raises(InvalidPatternError):
        compile_pattern(pattern)


def test_a_pattern_that_would_stall_a_backtracking_engine_is_quick() -> None:
    """RE2 takes time in proportion to the text."""
    assert not matches({"patterns": [r"(a+)+$"]}, "a" * 50_000 + "b")


GOLD = message(attributes={"tier": "Gold", "nights": 3, "vip": True, "none": None})
ANGRY = Signals(language="en", sentiment=-0.6, intent=Intent.COMPLAINT, complaint=0.7)
RICH = Signals(
    language="en",
    sentiment=0.0,
    intent=Intent.ORDER,
    amounts=(Amount(300.0, "EUR", 0, 4), Amount(900.0, "USD", 5, 9)),
    quantities=(Quantity(40.0, "chairs", 0, 2),),
)
TENSE = ConversationFacts(sentiment_mean=-0.4, negative_streak=3, customer_turns=6)


@pytest.mark.parametrize(
    ("when", "said", "signals", "facts", "holds"),
    [
        ({"message_type": "image"}, message(message_type="image"), NEUTRAL, CALM, True),
        ({"message_type": ["voice", "image"]}, message(), NEUTRAL, CALM, False),
        ({"attributes": {"tier": "gold"}}, GOLD, NEUTRAL, CALM, True),
        ({"attributes": {"tier": {"in": ["silver", "GOLD "]}}}, GOLD, NEUTRAL, CALM, True),
        ({"attributes": {"tier": "silver"}}, GOLD, NEUTRAL, CALM, False),
        ({"attributes": {"nights": {"at_least": 2, "at_most": 3}}}, GOLD, NEUTRAL, CALM, True),
        ({"attributes": {"nights": {"at_least": 4}}}, GOLD, NEUTRAL, CALM, False),
        ({"attributes": {"tier": {"at_least": 1}}}, GOLD, NEUTRAL, CALM, False),
        ({"attributes": {"vip": {"at_least": 1}}}, GOLD, NEUTRAL, CALM, False),
        ({"attributes": {"vip": True}}, GOLD, NEUTRAL, CALM, True),
        ({"attributes": {"vip": 1}}, GOLD, NEUTRAL, CALM, False),
        ({"attributes": {"nights": {"exists": True}}}, GOLD, NEUTRAL, CALM, True),
        ({"attributes": {"none": {"exists": True}}}, GOLD, NEUTRAL, CALM, False),
        ({"attributes": {"floor": {"exists": False}}}, message(), NEUTRAL, CALM, True),
        ({"attributes": {"floor": 3}}, message(), NEUTRAL, CALM, False),
        ({"amount": {"at_least": 250}}, message(), RICH, CALM, True),
        ({"amount": {"at_least": 500, "currency": "EUR"}}, message(), RICH, CALM, False),
        ({"amount": {"at_least": 500, "currency": "USD"}}, message(), RICH, CALM, True),
        ({"quantity": {"at_least": 40}}, message(), RICH, CALM, True),
        ({"quantity": {"at_least": 40, "unit": "Chairs"}}, message(), RICH, CALM, True),
        ({"quantity": {"at_least": 1, "unit": "tables"}}, message(), RICH, CALM, False),
        ({"sentiment": {"at_most": -0.5}}, message(), ANGRY, CALM, True),
        ({"sentiment": {"at_most": -0.5}}, message(), NEUTRAL, CALM, False),
        ({"sentiment_mean": {"at_most": -0.3}}, message(), NEUTRAL, TENSE, True),
        ({"negative_streak": 3}, message(), NEUTRAL, TENSE, True),
        ({"negative_streak": 4}, message(), NEUTRAL, TENSE, False),
        ({"customer_turns": {"at_least": 6}}, message(), NEUTRAL, TENSE, True),
        ({"signals": {"complaint": 0.7}}, message(), ANGRY, CALM, True),
        ({"signals": {"complaint": 0.71}}, message(), ANGRY, CALM, False),
        ({"sender": "assistant"}, message(sender=Sender.ASSISTANT), NEUTRAL, CALM, True),
        ({"keywords": ["hat"], "sentiment": {"at_most": 0}}, message("a hat"), NEUTRAL, CALM, True),
        ({"keywords": ["hat"], "sentiment": {"at_most": -0.1}}, message("a hat"), NEUTRAL, CALM, False),
        ({"all": [{"keywords": ["hat"]}, {"keywords": ["coat"]}]}, message("coat, hat"), NEUTRAL, CALM, True),
        ({"all": [{"keywords": ["hat"]}, {"keywords": ["coat"]}]}, message("hat"), NEUTRAL, CALM, False),
        ({"any": [{"keywords": ["hat"]}, {"keywords": ["coat"]}]}, message("coat"), NEUTRAL, CALM, True),
        ({"any": [{"keywords": ["hat"]}, {"keywords": ["coat"]}]}, message("shoe"), NEUTRAL, CALM, False),
        ({"not": {"keywords": ["hat"]}}, message("shoe"), NEUTRAL, CALM, True),
        ({"not": {"keywords": ["hat"]}}, message("hat"), NEUTRAL, CALM, False),
    ],
)
def test_a_condition_holds_as_it_is_written(
    when: dict[str, Any], said: ChatMessage, signals: Signals, facts: ConversationFacts, holds: bool
) -> None:
    """Each entry of a condition, met and not met."""
    assert bool(matches(when, said, signals, facts)) is holds


HEARD = ConversationFacts(sentiment_mean=0.0, negative_streak=0, customer_turns=2, channel="whatsapp", language="es")


@pytest.mark.parametrize(
    ("scope", "said", "heard", "facts", "holds"),
    [
        ({"channels": ["whatsapp"]}, message(channel="WhatsApp"), "en", CALM, True),
        ({"channels": ["whatsapp "]}, message(channel="WhatsApp"), "en", CALM, True),
        ({"channels": ["WhatsApp"]}, message(channel=" whatsapp"), "en", CALM, True),
        ({"channels": ["whatsapp"]}, message(), "en", CALM, False),
        ({"channels": ["whatsapp"]}, message(), "en", HEARD, True),
        ({"channels": ["whatsapp"]}, message(channel="email"), "en", HEARD, False),
        ({"languages": ["es"]}, message(), "und", CALM, False),
        ({"languages": ["es"]}, message(), "und", HEARD, True),
        ({"languages": ["es"]}, message(language="und"), "und", HEARD, True),
        ({"languages": ["es"]}, message(), "en", HEARD, False),
        ({"languages": ["pt"]}, message(language="pt-BR"), "und", CALM, True),
        ({"languages": ["pt-BR"]}, message(), "pt", CALM, True),
        ({"languages": ["pt-BR"]}, message(language="pt"), "und", CALM, True),
        ({"languages": ["pt-BR"]}, message(language="pt_BR"), "es", CALM, True),
        ({"languages": ["pt-BR"]}, message(language="pt-PT"), "pt", CALM, False),
        ({"languages": ["hi-Latn"]}, message(), "hi", CALM, True),
        ({"languages": ["pt-BR"]}, message(), "p", CALM, False),
    ],
)
def test_a_scope_is_that_of_the_message_or_else_of_its_conversation(
    scope: dict[str, list[str]], said: ChatMessage, heard: str, facts: ConversationFacts, holds: bool
) -> None:
    """Often only the first message names its channel, and a picture is in no language."""
    signals = Signals(language=heard, sentiment=0.0, intent=Intent.OTHER)
    assert bool(matches({"message_type": "text"}, said, signals, facts, **scope)) is holds


def test_only_the_customers_words_count_unless_the_condition_says_otherwise() -> None:
    """An AI that says "refund" must not raise a refund."""
    spoken = message("refund", sender=Sender.ASSISTANT)
    assert not matches({"keywords": ["refund"]}, spoken)
    assert matches({"keywords": ["refund"], "sender": "assistant"}, spoken)
    assert matches({"all": [{"keywords": ["refund"]}, {"sender": ["assistant", "customer"]}]}, spoken)
    assert not matches({"not": {"keywords": ["refund"]}}, message("hello", sender=Sender.HUMAN))


REFUND, HAT, VOICE = {"keywords": ["refund"]}, {"keywords": ["hat"]}, {"message_type": "voice"}
OF_A_HUMAN = {"sender": "human", **REFUND}
VOICE_OF_A_HUMAN = {"sender": "human", **VOICE}
TEXT = {"message_type": "text"}


@pytest.mark.parametrize(
    ("when", "fit"),
    [
        ({"any": [OF_A_HUMAN, HAT]}, ["customer"]),
        ({"any": [{"all": [OF_A_HUMAN]}, {"any": [HAT, VOICE]}]}, ["customer"]),
        ({"any": [OF_A_HUMAN, {"sender": "assistant", **HAT}]}, ["assistant"]),
        ({"any": [OF_A_HUMAN, HAT], "sender": ["assistant", "human"]}, ["assistant", "human"]),
        ({"all": [{"any": [OF_A_HUMAN, HAT]}, {"sender": ["assistant", "human"]}]}, ["assistant", "human"]),
        ({"all": [{"any": [OF_A_HUMAN, HAT]}, {"message_type": "text"}]}, ["customer"]),
        ({"any": [OF_A_HUMAN, HAT], "not": {"sender": "human"}}, ["customer", "assistant", "system"]),
        ({"any": [{"not": {"sender": "customer"}}, HAT]}, ["customer", "assistant", "human", "system"]),
        ({"all": [{"any": [OF_A_HUMAN, HAT]}, {"any": [VOICE_OF_A_HUMAN, TEXT]}]}, ["customer"]),
        ({"any": [OF_A_HUMAN, HAT], "all": [{"any": [VOICE_OF_A_HUMAN, TEXT]}]}, ["customer"]),
        ({"any": [OF_A_HUMAN, HAT], "not": {"any": [VOICE_OF_A_HUMAN, VOICE]}}, ["customer"]),
        ({**HAT, "not": {"any": [VOICE_OF_A_HUMAN, VOICE]}}, ["customer"]),
        ({**HAT, "not": {"any": [{"sender": "customer"}, VOICE]}}, ["assistant", "human", "system"]),
        ({**HAT, "not": {"any": [{"sender": "human"}, VOICE]}}, ["customer", "assistant", "system"]),
        ({**TEXT, "any": [{"sender": "human", **HAT}, HAT]}, ["customer", "human"]),
        ({"all": [TEXT, {"any": [{"sender": "human", **HAT}, HAT]}]}, ["customer", "human"]),
        ({"any": [TEXT, VOICE], "all": [{"any": [{"sender": "human", **HAT}, HAT]}]}, ["customer", "human"]),
        ({"all": [{"any": [OF_A_HUMAN, HAT]}, {"any": [{"sender": "assistant"}, OF_A_HUMAN]}]}, ["assistant"]),
    ],
)
def test_each_alternative_says_for_itself_whose_message_it_is_about(when: dict[str, Any], fit: list[str]) -> None:
    """One without a sender is about the customer, whatever the others say, unless what is around them names one."""
    assert [sender for sender in Sender if matches(when, message("hat", sender=sender))] == fit


@pytest.mark.parametrize(
    ("scope", "said", "holds"),
    [
        ({"channels": ["whatsapp"]}, message("hat", channel="WhatsApp"), True),
        ({"channels": ["whatsapp"]}, message("hat", channel="web"), False),
        ({"channels": ["whatsapp"]}, message("hat"), False),
        ({"languages": ["es"]}, message("hat", language="es-MX"), True),
        ({"languages": ["es"]}, message("hat"), False),
        ({"languages": ["es-MX"]}, message("hat", language="es"), True),
        ({"languages": ["es-MX"]}, message("hat", language="es-ES"), False),
        ({"languages": ["en", "es"]}, message("hat"), True),
    ],
)
def test_a_trigger_can_be_kept_to_channels_and_languages(scope: dict[str, Any], said: ChatMessage, holds: bool) -> None:
    """The producer's language goes before the detected one, which is English here."""
    assert bool(matches({"keywords": ["hat"]}, said, **scope)) is holds


def test_matches_come_in_the_order_of_the_policy() -> None:
    """The first of equally urgent triggers is the first that was written."""
    triggers = {name: msgspec.convert({"when": {"keywords": ["hat"]}}, OwnTrigger) for name in ("zebra", "ant", "cow")}
    policy = compile_policy(Policy(business_id="b", owner="Rosa", own_triggers=triggers))
    found = policy.own_matches(message("hat"), NEUTRAL, CALM).found
    assert [match.trigger for match in found] == ["zebra", "ant", "cow"]
