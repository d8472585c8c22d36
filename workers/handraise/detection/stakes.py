"""Which quantities and amounts are large enough to matter to a sales team."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from handraise.detection.signals import Amount, Quantity

BULK: Final = 40
"""Things from here on are a large order wherever an order is in the air; a policy's own trigger can ask for more."""
LARGE: Final = 20
"""Things from here on are weak evidence."""
GROUP: Final = 15
"""Guests, seats and staff from here on: groups are smaller than batches."""
BIG_SPEND: Final = 2_500.0
"""Sums from here on, in dollars or what is roughly worth as much, are large where something is to be bought."""

_FIRST_YEAR: Final = 1900
_LAST_YEAR: Final = 2100
_ROUGHLY: Final = {
    "INR": 50.0, "JPY": 140.0, "CNY": 7.0, "MXN": 18.0, "BRL": 5.0, "EGP": 45.0, "AED": 3.7, "SAR": 3.75,
    "NGN": 1_500.0,
    "KES": 130.0, "ZAR": 18.0, "PHP": 55.0, "TRY": 30.0, "VND": 25_000.0, "KRW": 1_350.0, "RUB": 90.0, "SEK": 10.0,
    "NOK": 10.0, "DKK": 7.0, "PLN": 4.0, "HKD": 7.8, "ILS": 3.6, "THB": 35.0,
}  # fmt: skip
"""How many of a currency make about a dollar, to one digit: good for telling large from small, for nothing else."""

_NOT_COUNTED: Final = frozenset(
    [
        "second", "seconds", "sec", "secs", "minute", "minutes", "min", "mins", "hour", "hours", "hr", "hrs",
        "h", "day", "days", "week", "weeks", "weekend", "weekends", "month", "months", "year", "years", "yr",
        "yrs", "yo", "old", "am", "pm", "night", "nights", "time", "times", "o'clock", "oclock", "th", "st",
        "nd", "rd", "ago", "later", "mm", "cm", "m", "km", "mile", "miles", "ft", "foot", "feet", "inch",
        "inches", "in", "yards", "yard", "metre", "metres", "meter", "meters", "degrees", "mg", "g", "gr",
        "gram", "grams", "kg", "kgs", "kilo", "kilos", "lb", "lbs", "pound", "pounds", "oz", "ounce", "ounces",
        "ml", "l", "litre", "litres", "liter", "liters", "gal", "gallons", "gb", "mb", "tb", "kb", "mbps",
        "ghz", "mhz", "hz", "w", "watt", "watts", "kw", "kwh", "v", "volt", "volts", "amp", "amps", "mah",
        "fps", "px", "dpi", "rpm", "percent", "per", "pct", "points", "point", "pts", "miles", "followers",
        "subscribers", "views", "likes", "calories", "steps", "street", "st", "road", "rd", "avenue", "ave",
        "lane", "drive", "apt", "flat", "floor", "page", "pages", "chapter", "section", "line", "lines",
        "version", "size", "order", "number", "no", "and", "or", "but", "to", "the", "a", "is", "was", "are",
        "for", "of", "on", "at", "with", "from", "by", "if", "than", "then", "that", "it", "i", "you", "we",
        "they", "he", "she", "my", "your", "our", "this", "dollars", "euros", "rs", "bucks", "calls", "emails",
        "messages", "tickets", "attempts", "tries", "characters", "words", "reviews", "stars", "star", "ppl",
        "people", "other", "more", "less", "dias", "dia", "semanas", "semana", "meses", "horas", "minutos",
        "anos", "ano", "jours", "jour", "semaines", "semaine", "mois", "heures", "ans", "annees", "tage",
        "tagen", "tag", "wochen", "woche", "monate", "monaten", "stunden", "minuten", "jahre", "uhr", "din",
        "mahine", "saal", "ghante", "already", "not", "do", "does", "did", "has", "have", "had", "in", "into",
        "when", "what", "why", "how", "please", "thanks", "just", "still", "because", "so", "as", "be", "can",
        "will", "would", "should", "must", "which", "who", "where", "there", "here", "now", "today", "tomorrow",
        "tonight", "yesterday", "until", "till", "after", "before", "since", "during", "without", "error",
        "errors", "y", "o", "de", "del", "la", "el", "los", "las", "en", "con", "sin", "por", "para", "que",
        "cal", "cals", "calories", "kcal", "mil", "park", "booking", "under", "over", "its", "very", "only", "head",
        "coins", "years-old", "euro", "dollar", "grit", "gsm", "micron", "count", "percent", "available", "also",
        "right", "left", "north", "south", "east", "west", "square", "sq", "cubic", "proof", "tog", "denier", "thread",
        "es", "e", "ou", "em", "com", "sem", "do", "da", "no", "na", "et", "le", "les", "du", "des", "pour",
        "avec", "sans", "au", "sur", "und", "oder", "auf", "mit", "ohne", "fur", "für", "im", "am", "von",
        "bis", "zum", "zur", "der", "die", "das", "ist", "ka", "ki", "ke", "ko", "se", "hai", "mein", "aur",
    ]
)  # fmt: skip
_GROUPS: Final = frozenset(
    [
        "guest", "guests", "attendee", "attendees", "delegate", "delegates", "employee", "employees", "staff",
        "seat", "seats", "user", "users", "licence", "licences", "license", "licenses", "pax", "participants",
        "students", "children", "kids", "cover", "covers", "person", "persons", "heads", "invitees",
        "colleagues", "workers", "people", "ppl", "team", "members", "rooms", "desks", "laptops", "room",
        "group", "party", "class", "company", "fleet", "vehicles", "vans", "cars", "desktops", "workstations",
        "machines", "stores", "shops", "outlets", "branches", "locations", "sites", "apartments", "properties",
        "units",
    ]
)  # fmt: skip


def stakes(quantities: Sequence[Quantity], amounts: Sequence[Amount], *, buying: bool) -> list[tuple[int, int, float]]:
    """Evidence for high_value among numbers: start, end and score. `buying`: the text wants to buy, or asks a price."""
    found = list[tuple[int, int, float]]()
    for quantity in quantities:
        score = _of_quantity(quantity, buying=buying)
        if score:
            found.append((quantity.start, quantity.end, score))
    for amount in amounts:
        worth = amount.value / _ROUGHLY.get(amount.currency, 1.0)
        if worth >= BIG_SPEND and buying:
            found.append((amount.start, amount.end, 0.7 if worth >= 2 * BIG_SPEND else 0.5))
    return found


def counted(quantities: Sequence[Quantity]) -> tuple[Quantity, ...]:
    """Those that count things: no measures, times, years, or numbers that some other word happens to follow."""
    return tuple(
        quantity
        for quantity in quantities
        if (quantity.unit in _GROUPS or quantity.unit not in _NOT_COUNTED) and not _looks_like_a_year(quantity)
    )


def _of_quantity(quantity: Quantity, *, buying: bool) -> float:
    unit = quantity.unit
    group = unit in _GROUPS
    if not unit:
        return 0.0
    value = quantity.value
    if group:
        return (0.75 if buying else 0.3) if value >= GROUP else 0.0
    if value >= BULK:
        return (0.8 if value >= 2 * BULK else 0.6) if buying else 0.25
    return 0.35 if value >= LARGE and buying else 0.0


def _looks_like_a_year(quantity: Quantity) -> bool:
    return _FIRST_YEAR <= quantity.value <= _LAST_YEAR and quantity.value % 1 == 0 and quantity.value % 100 != 0
