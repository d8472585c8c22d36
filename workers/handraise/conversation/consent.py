"""Whether a customer takes up an offered person with more than a bare yes: "yes, but after 4", "if it's quick, go on".

Detection calls a message that is nothing but a yes one (`Signals.affirm`). Where a person has been offered, a yes with
a wish or a condition behind it takes that up too, which nobody can tell without knowing what was offered.
"""

from __future__ import annotations

import re
from typing import Final

from handraise.conversation.weights import STRONG
from handraise.detection.signals import Signals
from handraise.events import ChatMessage

_YES: Final = re.compile(
    r"(?:(?:oh|ah|aw|hm+|mm+|well|um+|uh|ok(?:ay)?|right|bueno|pues|bom|bon|ben|eh|ach|na|tja|acha|achha|arre|ji)\b\W*)*"
    r"(?:(?:yes|yeah|yep|yea|yup|sure|please do|go on then|go ahead|go for it|why not|absolutely|definitely)\b"
    r"|ok(?:ay)?\W+(?:but|if|then|please|go)\b"
    r"|s[ií](?=\s*[,.;!…]|\s+(?:pero|porfa|por favor|claro|dale|quiero|mejor|cuando|despu[eé]s|a partir)\b)"
    r"|(?:claro|dale|de acuerdo|por favor|adelante)\b|vale\W+(?:pero|si)\b|sim\b|pode ser\b|pode sim\b|quero sim\b"
    r"|(?:oui|ouais|volontiers|avec plaisir|d[’']accord|je veux bien|pourquoi pas)\b"
    r"|(?:ja|jo|jep|jau|klar|gerne?|sehr gerne?|warum nicht)\b|(?:haa?n|bilkul|zaroor|theek hai|thik hai)\b"
    r"|(?:हाँ|हां|जी हाँ|जी हां|बिल्कुल|ज़रूर|जरूर|ठीक है)(?!\w)"
    r"|(?:نعم|ايوه|أيوه|أيوة|ايوة|اكيد|أكيد|يا ?ليت|ياريت|يا ريت|موافق|موافقة|تمام|ماشي)(?!\w))",
    re.IGNORECASE,
)
"""A yes with which a message begins."""
_THEN_YES: Final = re.compile(
    r"\b(?:if|unless|as long as|provided)\b.{0,60}(?:,|\bthen\b)\s*"
    r"(?:yes|yeah|sure|ok(?:ay)?|fine|go on|go ahead|please do)\b"
    r"|\bsi\b.{0,60}(?:,|\bentonces\b|\bpues\b)\s*(?:s[ií]|dale|vale|adelante|claro)\b"
    r"|\bse\b.{0,60}(?:,|\bent[aã]o\b)\s*(?:sim|pode|claro)\b"
    r"|\bsi\b.{0,60}(?:,|\balors\b)\s*(?:oui|d[’']accord|volontiers|je veux bien)\b"
    r"|\b(?:wenn|falls|sofern)\b.{0,60}(?:,|\bdann\b)\s*(?:ja|gerne?|ok(?:ay)?|bitte)\b"
    r"|\b(?:agar|jab)\b.{0,60}\bto (?:haa?n|theek|thik|ok|kar|kara|karwa)\b"
    "|(?:अगर|यदि).{0,60}तो (?:हाँ|हां|ठीक|कर|करा|करवा)"
    "|(?:[إا]ذا|لو).{0,60}(?<!\\w)(?:ف ?نعم|نعم|ف?ايوه|تمام|ماشي|ف?[أا]كيد)(?!\\w)",
    re.IGNORECASE,
)
"""A yes on a condition."""
_WELCOME: Final = re.compile(
    r"\b(?:would|[’']d|wd) be (?:really |so |very )?"
    r"(?:great|perfect|lovely|good|nice|brilliant|helpful|ideal|amazing)\b(?! if)"
    r"|\bi(?:[’']d| would) (?:really )?(?:like|love|appreciate) that\b"
    r"|\b(?:estar[ií]a|ser[ií]a) (?:genial|perfecto|bien|bueno|ideal|estupendo)\b(?! si)"
    r"|\bseria (?:[oó]timo|perfeito|bom|ideal)\b(?! se)"
    r"|\bserait (?:parfait|super|bien|top|g[ée]nial|l[’']id[ée]al|sympa)\b(?! si)"
    r"|\bw[aä]re (?:super|perfekt|toll|gut|prima|nett|sch[oö]n|klasse|ideal)\b(?!,? wenn)"
    r"|\b(?:acc?ha|badhiya|best|perfect) (?:rahega|rhega|hoga)\b|(?:अच्छा|बढ़िया|बेहतर) (?:रहेगा|होगा)"
    "|(?:بيكون|يكون|حيكون) (?:ممتاز|[أا]فضل|زين|كويس|حلو|منيح)",
    re.IGNORECASE,
)
"""What is offered is welcome, said in the conditional; of something else, where a condition follows."""
_RATHER_NOT: Final = re.compile(
    r"\A\W*(?:oh |well |yeah |ja |ok )*(?:no|nah|nope|nee|nein|n[aã]o|non)\b"
    r"|\b(?:no need|not (?:now|yet|today|necessary)|do(?:n[’']?t| not) (?:bother|call|ring|phone|need|want))\b"
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


def takes_up(message: ChatMessage, signals: Signals) -> bool:
    """Whether a message takes up a person that was offered just before."""
    if signals.affirm >= STRONG:
        return True
    text = message.text
    if _RATHER_NOT.search(text):
        return False
    return bool(_YES.match(text.lstrip()) or _THEN_YES.search(text) or (not signals.question and _WELCOME.search(text)))
