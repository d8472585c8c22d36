"""What customers are told."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from handraise.events import Action, BuiltinTriggers, Hours, Policy, ReplyTexts, TriggerPolicy, milliseconds
from handraise.policy import compile_policy, default_policy
from handraise.policy.compiled import CompiledPolicy
from handraise.policy.defaults import BUILTIN
from handraise.policy.durations import parse
from handraise.policy.model import CRISIS, ReplyText
from handraise.policy.replies import PLACEHOLDER
from handraise.policy.wording import WORDINGS

GOLDEN = Path(__file__).parent / "golden"
ZONE = "Europe/Madrid"
OPEN = "2026-11-24 10:00"
CLOSED = "2026-11-27 20:00"


def ms(local: str, zone: str = ZONE) -> int:
    """A local time as epoch milliseconds."""
    return milliseconds(datetime.fromisoformat(local).replace(tzinfo=ZoneInfo(zone)).astimezone(UTC))


def say(
    policy: CompiledPolicy,
    trigger: str = "complaint",
    language: str | None = "en",
    at: str = OPEN,
    customer: str | None = None,
    zone: str = ZONE,
    *,
    delayed: bool = False,
) -> ReplyText:
    """What the customer is told when a trigger fires at a local time."""
    name, trigger_class = ("distress", CRISIS) if trigger == CRISIS else (trigger, None)
    rule = policy.rule(name, trigger_class)
    at_ms = ms(at, zone)
    return policy.reply(
        rule,
        trigger_class,
        language=language,
        at_ms=at_ms,
        due_ms=policy.due_at(rule, at_ms),
        customer_name=customer,
        delayed=delayed,
    )


def business(
    within: str = "2 hours",
    owner: str = "Rosa",
    triggers: dict[str, Any] | None = None,
    **more: Any,  # noqa: ANN401 - any field of a policy
) -> CompiledPolicy:
    """A policy in Madrid, Monday to Friday 09:00-17:00."""
    return compile_policy(
        Policy(
            business_id="casa",
            owner=owner,
            within=within,
            hours=Hours(zone=ZONE),
            triggers=BuiltinTriggers(**(triggers or {})),
            **more,
        )
    )


def with_reply(reply: Any, **more: Any) -> CompiledPolicy:  # noqa: ANN401 - as above
    """A policy with a reply of its own to complaints."""
    return business(triggers={"complaint": TriggerPolicy(reply=reply)}, **more)


def every_default_reply(language: str) -> str:
    """All built-in replies of a language, as a business with an owner and one without would send them."""
    lines: list[str] = []
    for owner, within in (("Rosa", "2 hours"), ("our team", "1 business day")):
        for trigger in BUILTIN:
            for at in (OPEN, CLOSED):
                lines.append(f"[{trigger}, {owner}, {'open' if at == OPEN else 'closed'}]")
                lines.append(say(business(within, owner), trigger, language, at).text)
    offered = business(triggers={"complaint": TriggerPolicy(action=Action.OFFER)})
    lines += ["[offer, open]", say(offered, language=language).text]
    lines += ["[offer, closed]", say(offered, language=language, at=CLOSED).text]
    in_danger = business(triggers={CRISIS: TriggerPolicy(action=Action.OFFER)})
    lines += ["[offer, crisis, open]", say(in_danger, CRISIS, language).text]
    lines += ["[offer, crisis, closed]", say(in_danger, CRISIS, language, CLOSED).text]
    delayed = business()
    for at in (OPEN, CLOSED):
        lines.append(f"[delayed, {'open' if at == OPEN else 'closed'}]")
        lines.append(say(delayed, "complaint", language, at, delayed=True).text)
        lines.append(say(delayed, CRISIS, language, at, delayed=True).text)
    lines += ["[times]"]
    promises = ("1 minute", "2 minutes", "5 minutes", "30 minutes", "1 hour", "3 hours", "11 hours")
    lines += [
        WORDINGS[language].within(parse(text), around_the_clock=False) for text in (*promises, "2 days", "3 days")
    ]
    lines += [WORDINGS[language].within(parse(text), around_the_clock=True) for text in ("1 day", "2 days", "12 days")]
    now = datetime(2026, 11, 27, 20, tzinfo=ZoneInfo(ZONE))
    later = [now.replace(day=27, hour=21), now.replace(day=28, hour=9), now.replace(day=30, hour=11)]
    later.append(datetime(2027, 1, 4, 13, 30, tzinfo=UTC))
    lines += [WORDINGS[language].by(now, time) for time in later]
    lines += [WORDINGS[language].moment(later[2])]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_the_default_replies_are_those_that_were_read(language: str) -> None:
    """Each file of `golden/` was read line by line; whoever changes a text reads it again and rewrites the file."""
    assert every_default_reply(language) == (GOLDEN / f"{language}.txt").read_text()


@pytest.mark.parametrize("language", sorted(WORDINGS))
def test_every_default_reply_says_who_and_by_when(language: str) -> None:
    """The owner and the time are in each; the crisis reply does not hang on either."""
    expected = {*BUILTIN, "own", "offer", "offer_crisis", "delayed", "delayed_crisis"}
    assert set(WORDINGS[language].texts.replies) == expected
    for text in WORDINGS[language].texts.replies.values():
        assert PLACEHOLDER.findall(text).count("owner") == 1
        assert PLACEHOLDER.findall(text).count("timeframe") == 1
        assert PLACEHOLDER.findall(text).count("closed") == 1


def test_all_languages_name_seven_days_and_twelve_months() -> None:
    """A list that is too short would fail on a Sunday in December."""
    for wording in WORDINGS.values():
        assert len(wording.texts.weekdays) == 7
        assert len(wording.texts.due_weekdays or wording.texts.weekdays) == 7
        assert len(wording.texts.months) == 12


@pytest.mark.parametrize(
    ("at", "within", "expected"),
    [
        ("2026-11-24 10:00", "2 hours", "within 2 hours"),
        ("2026-11-24 16:30", "2 hours", "tomorrow by 10:30"),
        ("2026-11-24 07:00", "2 hours", "today by 11:00"),
        ("2026-11-27 16:30", "2 hours", "on Monday by 10:30"),
        ("2026-11-28 12:00", "1 business day", "on Monday by 17:00"),
        ("2026-11-27 12:00", "1 business day", "within one business day"),
        ("2026-11-27 18:00", "9 business days", "on Thursday 10 December by 17:00"),
        ("2026-11-27 12:00", "10 business days", "within 10 business days"),
    ],
)
def test_the_time_told_is_the_time_due(at: str, within: str, expected: str) -> None:
    """A length of time is told only when it is true as said; otherwise the time on the clock of the business."""
    assert f"will reach out to you {expected}, to make sure" in say(business(within), at=at).text


@pytest.mark.parametrize(
    ("closed", "expected"),
    [
        ("2026-12-24 to 2026-12-27", "within one business day"),
        ("2026-12-24 to 2027-01-08", "on Monday 11 January by 11:00"),
    ],
)
def test_a_business_day_after_a_long_closure_is_told_by_its_date(closed: str, expected: str) -> None:
    """Asked the day before; a customer would count no more than a weekend and a holiday or two."""
    policy = compile_policy(
        Policy(
            business_id="casa",
            owner="Rosa",
            within="1 business day",
            hours=Hours(zone=ZONE, closed=[closed]),
        )
    )
    assert expected in say(policy, at="2026-12-23 11:00").text


@pytest.mark.parametrize(
    ("language", "expected", "due"),
    [
        ("en", "on Friday 1 January by 11:00", "Friday 1 January, 11:00"),
        ("fr", "le vendredi 1er janvier avant 11:00", "vendredi 1er janvier, 11:00"),
        ("pt", "na sexta-feira, 1º de janeiro, até as 11:00", "sexta-feira, 1º de janeiro, 11:00"),
        ("de", "am Freitag, 1. Januar, bis 11:00 Uhr", "Freitag, 1. Januar, 11:00 Uhr"),
    ],
)
def test_the_first_of_a_month_is_written_as_the_language_writes_it(language: str, expected: str, due: str) -> None:
    """Closed until then."""
    now, first = (datetime.fromisoformat(f"{time}+01:00") for time in ("2026-12-20 11:00", "2027-01-01 11:00"))
    assert WORDINGS[language].by(now, first) == expected
    assert WORDINGS[language].moment(first) == due
    assert "11" in WORDINGS[language].moment(first.replace(day=11))


def test_an_earlier_promise_that_still_stands_is_the_one_that_is_told() -> None:
    """An update keeps the due time of the first promise, so "within 2 hours" would be false."""
    policy = business()
    rule = policy.rule("complaint")
    told = policy.reply(rule, None, language="en", at_ms=ms(OPEN), due_ms=ms("2026-11-24 11:00"), customer_name=None)
    assert "today by 11:00" in told.text


def test_the_default_policy_says_utc_since_nobody_set_a_zone() -> None:
    """A bare 17:00 would be read as the customer's own."""
    assert "on Monday by 17:00 UTC" in say(default_policy("shop"), at=CLOSED, zone="UTC").text


