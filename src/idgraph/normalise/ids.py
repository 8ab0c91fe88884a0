"""Opaque ids: kept as they are, but for what stands for no id at all."""

from __future__ import annotations

import re
from typing import Final

import polars as pl

from idgraph.normalise.batches import changed_where, in_batches, kept_where, nothing
from idgraph.normalise.words import phrases, words

__all__ = ["normalise_device", "normalise_id", "salesforce_id"]

# What trackers and exporters write for "nobody": the lists that PostHog (illegal distinct ids), Segment (suggested
# blocked values), Adobe (blocked identities), Treasure Data (invalid texts) and Tealium (bad visitor ids) publish, in
# one. Case counts where it counts there: an id is opaque, and `Nan` may be a user's name.
_NULL_IN_ANY_CASE: Final = phrases(
    """
    #div/0! | #n/a | #name? | #null! | #num! | #ref! | #value! | (none) | (not set) | (null) | <null>
    [object object] | abc123 | anonymous | distinct_id | distinctid | email | false | guest | id | invalid | n/a
    not set | not specified | not-set | not-specified | not_authenticated | not_set | true | undefined | unknown
    user_null | void
    """
)
_NULL_AS_WRITTEN: Final = sorted(words("null NULL Null none None NONE nil NaN nan NAN NA -1 \\N"))

# Segment's `^[0-]*$`: nothing, zeros, hyphens, and so the nil UUID (RFC 9562 section 5.9).
_ZEROS: Final = "-0"
# All of these in any case: one pass over the ids tells which few to look at.
_SUSPECT: Final = f"(?i)^['\"]*(?:[-0]*|{'|'.join(map(re.escape, (*_NULL_IN_ANY_CASE, *_NULL_AS_WRITTEN)))})['\"]*$"
_LONGEST: Final = 400  # characters, as PostHog has it

_MIN_DEVICE: Final = 6

_CHECKSUM_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def normalise_id(raw: pl.Series) -> pl.DataFrame:
    """Strip white space around an id, and refuse what stands for none. Case is never changed: ids differ by it.

    Args:
        raw: String.

    Returns:
        value: String.
        note: String, always null.
        reason: String, why there is no value: `null_like` (also in quotes), `too_long` (more than 400 characters).

    >>> normalise_id(pl.Series([" u_7", "U_7", "'undefined'", "00000000-0000-0000-0000-000000000000"])).rows()
    [('u_7', None, None), ('U_7', None, None), (None, None, 'null_like'), (None, None, 'null_like')]
    """
    return in_batches(raw, _id)


def _id(raw: pl.Series) -> pl.DataFrame:
    value = raw.str.strip_chars()
    suspect = value.str.contains(_SUSPECT)
    null_like = changed_where(
        suspect, pl.repeat(False, len(value), eager=True), lambda _: _is_null_id(value.filter(suspect))
    )
    too_long = value.str.len_chars() > _LONGEST
    reason = pl.select(
        pl.when(null_like)
        .then(pl.lit("null_like"))
        .when(too_long)
        .then(pl.lit("too_long"))
        .otherwise(nothing(len(value)))
    ).to_series()
    return pl.select(value=kept_where(~(null_like | too_long), value), note=nothing(len(value)), reason=reason)


def normalise_device(raw: pl.Series) -> pl.DataFrame:
    """Treat a cookie or device id as an id, and note one too poor to tell devices apart.

    Args:
        raw: String.

    Returns:
        value, reason: String, as `normalise_id`.
        note: String, `placeholder` for fewer than 6 characters or fewer than 3 distinct ones (Tealium's rule), or null.

    >>> normalise_device(pl.Series(["5f2c-9a", "111211", "ab12c"]))["note"].to_list()
    [None, 'placeholder', 'placeholder']
    """
    return in_batches(raw, _device)


