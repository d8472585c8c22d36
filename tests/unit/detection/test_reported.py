"""Who tells that a call, an answer or a visit has not come, or that it has, asks for nobody."""

from __future__ import annotations

from itertools import chain

import pytest

from handraise.conversation.weights import LATER, OPENING, WEAK, in_context
from handraise.detection import detect, detect_fast
from handraise.detection.besides import MISSED as COMPLAINS
from handraise.detection.besides import REPORTED
from handraise.detection.reported import Report, default_reports
from handraise.detection.tokens import tokens_of

MISSED = {
    "en": [
        "Nobody called. I've sat by the phone for an hour and missed my lunch.",
        "it's past 12 and nobody has rung. I stayed at home for this",
        "On Tuesday I was told that Mr Ellery would telephone me. It is now Monday and I have heard nothing.",
        "I was told here yesterday that someone would ring me this morning. It's half two and nobody has.",
        "you said someone would call me back today. nobody did",
        "Someone was supposed to call me about my claim on Monday",
        "was promised a callback by 5pm, its gone 7 and nothing",
        "still waiting for that call back from your billing team",
        "ur manager was ment to phone me at 10, never did",
        "The lady in the branch promised a colleague would get in touch. That was weeks ago and I've heard nothing.",
        "nobody has got back to me about the damaged sofa",
        "they told me an engineer would be in touch within 24 hours, it's now friday",
        "I never got a call back from your complaints department.",
        "got an email saying an adviser will call me within 2 working days. That was last tuesday. Heard nothing since",
        "You told me last week a manager would contact me regarding my refund. I have had no contact whatsoever.",
    ],
    "es": [
        "Me dijeron ayer que alguien me llamaría esta mañana por la caldera. Son las dos y nadie me ha llamado.",
        "quedaron de marcarme ayer y nada",
        "me iban a llamar el lunes para lo del seguro",
        "sigo esperando la llamada que me prometieron",
        "Se suponía que un técnico me contactaría antes de las 5. Nadie lo ha hecho.",
        "el encargado dijo que me llamaba y nunca me llamo",
        "ya va casi una hora y no me llamó nadie",
        "nadie me ha devuelto la llamada desde el martes",
        "nos dijeron q se iban a comunicar con nosotros y hoy es jueves",
        "Prometisteis llamarme el viernes y aquí sigo, nada.",
    ],
    "pt": [
        "já passou uma hora e não me ligou ninguém",
        "Disseram-me ontem neste chat que alguém me ia ligar hoje de manhã. São duas e meia e ninguém ligou.",
        "ficaram de me ligar ontem e nada",
        "o gerente disse que ia retornar e ngm retornou",
        "era pra alguém me ligar na segunda sobre o seguro",
        "ainda estou à espera da chamada que me prometeram",
        "vcs falaram q um atendente ia entrar em contato, ate agora nada",
        "ninguém me ligou de volta sobre a geladeira",
        "Prometeram um retorno em 24 horas e ninguém retornou.",
    ],
    "fr": [
        "On m'a dit hier que quelqu'un m'appellerait ce matin pour le devis. Il est 14h30 et personne n'a appelé.",
        "un conseiller devait me rappeler lundi, toujours rien",
        "personne m'a rappelé depuis mardi",
        "vous m'avez dit qu'on me rappellerait avant midi et rien",
        "j'attends toujours l'appel de votre collègue",
        "Le technicien devait me contacter hier pour le rendez-vous. Personne ne m'a contacté.",
        "on ma promis un rappel sous 24h, on est vendredi",
        "Votre responsable m'avait promis de m'appeler, il ne l'a jamais fait, personne ne m'a appelée.",
    ],
    "de": [
        "Mir wurde gestern gesagt, dass mich heute früh jemand anruft. Es ist halb drei und keiner hat angerufen.",
        "ihr wolltet mich gestern zurückrufen, nix passiert, bis jetzt hat sich keiner gemeldet",
        "Ich warte immer noch auf den Rückruf von Ihrem Kollegen.",
        "am montag sollte mich jemand anrufen, war nix",
        "niemand hat mich zurueckgerufen",
        "Es hieß, ein Techniker würde sich melden. Heute ist Freitag.",
        "Ihr Mitarbeiter hat versprochen, dass er anruft. Bis heute nichts.",
        "der versprochene rückruf kam nie",
    ],
    "hi": [
        "कल इसी चैट में कहा था कि सुबह कोई फोन करेगा, अब ढाई बज गए और किसी का फोन नहीं आया",
        "बोला था शाम तक कॉल करेंगे, अभी तक नहीं किया",
        "सोमवार को आपके यहाँ से कॉल आना था",
        "किसी ने मुझे वापस फोन नहीं किया",
        "मैडम ने कहा था कि मैनेजर संपर्क करेंगे। तीन दिन हो गए, कोई जवाब नहीं।",
        "आपके कार्यालय से कहा गया था कि फ़ोन आएगा, दस दिन हो गए।",
        "कॉल करेंगे बोला था, कोई कॉल नहीं आया",
        "आपकी मैडम बोली थीं कि एक घंटे में फोन करेंगी, चार घंटे हो गए",
        "24 घंटे में कॉल बैक मिलेगा ऐसा बोला था, आज तक नहीं मिला",
    ],
    "hi_latn": [
        "kal isi chat me bola tha ki subah koi phone karega quote ke liye, dhai baj gaye kisi ka phone nahi aaya",
        "kal bola tha call karenge, koi call nahi aaya",
        "manager ka call aana tha monday ko",
        "kisi ne mujhe wapas call nhi kiya",
        "madam ne kaha tha engineer contact karega, abhi tak kuch nahi hua",
        "24 ghante me callback milega bola tha aaj tk nahi mila",
        "aap logo ne bola tha call aayega shaam tak, raat ho gayi",
        "call karenge bolke koi reply nahi aaya",
        "aapne kaha tha supervisor call karenge, 3 din ho gaye",
    ],
    "ar": [
        "مرت ساعة ولم يتصل بي أحد",
        "مبارح قالولي رح حدا يتصل فيي ليخبرني ايمتى بيخلص، وما حدا حكي معي",
        "قالولي حيتصلوا علي اليوم ومحدش اتصل",
        "المفروض حد يكلمني امبارح عشان عرض السعر",
        "وعدتوني تتصلون امس وما صار شي",
        "لسه مستني المكالمة اللي قلتوا عليها",
        "قالوا لي أمس إن أحد الموظفين سيتصل بي صباح اليوم، ولم يتصل أحد.",
        "قلتوا بتتصلون فيني الأحد واليوم الخميس",
        "المهندس قال هيكلمني الساعة خمسة ومحدش كلمني",
        "ما حدا رد عليي من يوم الاتنين",
        "قيل لي إن أحد المختصين سيتواصل معي خلال يومين، ومضى أسبوع دون أي تواصل",
    ],
}
"""That what was promised, or expected, has not come."""

