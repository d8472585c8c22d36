"""Who tells of trouble with another business: "the last place I ordered from sent it cold"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

_CLAUSE: Final = re.compile(r"[^.!?…।؟\n,،;]+[.!?…।؟\n,،;]*")
_PLACE: Final = (
    "(?:shop|store|place|provider|supplier|seller|garage|salon|hotel|restaurant|site|website|vendor|brand|company|firm"
    "|vet|dentist|bank|agency|insurer|network|builder|plumber|gym)"
)
_TIENDA: Final = (
    "(?:tienda|sitio|lugar|lado|proveedor|taller|peluquer[ií]a|hotel|banco|restaurante|florister[ií]a|web"
    "|loja|operadora"
    "|sal[ãa]o|fornecedor|s[ií]tio|oficina|pizzaria|site)"
)
_MAGASIN: Final = (
    "(?:magasin|boutique|op[ée]rateur|enseigne|resto|restaurant|garage|salon|h[oô]tel|banque|artisan"
    "|fournisseur|fleuriste"
    "|assureur|site)"
)
_LADEN: Final = "(?:laden|anbieter|gesch[aä]ft|shop|werkstatt|hotel|bank|restaurant|friseur|firma|vermieter)"
_ELSEWHERE: Final = re.compile(
    rf"\b(?:from|with|at|to|by|off) (?:another|a different|some other|the other) (?!company|firm){_PLACE}\b(?![’']s)"
    rf"|\b(?:my|our) (?:old|previous|last|former) (?:\w+ )?{_PLACE}\b"
    r"(?! (?:order|booking|pickup|transfer|fee|bill|payment|delivery|visit|appointment)\b)"
    rf"|\bthe (?:last|previous) {_PLACE} (?:i|we|that|took|charged|did|let|left|just|dropped)\b"
    r"|\b(?:bought|got|ordered|went|booked|from)(?: \w+){0,2} (?:somewhere else|elsewhere)\b|\boff a market\b"
    rf"|\b(?:de|en|a|con) otr[oa] {_TIENDA}\b|\bmi antigu[oa] (?:compañ[ií]a|operadora|proveedor|seguro|banco)\b"
    rf"|\b(?:d|n|de |em )?outr[oa] {_TIENDA}\b"
    r"|\b(?:minha|meu) (?:antig[oa] )?(?:operadora|provedor|banco) (?:antig[oa]|anterior)\b"
    rf"|\b(?:chez|dans|d[’']|[àa]) ?(?:un |une )?autre {_MAGASIN}\b|\bmon (?:ancien|pr[ée]c[ée]dent) {_MAGASIN}\b"
    rf"|\b(?:bei|in|von) (?:einem|einer) anderen (?!firma){_LADEN}\b"
    rf"|\bmein(?:em|er|en)? (?:alten?|alter|vorherigen?|fr[uü]heren?) {_LADEN}\b|\bwoanders\b"
    r"|\b(?:ek aur|dusr[ie]|doosr[ie]|kisi aur) (?:dukaan|dukan|shop|restaurant|website|app) (?:se|me|mein|wal[aei])\b"
    r"|\b(?:purani|pichli) (?:company|dukaan) (?:me|mein|wal[aei])\b"
    r"|(?:दूसरी|दूसरे|एक और|किसी और) (?:दुकान|ऐप) (?:से|में|वाले|वाली)|(?:पुरानी|पिछली) (?:कंपनी|कम्पनी"
    r"|दुकान) (?:में|वाले|वाली)"
    r"|(?<!\w)(?:من|عند|في) (?:محل|محمصة|مطعم|متجر|موقع|صالون) (?:ثاني|ثانية|تاني|تانية|[آا]خر|[أا]خرى)(?!\w)",
    re.IGNORECASE,
)
_HERE: Final = re.compile(
    r"\b(?:you|your|yours|u|ur|ye|y[’']?all|ustedes|vosotros|usted|vuestr[oa]s?|voc[êe]s?|vcs?|voss[oa]s?"
    r"|vous|votre|vos"
    r"|ihr|ihre[nmrs]?|euch|eure[nmrs]?|aap|aapk[aei]|tum|tumhar\w*|is baar)\b"
    "|आप|तुम|(?<!\\w)(?:عندكم|عندك|عندكن|منكم|منك|معكم|معك|لكم|عليكم|انتو|انتم|أنتم)(?!\\w)"
    r"|\b(?:next time|i[’']?ll|i will|i[’']?m going|than|better than|voy a"
    r"|la pr[oó]xima|vou|da pr[oó]xima|la prochaine fois|je vais"
    r"|driver|courier|deliver\w*|sent to|swapped|transferred|overbooked|because|had to|ended up|(?:this|the) (?:app"
    r"|chain|site)"
    r"|entreg\w+|dejaron|deix\w+|tuve que|tive que|(?:mandaron|enviaron) a|porque|livr[ée]\w*|j[’']ai d[ûu]"
    r"|abgegeben|musste|liegt"
    r"|weil|aa gaya|n[aä]chstes mal|werde|agli baar|jaunga|lunga)\b|अगली बार|المرة (?:الجاية|القادمة)"
    r"|(?<!\w)(?:راح|رح) ",
    re.IGNORECASE,
)
"""What a clause has that is about the business that is spoken to after all, or about what comes next."""


def without_elsewhere(text: str) -> Sequence[str] | None:
    """What a message says besides of another business; None where it tells of none.

    A clause that speaks of both, compares them, or says where the customer will go is about the one that is spoken to.
    """
    clauses = [found[0] for found in _CLAUSE.finditer(text)]
    told = [bool(_ELSEWHERE.search(one)) and not _HERE.search(one) for one in clauses]
    if not any(told):
        return None
    rest = [one for one, elsewhere in zip(clauses, told, strict=True) if not elsewhere]
    return [one for one in rest if any(map(str.isalpha, one))]