def test_a_promise_around_the_clock_is_told_as_such_at_night() -> None:
    """Nobody is told that the business is closed where somebody is there."""
    crisis = TriggerPolicy(around_the_clock=True, within="30 minutes")
    told = say(business(triggers={"crisis": crisis}), CRISIS, at=CLOSED)
    assert "within 30 minutes" in told.text
    assert "closed" not in told.text


@pytest.mark.parametrize(
    ("language", "policy_languages", "expected"),
    [
        ("es", ["en"], "es"),
        ("es-MX", ["en"], "es"),
        ("pt_BR", ["en"], "pt"),
        ("hi-Latn", ["en"], "hi-Latn"),
        ("hi-Latn-IN", ["en"], "hi-Latn"),
        ("und", ["de"], "de"),
        (None, ["fr", "de"], "fr"),
        ("ja", ["fr"], "fr"),
        ("ja", ["ko"], "en"),
    ],
)
def test_the_reply_is_in_the_language_of_the_customer_or_the_next_best(
    language: str | None, policy_languages: list[str], expected: str
) -> None:
    """Message, policy, English."""
    told = say(business(languages=policy_languages), language=language)
    assert (told.language, told.fell_back) == (expected, False)


def test_an_own_text_is_used_with_its_placeholders_filled() -> None:
    """All five of them."""
    text = "${customer}: ${business}, ${owner}, ${timeframe}, ${due_at}."
    told = say(with_reply({"en": text}, name="Casa Lua"), customer="  Ana   Lima ")
    assert told.text == "Ana Lima: Casa Lua, Rosa, within 2 hours, Tuesday 24 November, 12:00."
    assert not told.fell_back


