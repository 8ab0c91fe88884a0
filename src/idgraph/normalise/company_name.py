"""Names of companies, brought into one spelling for comparison; never shown in place of what was written."""

from __future__ import annotations

import re
from itertools import permutations
from typing import Final

import polars as pl

from idgraph.normalise.batches import changed_where, in_batches, kept_where, nothing, on_distinct, replaced_where
from idgraph.normalise.folding import folded
from idgraph.normalise.legal_forms import GENERIC, LEGAL_ENDINGS, LEGAL_OPENINGS, SORTS, UNSPACED_FORMS
from idgraph.normalise.nulls import is_null_text

__all__ = ["normalise_company_name"]

_PLAIN: Final = "^[a-z0-9]+(?: [a-z0-9]+)*$"
_ENDING: Final = f"(?: (?:{'|'.join(LEGAL_ENDINGS)}))+$"
_OPENING: Final = f"^(?:(?:{'|'.join(sorted(LEGAL_OPENINGS))}) )+"
_UNSPACED: Final = "|".join(map(re.escape, sorted(UNSPACED_FORMS, key=len, reverse=True)))

_SORTS: Final = {*SORTS, *map(" ".join, permutations(SORTS, 2))}
_NO_COMPANY: Final = sorted({*GENERIC, *LEGAL_ENDINGS, *LEGAL_OPENINGS, *_SORTS})

# What products call the space of somebody who gave no company: Ana's workspace.
_OWN_SPACE: Final = "['’]s? (?:workspace|workplace|team|organi[sz]ation|org|company|account|space|projects?)$"

_WORDS: Final = r"[\p{L}\p{N}]"

# A dot within an abbreviation joins (S.A., U.S.), a dot between words parts them (amazon.com).
_DOT_BETWEEN_WORDS: Final = r"([\p{L}\p{N}]{2})[.]([\p{L}\p{N}]{2})"


def normalise_company_name(raw: pl.Series) -> pl.DataFrame:
    """Bring a name into one spelling: lower case, accents folded, no punctuation, no legal form, no leading `the`.

    `&` and `+` read `and`. Words such as group or holding stay: they tell companies of one family apart.

    Args:
        raw: String.

    Returns:
        value: String.
        note: String, always null.
        reason: String, why there is no value: `null_like`, `generic` (names no company: `My workspace`, `Ana's team`, a
            legal form by itself, `Group Holding`), `not_a_name` (an e-mail address, or neither letter nor digit).

    >>> normalise_company_name(
    ...     pl.Series(["The Acme-Foods Co., Ltd.", "Müller & Söhne GmbH & Co. KG", "My Workspace"])
    ... ).rows()
    [('acme foods', None, None), ('muller and sohne', None, None), (None, None, 'generic')]
    """
    return in_batches(raw, _normalise)


def _normalise(raw: pl.Series) -> pl.DataFrame:
    text = raw.str.to_lowercase()
    plain = text.str.contains(_PLAIN)
    return replaced_where(
        ~plain,
        _named(text, kept_where(plain, text)),
        lambda: on_distinct(text.filter(~plain), lambda odd: _named(odd, _tidy(folded(odd)))),
    )


def _named(text: pl.Series, name: pl.Series) -> pl.DataFrame:
    """Take legal forms off a tidy name, and refuse what names no company."""
    name = changed_where(name.str.contains(_OPENING), name, lambda some: some.str.replace(_OPENING, ""))
    name = changed_where(name.str.contains(_ENDING), name, lambda some: some.str.replace(_ENDING, ""))
    reason = pl.select(
        pl.when(is_null_text(text))
        .then(pl.lit("null_like"))
        .when(text.str.contains("@", literal=True) | ~name.str.contains(_WORDS))
        .then(pl.lit("not_a_name"))
        .when(is_null_text(name))
        .then(pl.lit("null_like"))
        .when(name.is_in(_NO_COMPANY) | text.str.contains(_OWN_SPACE))
        .then(pl.lit("generic"))
    ).to_series()
    return pl.select(value=kept_where(reason.is_null(), name), note=nothing(len(text)), reason=reason)


def _tidy(text: pl.Series) -> pl.Series:
    joined = (
        text.str.replace_all("[&+]", " and ")
        .str.replace_all("['’‘ʼ`´]", "")
        .str.replace_all(_DOT_BETWEEN_WORDS, "${1} ${2}")
        .str.replace_all(".", "", literal=True)
    )
    spaced = joined.str.replace_all(_UNSPACED, " ").str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars(" ")
    # Taking punctuation out may have brought a letter and a mark together.
    return folded(spaced)
