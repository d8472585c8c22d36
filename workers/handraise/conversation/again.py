"""Whether a customer asks to be told once more what they were told: an AI that repeats itself then does as asked."""

from __future__ import annotations

import re
from typing import Final

from handraise.conversation.corrections import said_since
from handraise.conversation.state import Conversation
from handraise.events import Sender

_AGAIN: Final = re.compile(
    r"\b(?:re-?send|remind me|say that again|(?:it ?[’']?s )?me again|repeat (?:that|it|please))\b"
    r"|\b(?:can|could) you (?:please )?repeat\b"
    r"|\b(?:send|say|tell|give|show|type|write)\b.{0,30}\b(?:again|once more|one more time)\b"
    r"|\b(?:what|when|where|which|who|how much|how many)(?:[’']?s| was| is| were| are| did)\b.{0,40}\bagain\b"
    r"|\A\W*(?:sorry(?: what)?|pardon|come again)\W*\Z|\bme lo repites?\b|\b(?:puedes?|pod[eé]s"
    r"|podr[ií]as?) (?:me )?(?:repet|reenvi)\w+|\brep[ií]te(?:me)?lo\b"
    r"|\b(?:mand|env[ií]|p[aá]sa|dime|decir|escr[ií]b)\w*.{0,25}\b(?:otra vez|de nuevo|nuevamente)\b"
    r"|\b(?:pode|podes|poderia) (?:me )?(?:repet|reenvi)\w+"
    r"|\b(?:mand[ae]r?|envi[ae]r?|passar?|diz|diga|fala|fale|escreve)\b.{0,20}\b(?:de novo|outra vez|novamente)\b"
    r"|\b(?:pouvez|peux|pourriez|pourrais)\b.{0,20}\b(?:r[ée]p[ée]ter|redire|renvoyer|redonner)\b"
    r"|\b(?:r[ée]p[ée]tez|redites|redis|renvoyez|renvoie)[- ](?:le|la|moi|les)\b"
    r"|\b(?:c[’']?(?:est|était)|quel(?:le)?s? (?:est|était)) .{0,30}d[ée]j[àa]\b"
    r"|\b(?:k[oö]nnen|k[oö]nnten|kannst|k[oö]nntest)\b.{0,30}\bwiederholen\b"
    r"|\bwie war .{0,30}\b(?:gleich|noch ?mal|noch einmal)\b"
    r"|\b(?:schick|send|sag|gib|geben|nenn|schreib|zeig)\w*.{0,30}\bnoch ?(?:mals?|einmal)\b"
    r"|\bnoch ?(?:mals?|einmal) (?:schick|send|sag|geb|nenn|schreib|zeig)"
    r"|\b(?:phir se|fir se|dobara|dubara|ek baar aur) (?:bhej|bata|bol|likh|send|de)"
    "|(?:फिर से|दोबारा|दुबारा|एक बार और) (?:भेज|बता|बोल|लिख|दे)"
    "|(?<!\\w)(?:ا?بعت|تبعت|[أا]?رسل|ترسل|قول|[أا]?عط)\\S{0,8}.{0,20}(?:مر[ةه] (?:ثاني|تاني|[أا]خرى)|كمان مر)"
    "|(?<!\\w)(?:عيدها|عيدلي|عيد لي|[أا]عد|تعيد)(?!\\w)",
    re.IGNORECASE,
)
_THE_SAME: Final = re.compile(
    r"\b(?:same|keep|just repeat\w*|do(?:n[’']?t| not) (?:send|say|tell|repeat|give)|lo mismo|la misma|o mesmo"
    r"|a mesma|l[ae]s? m[êe]mes?|sich|nicht|dassel|diesel|wahi|vahi)\b"
    r"|\b(?:i[’']?ll|i will|let me|must i|should i|do i|i have to) (?:say|tell|repeat|write|ask)\b|\b(?:bol|bata"
    r"|likh) rah[aei]"
    "|(?:बता|बोल|लिख) रह|वही|نفس",
    re.IGNORECASE,
)
"""Whoever says so has been told the same, and wants something else."""


def wants_it_again(state: Conversation) -> bool:
    """Whether a customer has asked for that since anybody else spoke. `state` has the AI's turn already.

    "I ask you again" does not: who says that was not answered.
    """
    said = [one.text for one in said_since(state) if one.sender is Sender.CUSTOMER]
    return any(_AGAIN.search(text) and not _THE_SAME.search(text) for text in said)