@pytest.mark.parametrize(("at", "expected"), [(OPEN, "Here: within 2 hours"), (CLOSED, "Away: on Monday by 11:00")])
def test_an_own_text_may_differ_when_closed(at: str, expected: str) -> None:
    """Open or closed is asked at the time of the event."""
    policy = with_reply({"en": ReplyTexts(open="Here: ${timeframe}", closed="Away: ${timeframe}")})
    assert say(policy, at=at).text == expected


@pytest.mark.parametrize(
    ("reply", "language", "served"),
    [
        ({"es": "Hola ${owner} ${timeframe}"}, "en", "en"),
        ({"en": "${nobody} ${timeframe}"}, "en", "en"),
        ({"it": "Ciao ${timeframe}"}, "it", "en"),
        ({"es": "Hola ${owner} ${timeframe}"}, "de", "de"),
    ],
)
def test_the_built_in_text_serves_where_the_own_one_does_not_resolve(
    reply: dict[str, str], language: str, served: str
) -> None:
    """And it is said, so that it can be counted."""
    told = say(with_reply(reply), language=language)
    assert (told.language, told.fell_back) == (served, True)
    assert "${" not in told.text


def test_an_own_text_in_a_language_without_built_in_wording_is_used() -> None:
    """It names the due time, which needs no words."""
    told = say(with_reply({"it": "${owner} ti scrive entro ${due_at}."}), language="it")
    assert (told.text, told.language) == ("Rosa ti scrive entro 2026-11-24 12:00.", "it")


@pytest.mark.parametrize(("language", "key"), [("pt-PT", "pt"), ("pt", "pt-BR"), ("pt-PT", "pt-BR")])
def test_a_variety_of_the_language_is_better_than_none(language: str, key: str) -> None:
    """An own text in Brazilian Portuguese serves a customer in Lisbon."""
    told = say(with_reply({key: "Olá, ${owner} ${timeframe}."}), language=language)
    assert told.text.startswith("Olá, Rosa em até 2 horas")
    assert not told.fell_back


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("en", "${owner} will call within ${timeframe}.", "Rosa will call within 2 hours."),
        ("en", "${owner} will call ${timeframe}.", "Rosa will call within 2 hours."),
        ("es", "${owner} llama en menos de ${timeframe}.", "Rosa llama en un plazo de 2 horas."),
        ("hi", "${owner} ${timeframe} के भीतर", "Rosa 2 घंटे के भीतर"),
        ("de", "${owner} ruft innerhalb von ${timeframe} an.", "Rosa ruft innerhalb von 2 Stunden an."),
    ],
)
def test_a_preposition_before_the_timeframe_is_not_doubled(language: str, text: str, expected: str) -> None:
    """Owners write it both ways."""
    assert say(with_reply({language: text}), language=language).text == expected


