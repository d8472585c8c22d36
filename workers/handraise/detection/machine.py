r"""What a machine says where an AI's answer should stand: status lines, exceptions, errors in JSON, calls of tools.

An agent whose tool or model fails now and then passes on what that printed. It stands at the beginning of the turn, in
few forms that are the same in every language. Who explains an error to a customer says more, and says it to somebody.
"""

from __future__ import annotations

import re
from typing import Final

_LEAD: Final = r"\A[\s\"'`*_#>\[(⚠️❌🚫]{0,12}(?:json\s*)?"
"""What may stand before it: quotes, the marks of Markdown, a warning sign."""

_REASON: Final = (
    r"(?:internal server error|bad gateway|service unavailable|gateway time-? ?out|bad request"
    r"|unauthori[sz]ed|forbidden"
    r"|not found|too many requests|request time-? ?out|unprocessable entity|payload too large|conflict|server error"
    r"|client error|error)"
)
"""What HTTP says to a status (RFC 9110)."""
_END: Final = r"\s*(?:\Z|[.!:;,(*`\n–-])"
_STATUS: Final = (
    rf"(?:https?(?:/[\d.]+)? |(?:http )?error )?(?:status ?(?:code)? ?:? ?)?[45]\d\d ?[:,(–-]? ?{_REASON}{_END}",
    r"(?:http|status)(?: error| status| code)? ?:? ?[45]\d\d\s*\Z",
)

_ERROR: Final = (
    r"(?:error|err|fehler|erreur|erro|errore|fallo|falha|échec|błąd|ошибка|fout|خطأ|त्रुटि|एरर)"
    r"(?: (?:code|código|codigo|http|رقم|कोड))?"
)
_MACHINES: Final = (
    r"(?:\b[a-z]{1,30}_[a-z_]{1,30}\b|\b(?:time-? ?out|timed out|exception|internal|servers?"
    r"|service|backend"
    r"|database|connection|requests?|response|tool|function|api|json|payload|socket|host|fetch|servidor|serveur|dienst"
    r"|servicio|serviço|sistema|système|system|conexión|conexão|connexion|verbindung|délai|tiempo de espera)\b"
    r"|الخادم|الاتصال|النظام|सर्वर|सिस्टम)"
)
_NAMED: Final = (
    rf"{_ERROR} ?#?[45]\d\d\b ?\)? ?[:：–—-]|{_ERROR} ?[:：] ?[45]\d\d\s*(?:\Z|[-–:,({{]|{_REASON})",
    rf"{_ERROR} ?[:：] ?(?:(?:null|none|undefined|unknown|\d+)\s*\Z|[^.!?\n]{{0,60}}?{_MACHINES})",
)
"""An error with the number of a status and a colon, or with a colon and a word of machines. Devices have numbers of
their own, and what is wrong with a code or an address is an answer."""

_CALL: Final = r"(?:tool|function|api|http|backend|upstream|request|webhook|task|execution)"
_FAILS: Final = r"(?:failed|error(?:ed)?|timed out|timeout|rejected)"
_SENTENCE: Final = (
    (
        r"(?:internal (?:server |system )?|(?:server|system|timeout|time-out|gateway|network|connection|database"
        r"|runtime) )error"
    ),
    (
        r"err(?:or|o) interno(?: d[eo]l? (?:servidor|sistema))?|erreur interne(?: du serveur)?"
        r"|errore interno(?: del server)?"
    ),
    (
        r"(?:ein )?interner (?:server-? ?|system)?fehler|interne serverfout|خطأ داخلي(?: في الخادم)?"
        r"|आंतरिक (?:सर्वर )?त्रुटि"
    ),
    (
        rf"{_CALL} (?:(?:call|request|response|execution) )?(?:has )?{_FAILS}"
        r"(?:(?: (?:with|after|due to|to|waiting)\b| ?:)[^.!?]{1,80})?"
    ),
    (
        r"(?:invalid|empty|unexpected|malformed|no) response (?:from|by) (?:the )?"
        r"(?:api|server|backend|tool|model|upstream|service)"
    ),
    r"connection (?:refused|reset(?: by peer)?|timed out|closed by remote host)",
    r"(?:api )?rate limit (?:exceeded|reached)|quota exceeded|overloaded|invalid api key",
    r"(?:maximum )?(?:context|token) (?:length|limit|window) (?:was |has been )?exceeded",
    r"(?:the )?model (?:is )?(?:overloaded|currently (?:overloaded|unavailable|not available))",
    r"(?:upstream )?service (?:is )?(?:temporarily |currently )?unavailable|no healthy upstream",
)
"""Nothing else in the sentence: who says more says it to somebody."""

