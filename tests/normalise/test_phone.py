"""Phone numbers: one form each, and that the quick path says what phonenumbers says, for every country."""

import random

import phonenumbers
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idgraph.errors import ConfigError
from idgraph.normalise import normalise_phone
from idgraph.normalise.dialling import plan
from idgraph.normalise.phone import _by_library, _vectorised

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
CODES = sorted(phonenumbers.COUNTRY_CODE_TO_REGION_CODE)


def differences(raw: pl.Series, region: str | None) -> list[tuple[str, object, object]]:
    """Texts on which the vectorised path is certain of something else than the library."""
    fast = _vectorised(raw, plan(region) if region else None).rows()
    return [
        (text, quick, slow)
        for text, quick in zip(raw, fast, strict=True)
        if (quick[0] or quick[2]) and quick != (slow := _by_library(text, region))
    ]


@pytest.mark.parametrize("region", [None, "US", "DE", "JP"])
def test_the_quick_path_says_what_the_library_says_on_real_texts(region, likely_phones):
    assert differences(likely_phones, region) == []


def nearly_numbers(region: str | None, count: int) -> list[str]:
    """Digits behind every beginning that a number may have, with the punctuation people use."""
    dice = random.Random(f"{region}")
    own = str(phonenumbers.country_code_for_region(region)) if region else "44"
    texts = []
    for _ in range(count):
        code = str(dice.choice(CODES))
        start = dice.choice(
            [
                *("", "", "", "0", "0", "1", "8", "06", "9", "00", f"00{code}", "011", f"0{own}", own, f"{own}0"),
                *(f"+{own}", f"+{own}0", f"+{code}", f"+{code}{dice.choice('0189')}", "+", "++", "810"),
            ]
        )
        digits = "".join(dice.choices("0123456789", k=dice.choice([1, 2, 3, 5, *range(6, 13), *range(7, 12), 15, 18])))
        text = start + digits
        if dice.random() < 0.4:
            text = "".join(digit + dice.choice(["", "", "", " ", "-", ".", "(", ")", "/", "  "]) for digit in text)
        if dice.random() < 0.1:
            text = (
                dice.choice(["tel:", "(", "x", "-", "\t"]) + text + dice.choice([" x12", "#5", "a", ".0", "-", "/x3"])
            )
        texts.append(text)
    return texts


@pytest.mark.parametrize("region", [None, *REGIONS])
def test_the_quick_path_says_what_the_library_says_in_every_country(region):
    raw = pl.Series(nearly_numbers(region, 120))
    assert differences(raw, region) == []
    once = normalise_phone(raw, region)["value"]
    assert normalise_phone(once, region)["value"].equals(once)
    assert normalise_phone(once)["value"].equals(once)


@given(
    st.lists(st.text(alphabet="0123456789+ ()-./x#e０٣＋ ", max_size=18), max_size=20),
    st.one_of(st.none(), st.sampled_from(REGIONS)),
)
def test_the_quick_path_says_what_the_library_says_on_any_text(texts, region):
    assert differences(pl.Series(texts, dtype=pl.String), region) == []


def test_valid_examples_of_every_country_take_the_quick_path():
    numbers = [phonenumbers.example_number(region) for region in REGIONS]
    texts = [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL) for number in numbers]
    values = _vectorised(pl.Series(texts), None)["value"]
    expected = [phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164) for number in numbers]
    assert normalise_phone(pl.Series(texts))["value"].to_list() == expected
    assert values.null_count() <= 5


@pytest.mark.parametrize(
    ("raw", "region", "value"),
    [
        ("+1 (415) 523-8886", None, "+14155238886"),
        ("0014155238886", None, "+14155238886"),
        ("(415) 523-8886", "US", "+14155238886"),
        ("1-415-523-8886", "us", "+14155238886"),
        ("415.523.8886 ext. 12", "US", "+14155238886"),
        ("4155238886.0", "US", "+14155238886"),
        ("0171 2394871", "DE", "+491712394871"),
        ("0049 171 2394871", "DE", "+491712394871"),
        ("0049 171 2394871", "US", "+491712394871"),
        ("011 49 171 2394871", "US", "+491712394871"),
        ("+49 (0)171 2394871", "US", "+491712394871"),
        ("+39 06 6982 1234", None, "+390669821234"),
        ("tel:+1-415-523-8886", None, "+14155238886"),
        ("1-800-MY-APPLE", "US", "+18006927753"),
        ("＋１４１５５２３８８８６", None, "+14155238886"),
    ],
)
def test_one_number_has_one_form(raw, region, value):
    assert normalise_phone(pl.Series([raw]), region).row(0) == (value, None, None)


@pytest.mark.parametrize(
    ("raw", "region", "reason"),
    [
        ("(415) 523-8886", None, "no_country_code"),
        ("+999 123 456 789", None, "unknown_country_code"),
        ("523-8886", "US", "wrong_length"),
        ("+1 415 523 88860", None, "wrong_length"),
        ("+44 20", None, "wrong_length"),
        ("call me", "US", "not_a_phone"),
        ("4.155E+09", "US", "not_a_phone"),
        ("zYXs9P+yNjgg8uwZvFV8PQ==", "US", "not_a_phone"),
        ("000-000-0000", "US", "null_like"),
        ("(000) 000 0000", "US", "null_like"),
        ("none", "US", "null_like"),
    ],
)
def test_what_is_no_number_is_refused_with_the_reason(raw, region, reason):
    assert normalise_phone(pl.Series([raw]), region).row(0) == (None, None, reason)


@pytest.mark.parametrize(
    ("number", "note"),
    [
        ("+14155238886", None),
        ("+14155550123", "placeholder"),
        ("+14155550223", None),
        ("+15555555555", "placeholder"),
        ("+11111111111", "placeholder"),
        ("+15551234567", "placeholder"),
        ("+491711234567", "placeholder"),
        ("+12345678900", None),
        ("+447700900123", "placeholder"),
        ("+447700800123", None),
    ],
)
def test_numbers_that_fill_a_form_are_noted(number, note):
    assert normalise_phone(pl.Series([number]))["note"].item() == note


def test_an_unknown_region_is_named():
    with pytest.raises(ConfigError, match="'UK'"):
        normalise_phone(pl.Series(["+14155238886"]), "UK")
