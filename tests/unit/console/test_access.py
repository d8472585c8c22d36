"""Signing in: the token, and the cookie that remembers who showed it."""

from __future__ import annotations

import base64

import pytest

from handraise.console.access import Access, new_token, timezone

WORD = "a-token-of-some-length"


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


def test_only_the_token_is_accepted() -> None:
    access = Access(WORD, hours=1)
    assert access.accepts(WORD)
    assert access.accepts(f" {WORD}\n")  # as it is pasted from a terminal
    assert not any(access.accepts(other) for other in ("", "x", WORD[:-1], WORD + "x", WORD.upper(), "\ud800"))


def test_a_cookie_brings_back_who_signed_in() -> None:
    access = Access(WORD, hours=1)
    session = access.session(access.cookie("  Rosa   Lua ", "Europe/Madrid"))
    assert session is not None
    assert (session.name, session.timezone.key) == ("Rosa Lua", "Europe/Madrid")
    assert session.owns(session.csrf)
    assert not session.owns(session.csrf[:-1])


def test_each_session_has_a_csrf_token_of_its_own() -> None:
    access = Access(WORD, hours=1)
    first, second = (access.session(access.cookie("Rosa", "UTC")) for _ in range(2))
    assert first is not None
    assert second is not None
    assert first.csrf != second.csrf


def test_a_session_ends() -> None:
    clock = Clock()
    access = Access(WORD, hours=2, clock=clock)
    cookie = access.cookie("Rosa", "UTC")
    clock.now += 2 * 3_600 - 1
    assert access.session(cookie) is not None
    clock.now += 1
    assert access.session(cookie) is None


def test_another_token_ends_every_session() -> None:
    cookie = Access(WORD, hours=1).cookie("Rosa", "UTC")
    assert Access(WORD, hours=1).session(cookie) is not None
    assert Access(WORD + "x", hours=1).session(cookie) is None


def test_a_cookie_that_was_changed_anywhere_is_none() -> None:
    access = Access(WORD, hours=1)
    data = base64.urlsafe_b64decode(access.cookie("Rosa", "UTC"))
    for at in range(len(data)):
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        assert access.session(base64.urlsafe_b64encode(changed).decode()) is None


@pytest.mark.parametrize("cookie", ["", "x", "é", "%%%", "A" * 64, "A" * 100_000])
def test_what_is_no_cookie_is_none(cookie: str) -> None:
    assert Access(WORD, hours=1).session(cookie) is None


def test_new_tokens_are_long_and_differ() -> None:
    first, second = new_token(), new_token()
    assert first != second
    assert len(first) >= 32


@pytest.mark.parametrize("name", ["", "Nowhere/Land", "../../etc/passwd", "/etc/passwd", "Europe", "\0"])
def test_a_zone_that_is_none_is_utc(name: str) -> None:
    assert timezone(name).key == "UTC"