def _device(raw: pl.Series) -> pl.DataFrame:
    read = _id(raw)
    id_ = read["value"]
    first, second, third = (id_.str.slice(place, 1) for place in range(3))
    rich = (first != second) & (second != third) & (third != first) & (id_.str.len_bytes() >= 4 * _MIN_DEVICE)
    doubtful = ~rich  # few, since most begin with three distinct characters: a fourth of the time
    return read.with_columns(
        changed_where(doubtful, nothing(len(raw)), lambda _: _poor(id_.filter(doubtful))).alias("note")
    )


def _poor(id_: pl.Series) -> pl.Series:
    # What is left once the two first distinct characters are stripped from both ends: nothing, if there are no others.
    value = pl.col("value")
    first = value.str.head(1)
    second = value.str.strip_chars(first).str.head(1)
    poor = (value.str.len_chars() < _MIN_DEVICE) | (value.str.strip_chars(first + second).str.len_bytes() == 0)
    return id_.to_frame("value").select(pl.when(poor).then(pl.lit("placeholder"))).to_series()


def salesforce_id(raw: pl.Series) -> pl.DataFrame:
    """Bring a Salesforce id into its 18-character form, in which case no longer matters to other systems.

    Reports give 15 characters, exports 18: the last three encode which of the others are capitals (Salesforce Help on
    15- and 18-character record ids). An id of another length is not padded or cut, and one whose capitals were lost is
    not guessed.

    Args:
        raw: String.

    Returns:
        value: String, 18 characters.
        note: String, always null.
        reason: String, why there is no value: `null_like`, `wrong_length`, `not_alphanumeric`, `bad_checksum`.

    >>> salesforce_id(pl.Series(["0031G00000rfAvu", "0031G00000rfAvuQAE", "0031g00000rfavuQAE", "0031G00000"])).rows()
    [('0031G00000rfAvuQAE', None, None), ('0031G00000rfAvuQAE', None, None), (None, None, 'bad_checksum'),
     (None, None, 'wrong_length')]
    """
    return in_batches(raw, _salesforce)


def _salesforce(raw: pl.Series) -> pl.DataFrame:
    text = raw.str.strip_chars()
    formed = text.str.contains("^(?:[0-9A-Za-z]{15}|[0-9A-Za-z]{18})$")
    complete = changed_where(formed, text, _with_checksum)
    length = text.str.len_chars()
    genuine = (length == 15) | (text.str.slice(15).str.to_uppercase() == complete.str.slice(15))
    # 000000000000000AAA is how Salesforce writes no id.
    null_like = _id(text)["reason"].is_not_null() | complete.str.starts_with("0" * 15)
    reason = pl.select(
        pl.when(null_like)
        .then(pl.lit("null_like"))
        .when(~length.is_in([15, 18]))
        .then(pl.lit("wrong_length"))
        .when(~formed)
        .then(pl.lit("not_alphanumeric"))
        .when(~genuine)
        .then(pl.lit("bad_checksum"))
    ).to_series()
    return pl.select(value=kept_where(reason.is_null(), complete), note=nothing(len(text)), reason=reason)


def _is_null_id(value: pl.Series) -> pl.Series:
    bare = value.str.strip_chars("'\"")
    return (
        (bare.str.strip_chars(_ZEROS).str.len_bytes() == 0)
        | bare.is_in(_NULL_AS_WRITTEN)
        | bare.str.to_lowercase().is_in(_NULL_IN_ANY_CASE)
    )


def _with_checksum(ids: pl.Series) -> pl.Series:
    """Append, for each five characters, the letter or digit whose number says which of them are capitals."""
    import numpy as np

    stem = ids.str.slice(0, 15)
    letters = np.frombuffer(stem.str.join("").item().encode(), dtype=np.uint8).reshape(-1, 3, 5)
    capitals = (letters >= ord("A")) & (letters <= ord("Z"))
    numbers = capitals @ np.array([1, 2, 4, 8, 16], dtype=np.uint8)
    alphabet = pl.Series(list(_CHECKSUM_ALPHABET))
    first, second, third = (alphabet.gather(numbers[:, part].copy()) for part in range(3))
    return stem + first + second + third
