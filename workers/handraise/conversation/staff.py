"""Whether a customer asks for somebody by name who has spoken here before: "can you get Wes back?".

A name tells detection nothing, since it hears two turns at most of what was said before. The transcript knows who
stepped in: staff say their names as they begin, and systems announce them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from handraise.conversation.state import Conversation, StoredTurn
from handraise.detection.tokens import MARKS
from handraise.events import ControlState, Sender

_STAFF: Final = (Sender.HUMAN, Sender.SYSTEM)
_INTRODUCES: Final = 60
"""A name is said in so many code points at the beginning of a turn."""
_LETTERS: Final = rf"(?:[^\W\d_][{MARKS}]*){{2,}}"
_WORD: Final = re.compile(_LETTERS)
_NAME: Final = f"({_LETTERS})"
_HELLO: Final = (
    r"(?:hi|hey|hello|hiya|hola|ol[áa]|oi|bonjour|salut|hallo|moin|servus|namaste(?: ji)?"
    r"|good (?:morning|afternoon|evening)"
    r"|buen[oa]s (?:d[ií]as|tardes|noches)|bom dia|boa tarde|boa noite|guten (?:tag|morgen|abend)"
    r"|gr[uü][sß]+ gott|bonsoir)\b"
)
_FIRST: Final = rf"(?:[^,.!\n]{{1,30}}[,.!]+\s*)?(?!{_HELLO})"
"""A greeting, or whatever it is that stands before a name."""
_STEPS_IN: Final = re.compile(
    rf"\A{_FIRST}(?:(?:o|a|el|la|herr|frau|mr|mrs|ms|madame|monsieur)\.? )?{_NAME}(?: {_NAME})?,?"
    r" (?:here|hier|aqu[ií]|ici|yaha?n|from|aus|vom?|de|da|do|du)\b"
    rf"|\A\W*{_HELLO}[^,.!\n]{{0,25}}[,.!]+\s*{_NAME}\."
    rf"|\b(?:i[’']?m|i am|this is|my name is|it[’']?s|soy|me llamo|le habla|sou|fala|aqui [ée]|ici|je suis|c[’']est"
    rf"|hier ist|hier spricht|ich bin|main|mai|mera naam)(?: (?:o|a|el|la|herr|frau|mr|mrs|ms))? {_NAME}(?: {_NAME})?",
    re.IGNORECASE,
)
"""How somebody begins who steps in. A name has a capital, which is seen to apart."""
_DAY: Final = re.compile(
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:mon|diens|donners|frei|sams|sonn)tag|mittwoch|lunes|martes"
    r"|mi[ée]rcoles|jueves"
    r"|viernes|lundi|mardi|mercredi|jeudi|vendredi|samedi|dimanche|segunda|ter[çc]a|quarta|quinta|sexta"
    r"|s[áa]bado|domingo",
    re.IGNORECASE,
)
"""What begins with a capital behind "it's" and is nobody's name."""
_ANNOUNCED: Final = re.compile(
    rf"{_NAME}(?: {_NAME})?(?: has| se ha| a| ist| hat)?"
    r" (?:joined|joins|left|entrou|saiu|uni[óo]|unido|rejoint|beigetreten)\b",
    re.IGNORECASE,
)
_I_AM: Final = re.compile(rf"(?:मैं|मेरा नाम|[أا]نا|معا?كم?|اسمي)[\s,،]+{_NAME}(?=\s*(?:[,،.!।]|من\b|से\b|हूँ|बोल|\Z))")
"""Where letters have no capitals, a name stands behind these, and before a mark or where somebody is from."""
_FETCH: Final = re.compile(
    r"\b(?:get|fetch|bring|put|pass|grab|page|ping|transfer|connect|reach|speak|talk|chat)\b(?: me)?"
    r"(?: to| with| back to)? @|@ (?:back|again)\b|\b(?:wait\w*|ask\w*) for @"
    r"|\bwhere(?:[’']?s| is| did) @|\A@ please\W*\Z|\bcad[êe] (?:o |a )?@|\bis @ (?:still )?(?:there|here|around"
    r"|available|in|about|on|free)\b"
    r"|\b(?:p[aá]s\w+|comun[ií]\w+|traig\w*|trae\w*|ll[aá]m\w+|av[ií]s\w+|hablar|volver)(?: \w+){0,3} @|\best[aá] @"
    r"|\b(?:pass\w+|cham\w+|transf\w+|falar|avis\w+|volt\w+)(?: \w+){0,3} @"
    r"|@ (?:ainda )?(?:est[aá]|t[aá]) (?:a[ií]|por)"
    r"|\b(?:re)?(?:pass\w+|appel\w+|mettez|mets|parler|joindre|reparler)(?: \w+){0,3} @"
    r"|@ est (?:encore |toujours )?(?:l[aà]|dispo)"
    r"|@(?: \w+){0,3} (?:holen?|hol|rufen?|zur[uü]ck\w*|geben|sprechen|reden|verbinden)\b"
    r"|\bist @ (?:noch |grad\w* )?(?:da|dran)\b"
    r"|@(?: \w+){0,3} (?:ko|se)(?: \w+){0,2} (?:bula\w*|bulw\w*|baat|bhej\w*|wapas|connect)|\bkya @ (?:hai|hain)\b"
    r"|@(?: \S+){0,3} (?:को|से)(?: \S+){0,2} (?:बुला|बुलव|बात|भेज|वापस)"
    r"|(?<!\w)(?:ناد|جيب|رج[عّ]|حو?ل|وصل|[أا]كلم|[أا]حكي|خل)\S{0,8}(?: \S{1,12}){0,2} @",
    re.IGNORECASE,
)
"""How somebody is asked for; "@" stands for a name, or for a word that points to one."""
_SAME: Final = re.compile(r"@(?:\W*@)+")
_POINTS: Final = re.compile(
    r"\b(?:(?:him|her)(?= (?:back|again|here|on|please|pls)|\W*\Z)|ihn|lui|usko|unko|usse|unse"
    r"|sie(?= (?:nochmals?|wieder|kurz|bitte|zur[uü]ck)?\w* ?(?:dazu)?(?:holen|rufen)\b))\b",
    re.IGNORECASE,
)
_ASKS_NOBODY: Final = re.compile(
    r"\b(?:acab(?:ei|o) de|j[aá] fal(?:ei|amos)|viens de|d[ée]j[àa] parl|al hablar|ya habl[eé]"
    r"|chat with|(?:spoke|talked|told)\b(?!.*\b(?:back|again)\b)"
    r"|pass(?: on)? (?:my|our)|no need|when i (?:come|get)|le bonjour|bonne journ[ée]e|gracias a"
    r"|geredet|gesprochen|ho gay[aei]|ho chuk|do(?:n[’']?t| not) want|no quiero|n[aã]o quero"
    r"|ne veux pas|will nicht|nahi (?:chahiye|karni))\b"
    "|हो गई|हो चुक|नहीं (?:चाहिए|करनी)|(?<!\\w)(?:حكيت|كلمت|تكلمت|لا [أا]ريد|ما بدي|مش عايز)(?!\\w)",
    re.IGNORECASE,
)
"""What has been said to that person already, or is not wanted."""


