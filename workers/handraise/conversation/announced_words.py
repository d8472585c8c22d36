"""The words around announced secrets, in the seven languages and in Hindi in Latin letters."""

from __future__ import annotations

from typing import Final


def _words(*lines: str) -> frozenset[str]:
    return frozenset(word for line in lines for word in line.split())


CONNECTORS: Final = _words(
    "is was be are it's its ist lautet war es era son est c'est c’est était é eh era foi são hai है था थी thi tha",
    "هو هي هى كان كانت",
)
"""Stand between the announcement and the secret, and say that it comes."""

BETWEEN: Final = _words(
    "my your our the a for to of on in at with account login log sign site shop online website app user username",
    "new old",
    "current here back card bank number code pin el la los de del mi mis para tu su cuenta en tarjeta nueva nuevo",
    "antigua",
    "le les du des mon ma mes pour votre compte sur nouveau carte o os da do das minha meu conta no na cartão",
    "nova",
    "mein meine meinem meiner der die das den dem für zum zur von konto neues neue karte im",
    "mera meri mere ka ki ke ko liye yeh ye मेरा मेरी मेरे का की के को लिए यह यहाँ खाते",
    "الخاصة الخاص بي لي لحسابي حسابي ل في على الجديد الجديدة",
)
"""May stand between the announcement and such a word: "my password for the online shop is …"."""

NOT_SECRET: Final = _words(
    "not no wrong incorrect correct right invalid valid expired old new same different required needed working",
    "missing lost",
    "forgotten blocked locked weak strong too very so still always never being been and or but the a an this that",
    "it in on",
    "at to for from because when what where how why who please reset change changing update recovery again",
    "already also now",
    "just only manager managers protected field box page link links email e-mail mail screen option hint policy",
    "length secure",
    "safe fine ok okay good bad empty saved stored sent set there here they you i we my your his her their if",
    "then than",
    "unable can cannot can't could don't doesn't didn't isn't won't wasn't do does did has have had will would",
    "should must",
    "may might problem problems issue issues help anymore any some all one something nothing anything everything",
    "known unknown",
    "unsafe compromised hacked leaked stolen hidden visible case long short simple easy hard difficult available",
    "useless fails",
    "failed broken accepted rejected refused asked request requests requirements works",
    # Spanish, Portuguese
    "no incorrecta incorrecto inválida invalida válida correcta equivocada errónea nueva vieja misma muy",
    "demasiado siempre",
    "nunca porque cuando que qué y o pero está esta funciona sirve olvidada bloqueada caducada segura débil",
    "obligatoria",
    "não nao incorreta errada inválida correta mesma muito sempre quando e mas está funciona esquecida bloqueada",
    "expirada",
    # French
    "pas ne incorrect invalide valide faux oublié perdu bloqué expiré trop très toujours jamais parce quand et ou",
    "mais fort",
    "faible sûr obligatoire refusé que qui",
    # German
    "nicht kein keine falsch richtig ungültig abgelaufen vergessen gesperrt zu sehr immer nie weil wenn und oder",
    "aber noch",
    "schon sicher schwach stark notwendig zurücksetzen ändern geht funktioniert",
    # Hindi, in both scripts
    "nahi nahin galat sahi bhool bhul gaya gayi bhi kyun kyu kya aur नहीं गलत सही भूल गया गई और क्या क्यों काम",
    # Arabic
    "لا ليس ليست غير خطأ خاطئة خاطئ صحيحة صحيح منتهية ضعيفة قوية لم لن و أو لكن نسيت لأن",
)
"""What is commonly said of passwords: "my password is wrong". Adverbs and participles are told by their endings."""

CLAUSE_WORDS: Final = _words(
    "and but so y pero et mais und aber e mas aur lekin और लेकिन و لكن please pls can could",
)
"""Begin a new clause after the secret."""
