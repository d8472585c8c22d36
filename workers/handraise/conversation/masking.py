"""Masks what must not leave: secrets everywhere, contact details where the reader does not need them. Pure.

Each masked character becomes one `•` and white space stays, so that a masked text has the length of the original in
code points and offsets into one are offsets into the other. Masking a masked text changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

import re2

from handraise.conversation.announced import announced_spans
from handraise.conversation.numbers import card_spans, iban_spans, phone_spans

MASK: Final = "•"

Span = tuple[int, int]

# Most messages hold none of this, and RE2 tells in one linear pass. Everything below looks closer, and costs more.
_SECRETS: Final = (
    r"\pN(?:[^\pL\pN]?\pN){6}|[A-Z0-9_+/=.-]{18}|://|-----BEGIN|[?&#][A-Z_]+=|bearer|basic"
    r"|pass|pwd|mdp|contrase|clave|senha|palavra|kennwort|zugangs|code|código|codigo|crypto|geheim|prüf|pruf|nummer"
    r"|\bpin|cvv|cvc|cv2|csc|otp|tan\b|token|key|secret|schl|\bcl[eé]|chave"
    r"|पास|कूट|पिन|ओटी|सीवी|कलम|كلم|باس|رقم|رمز|سي في"
)
_WORTH_A_LOOK: Final = re2.Set.SearchSet()
# An IBAN, alone. "At 10" begins like one, and is in every fifth message.
_WORTH_A_LOOK.Add(r"(?i)[A-Z]{2}[ -]?\d ?\d(?:[ \-\x{a0}\x{202f}]?[A-Z0-9]){11}")
_SECRET: Final = _WORTH_A_LOOK.Add(f"(?i){_SECRETS}")
_WORTH_A_LOOK.Compile()
_TOKENS: Final = re.compile(
    r"(?<![A-Za-z0-9_•])(?:"
    r"eyJ[A-Za-z0-9_-]{8,4096}\.[A-Za-z0-9_-]{8,4096}(?:\.[A-Za-z0-9_-]{0,4096})?"  # JSON Web Token, RFC 7519
    r"|(?:sk|pk|rk)[-_](?:live|test|proj|ant|or)?[-_]?[A-Za-z0-9_-]{16,512}"
    r"|gh[pousr]_[A-Za-z0-9]{20,255}|github_pat_\w{20,255}|glpat-[\w-]{16,255}"
    r"|xox[abeprs]-[A-Za-z0-9-]{10,255}|(?:AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{30,64}|ya29\.[\w-]{20,512}"
    r"|(?:hf|npm|dop_v1|shp(?:at|ca|pa|ss))_[A-Za-z0-9]{16,128}|whsec_[A-Za-z0-9+/=]{16,128}"
    r"|SG\.[\w-]{16,64}\.[\w-]{16,128}|pypi-[\w-]{16,512}|AGE-SECRET-KEY-[A-Z0-9]{20,128}"
    r"|(?:0x)?[0-9a-f]{64}(?![0-9A-Za-z])"  # a 256-bit key in hexadecimal
    r")"
)
_BEARER: Final = re.compile(r"\b(?:Bearer|Basic)\s+([A-Za-z0-9._~+/=-]{16,4096})")
_IN_URL: Final = re.compile(
    r"://[^\s/:@•]{0,200}:([^\s/@]{1,200})@"
    r"|[?&#](?:[a-z_]*token|api_?key|key|secret|client_secret|passw(?:or)?d|pwd|sig|signature|auth|code)=([^\s&#]{4,4096})",
    re.IGNORECASE,
)
_PRIVATE_KEY: Final = re.compile(r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----")
_PRIVATE_KEY_END: Final = re.compile(r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-----")
_LONG: Final = re.compile(r"(?<![\w•])[A-Za-z0-9_+]{32,512}={0,2}(?![\w•])")
_SWITCH: Final = re.compile(r"[A-Za-z](?=\d)|\d(?=[A-Za-z])|[a-z](?=[A-Z])")
_RANDOM_SWITCHES: Final = 8
"""Changes between letters, capitals and digits that make 32 characters random rather than words put together."""

_MAIL: Final = re.compile(r"(?<![\w.+%•-])[\w.+%-]{1,64}@[^\W_](?:[\w-]{0,62}\.){1,8}[^\W\d_]{2,24}(?![\w•])")


def mask_secrets(text: str) -> str:
    """Mask card numbers, IBANs, announced passwords and PINs, and API keys, tokens and private keys.

    Order and tracking numbers, dates, amounts and contact details stay readable. Linear in the length of the text.
    """
    text = _well_formed(text)
    found = _WORTH_A_LOOK.Match(text)
    if not found:
        return text
    if _SECRET not in found:
        return _mask(text, iban_spans(text))
    masked = _mask(
        text,
        [*card_spans(text), *iban_spans(text), *announced_spans(text), *_token_spans(text), *_private_key_spans(text)],
    )
    # With a card's number behind it, a PIN looks like a part of that.
    return masked if masked == text else _mask(masked, announced_spans(masked))


def mask_private_keys(text: str) -> str:
    """Mask private keys, as `mask_secrets` does. Quick also where a text is long."""
    return _mask(text, _private_key_spans(text))


def mask_contacts(text: str) -> str:
    """Mask e-mail addresses and phone numbers. Linear in the length of the text."""
    return _mask(text, [*(found.span() for found in _MAIL.finditer(text)), *phone_spans(text)])


def _well_formed(text: str) -> str:
    """Lone surrogates, which no UTF-8 has and RE2 refuses, become question marks."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def _mask(text: str, spans: Iterable[Span]) -> str:
    ordered = sorted(spans)
    if not ordered:
        return text
    pieces: list[str] = []
    done = 0
    for start, end in ordered:
        if end > done:
            pieces.append(text[done : max(done, start)])
            pieces.extend(character if character.isspace() else MASK for character in text[max(done, start) : end])
            done = end
    pieces.append(text[done:])
    return "".join(pieces)


def _token_spans(text: str) -> Iterator[Span]:
    for found in _TOKENS.finditer(text):
        yield found.span()
    for found in _BEARER.finditer(text):
        yield found.span(1)
    for found in _IN_URL.finditer(text):
        yield found.span(found.lastindex or 0)
    for found in _LONG.finditer(text):
        if len(_SWITCH.findall(found[0])) >= _RANDOM_SWITCHES and any(map(str.isdigit, found[0])):
            yield found.span()


def _private_key_spans(text: str) -> Iterator[Span]:
    """From the first line of a private key to its last; to the end of the text if that was cut off."""
    at = 0
    while (begin := _PRIVATE_KEY.search(text, at)) is not None:
        end = _PRIVATE_KEY_END.search(text, begin.end())
        at = len(text) if end is None else end.end()
        yield begin.start(), at
