"""What a machine says where an AI's answer should stand: status lines, exceptions, errors in JSON, calls of tools.

An agent whose tool or model fails now and then passes on what that printed. It stands at the beginning of the turn, in
few forms that are the same in every language; somebody who explains an error says more before or behind it.
"""

from __future__ import annotations

import re
from typing import Final

_LEAD: Final = r"\A[\s\"'`*_#>\[(⚠️❌🚫]*(?:json\s*)?"
"""What may stand before it: quotes, the marks of Markdown, a warning sign."""

_STATUS: Final = r"""
    (?:https?(?:/[\d.]+)?\s+)?(?:status\s*(?:code)?\s*:?\s*)?[45]\d\d\s*[:,(–-]?\s*
    (?:internal\s+server\s+error|bad\s+gateway|service\s+unavailable|gateway\s+time-?\s?out|bad\s+request
       |unauthori[sz]ed|forbidden|not\s+found|too\s+many\s+requests|request\s+time-?\s?out|unprocessable\s+entity
       |payload\s+too\s+large|conflict|(?:server\s+|client\s+)?error)\s*(?:\Z|[.!:;,(*`\n–-])
"""

_NAMED: Final = r"""
    (?:error|err|fehler|erreur|erro|errore|fallo|falha|échec|خطأ|त्रुटि|एरर)
    (?:\s+(?:code|código|codigo|http|رقم|कोड))?\s*
    (?:\#?[45]\d\d\b\s*\)?\s*[:：–—-]
       |[:：]\s*(?:(?:null|none|undefined|unknown|\d+)\s*\Z
                 |[^.!?\n]{0,60}?(?:\b[a-z]+_[a-z_]+\b|\b[45]\d\d\b|\b(?:time-?\s?out|timed\s+out|exception|internal|servers?|service
                    |backend|database|connection|requests?|response|tool|function|api|json|payload|socket|host|servidor|serveur|dienst
                    |servicio|serviço|sistema|système|system|conexión|conexão|connexion|verbindung|délai)\b|الخادم|الاتصال|النظام|सर्वर|सिस्टम)))
"""
"""An error with the number of a status and a colon, or with a colon and a word of machines. Devices have numbers of
their own, and what is wrong with a code or an address is an answer."""

_SENTENCE: Final = r"""
    (?:internal\s+(?:server\s+|system\s+)?error|(?:server|system|timeout|time-out|gateway|network|connection|database|runtime)\s+error
       |error\s+interno(?:\s+del\s+(?:servidor|sistema))?|erro\s+interno(?:\s+d[oe]\s+(?:servidor|sistema))?
       |erreur\s+interne(?:\s+du\s+serveur)?|interner\s+(?:server-?\s?|system)?fehler|خطأ\s+داخلي(?:\s+في\s+الخادم)?|आंतरिक\s+(?:सर्वर\s+)?त्रुटि
       |(?:tool|function|api|http|backend|upstream|request|webhook)\s+(?:(?:call|request|response)\s+)?
        (?:has\s+)?(?:failed|error(?:ed)?|timed\s+out|timeout|rejected)(?:(?:\s+(?:with|after|due\s+to|to)\b|\s*:)[^.!?]{1,80})?
       |(?:invalid|empty|unexpected|malformed|no)\s+response\s+(?:from|by)\s+(?:the\s+)?(?:api|server|backend|tool|model|upstream|service)
       |connection\s+(?:refused|reset(?:\s+by\s+peer)?|timed\s+out|closed\s+by\s+remote\s+host)
       |(?:api\s+)?rate\s+limit\s+(?:exceeded|reached)|quota\s+exceeded
       |(?:maximum\s+)?(?:context|token)\s+(?:length|limit|window)\s+(?:was\s+|has\s+been\s+)?exceeded
       |(?:the\s+)?model\s+(?:is\s+)?(?:currently\s+)?(?:overloaded|unavailable|not\s+available)
       |(?:upstream\s+)?service\s+(?:is\s+)?(?:temporarily\s+|currently\s+)?unavailable)
    \s*(?:\Z|[.!;(*`\n])
"""
"""Nothing else in the sentence: who says more says it to somebody."""

_EXCEPTION: Final = r"""
    (?:traceback\s+\(most\s+recent\s+call\s+last\)
       |(?:unhandled\s+|uncaught\s+|fatal\s+)(?:\w+\s+)?(?:exception|error)\b
       |exception\s*:|(?:error\s*:\s*)?cannot\s+read\s+propert(?:y|ies)\s+of\s+(?:null|undefined)
       |(?-i:(?:[a-z]+\.)*[A-Z][A-Za-z]*(?:Error|Exception|Failure|Timeout))\s*(?:\Z|[:(\n.]))
"""

_DATA: Final = r"""
    (?:\{\s*['"]?(?:error|errors|exception|traceback|fault|tool_calls?|function_call|tool_use)['"]?\s*:
       |\{\s*['"]?(?:status|status_?code|code|http_?status)['"]?\s*:\s*['"]?(?:[45]\d\d|error|fail(?:ed|ure)?)\b
       |\{\s*['"](?:name|tool|function)['"]\s*:\s*['"][\w.-]+['"]\s*,\s*['"](?:arguments|parameters|input|args)['"]\s*:
       |</?(?:tool_call|function_call|function_calls|tool_use|invoke)\b
       |<\|[a-z_]+\|>)
"""
"""An error, or a call of a tool that should have been made and not shown."""

_NOTHING: Final = r"(?:null|undefined|NaN|object\s+Object\]?)[\s.\])`*\"']*\Z"

_SAID: Final = re.compile(
    rf"{_LEAD}(?:{_STATUS}|{_NAMED}|{_SENTENCE}|{_EXCEPTION}|{_DATA}|{_NOTHING})", re.IGNORECASE | re.VERBOSE
)
_EXPLAINED: Final = re.compile(
    r"\b(?:means?|meaning|stands for|tells you|usually|bedeutet|heißt|signifie|veut dire|significa|quer dizer"
    r"|quiere decir|matlab)\b|मतलब|يعني|تعني",
    re.IGNORECASE,
)
_NEAR: Final = 120
"""Within so many characters an explanation of an error stands that somebody has met."""


def machine_output(text: str) -> tuple[int, int] | None:
    """Where an AI's turn begins with what a machine printed in place of an answer; None if it does not.

    In code points, from and to.
    """
    found = _SAID.match(text)
    if found is None or _EXPLAINED.search(text, found.end(), found.end() + _NEAR):
        return None
    return len(text) - len(text.lstrip()), found.end()
