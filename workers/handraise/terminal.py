"""Texts of somebody else's, made fit to be shown in a terminal."""

from __future__ import annotations

import unicodedata


def printable(text: str) -> str:
    """A text on one line, without what could steer a terminal or turn the line around."""
    return " ".join(harmless(text).split())


def harmless(text: str) -> str:
    """The same, with its blanks as they are; line ends and other control characters become blanks."""
    return "".join(map(_harmless, text))


def _harmless(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cc":
        return " "
    # Joiners belong to Hindi, to Persian and to emoji; the other format characters may turn the text around.
    return "" if category == "Cf" and character not in "\u200c\u200d" else character