BEEN = {
    "en": [
        "your colleague rang me yesterday about the sofa, it's coming on the 12th",
        "I spoke to someone in the shop last week and he said the part was ordered",
        "somebody called me this morning, thanks",
    ],
    "es": ["hablé con un compañero suyo la semana pasada y me dijo que estaba pedido", "ya me llamaron ayer, gracias"],
    "pt": ["falei com um atendente ontem e ele disse que ia resolver", "a sua colega me ligou ontem sobre o sofá"],
    "fr": ["j'ai eu une de vos collègues au téléphone hier", "votre collègue m'a rappelé ce matin pour le canapé"],
    "de": ["ich habe gestern mit einem kollegen von ihnen telefoniert", "Ihre Kollegin hat mich gestern angerufen."],
    "hi": ["कल आपके साथी का फोन आया था", "आपकी मैडम से कल बात हुई थी"],
    "hi_latn": ["kal aapke manager ka call aaya tha", "aapke staff se kal baat hui thi sofa ke baare me"],
    "ar": ["زميلتكم كلمتني امبارح بخصوص الكنبة", "حكيت مع واحد من عندكم مبارح وقال القطعة انطلبت"],
}
"""That somebody has called, answered or helped."""

ASKS = {
    "en": [
        "I was told someone would ring me this morning and nobody has. Can somebody call me now?",
        "Nobody called me back, please have him call me",
        "you promised a callback yesterday. I want to talk to a manager",
        "your colleague rang me yesterday and I missed it, can she ring me again",
        "I spoke to Dave in the shop last week, can I speak to him again please",
        "nobody has called. get me a human",
        "someone was supposed to call me, I need to speak to someone today",
        "still waiting for a call back, just put me through to a person",
        "can someone call me back",
    ],
    "es": [
        "me dijeron que me llamarían y nadie me ha llamado. ¿Me puede llamar alguien ahora?",
        "quedaron de marcarme y nada, quiero hablar con una persona",
        "nadie me llamó, pásame con el encargado",
        "ayer hablé con una compañera suya, póngame con ella por favor",
        "sigo esperando la llamada, que me llame el gerente ya",
        "ya me llamaron ayer pero no pude atender, me pueden volver a llamar",
        "me iban a llamar hoy, necesito hablar con alguien",
        "nadie me contesta, quiero un humano",
    ],
    "pt": [
        "disseram que iam ligar e ninguém ligou. Alguém me pode ligar agora?",
        "ficaram de me ligar e nada, quero falar com uma pessoa",
        "ninguém me retornou, me passa pro gerente",
        "falei com uma colega sua ontem, queria falar com ela de novo",
        "ainda estou à espera da chamada, preciso de falar com alguém hoje",
        "me ligaram ontem e não consegui atender, podem me ligar de novo",
        "ninguém ligou, quero um atendente humano",
        "era pra me ligarem hoje. tem como alguém me ligar agora",
    ],
    "fr": [
        "on m'a dit qu'on me rappellerait et personne n'a appelé. Quelqu'un peut m'appeler maintenant ?",
        "un conseiller devait me rappeler, je veux parler à quelqu'un",
        "personne m'a rappelé, passez-moi un responsable",
        "votre collègue m'a appelé hier, je voudrais lui parler à nouveau",
        "j'attends toujours l'appel, j'ai besoin de parler à un humain",
        "j'ai eu une dame au téléphone hier, pouvez-vous lui demander de me rappeler",
        "toujours pas rappelé. rappelez moi svp",
        "personne n'a appelé, mettez-moi en relation avec un conseiller",
    ],
    "de": [
        "mir wurde ein Rückruf versprochen, keiner hat angerufen. Kann mich jetzt jemand anrufen?",
        "niemand hat mich zurückgerufen, ich will mit einem menschen sprechen",
        "ihr wolltet anrufen, war nix. rufen sie mich bitte an",
        "Ihre Kollegin hat mich gestern angerufen, ich möchte nochmal mit ihr sprechen.",
        "warte immer noch auf den rückruf, verbinden sie mich mit dem chef",
        "ich habe gestern mit einem kollegen telefoniert, kann der mich nochmal anrufen",
        "keiner meldet sich. ich brauche einen mitarbeiter am telefon",
        "der rückruf kam nie, bitte um anruf heute noch",
    ],
    "hi": [
        "कल कहा था कोई फोन करेगा, किसी ने नहीं किया। क्या कोई मुझे अभी फोन कर सकता है?",
        "बोला था कॉल करेंगे, नहीं किया, मुझे मैनेजर से बात करनी है",
        "किसी ने फोन नहीं किया, कृपया किसी से बात करवाइए",
        "कल आपकी मैडम का फोन आया था, उनसे फिर बात करा दीजिए",
        "अभी तक कॉल नहीं आया, किसी इंसान से बात कराओ",
        "कॉल आना था नहीं आया, मुझे किसी अधिकारी से बात करनी है",
        "कोई जवाब नहीं आया, मुझे कॉल कर दो",
        "कल आपके साथी से बात हुई थी, उन्हीं से बात करनी है",
    ],
    "hi_latn": [
        "kal bola tha call karenge, koi call nahi aaya. koi mujhe abhi call kar sakta hai?",
        "kisi ne call nahi kiya, manager se baat karwao",
        "call aana tha nahi aaya, mujhe kisi insaan se baat karni hai",
        "kal aapke manager ka call aaya tha, unse dobara baat kara do",
        "abhi tak callback nahi aaya, please call me",
        "koi reply nahi aaya, kisi agent se connect kar do",
        "bola tha call karenge par nahi kiya, mujhe abhi call karo",
        "kal aapke staff se baat hui thi, usi se baat karna hai",
    ],
    "ar": [
        "قالولي حيتصلوا ومحدش اتصل، ممكن حد يكلمني دلوقتي؟",
        "وعدتوني تتصلون وما صار شي، ابي اكلم المدير",
        "ما حدا حكي معي، بدي احكي مع حدا",
        "زميلتكم كلمتني امبارح، خليها تكلمني تاني لو سمحت",
        "لسه مستني المكالمة، عايز حد يكلمني",
        "قالوا سيتصل بي أحد الموظفين ولم يتصل أحد، أريد التحدث إلى موظف",
        "حكيت مع واحد من عندكم مبارح، بدي احكي معو مرة تانية",
        "محدش رد عليا، حولني على موظف",
    ],
}
"""What tells of a call too, and asks for somebody."""

