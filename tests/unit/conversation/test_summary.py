"""The summary: what a person who has ten seconds must know, in the owner's language, and the quotes as they are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from handraise.conversation import Effects, advance
from handraise.detection.signals import Intent, Signals, Span
from handraise.events import Condition, OutcomeKind, OwnTrigger, Policy, Sender
from handraise.policy import CompiledPolicy
from handraise.policy.wording import WORDINGS
from tests.support.chats import ASKS, HOUR, NEUTRAL, START, Chat, said

GOLDEN = Path(__file__).parent / "golden"
LONGEST = 640
COMPLAINS = said(Intent.COMPLAINT, complaint=0.95, sentiment=-0.5)
WANTS_HUMAN = said(Intent.REQUEST_HUMAN, human_request=0.95)
DESPERATE = said(Intent.OTHER, distress=0.95, sentiment=-0.8, fingerprint=(7, 8, 9))
DETAIL = said(Intent.OTHER)


def chat_in(language: str = "en", **more: object) -> Chat:
    """A chat with a business whose owner reads this language."""
    return Chat(policy=CompiledPolicy(Policy(business_id="shop", owner="Rosa", languages=[language], **more)))  # type: ignore[arg-type]  # fields of several types


def summary(effects: Effects) -> str:
    """The summary of the escalation that an event brought."""
    (escalation,) = effects.escalations
    return escalation.summary


def test_a_first_message_is_what_is_wanted_and_nothing_was_tried() -> None:
    text = "Can I talk to someone about my bill?"
    assert summary(chat_in().customer(WANTS_HUMAN, text)) == (
        f"Wants: “{text}”. AI has not answered yet. Needs a human: asks for a person. Mood: calm."
    )


def test_what_is_wanted_now_comes_before_what_was_asked_first() -> None:
    chat = chat_in()
    chat.customer(ASKS, "Until when are you open?")
    chat.ai(text="Until five.")
    assert summary(chat.customer(WANTS_HUMAN, "And can Bernie call me about the loan?")) == (
        "Wants: “And can Bernie call me about the loan?”. First asked: “Until when are you open?”."
        " AI said: “Until five.”. Needs a human: asks for a person. Mood: calm."
    )


def test_a_detail_that_the_ai_asked_for_is_not_what_is_wanted() -> None:
    chat = chat_in()
    chat.customer(ASKS, "When does the expert come?")
    chat.ai(said(question=True, asks_detail=True), "What is your policy number?")
    chat.customer(DETAIL, "771.402.33")
    told = summary(chat.ai(said(admission=0.9), "I could not find a date.", answered=False))
    assert told == (
        "Wants: “When does the expert come?”. AI said: “I could not find a date.”."
        " Needs a human: the AI does not have the answer. Mood: calm."
    )


@pytest.mark.parametrize("detail", ["TW 88210 4", "MBJ-3071", "07700 900123"])
def test_a_reference_that_the_ai_asked_for_is_not_what_is_wanted_whatever_it_looks_like(detail: str) -> None:
    """Detection may take it for an order, or for a change."""
    chat = chat_in()
    chat.customer(said(Intent.CHANGE, question=True), "I want to keep the van till Monday")
    chat.ai(said(question=True, asks_detail=True), "What is your agreement number?")
    chat.customer(said(Intent.ORDER), detail)
    assert "keep the van till Monday" in summary(chat.ai(said(admission=0.95), "I can't see that."))


def test_where_nothing_was_asked_for_the_last_words_are_told_and_no_reference() -> None:
    chat = chat_in()
    chat.customer(said(Intent.SMALLTALK), "I'd keep the van till Monday if I may")
    chat.ai(said(question=True, asks_detail=True), "What is your agreement number?")
    chat.customer(said(Intent.SMALLTALK), "TW 88210 4")
    assert "keep the van till Monday" in summary(chat.ai(said(fault=True), "Sorry, something went wrong."))


@pytest.mark.parametrize("wish", ["2 large pizzas", "दो बड़े पिज़्ज़ा", "بيتزا ٢"])
def test_what_is_ordered_in_answer_to_the_ai_is_what_is_wanted(wish: str) -> None:
    chat = chat_in()
    chat.customer(ASKS, "Hello, are you open?")
    chat.ai(said(question=True, asks_detail=True), "We are! What can I get you?")
    chat.customer(said(Intent.ORDER), wish)
    assert wish in summary(chat.ai(said(admission=0.95), "I can't see the menu."))


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (said(Intent.QUESTION, question=True), "are you there??"),
        (said(Intent.QUESTION, question=True, fingerprint=(9,)), "any news?"),
        (said(Intent.REQUEST_HUMAN, human_request=0.95, fingerprint=(9,)), "agent please"),
    ],
)
def test_a_call_for_the_one_who_is_waited_for_is_not_what_is_wanted(call: Signals, text: str) -> None:
    """As "are you there??", which would hide what was charged twice from whoever takes over."""
    chat = chat_in()
    chat.customer(WANTS_HUMAN, "I was charged twice for invoice 2231, can somebody call me?")
    chat.customer(call, text)
    assert chat.state is not None
    _, effects = advance(chat.state, START + 48 * HOUR, chat.policy, "rules-test")
    assert effects.escalations[0].summary.startswith("Wants: “I was charged twice for invoice 2231")
    chat.customer(said(Intent.QUESTION, question=True, fingerprint=(20, 21)), "Is invoice 2232 right?")
    _, effects = advance(chat.state, START + 48 * HOUR, chat.policy, "rules-test")
    assert effects.escalations[0].summary.startswith("Wants: “Is invoice 2232 right?”")


def test_who_asks_for_a_person_after_a_complaint_wants_what_was_complained_of() -> None:
    chat = chat_in()
    chat.customer(COMPLAINS, "My invoice was charged twice")
    bare = said(Intent.REQUEST_HUMAN, human_request=0.95, fingerprint=(1,))
    assert summary(chat.customer(bare, "agent please")).startswith("Wants: “My invoice was charged twice”")


@pytest.mark.parametrize(
    ("signals", "text"),
    [
        (said(distress=0.95, crisis=0.95, fingerprint=(1,)), "I want to die"),
        (said(Intent.COMPLAINT, complaint=0.95, fingerprint=(1,)), "This is fraud!"),
        (said(Intent.CHANGE, fingerprint=(1,)), "Refund!"),
        (said(Intent.REQUEST_HUMAN, human_request=0.95, fingerprint=(1, 2)), "I need a human for my refund"),
    ],
)
def test_a_short_wish_is_one(signals: Signals, text: str) -> None:
    """After nothing but "human please", it is where the matter is named first."""
    chat = chat_in()
    chat.customer(said(Intent.REQUEST_HUMAN, human_request=0.95, fingerprint=(1,)), "human please")
    chat.customer(signals, text)
    assert chat.state is not None
    assert chat.state.request == text


def test_who_is_unhappy_says_something() -> None:
    chat = chat_in()
    chat.customer(ASKS, "When do I get the deposit back?")
    chat.ai(text="Within ten days.")
    assert summary(chat.customer(DESPERATE, "it's been 16 and my rent is due on it")) == (
        "Says: “it's been 16 and my rent is due on it”. First asked: “When do I get the deposit back?”."
        " AI said: “Within ten days.”. Needs a human: upset or in difficulty. Mood: unhappy, getting worse."
    )


def test_what_the_ai_says_again_and_again_is_told_once_with_how_often() -> None:
    chat = chat_in()
    again = said(fingerprint=(1, 2, 3, 4, 5))
    chat.customer(ASKS, "how do i relist?")
    chat.ai(again, "Tap List an item.")
    chat.customer(ASKS, "i said relist")
    told = summary(chat.ai(again, "Tap List an item."))
    assert "AI said 2×: “Tap List an item.”. Needs a human: the AI fails or repeats itself." in told


def test_what_the_customer_asks_again_is_counted() -> None:
    chat = chat_in()
    chat.customer(ASKS, "where is it?")
    chat.ai()
    chat.customer(ASKS, "where is it?")
    chat.ai()
    assert "Asked again 1×. " in summary(chat.customer(WANTS_HUMAN, "a person please"))


def test_what_was_asked_again_before_it_was_settled_is_not_counted_of_what_comes_after() -> None:
    chat = chat_in()
    chat.customer(ASKS, "where is it?")
    chat.ai()
    chat.customer(ASKS, "where is it?")
    chat.customer(WANTS_HUMAN, "a person please")
    closed = chat.outcome(OutcomeKind.RESOLVED)
    assert "Asked again 1×. " in summary(closed)
    chat.wait(60)
    raised = chat.customer(COMPLAINS, "it came broken")
    assert "Asked again" not in summary(raised)
    assert raised.escalations[0].intent.asked_again == 0


def test_the_reply_that_handraise_gave_is_no_attempt() -> None:
    chat = chat_in()
    (control,) = chat.customer(WANTS_HUMAN, "a person please").controls
    assert control.reply is not None
    chat.ai(text=control.reply.text)
    assert "AI has not answered yet" in summary(chat.customer(said(crisis=0.9, distress=0.95), "help"))


def test_an_own_trigger_is_named() -> None:
    chat = chat_in(own_triggers={"allergy": OwnTrigger(when=Condition(keywords=["nuts"]))})
    assert "Needs a human: “allergy” holds." in summary(chat.customer(NEUTRAL, "nuts"))


def test_when_it_is_over_nothing_blocks() -> None:
    chat = chat_in()
    chat.customer(COMPLAINS, "it arrived broken")
    assert "Needs a human" not in summary(chat.outcome(OutcomeKind.RESOLVED))


def test_a_secret_is_not_quoted() -> None:
    text = "my password is hunter2, can I talk to someone?"
    assert "hunter2" not in summary(chat_in().customer(WANTS_HUMAN, text))


def test_a_quote_that_runs_the_other_way_is_kept_apart() -> None:
    """Otherwise the bidirectional algorithm would draw the marks around it into it."""
    arabic = "أريد التحدث إلى شخص"
    assert f"“\u2068{arabic}\u2069”" in summary(chat_in("en").customer(WANTS_HUMAN, arabic))
    assert f"«{arabic}»" in summary(chat_in("ar").customer(WANTS_HUMAN, arabic))
    assert "«\u2068a person please\u2069»" in summary(chat_in("ar").customer(WANTS_HUMAN, "a person please"))


@pytest.mark.parametrize(
    ("language", "frame"), [("es-MX", "Quiere: "), ("ja", "Wants: "), ("hi-Latn", "Chahte hain: ")]
)
def test_the_frame_is_in_the_language_of_the_owner(language: str, frame: str) -> None:
    """And in English where there is none; the quote stays as it is."""
    assert summary(chat_in(language).customer(WANTS_HUMAN, "a person please")).startswith(f"{frame}“a person please”")


TEXTS = st.text(alphabet=st.sampled_from("ab, .!?\nऄर्ا،ب𐍈👍é\u0301"), max_size=700)


@given(
    st.lists(
        st.tuples(st.sampled_from([Sender.CUSTOMER, Sender.ASSISTANT, Sender.HUMAN]), TEXTS, st.booleans()), max_size=8
    ),
    st.sampled_from(sorted(WORDINGS)),
)
@settings(max_examples=60)
def test_a_summary_is_bounded_on_one_line_and_the_same_each_time(
    turns: list[tuple[Sender, str, bool]], language: str
) -> None:
    chats = [chat_in(language), chat_in(language)]
    for chat in chats:
        for sender, text, asks in turns:
            spans = (Span("complaint", 0, min(5, len(text)), 0.6),)
            chat.say(sender, said(Intent.QUESTION if asks else Intent.OTHER, question=asks, spans=spans), text)
        chat.customer(said(Intent.OTHER, distress=0.95, crisis=0.9), "x" * 700)
    one, other = ([escalation.summary for escalation in chat.escalations] for chat in chats)
    assert one == other
    for told in one:
        assert len(told) <= LONGEST
        assert "\n" not in told
        assert told.count("\u2068") == told.count("\u2069")


def _request(language: str) -> Chat:
    chat = chat_in(language)
    chat.customer(ASKS, "Do you have the clear tents, the ones like glass?")
    chat.ai(text="Yes! They come in modules of 10 by 5 metres, each for about 40 guests.")
    chat.customer(
        WANTS_HUMAN, "The ground is on a slope near a river, I can't explain it on chat. Someone call me please"
    )
    return chat


def _complaint(language: str) -> Chat:
    chat = chat_in(language)
    text = (
        "Boa tarde!! Os rapazes da entrega foram um amor, subiram 4 andares sem elevador e ainda brincaram com o meu"
        " filho. Só que quando tirei o plástico o sofá é bege e eu tinha pedido o verde-musgo. De resto é lindo."
    )
    chat.customer(COMPLAINS, text)
    return chat


def _distress(language: str) -> Chat:
    chat = chat_in(language)
    chat.customer(ASKS, "Bonjour, la chambre particulière est-elle prise en charge ?")
    chat.ai(text="Oui, à hauteur de 60 € par nuit, dans la limite de 30 nuits par an.")
    chat.customer(DESPERATE, "ils viennent de me dire quelques jours et je sais même pas par quoi commencer")
    return chat


def _crisis(language: str) -> Chat:
    chat = chat_in(language)
    chat.customer(NEUTRAL, "مساء الخير")
    chat.ai(text="مساء النور! كيف أستطيع مساعدتك؟")
    danger = said(Intent.OTHER, distress=0.95, crisis=0.95, sentiment=-0.9, fingerprint=(7, 8, 9))
    chat.customer(danger, "تعبت من كل شيء ولا أريد أن أعيش")
    return chat


def _large(language: str) -> Chat:
    chat = chat_in(language)
    chat.customer(
        said(Intent.HIGH_VALUE, high_value=0.9), "400 seats across three countries, SSO and a yearly contract"
    )
    return chat


def _gap(language: str) -> Chat:
    chat = chat_in(language)
    chat.customer(ASKS, "ब्लाउज़ की सिलाई में कितना लेते हो अस्तर वाला?")
    chat.ai(said(question=True, asks_detail=True), "नमस्ते! नाप क्या है?")
    chat.customer(DETAIL, "छाती 38 कमर 33")
    chat.ai(said(admission=0.9), "अस्तर का दाम मेरी सूची में नहीं लिखा है।", answered=False)
    return chat


def _promise(language: str) -> Chat:
    chat = chat_in(language)
    chat.customer(ASKS, "Grüß Gott, wie bekomme ich einen zweiten Waschküchenschlüssel?")
    text = (
        "Grüß Gott und danke für Ihre Nachricht! Die Waschküche ist täglich von 7 bis 21 Uhr benützbar, die Einteilung"
        " erfolgt über den Kalender an der Tür. Für den Nachschlüssel habe ich Herrn Pospischil informiert, der sich"
        " diese Woche bei Ihnen meldet. Die Kaution beträgt 30 Euro."
    )
    start = text.index("habe ich Herrn Pospischil informiert")
    chat.ai(said(promise=0.9, spans=(Span("promise", start, start + 36, 0.9),)), text)
    return chat


def _failure(language: str) -> Chat:
    chat = chat_in(language)
    again = said(fingerprint=(1, 2, 3, 4, 5))
    for text in ("¿el kit trae enchufe?", "¿el kit trae enchufe o no?"):
        chat.customer(ASKS, text)
        chat.ai(again, "Las placas de esa gama se sirven con cable de 1,5 m.")
    return chat


def _own(language: str) -> Chat:
    chat = chat_in(language, own_triggers={"allergy": OwnTrigger(when=Condition(keywords=["nuts"]))})
    chat.customer(NEUTRAL, "are there nuts in it")
    return chat


def _overdue(language: str) -> Chat:
    chat = _large(language)
    assert chat.state is not None
    chat.state, effects = advance(chat.state, START + 5 * 24 * HOUR, chat.policy, "test")
    chat.escalations += effects.escalations
    return chat


SCRIPTS = (_request, _complaint, _distress, _crisis, _large, _gap, _promise, _failure, _own, _overdue)


def _told(language: str) -> str:
    """The summaries of some conversations for an owner who reads this language."""
    lines = [
        f"[{script.__name__.strip('_')}, {one.type}]\n{one.summary}\n"
        for script in SCRIPTS
        for one in script(language).escalations
    ]
    return "".join(lines)


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_conversations_are_summed_up_as_they_were_when_last_read(language: str) -> None:
    """Read the difference; then write it anew with HANDRAISE_WRITE_GOLDEN=1."""
    file = GOLDEN / f"summary-{language}.txt"
    if os.environ.get("HANDRAISE_WRITE_GOLDEN"):
        file.write_text(_told(language), encoding="utf-8")
    assert _told(language) == file.read_text(encoding="utf-8")
