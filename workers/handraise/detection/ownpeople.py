"""Who talks something over with their own people: a wife, a boss, a landlord. They ask the business for nobody.

The learned models hear the person in "need to talk it through with my wife first". What else such a message says is
weighed without that part, so who besides asks for somebody is heard.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_EN: Final = (
    "wife|husband|hubby|partner|fianc[ée]e?|boyfriend|girlfriend|bf|gf|missus|other half|boss"
    "|landlord|landlady|mum|mom|mother|dad|father|parents|son|daughter|kids|sister|brother"
    "|family|flatmate|roommate|housemate|neighbou?rs?|colleagues?|board|committee|business partner"
)
_ES: Final = (
    "mujer|esposa|marido|esposo|pareja|novi[oa]|jef[ea]|madre|padre|mam[aá]|pap[aá]|padres|hij[oa]s?"
    "|herman[oa]s?|familia"
    "|compañer[oa]s?|soci[oa]s?|caser[oa]|equipo|gente|vecin[oa]s?|señora"
)
_PT: Final = (
    "mulher|esposa|marido|esposo|namorad[oa]|noiv[oa]|chefe|patr[ãa]o|m[ãa]e|pai|pais|filh[oa]s?|irm[ãa]o?s?|fam[ií]lia"
    "|s[oó]ci[oa]s?|senhorio|equipe|equipa|vizinh[oa]s?|pessoal"
)
_FR: Final = (
    "femme|mari|conjointe?|compagn(?:on|e)|copain|copine|fianc[ée]e?|patronn?e?|chef(?:fe)?|m[èe]re|p[èe]re|maman"
    "|papa|parents"
    "|fils|fille|enfants|s[oœ]e?ur|fr[èe]re|famille|associ[ée]e?|propri[ée]taire|proprio|[ée]quipe|coll[èe]gues?"
)
_DE: Final = (
    "frau|mann|partner(?:in)?|freund(?:in)?|verlobten?|chef(?:in)?|mutter|vater|mama|papa|eltern|sohn|tochter|kindern?"
    "|schwester|bruder|familie|vermieter(?:in)?|team|kollegen|kollegin|nachbarn?|vorstand"
)
_HI: Final = (
    "papa|mummy|mammi|maa|mama|bhai|bhaiya|didi|pati|patni|wife|husband|biwi|boss|principal(?: sir| madam)?|family"
    "|ghar wal[oe]n?|gharwal[oe]n?|parents|beti|beta|bete|partner|malik|makan malik"
)
_AR: Final = (
    "زوجي|زوجتي|جوزي|مراتي|مرتي|خطيبي|خطيبتي|شريكي|مديري|مديرنا|[أا]هلي|[أا]مي|[أا]بوي|ابويا|والدي|والدتي"
    "|[أا]خوي|[أا]ختي|[أا]خي|العيلة|عيلتي|ماما|بابا|العائلة|الجماعة"
)
_PLANS: Final = (
    r"(?<!can )(?<!could )(?<!may )\b(?:i|we|i[’']?ll|we[’']?ll|i[’']?d|let me|lemme|needs?|gotta|got|have|must"
    r"|should|gonna|going|will"
    r"|rather|better)"
    r"(?: to| just| first| quickly| only| rather| better){0,3}"
)
_MINE: Final = (
    rf"(?:my|our) (?:(?:\w+ )?(?:{_EN})|(?:team|manager|supervisor|director)(?! lead| of))\b(?! manager)"
    r"(?![’']s\b| at your\b| in (?:room|ward)\b|,? s?he\b.{0,20}\b(?:room|ward)\b)"
)
"""Whose they are. "My account manager" and "our support team" may be the business's, so nothing stands before those."""
_OWN: Final = re.compile(
    rf"{_PLANS} (?:talk|speak|chat|check|discuss|consult|go|run|think)"
    r"(?: it| this| that| things| everything| over| through| about| back| both){0,3} (?:with|to|by|past)"
    rf" {_MINE}"
    rf"|{_PLANS} (?:ask|convince|persuade) {_MINE}"
    r"|\b(?:hablarl[oae]s?|habl[oe]|hablar|hablamos|consult(?:o|ar|arl[oa])|coment(?:o|ar|arl[oa])|pregunt(?:o|ar|arle)"
    r"|verl[oa]|charlarl[oa])(?: primero| antes| bien| esto| eso| todo){0,2}"
    rf" (?:con|a) (?:mi|mis|nuestr[oa]s?) (?:{_ES})\b"
    r"|\b(?:falar|falo|conversar|converso|ver|vejo|perguntar|pergunto|combinar|decidir|confirmar)"
    r"(?: primeiro| antes| isso| tudo| direitinho){0,2} (?:com|[àa]o?|para|pro|pra)"
    rf" (?:o |a )?(?:meus?|minhas?|nossos?|nossas?) (?:{_PT})\b"
    r"|\b(?:en parler|parle|en parle|discuter|en discuter|demander|demande|voir|vois)"
    rf"(?: d[’']abord| avant| ça){{0,2}} (?:avec |[àa] )(?:mon|ma|mes|notre|nos) (?:{_FR})\b"
    rf"|\bmit (?:meine[mnr]|unsere[mnr]) (?:{_DE})\b(?: \w+){{0,4}}"
    r" (?:reden?|sprechen?|besprech\w*|abklär\w*|klär\w*|abstimm\w*)"
    r"|\b(?:red|rede?|sprech|spreche?|bespreche?|klär|kläre?|besprech\w*)(?: \w+){0,4}"
    rf" mit (?:meine[mnr]|unsere[mnr]) (?:{_DE})\b"
    r"(?:,? (?:und|dann) (?:ich )?melde? (?:ich )?mich(?: dann| wieder| morgen)*)?"
    rf"|\bfrage?(?: \w+){{0,2}} (?:meine[mnr]?|unsere[mnr]?) (?:{_DE})\b"
    rf"|(?<!apne )(?<!apni )\b(?:{_HI})(?: ji)? (?:se|ke saath)(?: \w+){{0,2}}"
    r" (?:baat kar ?k[ea]|baat karn[ea] ke baad|baat kar lu|baat karung\w|puch ?k[ea]r?|puch lu|puchta|puchti)\b"
    r"(?! (?:aap |mujhe )?(?:bata(?:o|iye|do|dena|na)|bol(?:o|iye)))"
    r"|(?<!अपने )(?<!अपनी )(?:पापा|मम्मी|माँ|भाई|पति|पत्नी|बॉस|घरवालों|घर वालों|परिवार|बेटे|बेटी"
    r"|मालिक)(?: जी)? से(?: \S+){0,2}"
    r" (?:बात कर ?के|बात करने के बाद|बात कर लूँ|बात करूँग|बात करूंग|पूछ ?कर|पूछ लूँ)\S*(?! (?:मुझे )?(?:बताओ|बताइए"
    r"|बताइये|बता दो))"
    r"|(?<!\w)(?:ب[أا]?شوف|بس[أا]ل|بستشير|بشاور|بحكي|هس[أا]ل|هكلم|هشوف|[أا]شاور|[أا]ستشير"
    rf"|(?:لازم|خليني|راح|رح) (?:[أا]شوف|[أا]س[أا]ل|[أا]كلم|[أا]حكي))(?: مع)? (?:{_AR})(?!\w)"
    r"|(?<!\w)ب[أا]?شوف مع المدير(?!\w)",
    re.IGNORECASE,
)
"""A talk with one's own people, which a possessive or a plan tells from one with those of the business."""


def without_own_people(text: str) -> Sequence[str] | None:
    """What a message says besides a talk with the customer's own people; None where it tells of none."""
    found = _OWN.search(text)
    if found is None:
        return None
    rest = (text[: found.start()], text[found.end() :])
    return [part for part in rest if any(map(str.isalpha, part))]