@pytest.mark.parametrize(
    ("text", "known", "unknown"),
    [
        ("Hi ${customer}, hello ${timeframe}.", "Hi Ana, hello within 2 hours.", "Hello, hello within 2 hours."),
        ("Dear ${customer}! ${timeframe}", "Dear Ana! within 2 hours", "Hello! Within 2 hours"),
        ("${customer}, we call ${timeframe}.", "Ana, we call within 2 hours.", "We call within 2 hours."),
        ("Thank you, ${customer}. ${owner}", "Thank you, Ana. Rosa", "Thank you. Rosa"),
        ("${customer}'s order ${timeframe}", "Ana's order within 2 hours", "Your order within 2 hours"),
        ("Hi ${ customer }, ${ owner } calls.", "Hi Ana, Rosa calls.", "Hello, Rosa calls."),
    ],
)
def test_a_text_reads_well_without_the_name_of_the_customer(text: str, known: str, unknown: str) -> None:
    """Greetings, addresses and possessives."""
    policy = with_reply({"en": text})
    assert say(policy, customer="Ana").text.casefold() == known.casefold()
    assert say(policy, customer=None).text == unknown
    assert say(policy, customer=" ").text == unknown


@pytest.mark.parametrize(
    ("text", "unknown"),
    [
        ("Gentile ${customer}, ci dispiace.", "Gentile, ci dispiace."),
        ("${customer}, ci dispiace.", "Ci dispiace."),
        ("Grazie, ${customer}. ${owner}", "Grazie. Rosa"),
        ("We zoeken ${customer}'s pakket.", "We zoeken pakket."),
    ],
)
def test_no_english_is_put_in_a_language_without_built_in_wording(text: str, unknown: str) -> None:
    """An Italian customer without a name was greeted with "Hello, ci dispiace"."""
    assert say(with_reply({"it": text}), language="it").text == unknown


def test_a_placeholder_in_a_customers_name_is_only_text() -> None:
    """What the customer chose is not filled in again."""
    assert say(with_reply({"en": "Hi ${customer}, ${timeframe}"}), customer="${owner}").text.startswith("Hi ${owner},")


@pytest.mark.parametrize(
    ("language", "expected"),
    [("en", "Our team"), ("es", "Nuestro equipo"), ("de", "Unser Team"), ("fr", "Notre équipe")],
)
def test_our_team_is_said_in_the_language_and_begins_a_sentence_with_a_capital(language: str, expected: str) -> None:
    """The built-in owner is the one word of a policy that is translated."""
    told = say(with_reply({language: "Hm. ${owner} ${timeframe}"}, owner="our team"), language=language)
    assert told.text.startswith(f"Hm. {expected} ")


def test_an_owner_put_in_by_the_conversation_is_the_one_named() -> None:
    """The fallback owner takes over after a failure."""
    policy = business()
    rule = msgspec.structs.replace(policy.rule("complaint"), owner="Marco")
    told = policy.reply(
        rule, None, language="en", at_ms=ms(OPEN), due_ms=policy.due_at(rule, ms(OPEN)), customer_name=None
    )
    assert "Marco will reach out" in told.text


def test_default_replies_hold_no_double_spaces_or_open_placeholders() -> None:
    """In any language, open or closed."""
    for language in WORDINGS:
        text = every_default_reply(language)
        assert "${" not in text
        assert not re.search(r"  | [.,]", text)


@pytest.mark.parametrize("language", ["hi-Latn", "hi-latn", "hi_Latn", "hi-Latn-IN"])
def test_who_writes_hindi_in_latin_letters_reads_them(language: str) -> None:
    """Unless the business has a text in them, the built-in one serves; one in Devanagari does not."""
    builtin = say(business(), language=language)
    assert builtin.language == "hi-Latn"
    assert builtin.text.isascii()
    devanagari = say(with_reply({"hi": "${owner} ${timeframe} संपर्क करेंगे।"}), language=language)
    assert (devanagari.language, devanagari.fell_back) == ("hi-Latn", True)
    assert devanagari.text.isascii()
    latin = say(with_reply({"hi": "${owner} ${timeframe} baat karenge."}), language=language)
    assert (latin.text, latin.fell_back) == ("Rosa 2 ghante ke andar baat karenge.", False)


def test_hindi_in_devanagari_is_served_by_a_text_in_it() -> None:
    assert say(with_reply({"hi": "${owner} ${timeframe} संपर्क करेंगे।"}), language="hi").fell_back is False
