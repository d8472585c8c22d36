"""What people say plainly, in all languages: yes and no to a person who is offered, refusals, danger, harm, wishes."""

from __future__ import annotations

import pytest

from handraise.conversation import Processor
from handraise.detection import detect
from handraise.detection.outright import default_outright
from handraise.detection.tokens import TOKEN
from handraise.events import ChatMessage, Sender
from handraise.policy import default_policy
from tests.support.chats import START

OFFERS = {
    "en": "Would you like me to connect you with a colleague?",
    "es": "¿Quieres que te comunique con un asesor?",
    "pt": "Quer que eu te transfira para um atendente?",
    "fr": "Voulez-vous que je vous mette en relation avec un conseiller ?",
    "de": "Möchten Sie mit einem Mitarbeiter sprechen?",
    "hi": "क्या आप किसी एजेंट से बात करना चाहेंगे?",
    "ar": "هل تريد التحدث مع موظف؟",
}
YES = [
    ("en", "ok"),
    ("en", "yes please"),
    ("en", "that would be helpful"),
    ("es", "claro"),
    ("es", "por supuesto"),
    ("pt", "pode ser"),
    ("fr", "d'accord"),
    ("fr", "je veux bien"),
    ("de", "klar"),
    ("hi", "हाँ"),
    ("hi", "ठीक है"),
    ("ar", "ماشي"),
]
NO = [
    ("en", "no thanks"),
    ("en", "im fine"),
    ("en", "ok thanks"),
    ("es", "por supuesto que no"),
    ("es", "no gracias"),
    ("fr", "c'est bon merci"),
    ("de", "passt schon"),
    ("de", "nein danke"),
    ("hi", "नहीं"),
]


def raised(*turns: tuple[Sender, str]) -> list[str]:
    """The triggers that these turns raise."""
    policy = default_policy("shop")
    messages = [
        ChatMessage(
            message_id=f"m{number}",
            conversation_id="c1",
            business_id="shop",
            sender=sender,
            sent_at=START + number * 60_000,
            text=text,
        )
        for number, (sender, text) in enumerate(turns)
    ]
    results = Processor(lambda _: policy, detect, "test").process(messages, lambda _: None)
    return [one.trigger for result in results for one in result.effects.escalations]


@pytest.mark.parametrize(("language", "text"), YES)
def test_a_plain_yes_takes_up_the_offer_of_a_person(language: str, text: str) -> None:
    """The models take "ok" for nothing; after an offer it is a yes."""
    assert raised((Sender.ASSISTANT, OFFERS[language]), (Sender.CUSTOMER, text)) == ["human_request"]


@pytest.mark.parametrize(("language", "text"), NO)
def test_a_plain_no_does_not(language: str, text: str) -> None:
    assert raised((Sender.ASSISTANT, OFFERS[language]), (Sender.CUSTOMER, text)) == []


@pytest.mark.parametrize("text", ["ok", "claro", "klar", "d'accord"])
def test_a_yes_to_nothing_raises_nobody(text: str) -> None:
    assert raised((Sender.ASSISTANT, "Your parcel comes on Friday."), (Sender.CUSTOMER, text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "I'd rather not speak to anybody",
        "ich möchte mit niemandem sprechen",
        "mujhe kisi se baat nahi karni",
        "मुझे किसी से बात नहीं करनी",
        "não me liguem",
        "مش عايز اكلم حد",
        "I don't need to talk to a human.",
    ],
)
def test_a_refusal_is_no_request(text: str) -> None:
    assert detect([text])[0].human_request < 0.5
    assert raised((Sender.CUSTOMER, text)) == []


@pytest.mark.parametrize(
    "text",
    [
        "I don't want to speak to an agent, I want the manager",
        "I don't want to talk to a robot, get me a person",
        "ich will mit niemandem ausser dem chef reden",
        "Do not call me. I want to talk to someone in the chat.",
        "não quero falar com robô",
    ],
)
def test_whoever_refuses_one_and_wants_another_is_heard(text: str) -> None:
    assert detect([text])[0].human_request >= 0.5


@pytest.mark.parametrize(
    "text",
    [
        "i can smell gas",
        "hay una fuga de gas",
        "está vazando gás",
        "de la fumée sort de la prise",
        "wir haben ein gasleck",
        "गैस की गंध आ रही है",
        "bacche ne battery nigal li",
        "فيه تسرب غاز",
        "i wanna kms",
    ],
)
def test_danger_that_is_told_in_a_sentence_is_danger(text: str) -> None:
    assert detect([text])[0].crisis >= 0.9


@pytest.mark.parametrize(
    "text",
    [
        "does the cooker smell of gas when new?",
        "my stove stopped working, no smell of gas or anything",
        "vocês vendem detector de vazamento de gás",
        "the lift is out of order",
        "der akku ist leer",
    ],
)
def test_what_is_near_to_danger_is_none(text: str) -> None:
    assert detect([text])[0].crisis < 0.5


