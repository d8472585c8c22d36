"""Secrets and contact details are masked, everything that a human needs in order to help stays readable."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from handraise.conversation.masking import MASK, mask_contacts, mask_secrets

# In each text, what stands in ⟦…⟧ must be masked and nothing else.
SECRETS = [
    # cards
    "my card is ⟦4111 1111 1111 1111⟧, exp 12/27",
    "⟦4111111111111111⟧",
    "charged twice on ⟦4111-1111-1111-1111⟧!!",
    "use ⟦5555.5555.5555.4444⟧ please",
    "amex ⟦3782 822463 10005⟧ ok?",
    "⟦6011111111111117⟧ and ⟦3530 1113 3330 0000⟧",
    "diners: ⟦3056 930902 5904⟧",
    "order 771 paid with ⟦4242 4242 4242 4242⟧ yesterday",
    "two cards: ⟦4242424242424242⟧ ⟦5105105105105100⟧",
    "मेरा कार्ड ⟦४१११ ११११ ११११ ११११⟧ है",
    "بطاقتي ⟦٤١١١ ١١١١ ١١١١ ١١١١⟧",
    "mistyped card number: ⟦4111 1111 1111 1112⟧",
    "meine Kreditkarte ist ⟦5200 8282 8282 8210⟧",
    # IBANs
    "IBAN ⟦ES91 2100 0418 4502 0005 1332⟧ thanks",
    "⟦DE89370400440532013000⟧",
    "please pay to ⟦gb82 west 1234 5698 7654 32⟧.",
    "mon compte est ⟦FR14 2004 1010 0505 0001 3M02 606⟧ et voilà",
    "my iban: ⟦DE89 3704 0044 0532 0130 01⟧",
    # passwords
    "my password is ⟦hunter2⟧",
    "password: ⟦Sommer2024!⟧",
    "Password=⟦qwerty⟧",
    "pwd ⟦S3cr3t!x⟧ does not work",
    'my password is "⟦correct horse battery⟧"',
    "my password is ⟦sunshine⟧ and I cannot log in",
    "my password for the online shop is ⟦Tr0ub4dor&3⟧.",
    "username bob, password ⟦b0bby1990⟧",
    "⟦hunter2⟧ is my password",
    "login: jo@example.com / password: ⟦letmein⟧",
    "mi contraseña es ⟦gatito99⟧",
    "mi clave es ⟦4821⟧, no entra",
    "a minha senha é ⟦flamengo10⟧",
    "senha: ⟦abacaxi⟧",
    "mon mot de passe est ⟦azerty123⟧",
    "mdp : ⟦Soleil75⟧",
    "mein Passwort ist ⟦Hund#2020⟧",
    "das Passwort lautet ⟦geheim123⟧",
    "mera password ⟦rahul@123⟧ hai",
    "mera password hai ⟦rahul123⟧",
    "मेरा पासवर्ड ⟦rahul123⟧ है",
    "كلمة المرور هي ⟦ahmad2020⟧",
    "كلمة السر: ⟦qwer1234⟧",
    # PINs and codes
    "my PIN is ⟦4821⟧",
    "cvv ⟦123⟧",
    "CVC: ⟦9 8 7⟧",
    "the security code on the back is ⟦737⟧",
    "OTP ⟦482913⟧",
    "verification code: ⟦482-913⟧",
    "⟦482913⟧ is my OTP",
    "el código de seguridad es ⟦123⟧",
    "code de sécurité ⟦123⟧",
    "código de segurança: ⟦123⟧",
    "meine Geheimzahl ist ⟦0815⟧",
    "Prüfziffer ⟦123⟧",
    "मेरा पिन ⟦4821⟧ है",
    "ओटीपी ⟦482913⟧",
    "الرقم السري ⟦4821⟧",
    "رمز التحقق هو ⟦482913⟧",
    # tokens and keys
    "⟦eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9P⟧",
    "key ⟦sk-proj-abcdEFGH1234ijklMNOP5678⟧ fails",
    "⟦ghp_16C7e42F292c6912E7710c838347Ae178B4a⟧",
    "aws ⟦AKIAIOSFODNN7EXAMPLE⟧",
    "Authorization: Bearer ⟦AbCdEf123456.GhIjKl789⟧",
    "postgres://bob:⟦s3cret⟧@db.example.com/app",
    "https://example.com/cb?state=1&access_token=⟦abc123def456⟧&x=1",
    "my api key is ⟦9f8a7b6c5d4e⟧",
    "API-Schlüssel: ⟦9f8a7b6c5d4e⟧",
    "client_secret=⟦q7Zx81LmP0⟧",
    "use ⟦aB3dE5fG7hI9jK1lM3nO5pQ7rS9tU1vW3xY5⟧ for it",
    "⟦-----BEGIN RSA PRIVATE KEY-----⟧\n⟦MIIEowIBAAKCAQEA⟧\n⟦-----END RSA PRIVATE KEY-----⟧ there",
    "⟦-----BEGIN PRIVATE KEY-----⟧\n⟦MIIEowIBAAKCAQEA⟧",
]

READABLE = [
    "Where is order 123-4567890-1234567?",
    "order #4111111111 has not come",
    "tracking number 9400 1000 0000 0000 0000 00",
    "tracking 4242424242424242 says delivered",
    "my parcel 1Z999AA10123456784 is late",
    "DHL 00340434292135100186",
    "IMEI 356938035643809",
    "EAN 4006381333931",
    "invoice 2024-000123456789",
    "I paid 1.234.567,89 EUR for 10 000 000 pieces",
    "we met 2024-11-24 12:30 and again on 24.12.2024",
    "550e8400-e29b-41d4-a716-446655440000",
    "my password is not working",
    "my password is wrong",
    "the password is expired, please reset it",
    "password reset link never arrived",
    "Password required",
    "I forgot my password. 2 times now",
    "can I change my password in the app?",
    "is the password case sensitive?",
    "my pin code is 560001",
    "pin my order to the top",
    "the discount code SAVE2024 fails",
    "postal code 10115",
    "mi contraseña no funciona",
    "mi contraseña es incorrecta",
    "minha senha não funciona",
    "mon mot de passe est incorrect",
    "mein Passwort ist falsch",
    "mera password galat hai",
    "كلمة المرور غير صحيحة",
    "die clave of the song",
    "the token expired",
    "a secret santa gift",
    "call me at +44 7911 123456 or mail rosa@example.com",
    "https://shop.example.com/products/Blue-Oak-Table-With-Four-Matching-Chairs-2024",
    "this_is_a_very_long_file_name_without_any_secret.pdf",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "1111 1111",
    "GB is great and DE 12 is a road",
    "",
]

CONTACTS = [
    "mail me: ⟦rosa.diaz+shop@example.co.uk⟧!",
    "⟦jürgen@müller.de⟧",
    "<⟦a@b.io⟧>",
    "call ⟦+1 (555) 123-4567⟧ today",
    "⟦+34612345678⟧",
    "⟦0049 170 1234567⟧",
    "⟦(555) 123-4567⟧",
    "⟦555-123-4567⟧",
    "ring me on ⟦555-1234⟧",
    "⟦06 12 34 56 78⟧",
    "⟦07911123456⟧",
    "my number, call me: ⟦9876543210⟧",
    "mi teléfono es ⟦612 345 678⟧",
    "ruf mich an: ⟦0170/1234567⟧",
    "फोन ⟦98765 43210⟧",
    "هاتفي ⟦٠٥٠١٢٣٤٥٦٧⟧",
]

NO_CONTACTS = [
    "order 9876543210 is late",
    "order 123-4567890-1234567",
    "tracking 9400 1000 0000 0000 0000 00",
    "2024-11-24 10:15",
    "24.12.2024",
    "it costs 1.234.567.890",
    "we need 250 mugs by 12/06",
    "server 192.168.100.200 is down",
    "₹100 000 000",
    "@handle and #tag",
    "a @ b",
]


def _expected(marked: str) -> tuple[str, str]:
    text, masked, hidden = "", "", False
    for character in marked:
        if character in "⟦⟧":
            hidden = character == "⟦"
            continue
        text += character
        masked += MASK if hidden and not character.isspace() else character
    return text, masked


@pytest.mark.parametrize("marked", SECRETS)
def test_a_secret_is_masked_and_the_rest_stays(marked: str) -> None:
    text, masked = _expected(marked)
    assert mask_secrets(text) == masked


@pytest.mark.parametrize("text", READABLE)
def test_what_a_human_needs_stays_readable(text: str) -> None:
    assert mask_secrets(text) == text


@pytest.mark.parametrize("marked", CONTACTS)
def test_contact_details_are_masked_and_the_rest_stays(marked: str) -> None:
    text, masked = _expected(marked)
    assert mask_contacts(text) == masked


@pytest.mark.parametrize("text", NO_CONTACTS)
def test_numbers_that_are_no_contact_stay(text: str) -> None:
    assert mask_contacts(text) == text


_PIECES = st.one_of(
    st.text(max_size=12),
    st.text(alphabet=st.characters(categories=["Cs", "Lo", "Mn", "Nd", "Zs"]), max_size=6),
    st.from_regex(r"\d{1,20}", fullmatch=True),
    st.from_regex(r"[0-9 .()+/-]{1,24}", fullmatch=True),
    st.sampled_from([_expected(marked)[0] for marked in SECRETS + CONTACTS] + READABLE + NO_CONTACTS),
    st.sampled_from(
        [MASK, "password", "is", ":", "=", "PIN", "IBAN", "my", '"', "hai", "token", "4111111111111111", "+"]
    ),
)
_TEXTS = st.lists(_PIECES, max_size=8).flatmap(
    lambda pieces: st.sampled_from(["", " ", "\n", ", "]).map(lambda joint: joint.join(pieces))
)


@given(_TEXTS)
@example("password: password: hunter2")
@example("4111111111111111" * 3)
@example("4111111111111111senha: abacaxi")
@example("my password4111111111111111 is hunter2")
@example("\ud800 password is hunter2")
@example("my PIN is 4821 4111111111111111")
@example("call me or mail rosa@example.com mera password hunter2 hai")
def test_masking_keeps_the_length_changes_nothing_twice_and_never_raises(text: str) -> None:
    for mask in (mask_secrets, mask_contacts, lambda text: mask_contacts(mask_secrets(text))):
        masked = mask(text)
        assert len(masked) == len(text)
        assert mask(masked) == masked
        assert all(
            after in (before, MASK) or "\ud800" <= before <= "\udfff"
            for before, after in zip(text, masked, strict=True)
        )


def _luhn(digits: str) -> str:
    total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(digits)))
    return digits + str(-total % 10)


@given(
    st.from_regex(r"(4|5[1-5])\d{13,14}", fullmatch=True).filter(lambda digits: len(digits) == 15).map(_luhn),
    st.sampled_from(["", " ", "-", "\u00a0"]),
    st.sampled_from(["", "pay with ", "x\n", "12 "]),
)
def test_any_visa_or_mastercard_is_masked_however_it_is_grouped(card: str, separator: str, before: str) -> None:
    grouped = separator.join(card[place : place + 4] for place in range(0, 16, 4))
    masked = mask_secrets(f"{before}{grouped} ok")
    assert not any(character.isdigit() for character in masked[len(before) :])


@pytest.mark.parametrize(
    "piece",
    [
        *("1", "1 ", "4111 ", "password ", "password: ", "a@", "a.", "+1(", "DE89 ", "eyJ", "A1b2", "://a:", "é"),
        *("-----BEGIN PRIVATE KEY-----", "my PIN is ", "00 ", "x" * 40 + " "),
    ],
)
def test_the_time_grows_with_the_length_of_the_text_and_no_faster(piece: str) -> None:
    """Four times the text may cost twelve times the time at most: a square law would be sixteen, a cube sixty-four."""

    def seconds(length: int) -> float:
        text = (piece * length)[:length]
        best = float("inf")
        for _ in range(2):
            begun = time.process_time()
            mask_secrets(text)
            mask_contacts(text)
            best = min(best, time.process_time() - begun)
        return best

    assert seconds(40_000) < 12 * seconds(10_000) + 0.02
