"""Finds secrets that people announce in words: "my password is hunter2", "CVV 123", "mi clave es …"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Final

from handraise.conversation.announced_words import BETWEEN, CLAUSE_WORDS, CONNECTORS, NOT_SECRET

Span = tuple[int, int]


class _Kind(StrEnum):
    """What sort of secret a word announces."""

    PASSWORD = "password"  # noqa: S105  the name of a kind, not a password
    DIGITS = "digits"
    TOKEN = "token"  # noqa: S105  the name of a kind, not a token


# Letters in any script end a word, save for the marks of Devanagari and Arabic. A digit may stand next to it: it may
# belong to a number that is masked, and what is masked once must not show a second secret.
_BEGIN, _END = r"(?<![^\W\d])", r"(?![^\W\d])"
_KEYWORDS: Final = re.compile(
    _BEGIN + r"(?P<password>pass ?words?|pass ?phrase|passwd|pwd|pass ?code|login code"
    r"|contrase[nñ]as?|clave(?: de acceso)?|senhas?|palavra[- ]passe|mots? de passe|mdp|code secret"
    r"|passw[oö]rt(?:er)?|kennwort|zugangscode)"
    + _END
    + r"|(?P<password_>पासवर्ड|कूटशब्द|(?:ال)?باسوو?رد|كلم[ةه] ?(?:ال)?(?:مرور|سر)(?:ي)?)"
    r"|"
    + _BEGIN
    + r"(?P<digits>pin(?:[- ]?(?:code|number|nummer))?|code pin|cvv2?|cvc2?|cv2|csc|otp|(?:m|sms|photo|push)-?tan"
    r"|(?:one[- ]time|one[- ]time pass|security|verification|2fa|auth|authentication) ?code"
    r"|c[oó]digo (?:de )?(?:seguridad|verificaci[oó]n|seguran[cç]a|verifica[cç][aã]o)"
    r"|code (?:de )?(?:s[eé]curit[eé]|v[eé]rification)|cryptogramme"
    r"|geheimzahl|pr[uü]fziffer|kartenpr[uü]fnummer|(?:sicherheits|best[aä]tigungs|verifizierungs)(?:code|nummer))"
    + _END
    + r"|(?P<digits_>पिन|ओटीपी|सीवीवी|(?:ال)?رقم (?:ال)?سري|رمز (?:ال)?(?:تحقق|[أا]مان|تأكيد)|سي في في)"
    r"|"
    + _BEGIN
    + r"(?P<token>(?:api|access|auth|bearer|secret|private)[-_ ]?(?:key|token)|(?:client|app|api)[-_ ]?secret|token"
    r"|cl[eé] (?:d[’']?)?api|clave (?:de )?api|chave (?:de |da )?api|api-?schl[uü]ssel)" + _END,
    re.IGNORECASE,
)

_WORDS: Final = re.compile(r"\S+")
_TAIL: Final = 160
"""Code points after the announcing word in which the secret is looked for."""
_HEAD: Final = 80
_MAX_BETWEEN: Final = 8
"""Words that may stand between the announcement and the secret: "my password for the online shop is …"."""
_MAX_PHRASE: Final = 4
"""Words of a secret made of plain words."""

_OPENING: Final = "\"'“‘«„`(<["
_CLOSING: Final = "\"'”’»“`)>]"
_TRAILING: Final = ".,;:?…。،؟।)\"'”’»`]>"
_IN_QUERY: Final = frozenset("?&#")
"""Before a name in the query of a URL, whose value ends where the next name begins; `masking` knows those."""
_SIGNS: Final = frozenset({":", "=", "->", "=>", "-", "–", "—", "→", "：", ":=", "=="})

_INFLECTED: Final = re.compile(r"[a-zé]+(?:ing|ed|ly|mente|ment)")
_SYMBOLS: Final = re.compile(r"[@#$%^&*_!+=~|\\<>{}]")
_BACKWARDS: Final = re.compile(
    r"(\S+)\s+(?:(?:is|was|es|era|est|ist|é)\s+(?:(?:my|the|our|mi|la|el|mon|le|mein|das|minha|a)\s+)?"
    r"|(?:mera|meri|मेरा|मेरी)\s+)$",
    re.IGNORECASE,
)
_HIDDEN: Final = re.compile(r"\W{0,8}(?:\s+[^\s•]{1,40}){0,3}?\s*[:=]?\s*•")
"""What was announced is masked already, so that it is not what stands before."""


def announced_spans(text: str) -> Iterator[Span]:
    """The words and numbers that the text itself calls a password, a PIN or the like, or an API key.

    "My password is wrong" announces nothing: what follows must look like a secret, or not be a word that is commonly
    said of passwords.
    """
    after = 0
    for found in _KEYWORDS.finditer(text):
        if text[max(0, found.start() - 1) : found.start()] in _IN_QUERY:
            continue
        kind = _Kind((found.lastgroup or "").rstrip("_"))
        span = _forwards(text, found.end(), kind, found[0].casefold())
        if span is None and not _HIDDEN.match(text, found.end()):
            span = _backwards(text, found.start(), kind)
        if span is not None and span[0] >= after:
            after = span[1]
            yield span


def _forwards(text: str, at: int, kind: _Kind, keyword: str) -> Span | None:
    strong = connected = False
    tail = text[at : at + _TAIL]
    words = list(_WORDS.finditer(tail))
    for place, word in enumerate(words[: _MAX_BETWEEN + 1]):
        start, shown = word.start(), word[0]
        if start == 0 and not shown.startswith((":", "=", "：")):
            if shown[0] in _TRAILING and shown.strip(_TRAILING) == "":
                return None  # the sentence ends with the announcing word
            if shown[0].isalnum():
                return None  # the announcing word goes on: `password1` of a file name, a plural of another language
        stripped = shown.lstrip(":=：")
        if stripped != shown:
            strong = True
            start, shown = start + len(shown) - len(stripped), stripped
        plain = shown.strip(_OPENING + _TRAILING + ":=").casefold()
        if shown in _SIGNS or not plain:
            strong = strong or shown in _SIGNS or not shown
            continue
        if plain in CONNECTORS:
            connected = True
            strong = strong or shown.endswith((":", "="))
            continue
        if not connected and not strong and (plain in BETWEEN or ("@" in plain and "." in plain)):
            strong = shown.endswith((":", "="))
            continue
        span = _secret(tail, words, place, start, kind, keyword, strong=strong, connected=connected)
        return None if span is None else (at + span[0], at + span[1])
    return None


def _secret(
    tail: str,
    words: list[re.Match[str]],
    place: int,
    start: int,
    kind: _Kind,
    keyword: str,
    *,
    strong: bool,
    connected: bool,
) -> Span | None:
    shown = tail[start : words[place].end()]
    if kind is _Kind.DIGITS:
        return _digits(tail, start, keyword)
    if shown[0] in _OPENING and (strong or connected):
        closing = _CLOSING[_OPENING.index(shown[0])]
        end = tail.find(closing, start + 1)
        if end > start + 1:
            return start + 1, end
    bare = shown.lstrip(_OPENING)
    start += len(shown) - len(bare)
    bare = bare.rstrip(_TRAILING)
    if not bare or bare.startswith(("http:", "https:", "www.")) or set(bare) == {"•"}:
        return None
    end = start + len(bare)
    if kind is _Kind.TOKEN:
        return (start, end) if len(bare) >= (6 if strong else 8) and _looks_secret(bare) else None
    folded = bare.casefold()
    if folded in NOT_SECRET or _KEYWORDS.fullmatch(bare):
        return None
    if _looks_secret(bare) and (strong or connected or _mixes(bare) or _is_code(bare)):
        return start, end
    if strong or (connected and not _INFLECTED.fullmatch(folded)):
        return _plain_words(tail, words, place, start, first_alone=strong)
    return None


def _digits(tail: str, start: int, keyword: str) -> Span | None:
    found = re.compile(r"[\"'“(]?((?:[A-Za-z]-)?\d(?:[ -]?\d){2,7})(?![^\W_]|[ -]?\d)").match(tail, start)
    if found is None:
        return None
    # In India a "PIN code" of six digits is a postal code, which a parcel needs.
    postal = keyword.startswith("pin") and "code" in keyword and sum(map(str.isdigit, found[1])) == 6  # noqa: PLR2004  see above
    return None if postal else found.span(1)


def _plain_words(tail: str, words: list[re.Match[str]], place: int, start: int, *, first_alone: bool) -> Span | None:
    """A secret made of plain words: up to the end of the clause, if that is near."""
    end = words[place].end()
    for count, word in enumerate(words[place:]):
        if count and word[0].casefold().strip(_TRAILING) in CLAUSE_WORDS:
            break
        if count == _MAX_PHRASE:
            if not first_alone:
                return None
            end = words[place].end()
            break
        end = word.end()
        if word[0][-1] in ".,;!?…。،؟।":
            break
    return start, start + len(tail[start:end].rstrip(_TRAILING + "!"))


def _backwards(text: str, at: int, kind: _Kind) -> Span | None:
    """The secret that stands before: "hunter2 is my password"."""
    begin = max(0, at - _HEAD)
    found = _BACKWARDS.search(text[begin:at])
    if found is None:
        return None
    start, end = begin + found.start(1), begin + found.end(1)
    shown = text[start:end].strip(_OPENING + _TRAILING)
    if kind is _Kind.DIGITS:
        return (start, end) if re.fullmatch(r"\d{3,8}", shown) else None
    return (start, end) if _mixes(shown) or _is_code(shown) else None


def _looks_secret(word: str) -> bool:
    return (
        any(character.isdigit() for character in word)
        or _SYMBOLS.search(word) is not None
        or (word[1:] != word[1:].lower() and word != word.upper())
    )


def _mixes(word: str) -> bool:
    """Letters with digits or symbols, as no word of a language has them."""
    letters = any(character.isalpha() for character in word)
    return letters and (any(character.isdigit() for character in word) or _SYMBOLS.search(word) is not None)


def _is_code(word: str) -> bool:
    return re.fullmatch(r"\d{4,12}", word) is not None