def asks_by_name(state: Conversation) -> bool:
    """Whether the customer's message, which `state` has already, asks for somebody who has spoken, or was announced.

    Thanks, greetings, and what that person said ask for nobody.
    """
    staff = [turn for turn in state.transcript if turn.sender in _STAFF]
    if not staff or state.control is ControlState.HUMAN:
        return False
    names = _names(state, staff)
    text = state.transcript[-1].text
    if not names or names.isdisjoint(_words(text)) or _ASKS_NOBODY.search(text):
        return False
    marked = _WORD.sub(lambda word: "@" if word[0].casefold() in names else word[0], text.replace("@", " "))
    pointed = _POINTS.sub("@", marked.replace("@", "…"))
    return any(_FETCH.search(_SAME.sub("@", one)) for one in (marked, pointed))


def _names(state: Conversation, staff: list[StoredTurn]) -> set[str]:
    """The names under which humans have spoken, as they are compared."""
    own = set(_words(state.customer.name)) if state.customer and state.customer.name else set[str]()
    return {name.casefold() for turn in staff for name in _said_in(turn)} - own


def _said_in(turn: StoredTurn) -> Iterator[str]:
    text = turn.text[:_INTRODUCES]
    begins = _ANNOUNCED if turn.sender is Sender.SYSTEM else _STEPS_IN
    for found in (*begins.finditer(text), *_I_AM.finditer(text)):
        yield from (name for name in found.groups() if name and not name[0].islower() and not _DAY.fullmatch(name))


def _words(text: str) -> Iterator[str]:
    return (word[0].casefold() for word in _WORD.finditer(text))