_EXCEPTION: Final = (
    r"traceback \(most recent call last\)",
    r"(?:unhandled|uncaught|fatal) (?:\w{1,20} )?(?:exception|error)\b(?= ?[:(]| in\b|\s*\Z)",
    (
        r"exception ?: ?[^.!?\n]{0,40}?(?:error|exception|time-?out|timed out|refused|null|failed|failure)\b"
        r"|exception in \w+"
    ),
    (
        r"(?-i:(?:[A-Za-z_]\w{0,40}[.$]){0,8}[A-Z][A-Za-z]{0,40}(?:Error|Exception|Failure|Timeout"
        r"|Violation))\s*(?:\Z|[:(\n.])"
    ),
    r"(?-i:(?:[A-Za-z_]\w{0,40}\.){2,8}[A-Z][A-Za-z]{1,40}) ?: ",
    r"(?:error ?: ?)?cannot read propert(?:y|ies) of (?:null|undefined)|object reference not set to an instance",
    r"'?\w{1,30}'? object has no attribute|(?:list|string) index out of range|panic: runtime|sqlstate\[|ora-\d{5}\b",
    r"expecting value: line|unexpected token\b|\d{1,3} validation errors? for\b|https?connectionpool\(",
    r"(?-i:(?:connect |read )?E(?:CONN(?:REFUSED|RESET|ABORTED)|TIMEDOUT|NOTFOUND|AI_AGAIN|PIPE)\b)",
    (
        r"(?-i:(?:\d{1,3} )?(?:UNAVAILABLE|DEADLINE_EXCEEDED|RESOURCE_EXHAUSTED|INVALID_ARGUMENT|PERMISSION_DENIED"
        r"|UNAUTHENTICATED))\s*(?:\Z|[:.])"
    ),
)
_AGENTS: Final = (
    r"agent stopped due to|could not parse llm output|parsing llm output|invalid format: missing '",
    r"(?:> ?)?entering new \w+ chain|\w{1,40}_\w{1,40} is not a valid tool\b|this model's maximum context",
    r"rate limit reached for\b|you exceeded your current quota|the server (?:had an error while|is overloaded)",
    r"the response was filtered|finish_reason|upstream connect error|default backend -|(?-i:Cannot (?:GET|POST) /)",
    r"(?:thought: [^\n]{0,300}\n\s*)?action ?: ?\w+ ?\n|observation ?: ?(?:error|none|null|\{)",
    r"an error occurred (?:\(\w+\) when|while) calling\b|failed to call (?:tool|function|webhook|api)\b",
)
"""What frameworks of agents and models print."""
_LEAKS: Final = (
    r"<\|[a-z_]{1,20}\|>|<think>|\[?/?INST\]|(?:system|instructions?): you are an? ",
    r"(?:hi|hello|dear|hola|bonjour|hallo|ol[aá]) \{{1,2} ?\w{1,30} ?\}{1,2}|\$?\{{1,2} ?[\w.]{1,40} ?\}{1,2}\s*\Z",
)
"""What was meant for the model alone, and a greeting whose name was not filled in."""

_KEYS: Final = (
    r"error|errors|error_?code|errormessage|exception|traceback|fault|tool_calls?|function_call|tool_use|webhookstatus"
)
_OPEN: Final = r"\{\s{0,20}['\"]"
_EMPTY: Final = r"\s*(?:null|none|false|\[\]|\{\}|''|\"\"|0\b)"
_DATA: Final = (
    rf"\{{[^{{}}]{{0,160}}?['\"](?:{_KEYS}|action_input|queryresult)['\"] ?:(?!{_EMPTY})",
    r"\{\s{0,20}['\"]?(?:status|status_?code|code|http_?status)['\"]? ?: ?['\"]?(?:[45]\d\d|error|fail(?:ed|ure)?)\b",
    (
        rf"{_OPEN}(?:message|detail)['\"] ?: ?['\"](?:internal server|endpoint request|too many|not auth"
        r"|unauthori|forbidden|bad gateway|service unav)"
    ),
    (
        rf"{_OPEN}(?:name|tool|function)['\"] ?: ?['\"][\w.-]{{1,60}}['\"] ?,"
        r"\s{0,20}['\"](?:arguments|parameters|input|args)['\"] ?:"
    ),
    rf"{_OPEN}type['\"] ?: ?['\"]function['\"]|{_OPEN}id['\"] ?: ?['\"]call_",
    r"tool_calls?\]|(?:to=)?functions\.\w+\(?",
    r"</?(?:tool_call|function_call|function_calls|tool_use|invoke|function)(?: ?>\s*(?:\Z|[{[<])|=| name=)",
    r"<!doctype html|<html\b[^>]{0,80}>\s*<|<h1> ?(?:[45]\d\d|internal|bad|not found|service)",
)
"""An error, a page of a server, or a call of a tool that should have been made and not shown."""

