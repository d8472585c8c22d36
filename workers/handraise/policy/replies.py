"""What the customer is told: the business's own text where it resolves, or else the built-in one for the language."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from msgspec import Struct

from handraise.events import Replies, ReplyTexts
from handraise.policy.durations import TimeSpan
from handraise.policy.wording import WORDINGS, Wording, wording_for, zone_note

PLACEHOLDER: Final = re.compile(r"\$\{([^{}]*)\}")
_SENTENCE_START: Final = re.compile(r"(?:^|[.!?…。؟।]\s+[¿¡]?|^[¿¡])$")
_GREETING: Final = re.compile(r"^(?:[^\W\d_]+ ){1,3}\$\{customer\}(?=\s?[,!:.،।])")
_POSSESSIVE: Final = re.compile(r"\$\{customer\}['’]s\b")
_ALONE: Final = re.compile(r"^\s*\$\{customer\}\s*[,:!،]\s*|\s*[,،]\s*\$\{customer\}(?=\s*[,.!?،؟।])|\s*\$\{customer\}")


class Handover(Struct, frozen=True, kw_only=True):
    """What a reply says: who, by when, to whom, and how things stand when it is said."""

    business: str
    owner: str
    customer: str | None
    now: datetime
    """On the wall clock of the business, as is `due`."""
    due: datetime
    is_open: bool
    within: TimeSpan | None
    """The promise as a length of time, when it holds as one; otherwise a time of day is named."""
    around_the_clock: bool = False


class Rendered(Struct, frozen=True):
    """A text and the language that it is in."""

    text: str
    language: str
    fell_back: bool


def texts_by_language(replies: Replies | None, default_language: str) -> dict[str, str | ReplyTexts]:
    """The own texts of a trigger by language tag, in lower case."""
    if replies is None:
        return {}
    if isinstance(replies, str):
        return {normal_tag(default_language): replies}
    return {normal_tag(language): text for language, text in replies.items()}


def normal_tag(language: str) -> str:
    """A language tag as it is compared."""
    return language.replace("_", "-").lower()


def own_text(own: dict[str, str | ReplyTexts], language: str) -> str | None:
    """The tag of the own text that serves a language: the very tag, its base, or another variety of the base.

    Who writes Hindi in Latin letters is served only by a text in these.
    """
    tag = normal_tag(language)
    base = tag.partition("-")[0]
    if tag in own:
        return tag
    varieties = [base, *(variety for variety in sorted(own) if variety.startswith(f"{base}-"))]
    if "latn" in tag.split("-"):
        varieties = [variety for variety in varieties if variety in own and _is_latin(own[variety])]
    return next((variety for variety in varieties if variety in own), None)


def _is_latin(texts: str | ReplyTexts) -> bool:
    both = texts if isinstance(texts, str) else texts.open + texts.closed
    return not any("\u0900" <= character <= "\u097f" for character in both)


def render(
    own: dict[str, str | ReplyTexts], builtin: str, language: str | None, languages: list[str], handover: Handover
) -> Rendered:
    """The reply in the first language that has a text: of the message, of the policy, English.

    An own text that does not resolve gives way to the built-in one for its language.
    """
    wanted = [language] if language and language != "und" else []
    for tag in (*wanted, *languages):
        wording = wording_for(tag)
        found = own_text(own, tag)
        if found is not None:
            text = own[found]
            chosen = text if isinstance(text, str) else text.open if handover.is_open else text.closed
            filled = fill(chosen, wording, handover)
            if filled is not None:
                exact = wording is not None and normal_tag(wording.language) == found
                return Rendered(filled, wording.language if wording and exact else found, fell_back=False)
        if wording is not None:
            return Rendered(_builtin(wording, builtin, handover), wording.language, fell_back=bool(own))
    return Rendered(_builtin(WORDINGS["en"], builtin, handover), "en", fell_back=bool(own))


def _builtin(wording: Wording, name: str, handover: Handover) -> str:
    filled = fill(wording.replies[name, handover.is_open], wording, handover)
    if filled is None:
        raise AssertionError("built-in texts resolve")
    return filled


def fill(text: str, wording: Wording | None, handover: Handover) -> str | None:
    """Replace the placeholders; None if there is one that is unknown, or that this language cannot say."""
    text = PLACEHOLDER.sub(lambda found: f"${{{found[1].strip()}}}", text)
    text = without_doubled_preposition(text, wording) if wording else text
    if handover.customer is None or not handover.customer.strip():
        text = _without_customer(text, wording)
    values = _values(wording, handover)
    filled: list[str] = []
    end = 0
    for found in PLACEHOLDER.finditer(text):
        value = values.get(found[1])
        if value is None:
            return None
        before = text[: found.start()]
        filled += (
            text[end : found.start()],
            value[:1].upper() + value[1:] if _SENTENCE_START.search(before) else value,
        )
        end = found.end()
    return "".join((*filled, text[end:]))


def _values(wording: Wording | None, handover: Handover) -> dict[str, str]:
    values = {"business": handover.business}
    if handover.customer is not None:
        values["customer"] = " ".join(handover.customer.split())
    if wording is None:
        values["due_at"] = f"{handover.due:%Y-%m-%d %H:%M}{zone_note(handover.due)}"
        values["owner"] = handover.owner
        return values
    values["due_at"] = wording.moment(handover.due)
    values["owner"] = wording.named(handover.owner)
    values["timeframe"] = (
        wording.within(handover.within, around_the_clock=handover.around_the_clock)
        if handover.within is not None
        else wording.by(handover.now, handover.due)
    )
    return values


def without_doubled_preposition(text: str, wording: Wording) -> str:
    """`${timeframe}` is a whole phrase, "within 2 hours" or "tomorrow by 11:00"; a "within" before it is dropped."""
    for words in wording.texts.before:
        text = re.sub(rf"(?i)(?<!\w){re.escape(words)}\s+(?=\$\{{\s*timeframe\s*\}})", "", text)
    for words in wording.texts.after:
        text = re.sub(rf"(?i)(\$\{{\s*timeframe\s*\}})\s+{re.escape(words)}(?!\w)", r"\1", text)
    return text


def _without_customer(text: str, wording: Wording | None) -> str:
    """The text as it reads when the customer's name is not known: "Dear ${customer}," is "Hello,".

    In a language that has no built-in wording, only the name goes: "Gentile," is better than an English word.
    """
    if wording is None:
        text = _POSSESSIVE.sub("${customer}", text)
    else:
        text = _GREETING.sub(wording.texts.hello, text)
        text = _POSSESSIVE.sub("your", text)
    text = _ALONE.sub("", text).lstrip()
    return text[:1].upper() + text[1:]