NOT_YET = [
    "someone will call me tomorrow at 9",
    "I was told someone would ring me",
    "can you tell me when the engineer will ring",
    "nobody like you guys",
    "la enfermera quedó de llamarme a las 9",
    "você disse que a loja abre às 9",
    "personne n'est parfait",
    "Ein Anruf ist nicht nötig, mir genügt die schriftliche Auskunft.",
    "mummy ko tension hai, unko koi call karke samjha do na ki safe hai",
    "निवेदन है कि विभाग के किसी कर्मचारी द्वारा मुझसे संपर्क किया जाए",
    "كلمني واحد بالتليفون",
    "ولو ما حدا رد على الجرس خبطوا، الجرس خربان عنا",
    "حد يكلمني",
]


def reported(text: str) -> Report | None:
    """What a text reports, read in the language that it is taken for."""
    return default_reports().find(tokens_of(text), detect_fast([text])[0].language)


def rows(said: dict[str, list[str]]) -> list[str]:
    return list(chain.from_iterable(said.values()))


@pytest.mark.parametrize("text", rows(MISSED))
def test_a_call_that_has_not_come_is_a_complaint_and_no_request(text: str) -> None:
    report = reported(text)
    assert report is not None
    assert report.missed
    for signals in (*detect([text]), *detect_fast([text])):
        assert signals.human_request <= REPORTED
        assert signals.complaint >= COMPLAINS