_NOTHING: Final = (r"(?-i:null|NULL|undefined|NaN|object (?:Object|Promise)\]?)[\s.\])`*\"']*\Z",)

_STOP: Final = r"\s*(?:\Z|[.!;(*`\n])"
_ERRORS: Final = (*_STATUS, *_NAMED, *(f"(?:{one}){_STOP}" for one in _SENTENCE), *_EXCEPTION, *_AGENTS)
_SAID: Final = re.compile(
    f"{_LEAD}(?:(?P<error>{'|'.join(_ERRORS)})|(?P<data>{'|'.join(_DATA)})|{'|'.join((*_LEAKS, *_NOTHING))})",
    re.IGNORECASE,
)

_OWN_WORDS: Final = (
    r"(?: (?:exceeded|requested|have sent|do not have|don['’]t have|current|requests?|messages?|plan and|input|prompt"
    r"|orders?|bookings?|account|appointment|payment|question|reservation|information|data|organi[sz]ation)\b)"
)
"""What services say to the agent that calls them, or to anybody; it is no explanation."""
_EXPLAINED: Final = re.compile(
    r"\b(?:means?|meaning|stands for|tells you|usually|bedeutet|heißt|signifie|veut dire|significa|quer dizer"
    r"|quiere decir|matlab)\b|मतलब|يعني|تعني"
    r"|\b(?:is|are) (?:what|the|in\b|returned|thrown|raised|shown|sent|described)"
    r"|\b(?:comes?|happens|appears|shows)(?: up)? (?:from|when|if|because)|\bthat(?: is|['’]s| shows)\b"
    r"|\bthis (?:one|happens)"
    rf"|\b(?:you(?:['’]re| aren['’]t)?|yours?|on the free)\b(?!{_OWN_WORDS})"
    r"|\bhier ist\b|\b(?:Ihr(?:e[mnrs]?)?|Sie|vous|votre|vos|usted|su|sus|você|seu|sua)\b"
    r"(?! (?:solicitud|petición|pedido|reserva|solicitação|demande|requête|commande|réservation|Anfrage"
    r"|Bestellung|Buchung))"
    r"|(?:\A|[.!:;–-] )(?:check|install|add|send|look in|restart|run|open|catch|rename|wrap|upgrade|exclude|delete"
    r"|compress|refresh|initiali[sz]e|uninstall|reinstall|please (?:use|check|switch|move))\b",
    re.IGNORECASE,
)
"""What an explanation has: that something means something, whom it is told to, or what is to be done about it."""
_NEAR: Final = 120
"""Within so many characters an explanation of an error stands that somebody has met."""


def machine_output(text: str) -> tuple[int, int] | None:
    """Where an AI's turn begins with what a machine printed in place of an answer; None if it does not.

    In code points, from and to.
    """
    found = _SAID.match(text)
    if found is None:
        return None
    if found["error"] and _EXPLAINED.search(text, 0, found.end() + _NEAR):
        return None
    if found["data"] and _has_words_behind(text):
        return None
    return len(text) - len(text.lstrip()), found.end()


def _has_words_behind(text: str) -> bool:
    """Whether data that is shown ends, and words stand behind it; pages of servers have words anyway."""
    begins = text.lstrip("\"'`*_#>( \n").removeprefix("json").lstrip()[:1]
    end = max(text.rfind(mark) for mark in "}]`")
    return begins in ("{", "[") and any(map(str.isalpha, text[end + 1 :]))