@pytest.mark.parametrize(
    "text",
    [
        "im having suicidal thoughts",
        "i took too many tablets",
        "my husband hits me",
        "he has a knife",
        "my child is locked in the car, what do i do?",
        "my throat is closing up",
        "mi esposo me golpea",
        "mi hijo tomó cloro que hago",
        "mi perro comió veneno para ratas",
        "estou com pensamentos suicidas",
        "meu namorado me bate",
        "meu filho está engasgado, socorro",
        "j'ai des idées noires",
        "mon conjoint me bat",
        "il a un couteau",
        "mi ex tiene un arma",
        "ele tem uma faca",
        "er hat ein messer",
        "उसके पास चाकू है",
        "زوجي معه سكين",
        "معه سلاح",
        "ma fille a avalé une pièce, que faire ?",
        "mein freund schlägt mich",
        "mein sohn hat eine batterie verschluckt, was soll ich tun?",
        "hier riechts nach gas",
        "खुदकुशी करने जा रहा हूं",
        "बच्चे का दम घुट रहा है",
        "maine zeher pi liya",
        "bache ne battery nigal li, kya karu",
        "ghar me chor ghus gaya",
        "ابني شرب كلور",
        "في حريق بالمطبخ",
        "خطيبي بيضربني",
    ],
)
def test_danger_that_is_told_after_an_ordinary_turn_is_danger(text: str) -> None:
    """The reader, which hears "how can I help?" before it, takes it for an answer."""
    assert detect([text], before=[["hi", "Hi! How can I help?"]])[0].crisis >= 0.9
    assert raised((Sender.CUSTOMER, "hi"), (Sender.ASSISTANT, "Hi! How can I help?"), (Sender.CUSTOMER, text)) == [
        "distress"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "my husband is going to kill me if it is late",
        "does it come with a knife",
        "my son beats me at fifa every time",
        "is the driver drunk-proof lock in stock",
        "what do i do if my son swallows a battery?",
        "me tomé todas las pastillas del tratamiento",
        "mi esposo me va a matar por gastar tanto",
        "tomei todos os comprimidos da receita",
        "elle va me tuer si j'oublie le cadeau",
        "der ofen brennt schön, danke",
        "er wacht nicht aus dem standby auf",
        "meine frau bringt mich um wenn ich das vergesse",
        "boss mujhe maar dalega agar late hua",
        "tiene un cuchillo de pan?",
        "il a un couteau à pain",
        "er hat ein messer im set",
        "الطقم معه سكين؟",
        "اشتريت طقم المطبخ. معه سكين",
        "दूसरी दुकान देखी। उनके पास चाकू है",
    ],
)
def test_what_is_said_like_danger_is_none(text: str) -> None:
    assert not {"crisis"} & set(default_outright().find(TOKEN.findall(text)))


@pytest.mark.parametrize(
    "text",
    [
        "your driver touched me",
        "i got an electric shock from the kettle",
        "el repartidor me tocó",
        "achei vidro na papinha",
        "le chauffeur m'a touchée",
        "aus der waschmaschine kommt rauch",
        "driver ne mujhe chua",
        "मशीन से धुआं निकल रहा है",
        "السواق تحرش بيا",
    ],
)
def test_harm_that_was_done_is_a_complaint_after_an_ordinary_turn(text: str) -> None:
    assert detect([text], before=[["hi", "Hi! How can I help?"]])[0].complaint >= 0.9


@pytest.mark.parametrize("text", ["your driver called me", "hay vidrio templado", "la prise est neuve"])
def test_no_harm_is_none(text: str) -> None:
    assert detect([text], before=[["hi", "Hi! How can I help?"]])[0].complaint < 0.5


@pytest.mark.parametrize(
    ("text", "signal"),
    [
        ("can i speek to sombody", "human_request"),
        ("i need to spk to some1", "human_request"),
        ("no kiero ablar con una makina", "human_request"),
        ("peço que entrem em contato", "human_request"),
        ("merci de me contacter", "human_request"),
        ("hab keine lust mit nem roboter zu schreiben", "human_request"),
        ("bot nahi chahiye insaan chahiye", "human_request"),
        ("किसी प्रतिनिधि से जोड़ें", "human_request"),
        ("صعدوا طلبي", "human_request"),
        ("looking to place a big order", "high_value"),
        ("quiero hacer un pedido grande", "high_value"),
        ("vocês vendem no atacado", "high_value"),
        ("je veux passer une grosse commande", "high_value"),
        ("ich möchte eine großbestellung machen", "high_value"),
        ("bada order dena hai", "high_value"),
        ("बड़ा ऑर्डर देना है", "high_value"),
        ("ابغى طلبية كبيرة", "high_value"),
    ],
)
def test_what_is_wanted_outright_is_heard_after_an_ordinary_turn(text: str, signal: str) -> None:
    assert raised((Sender.CUSTOMER, "hi"), (Sender.ASSISTANT, "Hi! How can I help?"), (Sender.CUSTOMER, text)) == [
        signal
    ]


@pytest.mark.parametrize(
    "text",
    [
        "main kal call karunga",
        "i spoke to someone yesterday, all good",
        "my order was big",
        "das war eine große bestellung",
    ],
)
def test_what_only_names_a_call_or_an_order_raises_nobody(text: str) -> None:
    assert raised((Sender.CUSTOMER, text)) == []
