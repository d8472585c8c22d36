"""Whether a customer asks to be told once more what they were told: an AI that repeats itself then does as asked."""

from __future__ import annotations

import re
from itertools import takewhile
from typing import Final

from handraise.conversation.state import Conversation
from handraise.events import Sender

_AGAIN: Final = re.compile(
    r"\b(?:re-?send|repeat|remind me|say that again|(?:it ?[’']?s )?me again)\b"
    r"|\b(?:send|say|tell|give|show|type|write)\b.{0,30}\b(?:again|once more|one more time)\b"
    r"|\b(?:what|when|where|which|who|how much|how many)(?:[’']?s| was| is| were| are| did)\b.{0,40}\bagain\b"
    r"|\b(?:repet(?:ir|is|í|es)\w*|rep[ií]t[ae]\w*|reenv[ií]\w*)\b"
    r"|\b(?:mand|env[ií]|pas|d[ií]|dec[ií]|escrib)\w*.{0,30}\b(?:otra vez|de nuevo|nuevamente)\b"
    r"|\b(?:mand|envi|pass|di[zg]|fal|escrev)\w*.{0,30}\b(?:de novo|outra vez|novamente)\b"
    r"|\b(?:r[ée]p[ée]t(?:er|ez|es?)|renvo(?:yer|yez|ies?)|redire|redites|redonne[rz]?)\b"
    r"|\b(?:c[’']?(?:est|était)|quel(?:le)?s? (?:est|était)) .{0,30}d[ée]j[àa]\b"
    r"|\bwiederhol(?:en|st|t|e)?\b|\bwie war .{0,30}\b(?:gleich|nochmal|noch mal|noch einmal)\b"
    r"|\b(?:schick|send|sag|gib|geben|nenn|schreib|zeig)\w*.{0,30}\bnoch ?(?:mals?|einmal)\b"
    r"|\bnoch ?(?:mals?|einmal) (?:schick|send|sag|geb|nenn|schreib|zeig)"
    r"|\b(?:phir|fir|dobara|dubara|ek baar)(?: se| aur)? (?:bhej|bata|bol|likh|send|de)"
    "|(?:फिर से|दोबारा|दुबारा|एक बार और) (?:भेज|बता|बोल|लिख|दे)"
    r"|(?:ا?بعت|[أا]?رسل|ق[ول]|[أا]?عط)\S*.{0,20}(?:مر[ةه] (?:ثاني|تاني|[أا]خرى)|كمان مر)|(?<!\w)(?:ا?عيد|[أا]عد|تعيد)",
    re.IGNORECASE,
)


def wants_it_again(state: Conversation) -> bool:
    """Whether a customer has asked for that since anybody else spoke. `state` has the AI's turn already.

    "I ask you again" does not: who says that was not answered.
    """
    since = takewhile(lambda one: one.sender in (Sender.CUSTOMER, Sender.SYSTEM), state.transcript[-2::-1])
    return any(one.sender is Sender.CUSTOMER and _AGAIN.search(one.text) for one in since)
