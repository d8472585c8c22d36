"""Check the replies that a business has written itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from handraise.events import Action, Policy, Replies, ReplyTexts, TriggerPolicy
from handraise.policy.defaults import BUILTIN
from handraise.policy.problems import Path, Problem, did_you_mean, error, warning
from handraise.policy.replies import PLACEHOLDER, normal_tag, own_text, texts_by_language
from handraise.policy.wording import PLACEHOLDERS, WORDINGS, wording_for

_KNOWN = ", ".join(f"${{{name}}}" for name in PLACEHOLDERS)
_BUILTIN_LANGUAGES = ", ".join(WORDINGS)
_NAMED: Final = 8
"""Triggers that one sentence names: as many as are built in."""


def reply_problems(policy: Policy) -> Iterator[Problem]:
    """Unknown placeholders, replies without a time, languages without a text."""
    triggers: list[tuple[Path, TriggerPolicy]] = [
        *((("triggers", name), getattr(policy.triggers, name)) for name in BUILTIN),
        *((("own_triggers", name), trigger) for name, trigger in policy.own_triggers.items()),
    ]
    for path, trigger in triggers:
        if trigger.reply:
            here = (*path, "reply")
            yield from text_problems(here, trigger.reply, trigger.action, policy)
            yield from _missing(here, trigger.reply, policy)
    replying = {
        path[-1]: texts_by_language(trigger.reply, policy.languages[0])
        for path, trigger in triggers
        if trigger.enabled and trigger.action is not Action.SHADOW
    }
    for place, language in enumerate(policy.languages):
        without = [name for name, own in replying.items() if own_text(own, language) is None]
        if wording_for(language) is None and without:
            whose = "the policy has none" if len(without) == len(replying) else f"{_listed(without)} without one"
            message = f"there are no built-in replies in `{language}`, and {whose}"
            yield warning(("languages", place), message, f"write replies in it; built in are {_BUILTIN_LANGUAGES}")


def _listed(names: list[str | int]) -> str:
    """`a`, `b` and 3 more are."""
    first = ", ".join(f"`{name}`" for name in names[:_NAMED])
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{first}{more} {'is' if len(names) == 1 else 'are'}"


def text_problems(path: Path, reply: Replies, action: Action | None, policy: Policy) -> Iterator[Problem]:
    """What is wrong with the texts of one reply."""
    for language, texts in _places(reply, policy.languages[0]):
        here = path if isinstance(reply, str) else (*path, language)
        if isinstance(texts, ReplyTexts):
            yield from _text((*here, "open"), texts.open, language, action)
            yield from _text((*here, "closed"), texts.closed, language, action)
        else:
            yield from _text(here, texts, language, action)


def _missing(path: Path, reply: Replies, policy: Policy) -> Iterator[Problem]:
    own = texts_by_language(reply, policy.languages[0])
    missing = [language for language in policy.languages if own_text(own, language) is None]
    if missing:
        served = "the built-in one" if wording_for(missing[0]) else "one in another language"
        message = f"there is no text in `{'`, `'.join(missing)}`, so {served} serves there"
        yield warning(path, message, f"add `{missing[0]}: …`")


def _places(reply: str | dict[str, str | ReplyTexts], default: str) -> list[tuple[str, str | ReplyTexts]]:
    return [(default, reply)] if isinstance(reply, str) else list(reply.items())


def _text(path: Path, text: str, language: str, action: Action | None) -> Iterator[Problem]:
    names = [found[1].strip() for found in PLACEHOLDER.finditer(text)]
    for name in dict.fromkeys(names):
        if name not in PLACEHOLDERS:
            yield error(
                path, f"unknown placeholder `${{{name}}}`", did_you_mean(name, PLACEHOLDERS, f"known are {_KNOWN}")
            )
    rest = PLACEHOLDER.sub("", text)
    if "${" in rest or any(f"{{{name}}}" in rest or f"${name}" in rest for name in PLACEHOLDERS):
        yield error(path, "a placeholder is not written in full", f"write it as `${{owner}}`; known are {_KNOWN}")
    if wording_for(language) is None and "timeframe" in names:
        message = f"`${{timeframe}}` cannot be said in `{normal_tag(language)}`"
        yield error(path, message, f"use `${{due_at}}`, a date and time; phrases exist in {_BUILTIN_LANGUAGES}")
    if action not in {Action.OFFER, Action.SHADOW} and not {"timeframe", "due_at"} & set(names):
        mend = "add `${timeframe}` or `${due_at}`, which keep to the opening hours as a fixed time cannot"
        yield warning(path, "the reply does not say by when", mend)
