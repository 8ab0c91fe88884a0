"""Phone numbers in E.164 form, after the numbering plans that `phonenumbers` carries."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

import polars as pl

from idgraph.normalise.batches import Cleaned, changed_where, finish, in_batches, kept_where, nothing
from idgraph.normalise.dialling import Plan, plan, world
from idgraph.normalise.nulls import EDGE, is_null_text, null_text

__all__ = ["normalise_phone"]

# What people write between digits and the library skips: the vectorised path knows these alone.
_PUNCTUATION: Final = "[ ()./-]"
_INTERNATIONAL: Final = "^[+][1-9][0-9]{2,}$"
_NATIONAL: Final = "^0*[1-9][0-9]{2,}$"
_ZEROS_ABROAD: Final = "^00[1-9]"
_LONGEST: Final = 250  # characters; phonenumbers refuses what is longer

# A number read as floating point on its way here.
_FLOAT: Final = "^[ ()]*([0-9]+)[.]0+[ ()]*$"

_RUNS: Final = "|".join(digit * 7 for digit in "0123456789")
_COUNTS: Final = "1234567(?:8(?:90?)?)?|23456789?|9876543(?:2(?:10?)?)?"
# Set aside for fiction: 555-0100 to 555-0199 in North America (beside directory assistance, 555-1212, and the unused
# area code 555), and Ofcom's numbers for drama.
_FICTION: Final = (
    "[+]1[0-9]{3}555(?:01[0-9]{2}|1212)",
    "[+]1555[0-9]{7}",
    "[+]44(?:1632960|7700900|8081570|9098790|3069990)[0-9]{3}",
    "[+]44(?:113|114|115|116|117|118|121|131|141|151|161)4960[0-9]{3}",
    "[+]44(?:2079460|1914980|2920180|2896496)[0-9]{3}",
)
_FAKE: Final = f"(?:{_RUNS}|{_COUNTS})$|^(?:{'|'.join(_FICTION)})$"


def normalise_phone(raw: pl.Series, region: str | None = None) -> pl.DataFrame:
    """Give each number its E.164 form (ITU-T E.164: a plus, the calling code, the national number).

    `+` and `00` begin an international number. A number must have a length that its country's plan knows, area code
    included; whether it is in use is not asked. Extensions are dropped.

    Args:
        raw: String.
        region: ISO 3166 code of the country whose national numbers these are; without it they are refused.

    Returns:
        value: String, E.164.
        note: String, `placeholder` (one digit repeated, counting, set aside for fiction) or null.
        reason: String, why there is no value: `null_like`, `no_country_code`, `unknown_country_code`, `wrong_length`,
            `not_a_phone`.

    Raises:
        ConfigError: The region is not one that has phone numbers.

    >>> normalise_phone(pl.Series(["(415) 867-5309 x12", "+44 (0)20 7031 3000", "555-5555"]), "US").rows()
    [('+14158675309', None, None), ('+442070313000', None, None), (None, None, 'wrong_length')]
    """
    region = region.upper() if region else None
    dialled = plan(region) if region else None
    world()  # read once, before the batches ask for it side by side
    return finish(raw, in_batches(raw, partial(_vectorised, dialled=dialled)), partial(_by_library, region=region))


def _vectorised(raw: pl.Series, dialled: Plan | None) -> pl.DataFrame:
    """Decide what is certain without the library; the rest gets neither value nor reason."""
    text = changed_where(~raw.str.contains(_INTERNATIONAL), raw, _bare)
    national = text.str.contains(_NATIONAL)
    text = changed_where(national, text, partial(_with_code, dialled=dialled))
    possible = _possible(text)
    value = kept_where(possible, text)
    fake = value.str.contains(_FAKE)
    refused = raw.is_not_null() & ~possible
    rows = pl.DataFrame({"raw": raw, "text": text, "without_code": national & (dialled is None)})
    return pl.select(
        value=value,
        note=changed_where(fake, nothing(len(raw)), lambda some: some.fill_null("placeholder")),
        reason=changed_where(refused, nothing(len(raw)), lambda _: _why_not(rows.filter(refused))),
    )


def _bare(raw: pl.Series) -> pl.Series:
    short = kept_where(raw.str.len_bytes() <= _LONGEST, raw)
    return short.str.replace(_FLOAT, "${1}").str.replace_all(_PUNCTUATION, "")


def _possible(text: pl.Series) -> pl.Series:
    return (text.str.contains(world().possible) & ~text.str.contains(world().prefixed)).fill_null(False)


def _with_code(digits: pl.Series, dialled: Plan | None) -> pl.Series:
    """Write national digits with plus and calling code; null where only the library can say how."""
    abroad = digits.str.contains(_ZEROS_ABROAD)
    if dialled is None:
        return "+" + kept_where(abroad, digits).str.slice(2)
    plain = ~digits.str.contains(dialled.doubtful)
    prefixed = digits.str.contains(dialled.prefixed) & ~digits.str.contains(dialled.not_prefixed)
    coded = digits.str.contains(dialled.coded) & ~digits.str.contains(dialled.not_coded)
    significant = kept_where(plain, digits)
    significant = changed_where(prefixed, significant, lambda _: digits.filter(prefixed).str.slice(1))
    significant = changed_where(coded, significant, lambda _: digits.filter(coded).str.slice(len(dialled.code)))
    text = f"+{dialled.code}" + significant
    # Beyond the plain case the library weighs lengths and patterns against each other: only a good result is certain.
    text = kept_where(plain | _possible(text), text)
    if dialled.zeros_lead_abroad:
        text = changed_where(abroad, text, lambda _: "+" + digits.filter(abroad).str.slice(2))
    return text


def _why_not(rows: pl.DataFrame) -> pl.Series:
    raw, text = pl.col("raw"), pl.col("text")
    junk = ~raw.str.contains(r"\d")
    return rows.select(
        pl.when(pl.col("without_code") & text.is_null())
        .then(pl.lit("no_country_code"))
        .when(
            text.str.contains(_INTERNATIONAL) & text.str.contains(world().known) & ~text.str.contains(world().prefixed)
        )
        .then(pl.lit("wrong_length"))
        .when(junk & is_null_text(rows["raw"]))
        .then(pl.lit("null_like"))
        .when(junk)
        .then(pl.lit("not_a_phone"))
    ).to_series()


def _by_library(raw: str, region: str | None) -> Cleaned:
    """Read one number with phonenumbers: slow, and what the vectorised path is held against in the tests."""
    text = raw.strip(EDGE)
    if null_text(text) or re.fullmatch("[ ()./+-]*0[ ()./+0-]*", text):
        return None, None, "null_like"
    if not re.search(r"\d", text):
        return None, None, "not_a_phone"
    text = re.sub(_FLOAT, r"\1", text)
    value, reason = _parsed(text, region)
    from_abroad = re.match(r"[ ()./-]*0[ ()./-]*0[ ()./-]*([1-9].*)", text, re.DOTALL)
    if value is None and from_abroad:
        value, reason = _parsed("+" + from_abroad[1], None)
    # A prefix may hide behind a prefix, +49 (0)0 30: what is returned must read as itself.
    while value is not None:
        again, reason = _parsed(value, None)
        if again == value:
            return value, "placeholder" if re.search(_FAKE, value) else None, None
        value = again
    return None, None, reason


def _parsed(text: str, region: str | None) -> tuple[str | None, str | None]:
    import phonenumbers
    from phonenumbers import NumberParseException, ValidationResult

    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        if error.error_type == NumberParseException.NOT_A_NUMBER:
            return None, "not_a_phone"
        if error.error_type == NumberParseException.INVALID_COUNTRY_CODE:
            return None, "unknown_country_code" if re.match(r"[^\d+＋]*[+＋]", text) else "no_country_code"
        return None, "wrong_length"
    # A number that is possible only within its area is not one person's number everywhere.
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        return None, "wrong_length"
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164), None
