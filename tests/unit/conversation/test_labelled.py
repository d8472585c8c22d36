"""With every turn understood as its writer meant it, the fold and the built-in policy decide as the writer expects."""

from __future__ import annotations

from tests.support.labelled import play


def test_what_is_understood_is_decided_rightly() -> None:
    totals = play()
    assert totals.conversations > 250
    assert totals.wholly_right >= totals.conversations - 2, str(totals)
