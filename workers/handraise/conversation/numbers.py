"""Finds payment-card numbers, IBANs and phone numbers in text, and leaves order and tracking numbers alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

Span = tuple[int, int]

_SEPARATOR: Final = r"[ .\-\u00a0\u2009\u202f\u2010-\u2013/]"
# A run is digits of any script with at most one separator between two of them.
_RUN: Final = re.compile(rf"(?<![^\W_]|•)\d(?:{_SEPARATOR}?\d){{6,}}")
_DIGITS: Final = re.compile(r"\d+")

_MIN_CARD: Final = 13
_MAX_CARD: Final = 19
_NEAR: Final = 40
"""Code points before a number in which a word may say what the number is."""

_CARD_WORDS: Final = re.compile(
    r"\b(?:cards?|visa|mastercard|amex|debit|credit|tarjeta|cart(?:e|ão|ao)|\w*karte|kart)\b|कार्ड|بطاق|البطاقة",
    re.IGNORECASE,
)
_PARCEL_WORDS: Final = re.compile(
    r"\b(?:orders?|track(?:ing)?|parcel|shipment|invoice|ref(?:erence)?|ticket|case|serial|imei|booking|pedido|rastreo"
    r"|seguimiento|factura|encomenda|rastreio|fatura|commande|suivi|colis|facture|bestell\w*|auftrag\w*|sendung\w*"
    r"|rechnung\w*|paket\w*)\b|ऑर्डर|ट्रैकिंग|طلب|الشحن|تتبع",
    re.IGNORECASE,
)
_PHONE_WORDS: Final = re.compile(
    r"\b(?:phone|tel|telephone|mobile|cell|call|ring|reach|text|whatsapp|sms|tel[eé]fono|m[oó]vil|celular|ll[aá]m\w*"
    r"|t[eé]l[eé]phone|portable|appel\w*|telefone|telem[oó]vel|lig\w+|telefon\w*|handy\w*|anruf\w*|ruf\w*)\b"
    r"|फ़ोन|फोन|मोबाइल|कॉल|هاتف|جوال|موبايل|اتصل",
    re.IGNORECASE,
)
_MONEY: Final = re.compile(r"[$€£¥₹]|\b(?:usd|eur|gbp|inr|brl|rs|aed|sar)\b", re.IGNORECASE)


class _Group(NamedTuple):
    """Digits without a separator, at their place in the text."""

    start: int
    end: int
    digits: str


def _groups(text: str, start: int, end: int) -> list[_Group]:
    return [
        _Group(found.start(), found.end(), "".join(str(int(digit)) for digit in found[0]))
        for found in _DIGITS.finditer(text, start, end)
    ]


def _announced(words: re.Pattern[str], text: str, at: int) -> bool:
    """Whether one of the words stands shortly before, with no sentence ending in between."""
    before = re.split(r"[.!?\n](?:\s|$)", text[max(0, at - _NEAR) : at])[-1]
    return words.search(before) is not None


# --- cards ---


def card_spans(text: str) -> Iterator[Span]:
    """Card numbers, by the issuers' prefixes and lengths and the Luhn check (ISO/IEC 7812-1).

    A number that the words before it call a card counts even if its check fails: people mistype.
    """
    runs = list(_RUN.finditer(text))
    named = bool(runs) and _CARD_WORDS.search(text) is not None
    for run in runs:
        groups = _groups(text, *run.span())
        first = 0
        while first < len(groups):
            last = _last_group_of_card(text, groups, first, named=named)
            if last is None:
                first += 1
            else:
                yield groups[first].start, groups[last].end
                first = last + 1


def _last_group_of_card(text: str, groups: list[_Group], first: int, *, named: bool) -> int | None:
    """The group that ends a card number which begins with group `first`; the longest if only its name tells."""
    digits = ""
    mistyped = None
    for last in range(first, len(groups)):
        digits += groups[last].digits
        if len(digits) > _MAX_CARD:
            break
        if len(digits) < _MIN_CARD:
            continue
        at = groups[first].start
        if _has_issuer(digits) and _has_luhn(digits) and (last > first or not _announced(_PARCEL_WORDS, text, at)):
            return last
        if named and (mistyped is not None or _announced(_CARD_WORDS, text, at)):
            mistyped = last
        else:
            named = False
    return mistyped


def _has_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value  # noqa: PLR2004  the digit sum of a two-digit number up to 18
    return total % 10 == 0


_ISSUERS: Final = re.compile(
    r"4\d{15}(?:\d{3})?"  # Visa
    r"|5[1-5]\d{14}|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}"  # Mastercard
    r"|3[47]\d{13}"  # American Express
    r"|3(?:0[0-5]|[689]\d)\d{11}"  # Diners Club
    r"|(?:6011|64[4-9]\d|65\d\d|60\d\d|8[12]\d\d|508\d)\d{12}"  # Discover, RuPay, Elo
    r"|35(?:2[89]|[3-8]\d)\d{12}"  # JCB
    r"|62\d{14,17}"  # UnionPay
    r"|(?:5018|5020|5038|5893|6304|6759|676[1-3])\d{12,15}"  # Maestro
    r"|220[0-4]\d{12,15}"  # Mir
    r"|9792\d{12}"  # Troy
)


def _has_issuer(digits: str) -> bool:
    return _ISSUERS.fullmatch(digits) is not None


# --- IBANs ---

# Lengths by country, from the IBAN registry of SWIFT (ISO 13616), release 99.
_IBAN_LENGTHS: Final = {
    country: int(length)
    for length, countries in (
        ("15", "NO"),
        ("16", "BE"),
        ("18", "DK FI FO GL NL SD"),
        ("19", "MK SI"),
        ("20", "AT BA EE KZ LT LU MN XK"),
        ("21", "CH HR LI LV"),
        ("22", "BG BH CR DE GB GE IE ME RS VA"),
        ("23", "AE GI IL IQ OM SO TL"),
        ("24", "AD CZ ES MD PK RO SA SE SK TN VG"),
        ("25", "LY PT ST"),
        ("26", "IS TR"),
        ("27", "BI DJ FR GR IT MC SM"),
        ("28", "AL AZ BY CY DO GT HU LB NI PL SV"),
        ("29", "BR EG PS QA UA"),
        ("30", "JO KW MU YE"),
        ("31", "MT SC"),
        ("32", "LC"),
        ("33", "RU"),
    )
    for country in countries.split()
}
_IBAN_START: Final = re.compile(r"(?<![^\W_]|•)([A-Za-z]{2})[ \-\u00a0]?(?=\d[ ]?\d)")
_IBAN_GAPS: Final = " -\u00a0\u202f"
_IBAN_WORD: Final = re.compile(r"\biban\b|आईबीएएन|آيبان|الآيبان", re.IGNORECASE)


def iban_spans(text: str) -> Iterator[Span]:
    """IBANs by country, length and the check digits (ISO 7064, MOD 97-10); after the word IBAN, by length alone."""
    after = 0
    for found in _IBAN_START.finditer(text):
        length = _IBAN_LENGTHS.get(found[1].upper())
        if length is None or found.start() < after:
            continue
        end, compact = _take(text, found.start(), length)
        if len(compact) < length or (end < len(text) and text[end].isalnum()):
            continue
        if _has_mod97(compact) or _announced(_IBAN_WORD, text, found.start()):
            after = end
            yield found.start(), end


def _take(text: str, start: int, count: int) -> tuple[int, str]:
    """So many ASCII letters and digits from `start`, with single gaps among them, and where they end."""
    taken: list[str] = []
    place = start
    gap = False
    while place < len(text) and len(taken) < count:
        character = text[place]
        if character.isascii() and character.isalnum():
            taken.append(character.upper())
            gap = False
        elif character in _IBAN_GAPS and not gap:
            gap = True
        else:
            break
        place += 1
    return place, "".join(taken)


def _has_mod97(compact: str) -> bool:
    rearranged = compact[4:] + compact[:4]
    return int("".join(str(int(character, 36)) for character in rearranged)) % 97 == 1


# --- phone numbers ---

_PHONE: Final = re.compile(rf"(?<![^\W_]|•)(?:\+|00)?[ ]?\(?\d(?:(?:\)?{_SEPARATOR}?\(?|\) )\d){{5,}}(?![^\W_]|•)")
_DATE: Final = re.compile(r"\d{4}[-./]\d{1,2}[-./]\d{1,2}(?:[ .]\d.*)?|\d{1,2}[-./]\d{1,2}[-./]\d{4}(?:[ .]\d.*)?")
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:\.\d{3})+(?:\.\d{1,3})?|\d+\.\d+|\d{1,3}(?: \d{3}){3,}")
_SHORTEST_LOCAL: Final = 7
_SHORTEST: Final = 9
_LONGEST: Final = 15
"""The most digits of an international number (ITU-T E.164)."""
_LONGEST_NATIONAL: Final = 12


def phone_spans(text: str) -> Iterator[Span]:
    """Phone numbers: international, nationally grouped, or announced as such; not dates, amounts or order numbers."""
    for found in _PHONE.finditer(text):
        shown = found[0].strip()
        digits = sum(character.isdigit() for character in shown)
        if _is_phone(text, found.start(), found.end(), shown, digits):
            yield found.start() + len(found[0]) - len(found[0].lstrip()), found.end()


def _is_phone(text: str, start: int, end: int, shown: str, digits: int) -> bool:
    if not _SHORTEST_LOCAL <= digits <= _LONGEST:
        return False
    if shown.startswith("+"):
        return True
    if _DATE.fullmatch(shown) or _THOUSANDS.fullmatch(shown) or _announced(_PARCEL_WORDS, text, start):
        return False
    if _MONEY.search(text[max(0, start - 4) : start]) or _MONEY.match(text[end : end + 4].lstrip()):
        return False
    if _announced(_PHONE_WORDS, text, start):
        return True
    if not _SHORTEST <= digits <= _LONGEST_NATIONAL + 2:
        return False
    if shown.startswith("00"):
        return True
    if digits > _LONGEST_NATIONAL:
        return False
    grouped = any(not character.isdigit() for character in shown)
    return grouped or (shown.startswith("0") and digits > _SHORTEST)
