"""Whether a customer takes up an offered person with more than a bare yes: "yes, but after 4", "if it's quick, go on".

Detection calls a message that is nothing but a yes one (`Signals.affirm`). Where a person has been offered, a yes with
a wish or a condition behind it takes that up too, which nobody can tell without knowing what was offered. Right behind
the offer, a model of such answers weighs the words of this one as well (`handraise.detection.acceptance`).
"""

from __future__ import annotations

import re
from typing import Final

from handraise.conversation.state import Conversation
from handraise.conversation.weights import STRONG
from handraise.detection.acceptance import default_acceptance
from handraise.detection.signals import Signals
from handraise.events import ChatMessage, Sender

_READ: Final = 1_000
"""Code points of a message that are looked at: who answers an offer at length has other things to say."""
_LIKELY: Final = 0.4
"""From this likelihood of its words on, an answer takes the person up."""
_RULED_OUT: Final = 0.1
"""Below this, it does not, though it may sound like a yes, as "hm" may."""
_SAYS_CLEARLY: Final = 0.9
"""From this score on, a message says yes whatever its words, or asks for a person whether it says yes or not."""
_OPENING: Final = (
    r"(?:(?:oh|ah|aw|hm+|mm+|well|um+|uh|ok(?:ay)?|right|bueno|pues|bom|bon|ben|eh|ach|na|tja|acha|achha"
    r"|arre|ji)\b\W*)*"
)
_WISH: Final = (
    r"[^.!?…।؟\n]{0,12}?(?<!\w)(?:but|only|after|before|if|when|today|tonight|tomorrow|this|please|pls"
    r"|quick\w*|now|asap"
    r"|pero|s[oó]lo|despu[eé]s|antes|si|cuando|hoy|ma[nñ]ana|por favor|porfa|mas|s[oó]|depois|se|quando|hoje|amanh[aã]"
    r"|mais|seulement|apr[eè]s|avant|quand|demain|svp|aber|nur|erst|nach|wenn|heute|morgen|bitte|gleich"
    r"|par|lekin|sirf|pehle|agar|aaj|kal|shaam|लेकिन|पर|सिर्फ|पहले|अगर|आज|कल|शाम|بس|لكن|بعد|قبل|[إا]ذا|اليوم|بكرا"
    r"|الحين)(?!\w)"
)
_YES: Final = re.compile(
    rf"{_OPENING}(?:(?:yes|yeah|yep|yea|yup|sure|absolutely|definitely|s[ií]|claro|dale|vale|sim|oui|ouais"
    rf"|d[’']accord|ja|jo|jep"
    rf"|klar|gerne?|haa?n|bilkul|zaroor|thee?k hai)\b{_WISH}|ok(?:ay)?\W+(?:but|if|then|go|pero|mas|mais|aber|par"
    rf"|lekin|بس)\b"
    rf"|(?:हाँ|हां|जी हाँ|जी हां|बिल्कुल|ज़रूर|जरूर|ठीक है|نعم|ايوه|أيوه|أيوة|ايوة|اكيد|أكيد|تمام|ماشي|طيب"
    rf"|اوكي)(?!\w){_WISH}"
    r"|please do(?! not|n)\b|go on then\b|go ahead\b|go for it\b|pode ser\b|pode sim\b|quero sim\b|volontiers\b"
    r"|avec plaisir\b|je veux bien\b|(?:يا ?ليت|ياريت|يا ريت|موافق|موافقة)(?!\w))",
    re.IGNORECASE,
)
"""A yes with which a message begins, and soon a wish or a condition; or more than a yes, as "go ahead" is."""
_THEN_YES: Final = re.compile(
    r"\b(?:if|unless|as long as|provided)\b.{0,60}(?:,|\bthen\b)\s*"
    r"(?:yes|yeah|sure|ok(?:ay)?|fine|go on|go ahead|please do)\b"
    r"|\bsi\b.{0,60}(?:,|\bentonces\b|\bpues\b)\s*(?:s[ií]|dale|vale|adelante|claro)\b"
    r"|\bse\b.{0,60}(?:,|\bent[aã]o\b)\s*(?:sim|pode ser|claro)\b"
    r"|\bsi\b.{0,60}(?:,|\balors\b)\s*(?:oui|d[’']accord|volontiers|je veux bien)\b"
    r"|\b(?:wenn|falls|sofern)\b.{0,60}(?:,|\bdann\b)\s*(?:ja|gerne?|ok(?:ay)?)\b"
    r"|\b(?:agar|jab)\b.{0,60}\bto (?:haa?n|theek|thik|ok)\b"
    "|(?:अगर|यदि).{0,60}तो (?:हाँ|हां|ठीक)"
    "|(?:[إا]ذا|لو).{0,60}(?<!\\w)(?:ف ?نعم|نعم|ف?ايوه|تمام|ماشي|ف?[أا]كيد)(?!\\w)",
    re.IGNORECASE,
)
"""A yes on a condition."""
_WELCOME: Final = re.compile(
    r"(?<!refund)(?<!discount) (?:would|wd) be (?:really |so |very )?"
    r"(?:great|perfect|lovely|good|nice|brilliant|helpful|ideal|amazing)\b(?! if| to\b)|\bthat[’']?d be (?:really "
    r"|so |very )?"
    r"(?:great|perfect|lovely|good|nice|brilliant|helpful|ideal|amazing)\b(?! if| to\b)"
    r"|\bi(?:[’']d| would) (?:really )?(?:like|love|appreciate) that\b"
    r"|(?<!descuento )(?<!reembolso )\b(?:estar[ií]a|ser[ií]a) (?:genial|perfecto|bien|bueno|ideal"
    r"|estupendo)\b(?! si| saber)"
    r"|(?<!desconto )\bseria (?:[oó]timo|perfeito|bom|ideal)\b(?! se| saber)"
    r"|(?<!duction )\bserait (?:parfait|super|bien|top|g[ée]nial|l[’']id[ée]al|sympa)\b(?! si| de| que)"
    r"|(?<!rabatt )\bw[aä]re (?:super|perfekt|toll|gut|prima|nett|sch[oö]n|klasse|ideal)\b(?!,? (?:wenn|zu|gewesen))"
    r"|\b(?:acc?ha|badhiya|best|perfect) (?:rahega|rhega|hoga)\b|(?:अच्छा|बढ़िया|बेहतर) (?:रहेगा|होगा)"
    "|(?:بيكون|يكون|حيكون) (?:ممتاز|[أا]فضل|زين|كويس|حلو|منيح)",
    re.IGNORECASE,
)
"""What is offered is welcome, said in the conditional; of something else, where a condition follows."""
_RATHER_NOT: Final = re.compile(
    r"\A\W*(?:oh |well |yeah |yes |sure |ja |ok )*(?:no|nah|nope|nee|nein|n[aã]o|non)\b"
    r"|\b(?:no need|not (?:now|yet|today|necessary)|do(?:n[’']?t| not) (?:bother|call|ring|phone|need|want))\b"
    r"|\b(?:i|we) (?:got|get|understand|understood|see|know|found) (?!no\b|noth|nowhere)"
    r"|\b(?:i[’']?ll|let me) (?:try|look|see|do)\b|\bforget it\b"
    r"|\bje comprends\b|\bnon,? merci|(?<!no )\b(?:entiendo|entend[ií])|\bverstehe(?! (?:\w+ )?nicht)"
    r"|\b(?:probier|versuch|schau)\w* ich\b|\bkoi baat nahi"
    r"|\b(?:lo (?:pruebo|intento)|vou tentar|j[’']essaie|je vais essayer|try kar|transfer me to any)"
    r"|कोई बात नहीं|(?<!ما )فهمت|بجرب"
    r"|\A\W*(?:stop|skip|never|nunca|jamais|nie(?:mals)?|kabhi nahi)\W*\Z"
    r"|\btell me (?:the|what|how)\b|\bbitte stornier"
    r"|\b(?:rather not|maybe later|some other time|myself|no,? thank\w*)\b"
    r"|\bno hace falta\b|\b(?:ahora|mejor|todav[ií]a) no\b|\bno (?:me )?llam"
    r"|\bn[aã]o precisa\b|\b(?:agora|melhor|ainda) n[aã]o\b|\bn[aã]o (?:me )?lig|\bdepois eu\b"
    r"|\bpas (?:besoin|la peine|maintenant|encore)\b|\bne m[’']appel"
    r"|\b(?:nicht (?:n[oö]tig|jetzt|anrufen)|(?:noch|lieber) nicht|brauch\w* (?:ich )?(?:es )?nicht|lass mal|selbst)\b"
    r"|\b(?:abhi|zar[uo]+rat) nahi|\brehne d|\bbaad m|\bnahi chahiye|\bmat (?:kar|bhej)|\bkhud\b"
    "|(?:अभी|ज़?रूरत) नहीं|रहने द|बाद में|नहीं चाहिए|(?:कॉल|फ़?ोन) मत|खुद"
    "|لا (?:داعي|شكر)|ما ?(?:له داعي|يحتاج)|(?:مو|مش) (?:الحين|هلق|دلوقتي)|بعدين|بنفسي",
    re.IGNORECASE,
)
"""What a yes may stand before, or a person is not wanted with."""


