"""Whether a customer asks for somebody by name who has spoken here before: "can you get Wes back?".

A name tells detection nothing, since it hears two turns at most of what was said before. The transcript knows who
stepped in: staff say their names as they begin, and systems announce them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from handraise.conversation.state import Conversation, StoredTurn
from handraise.events import ControlState, Sender

_STAFF: Final = (Sender.HUMAN, Sender.SYSTEM)
_INTRODUCES: Final = 60
"""A name is said in so many code points at the beginning of a turn."""
_MARKS: Final = "\u0900-\u0903\u093a-\u094f\u064b-\u0652"
"""Vowels and the like that Devanagari and Arabic write upon letters."""
_WORD: Final = re.compile(rf"(?:[^\W\d_][{_MARKS}]*){{2,}}")
_SENTENCE_BEGIN: Final = re.compile(r"(?:\A|[.!?…।؟\n])\W*\Z")
_SAYS_WHO: Final = re.compile(
    r"\W{0,2}\b(?:here|hier|aqu[ií]|ici|yaha?n|from|vom?|de|da|do|du|joined|joins)\b", re.IGNORECASE
)
"""What stands behind a name with which a turn begins."""
_I_AM: Final = re.compile(rf"(?:मैं|नाम|[أا]نا|معا?كم?|اسمي)[\s,،]+((?:[^\W\d_][{_MARKS}]*){{2,}})")
"""Where letters have no capitals, a name stands behind these."""
_FETCH: Final = re.compile(
    r"\b(?:get|fetch|bring|put|pass|grab|page|ping|transfer|connect|reach|speak|talk|chat|have)\b(?: me)?"
    r"(?: to| with| back to)? @|@ (?:back|again)\b|\b(?:wait\w*|ask\w*) for @"
    r"|\bis @ (?:still )?(?:there|here|around|available|in|about|on|free)\b"
    r"|\b(?:p[aá]s\w+|comun[ií]\w+|traig\w*|trae\w*|ll[aá]m\w+|av[ií]s\w+|hablar|volver)(?: \w+){0,3} @|\best[aá] @"
    r"|\b(?:pass\w+|cham\w+|transf\w+|falar|avis\w+|volt\w+)(?: \w+){0,3} @"
    r"|@ (?:ainda )?(?:est[aá]|t[aá]) (?:a[ií]|por)"
    r"|\b(?:re)?(?:pass\w+|appel\w+|mettez|mets|parler|joindre|reparler)(?: \w+){0,3} @"
    r"|@ est (?:encore |toujours )?(?:l[aà]|dispo)"
    r"|@(?: \w+){0,3} (?:holen?|hol|rufen?|zur[uü]ck\w*|geben|sprechen|reden|verbinden)\b"
    r"|\bist @ (?:noch |grad\w* )?(?:da|dran)\b"
    r"|@(?: \w+){0,3} (?:ko|se)(?: \w+){0,2} (?:bula\w*|bulw\w*|baat|bhej\w*|wapas|connect)|\bkya @ (?:hai|hain)\b"
    r"|@(?: \S+){0,3} (?:को|से)(?: \S+){0,2} (?:बुला|बुलव|बात|भेज|वापस)"
    r"|(?:ناد|جيب|رج[عّ]|حو?ل|وصل|[أا]كلم|[أا]حكي|خل)\S*(?: \S+){0,2} @",
    re.IGNORECASE,
)
"""How somebody is asked for; "@" stands for a name, or for a word that points to one."""
_SAME: Final = re.compile(r"@(?:\W*@)+")
_POINTS: Final = re.compile(
    r"\b(?:him|her|ihn|lui|usko|unko|usse|unse"
    r"|sie(?= (?:nochmals?|wieder|kurz|bitte|zur[uü]ck)?\w* ?(?:dazu)?(?:holen|rufen)\b))\b",
    re.IGNORECASE,
)


def asks_by_name(state: Conversation) -> bool:
    """Whether the customer's message, which `state` has already, asks for somebody who has spoken, or was announced.

    Thanks, greetings, and what that person said ask for nobody.
    """
    staff = [turn for turn in state.transcript if turn.sender in _STAFF]
    if not staff or state.control is ControlState.HUMAN:
        return False
    names = _names(state, staff)
    text = state.transcript[-1].text
    if not names or names.isdisjoint(_words(text)):
        return False
    marked = _WORD.sub(lambda word: "@" if word[0].casefold() in names else word[0], text)
    pointed = _POINTS.sub("@", marked.replace("@", "…"))
    return any(_FETCH.search(_SAME.sub("@", one)) for one in (marked, pointed))


def _names(state: Conversation, staff: list[StoredTurn]) -> set[str]:
    """The names under which humans have spoken, as they are compared."""
    own = set(_words(state.customer.name)) if state.customer and state.customer.name else set[str]()
    return {name.casefold() for turn in staff for name in _said_in(turn)} - own


def _said_in(turn: StoredTurn) -> Iterator[str]:
    text = turn.text[:_INTRODUCES]
    for word in _WORD.finditer(text):
        begins = _SENTENCE_BEGIN.search(text, 0, word.start()) is not None
        if word[0][0].isupper() and (not begins or _SAYS_WHO.match(text, word.end())):
            yield word[0]
    for found in _I_AM.finditer(text):
        yield found[1]


def _words(text: str) -> Iterator[str]:
    return (word[0].casefold() for word in _WORD.finditer(text))