@pytest.mark.parametrize("text", rows(BEEN))
def test_a_call_that_has_come_is_no_request(text: str) -> None:
    report = reported(text)
    assert report is not None
    assert not report.missed
    assert detect([text])[0].human_request <= REPORTED


@pytest.mark.parametrize("text", rows(ASKS))
def test_who_asks_besides_asks(text: str) -> None:
    assert detect([text])[0].human_request >= 0.5


def test_who_seems_to_ask_besides_complains_nevertheless() -> None:
    text = "One of your lads was to ring me back on Tuesday about the fibre survey and I'm still waiting on that call"
    (signals,) = detect([text])
    assert signals.complaint >= COMPLAINS


@pytest.mark.parametrize("text", NOT_YET)
def test_what_only_sounds_like_it_reports_nothing(text: str) -> None:
    assert reported(text) is None


def test_a_long_message_is_left_to_the_models() -> None:
    text = "nobody called me back"
    assert reported(text) is not None
    assert reported(f"{'word ' * 120}. {text}") is None


@pytest.mark.parametrize("said", [MISSED, ASKS])
def test_there_are_examples_in_every_way_of_writing(said: dict[str, list[str]]) -> None:
    assert all(len(texts) >= 8 for texts in said.values())
    assert len(said) == 8


@pytest.mark.parametrize("less", [OPENING["human_request"], LATER["human_request"]])
def test_what_is_left_of_a_request_is_no_evidence(less: float) -> None:
    assert in_context(REPORTED, less) < WEAK
