"""Cut text into words, numbers, marks and emoji."""

from __future__ import annotations

import re
from typing import Final

from handraise.detection.normalise import INVISIBLE, clip, mask

MARKS: Final = (
    "\u0300-\u036f\u064b-\u065f\u0670\u0610-\u061a\u06d6-\u06dc\u0900-\u0903\u093a-\u094f\u0951-\u0957\u0962\u0963"
)
"""Combining marks that belong to words and that `\\w` leaves out."""

_LETTER: Final = rf"\w{MARKS}{INVISIBLE}\ue000"
EMOJI: Final = "\u203c\u2049\u2190-\u21ff\u231a-\u23ff\u25a0-\u27bf\u2b00-\u2bff\u3030\u303d\U0001f000-\U0001faff"
EMOTICON: Final = r"[:;=8]['’]?-?[)(DPpd/\\|\]\[*oO3](?!\w)|<3|</3|:'\("

TOKEN: Final = re.compile(
    r"\d+(?:[.,:]\d+)*"
    rf"|[{_LETTER}]+(?:['’‘ʼ`´＇][{_LETTER}]+)*"
    r"|[.!?…؟۔।]+"
    rf"|{EMOTICON}"
    r"|[ \t\r\f\v]*\n\s*"
    r"|[,;:()،؛\"“”«»]|(?<=\s)[-–—]+(?=\s)|[–—]"
    rf"|[{EMOJI}][\U0001f3fb-\U0001f3ff\ufe0f\u200d]*"
    r"|[$€£₹¥%#*+/=]"
)
"""One token at a time; what lies between (spaces, other marks) is not a token.

Numbers come apart from letters ("50x" is two tokens, "sum1" one), hyphenated words come apart, words with an
apostrophe stay whole, and runs of end marks are one token.
"""


def tokens_of(text: str) -> list[str]:
    """A text's tokens, as the detector reads them."""
    return TOKEN.findall(mask(clip(text)))


CLAUSE_MARKS: Final = frozenset(',;:()،؛–—"“”«»')
