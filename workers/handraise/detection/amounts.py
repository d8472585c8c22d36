"""Sums of money and numbers of things, parsed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from handraise.detection.signals import Amount, Quantity

_SYMBOLS: Final = {
    "r$": "BRL", "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD",
    "s$": "SGD", "mx$": "MXN", "$": "USD", "€": "EUR", "£": "GBP", "₹": "INR", "¥": "JPY",
    "₩": "KRW", "₦": "NGN", "₱": "PHP", "₺": "TRY", "₫": "VND", "₪": "ILS", "฿": "THB", "₽": "RUB",
}  # fmt: skip
_NAMES: Final = {
    "usd": "USD", "dollar": "USD", "dollars": "USD", "buck": "USD", "bucks": "USD", "dolares": "USD", "dólares": "USD",
    "eur": "EUR", "euro": "EUR", "euros": "EUR", "gbp": "GBP", "pound sterling": "GBP", "pounds": "GBP", "quid": "GBP",
    "inr": "INR", "rs": "INR", "re": "INR", "rupee": "INR", "rupees": "INR", "rupaye": "INR", "rupay": "INR",
    "रुपये": "INR", "रुपए": "INR", "रुपया": "INR", "रु": "INR", "brl": "BRL", "reais": "BRL", "real": "BRL",
    "mxn": "MXN", "cad": "CAD", "aud": "AUD", "chf": "CHF", "franken": "CHF", "jpy": "JPY", "yen": "JPY",
    "aed": "AED", "dirham": "AED", "dirhams": "AED", "درهم": "AED", "دراهم": "AED", "sar": "SAR", "riyal": "SAR",
    "riyals": "SAR", "ريال": "SAR", "egp": "EGP", "جنيه": "EGP", "kwd": "KWD", "دينار": "KWD", "دولار": "USD",
    "يورو": "EUR", "ngn": "NGN", "naira": "NGN", "zar": "ZAR", "kes": "KES", "sgd": "SGD", "nzd": "NZD",
    "cny": "CNY", "yuan": "CNY", "rmb": "CNY", "sek": "SEK", "nok": "NOK", "dkk": "DKK", "pln": "PLN",
}  # fmt: skip
_AMBIGUOUS: Final = frozenset({"re", "real", "pounds"})
"""Names that mean something else before or after a number ("re 20", "2 real", "20 pounds" of flour)."""
CURRENCIES: Final = frozenset((*_SYMBOLS, *_NAMES)) - {"re", "real"}
"""There is no sum of money in a text that holds none of these, as words or within them."""

_SCALES: Final = {
    "k": 1e3, "thousand": 1e3, "grand": 1e3, "mil": 1e3, "mille": 1e3, "tausend": 1e3, "हज़ार": 1e3, "हजार": 1e3,
    "hazar": 1e3, "hazaar": 1e3, "ألف": 1e3, "الف": 1e3, "آلاف": 1e3, "hundred": 1e2,
    "m": 1e6, "mn": 1e6, "mm": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6, "millionen": 1e6, "millón": 1e6,
    "millon": 1e6, "millones": 1e6, "milhão": 1e6, "milhao": 1e6, "milhões": 1e6, "milhoes": 1e6, "مليون": 1e6,
    "bn": 1e9, "billion": 1e9, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "lacs": 1e5, "लाख": 1e5,
    "crore": 1e7, "crores": 1e7, "cr": 1e7, "करोड़": 1e7,
}  # fmt: skip
_WORDS: Final = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
    "hundred": 100, "hundreds": 200, "thousand": 1_000, "thousands": 2_000, "dozen": 12, "dozens": 24, "score": 20,
    "million": 1_000_000,
}  # fmt: skip
NUMBER_WORDS: Final = frozenset(_WORDS)
_SMALL: Final = {
    "a": 1, "an": 1, "one": 1, "two": 2, "couple": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7,
    "eight": 8, "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "fifteen": 15, "few": 3, "several": 3,
}  # fmt: skip


def _any_of(words: Iterator[str] | dict[str, object] | dict[str, str] | dict[str, float] | dict[str, int]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


_NUMBER: Final = r"\d{1,3}(?:[.,'’\u00a0\u202f ]\d{2,3})*[.,'’\u00a0\u202f ]\d{3}(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d+)?"
_SCALE: Final = rf"(?:\s?(?P<scale>{_any_of(_SCALES)})\b)?"
_AMOUNT: Final = re.compile(
    rf"(?<![\w$€£])(?:(?P<before>{_any_of(_SYMBOLS)}|(?:{_any_of(_NAMES)})\b\.?)\s?(?P<first>{_NUMBER}){_SCALE}(?:/-)?"
    rf"|(?P<second>{_NUMBER})(?:\s?(?P<scale2>{_any_of(_SCALES)}))?\s?(?P<after>{_any_of(_SYMBOLS)}|(?:{_any_of(_NAMES)})\b))",
    re.IGNORECASE,
)
_IN_FIGURES: Final = r"(?P<number>\d{1,3}(?:[,.]\d{3})+|\d{1,7})(?P<scale>k\b)?(?:\s?(?:\+|plus\b))?"
_IN_WORDS: Final = rf"\b(?:(?P<small>{_any_of(_SMALL)})\s(?:of\s)?)?(?P<word>{_any_of(_WORDS)})\b"


def _quantity(number: str) -> re.Pattern[str]:
    return re.compile(
        rf"(?<![\w#.,/:+$€£₹-])(?:{number})"
        r"(?P<times>\s?[x×]\b)?"
        r"(?![.,:/]\d|\w|\s?[%°])"
        r"(?:[\s-]+(?:of|more|or so|new|odd|different|separate|extra|additional|the|your|these|those|custom|branded|"
        r"small|large|big|little|mini|individual|assorted|white|black|blue|red|green|pink|paid|full|brand)\b)*"
        r"(?:[\s-]+(?P<unit>[^\W\d_][\w'’-]*))?",
        re.IGNORECASE,
    )


_QUANTITY: Final = _quantity(f"{_IN_FIGURES}|{_IN_WORDS}")
_QUANTITY_IN_FIGURES: Final = _quantity(_IN_FIGURES)
"""The same for a text that has no number in words, and several times as quick."""
_COUNTED_BEFORE: Final = re.compile(
    r"\b(?P<unit>team|group|party|staff|class|batch|order|quantity|qty|pack|wedding|event|fleet|set|company|guests?|"
    r"seats?|pieces?|units?)\s?(?:of|for|:)?\s?(?:about|around|approx\w*|at least|up to|over|some)?\s?$",
    re.IGNORECASE,
)


_THOUSANDS: Final = 3
"""Digits between the marks that group thousands."""
_NOT_A_COUNT: Final = re.compile(
    r"(?:\d|\b(?-i:[A-Z]{1,4}))[ -]$"
    r"|\b(?:number|no|nr|id|code|ref|reference|pin|zip|flight|room|seat|size|model|apt|suite|gate|platform|route|unit|"
    r"floor|row|page|level|version|age|aged|under|below|above|less than|more than \$|only|approx|circa|is)\W{0,3}"
    r"(?:is\W{1,2})?(?:[a-z]{1,2} )?$",
    re.IGNORECASE,
)
"""What stands before a number that is a code, part of one, a price limit or a measure."""

_LEAST_UNIT: Final = 3
"""Shorter "units" are parts of codes ("58 ew")."""


def number_text(value: float) -> str:
    """A number to be read: `1,000,000`, `2.5`."""
    return f"{value:,.3f}".rstrip("0").rstrip(".")


def amounts_in(text: str) -> tuple[Amount, ...]:
    """Every sum of money in a text, in its order."""
    return tuple(_amounts(text))


def _amounts(text: str) -> Iterator[Amount]:
    for found in _AMOUNT.finditer(text):
        named = _known(found["before"] or found["after"]).rstrip(".")
        currency = _SYMBOLS.get(named) or _NAMES[named]
        if named in _AMBIGUOUS and not (named == "pounds" and found["after"]):
            continue
        value = number(found["first"] or found["second"])
        scale = found["scale"] or found["scale2"]
        yield Amount(value * _SCALES[_known(scale)] if scale else value, currency, found.start(), found.end())


def _known(found: str) -> str:
    """A word as the tables have it: `re`, ignoring case, takes a dotless i, a dotted capital one and a long s too."""
    return found.lower() if found.isascii() else found.casefold().replace("\u0307", "").replace("ı", "i")


def quantities_in(text: str, amounts: tuple[Amount, ...], *, in_words: bool = True) -> tuple[Quantity, ...]:
    """Every number of things in a text that is not a sum of money, in its order; the unit may be empty.

    `in_words`: whether the text may hold one of `NUMBER_WORDS`.
    """
    return tuple(_quantities(text, amounts, _QUANTITY if in_words else _QUANTITY_IN_FIGURES))


def _quantities(text: str, amounts: tuple[Amount, ...], pattern: re.Pattern[str]) -> Iterator[Quantity]:
    for found in pattern.finditer(text):
        if any(found.start() < amount.end and amount.start < found.end() for amount in amounts):
            continue
        if found["number"] and _NOT_A_COUNT.search(text, max(0, found.start() - 24), found.start()):
            continue
        if found["number"]:
            value = number(found["number"]) * (1_000 if found["scale"] else 1)
        else:
            value = _WORDS[_known(found["word"])] * _SMALL.get(_known(found["small"] or "a"), 1)
        unit = (found["unit"] or "").lower()
        if unit and len(unit) < _LEAST_UNIT:
            unit = ""
        before = _COUNTED_BEFORE.search(text, max(0, found.start() - 40), found.start())
        if before:
            unit = before["unit"].lower() if not unit or before["unit"].lower() in _GATHERINGS else unit
        if value and (unit or found["times"]):
            yield Quantity(float(value), unit, found.start(), found.end())


_GATHERINGS: Final = frozenset({"team", "group", "party", "staff", "class", "fleet", "company"})


def number(written: str) -> float:
    """The value of a number as people write it: `1,200.50`, `1.200,50`, `2 lakh` style `2,00,000`, `1200`."""
    digits = re.sub(r"['’\s]", "", written)
    marks = [mark for mark in digits if mark in ".,"]
    if not marks:
        return float(digits)
    last = marks[-1]
    whole, _, rest = digits.rpartition(last)
    decimal = len(rest) != _THOUSANDS if len(set(marks)) == 1 else True
    if len(set(marks)) == 1 and len(marks) > 1:
        decimal = False
    whole = re.sub(r"[.,]", "", whole)
    return float(f"{whole}.{rest}") if decimal else float(whole + rest)
