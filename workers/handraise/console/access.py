"""Who may use the console: a token to sign in with, and a signed cookie that remembers who did."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
import time
from collections.abc import Callable
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

NAME_LENGTH: Final = 80
_TOKEN_BYTES: Final = 24
_CSRF_BYTES: Final = 16
_SIGNATURE_BYTES: Final = 32
_PURPOSE: Final = b"handraise console session"
_COOKIE_BYTES: Final = 2_048


class Session(Struct, frozen=True, kw_only=True):
    """One person's time at the console."""

    name: str
    """Goes on what they claim, judge and publish."""
    zone: str
    """IANA time zone of their browser; times are shown in it."""
    csrf: str
    """Has to come back with everything that changes something."""
    expires_at: int
    """Epoch seconds."""

    @property
    def timezone(self) -> ZoneInfo:
        """The zone; UTC where it is none that is known here."""
        return timezone(self.zone)

    def owns(self, csrf: str) -> bool:
        """Whether this is the session's own token, told in constant time."""
        return hmac.compare_digest(csrf.encode("utf-8", "replace"), self.csrf.encode())


_SESSION: Final = msgspec.json.Decoder(Session)


class Access:
    """Compares tokens, and makes and reads the cookies.

    Args:
        token: what people sign in with; the signatures depend on it, so a new one ends every session.
        hours: how long a session lasts.
        clock: epoch seconds.
    """

    def __init__(self, token: str, hours: float, clock: Callable[[], float] = time.time) -> None:
        self._token: Final = hashlib.sha256(token.encode()).digest()
        self._key: Final = hmac.digest(token.encode(), _PURPOSE, "sha256")
        self._seconds: Final = int(hours * 3_600)
        self._clock: Final = clock

    def accepts(self, token: str) -> bool:
        """Whether this is the token, told in constant time."""
        given = hashlib.sha256(token.strip().encode("utf-8", "replace")).digest()
        return hmac.compare_digest(given, self._token)

    def cookie(self, name: str, zone: str) -> str:
        """A cookie for somebody who has shown the token."""
        session = Session(
            name=" ".join(name.split())[:NAME_LENGTH],
            zone=timezone(zone).key,
            csrf=secrets.token_urlsafe(_CSRF_BYTES),
            expires_at=int(self._clock()) + self._seconds,
        )
        payload = msgspec.json.encode(session)
        return base64.urlsafe_b64encode(self._signature(payload) + payload).decode()

    def session(self, cookie: str) -> Session | None:
        """The session of a cookie; None if it is not one of ours, or its time is over."""
        if len(cookie) > _COOKIE_BYTES:
            return None
        try:
            data = base64.b64decode(cookie, altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            return None
        signature, payload = data[:_SIGNATURE_BYTES], data[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(payload)):
            return None
        session = _SESSION.decode(payload)
        return session if session.expires_at > self._clock() else None

    @property
    def seconds(self) -> int:
        """How long a session lasts."""
        return self._seconds

    def _signature(self, payload: bytes) -> bytes:
        return hmac.digest(self._key, payload, "sha256")


def new_token() -> str:
    """A token that nobody guesses."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def timezone(name: str) -> ZoneInfo:
    """A time zone by its IANA name; UTC where there is none of that name."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return ZoneInfo("UTC")
