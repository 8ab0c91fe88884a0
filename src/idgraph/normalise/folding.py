"""Letters folded for comparison: case, accents, ligatures and widths, as far as one script allows."""

from __future__ import annotations

from typing import Final

import polars as pl

from idgraph.normalise.batches import changed_where

__all__ = ["folded"]

# Letters that Unicode does not take apart, as passports write them (ICAO Doc 9303 part 3 section 6, without the doubled
# vowels of German, which few people type), and what case folding changes besides lower case (Unicode CaseFolding).
_LETTERS: Final = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "ł": "l",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ħ": "h",
    "ı": "i",
    "ŋ": "n",
    "ŧ": "t",
    "ə": "e",
    "ς": "σ",
}
# Accents are dropped on Latin and Greek letters. Elsewhere a mark makes another letter: и and й, か and が.
_ACCENTED: Final = r"([a-z\u0370-\u03ff])[\u0300-\u036f]+"
_PLAIN: Final = "^[\x00-\x7f]*$"


def folded(text: pl.Series) -> pl.Series:
    """Fold letters for comparison.

    >>> folded(pl.Series(["José", "Straße", "ＡＢＣ", "Ångström", "Йод", "がぎ"])).to_list()
    ['jose', 'strasse', 'abc', 'angstrom', 'йод', 'がぎ']
    """
    lower = text.str.to_lowercase()
    return changed_where(~lower.str.contains(_PLAIN), lower, _fold)


def _fold(lower: pl.Series) -> pl.Series:
    # Compatibility forms may be capitals (ℌ), and lower case may take letters apart (İ): hence both, twice.
    apart = lower.str.normalize("NFKC").str.to_lowercase().str.normalize("NFKD").str.to_lowercase()
    plain = apart.str.replace_many(list(_LETTERS), list(_LETTERS.values())).str.replace_all(_ACCENTED, "${1}")
    return plain.str.normalize("NFKC")
