"""Hindi in Latin letters."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from handraise.detection import romanised as romanised_module
from handraise.detection.features import word_of
from handraise.detection.romanised import romanised

LETTERS = "अआइईउऊऋएऐओऔऑकखगघङचछजझञटठडढणतथदधनपफबभमयरलळवशषसह"
BY_RULE = {
    "नहीं": "nahi",
    "मुझे": "mujhe",
    "करना": "karna",
    "मदद": "madad",
    "काम": "kaam",
    "कम": "kam",
    "आप": "aap",
    "मेरा": "mera",
    "ठीक": "theek",
    "की": "ki",
    "दूध": "doodh",
    "पैसे": "paise",
    "लिए": "liye",
    "गए": "gaye",
    "गई": "gayi",
    "कोई": "koi",
    "हूँ": "hu",
    "हाँ": "haan",
    "है": "hai",
    "में": "me",
    "कुछ": "kuch",
    "इंसान": "insan",
    "बंबई": "bambayi",
    "ज़रूरत": "zarurat",
    "जरूरत": "jarurat",
    "गड़बड़": "gadbad",
    "समझकर": "samajhkar",
    "नमक": "namak",
    "स्वयं": "swayam",
    "दुःख": "duhkh",
    "२५": "25",
    "न": "na",
}
BY_TABLE = {"वाला": "wala", "चाहिए": "chahiye", "हम": "hum", "नंबर": "number", "फोन": "phone", "फ़ोन": "phone"}


@pytest.mark.parametrize(("hindi", "latin"), [*BY_RULE.items(), *BY_TABLE.items()])
def test_a_word_is_spelled_as_people_type_it(hindi: str, latin: str) -> None:
    assert romanised(hindi) == latin


@pytest.mark.parametrize("word", ["nahi", "señor", "شكرا", "über", "", "₹"])
def test_other_scripts_stay_as_they_are(word: str) -> None:
    assert romanised(word) == word


def test_a_dotted_letter_is_the_same_in_one_code_point_or_two() -> None:
    assert romanised("\u095bara") == romanised("\u091c\u093cara")


@pytest.mark.parametrize("written", ["म\u200dदद", "मदद\u200e", "\ufeffमदद", "मददददद", "मदद\u200b"])
def test_what_is_not_seen_and_what_is_stretched_changes_nothing(written: str) -> None:
    assert romanised(written) == "madad"


def test_the_table_has_no_word_that_the_rules_spell_alike(monkeypatch: pytest.MonkeyPatch) -> None:
    words = dict(romanised_module.table())
    assert len(words) > 500
    monkeypatch.setattr(romanised_module, "table", dict)
    assert [word for word, latin in words.items() if romanised(word) == latin] == []


def test_the_model_reads_both_scripts_as_one_word() -> None:
    assert word_of("नहीं") == word_of("Nahi") == "nahi"
    assert word_of("२५०") == word_of("250") == "000"


@given(st.sampled_from(LETTERS), st.text(LETTERS + "ािीुूृेैोौॉ्ंँः़०१२३४५६७८९"))
def test_any_word_of_hindi_comes_out_in_latin_letters(first: str, rest: str) -> None:
    assert romanised(first + rest).isascii()


@given(st.text(st.characters(min_codepoint=0x0900, max_codepoint=0x097F), max_size=20))
def test_whatever_else_the_script_has_is_read(word: str) -> None:
    romanised(word)


@given(st.text(max_size=20))
def test_anything_is_read(word: str) -> None:
    romanised(word)
