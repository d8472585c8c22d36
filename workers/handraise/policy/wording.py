"""The built-in wording of each language: replies, time phrases, names of days and months. Read once, from `texts/`."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property
from importlib import resources
from typing import Final

import msgspec
from msgspec import Struct

from handraise.policy.durations import TimeSpan

DEFAULT_OWNER: Final = "our team"
"""The owner that every language can say in its own words."""
PLACEHOLDERS: Final = ("owner", "timeframe", "due_at", "business", "customer")


class SummaryFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """What stands around the quotes of a summary. `{quote}`, `{n}`, `{why}`, `{mood}` and `{trigger}` are filled in."""

    comma: str
    join: str
    end: str
    quote: str
    wants: str
    says: str
    """In place of `wants`, for who is unhappy or in danger."""
    first: str
    tried: str
    tried_again: str
    untried: str
    asked_again: str
    blocks: str
    mood: str
    good: str
    neutral: str
    bad: str
    falling: str
    rising: str
    why: dict[str, str]
    """What blocks, by trigger; `own` for those of the business, `overdue` for a promise that has passed."""


class ReasonFrame(Struct, frozen=True, forbid_unknown_fields=True):
    """The sentences that say why a human is needed.

    `{lead}`, `{said}`, `{why}`, `{quote}`, `{owner}`, and `{next}` for who comes after an owner, are filled in.
    """

    told: str
    told_why: str
    because: str
    plain: str
    unanswered: str
    unanswered_words: str
    """In place of `unanswered`, where nothing is known of the question."""
    ai_fails: str
    own: str
    no_text: str
    could_not_take: str
    could_not_take_goes: str
    not_taken: str
    not_taken_goes: str
    not_answered: str
    waits: str
    lead: dict[str, str]
    """How the sentence begins, by built-in trigger or class."""
    closed: dict[str, str]
    signs: dict[str, str]
    """What speaks for a trigger besides words, by the name of the sign. `{n}`: minutes"""


class _Texts(Struct, frozen=True, forbid_unknown_fields=True):
    """One file of `texts/`. `{n}`, `{time}`, `{zone}`, `{weekday}`, `{day}` and `{month}` are filled in by code."""

    hello: str
    our_team: str
    closed: str
    """A sentence that says that nobody is there now; it takes the place of `${closed}` in the replies."""
    today: str
    tomorrow: str
    weekday: str
    date: str
    due: str
    before: list[str]
    """Words that an own text may put before `${timeframe}`, which brings its own."""
    after: list[str]
    weekdays: list[str]
    months: list[str]
    minute: dict[str, str]
    hour: dict[str, str]
    day: dict[str, str]
    """Business days; `clock_day` is for promises that run around the clock."""
    clock_day: dict[str, str]
    replies: dict[str, str]
    summary: SummaryFrame
    reason: ReasonFrame
    due_weekdays: list[str] | None = None
    """The names of the days standing alone, where they differ from those within a sentence."""
    first_day: str | None = None
    """How the first day of a month is written, where it is no plain number."""


class Wording:
    """How one language says what a reply needs."""

    def __init__(self, language: str, texts: _Texts) -> None:
        self.language: Final = language
        self.texts: Final = texts

    def named(self, owner: str) -> str:
        """An owner as this language says it."""
        return self.texts.our_team if owner.casefold() == DEFAULT_OWNER else owner

    def within(self, span: TimeSpan, *, around_the_clock: bool) -> str:
        """`within 2 hours`."""
        forms = {
            "minute": self.texts.minute,
            "hour": self.texts.hour,
            "day": self.texts.clock_day if around_the_clock else self.texts.day,
        }[span.unit]
        return forms.get(_plural(self.language, span.count), forms["other"]).replace("{n}", str(span.count))

    def by(self, now: datetime, due: datetime) -> str:
        """`tomorrow by 11:00`: both times are on the wall clock of the business."""
        days = (due.date() - now.date()).days
        form = {0: self.texts.today, 1: self.texts.tomorrow}.get(
            days, self.texts.weekday if days < len(self.texts.weekdays) else self.texts.date
        )
        return self._fill(form, due, self.texts.weekdays)

    def moment(self, due: datetime) -> str:
        """`Monday 4 January, 11:00`, for `${due_at}`."""
        return self._fill(self.texts.due, due, self.texts.due_weekdays or self.texts.weekdays)

    def _fill(self, form: str, due: datetime, weekdays: list[str]) -> str:
        return form.format(
            time=f"{due:%H:%M}",
            zone=zone_note(due),
            weekday=weekdays[due.weekday()],
            day=(due.day == 1 and self.texts.first_day) or due.day,
            month=self.texts.months[due.month - 1],
        )

    @cached_property
    def replies(self) -> dict[tuple[str, bool], str]:
        """The built-in replies by name and by whether the business is open."""
        said = {
            (name, False): text.replace("${closed}", self.texts.closed) for name, text in self.texts.replies.items()
        }
        unsaid = {(name, True): text.replace("${closed} ", "") for name, text in self.texts.replies.items()}
        return said | unsaid


def zone_note(time: datetime) -> str:
    """` UTC` for a business that has set no zone of its own: its customers are told their own time by no other."""
    return " UTC" if str(time.tzinfo) in {"UTC", "Etc/UTC"} else ""


def _plural(language: str, count: int) -> str:
    """The plural form by the rules of CLDR, as far as the built-in languages differ for whole numbers from 1."""
    if language == "ar" and 3 <= count % 100 <= 10:  # noqa: PLR2004 - the rule of CLDR
        return "few"
    return {1: "one", 2: "two"}.get(count, "other")


def _load() -> dict[str, Wording]:
    decoder = resources.files(__package__) / "texts"
    return {
        file.name.removesuffix(".toml"): Wording(
            file.name.removesuffix(".toml"), msgspec.toml.decode(file.read_bytes(), type=_Texts)
        )
        for file in sorted(decoder.iterdir(), key=lambda file: file.name)
        if file.name.endswith(".toml")
    }


WORDINGS: Final = _load()
"""By language; `hi-Latn` is Hindi in Latin letters."""


def wording_for(language: str) -> Wording | None:
    """The built-in wording for a language tag, if there is one: `es-MX` is served by `es`."""
    parts = language.replace("_", "-").split("-")
    base = parts[0].lower()
    if base == "hi" and "latn" in (part.lower() for part in parts[1:]):
        base = "hi-Latn"
    return WORDINGS.get(base)
