"""Lengths of time as a policy writes them: `30 minutes`, `2 hours`, `1 business day`."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct

MINUTE_MS: Final = 60_000
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

_UNIT_MS: Final = {"minute": MINUTE_MS, "hour": HOUR_MS, "day": DAY_MS}
_WRITTEN: Final = re.compile(r"(?P<count>an?|one|\d+) (?:business |working )?(?P<unit>minute|hour|day)s?")


class TimeSpan(Struct, frozen=True):
    """A number of minutes, hours or days. The unit is kept, since customers are told `60 minutes` as it was written."""

    count: int
    unit: str
    """`minute`, `hour` or `day`"""

    @property
    def ms(self) -> int:
        """Milliseconds on the clock."""
        return self.count * _UNIT_MS[self.unit]

    def written(self, *, business: bool = False) -> str:
        """As a policy writes it, in the one canonical way."""
        kind = "business " if business and self.unit == "day" else ""
        return f"{self.count} {kind}{self.unit}{'' if self.count == 1 else 's'}"


def parse(text: str) -> TimeSpan:
    """Read a `Duration` or a `Promise`.

    `2 business hours` is `2 hours`, and `1 day` is `1 business day`: a promise is counted in opening hours anyhow.

    Raises:
        ValueError: the text is neither; the wire types refuse it before it comes here.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        raise ValueError("not a number of minutes, hours or days")
    count = found["count"]
    return TimeSpan(int(count) if count.isdigit() else 1, found["unit"])