def takes_up(message: ChatMessage, signals: Signals, *, directly: bool = True) -> bool:
    """Whether a message takes up a person that was offered, `directly` before or some turns ago."""
    if signals.affirm >= _SAYS_CLEARLY:
        return True
    text = message.text[:_READ].lstrip()
    likely = default_acceptance().likelihood(text) if directly else 0.0
    if signals.affirm >= STRONG:
        return not directly or likely >= _RULED_OUT
    if _RATHER_NOT.search(text):
        return False
    if likely >= _LIKELY:
        return True
    # Who asks something has not decided yet.
    if signals.question:
        return False
    return any(found is not None for found in (_YES.match(text), _THEN_YES.search(text), _WELCOME.search(text)))


def asks_by_its_yes(signals: Signals) -> bool:
    """Whether a message says yes, and nothing but that yes may ask for a person.

    Models that read an offer before a yes hear somebody asked for in it.
    """
    return signals.affirm >= STRONG and signals.human_request < min(signals.affirm, _SAYS_CLEARLY)


def comes_behind_ai(state: Conversation) -> bool:
    """Whether the turn before the one in hand is the AI's own, not a reply of Handraise's."""
    before = state.transcript[-2:-1]
    return bool(before) and before[0].sender is Sender.ASSISTANT and not before[0].given


def has_asked_else(state: Conversation) -> bool:
    """Whether the AI has asked something else since a person was offered: a yes is one to that."""
    return state.ai_asked and not state.ai_offered_human
