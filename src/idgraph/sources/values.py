"""The value kernel: raw cells to normalised values, a cell that lists several giving several rows."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

import polars as pl

from idgraph.normalise import normalise
from idgraph.normalise.batches import changed_where
from idgraph.schema import TEXT, WORD

if TYPE_CHECKING:
    from idgraph.engines import Kernel

__all__ = ["NOTHING", "VALUE_SCHEMA", "value_kernel"]

NOTHING: Final = "null_like"  # the reason of a value that says it is nothing

VALUE_SCHEMA: Final = {"raw": TEXT, "value": TEXT, "note": WORD, "reason": WORD}
# What parts the values of one cell, by normaliser. An opaque id may hold any sign, so only a bracketed list is split.
_SEPARATORS: Final = {"email": r"[;,\n]", "domain": r"[;,\n]", "phone": r";|,\s"}
# Blanks part domains too, but stand in telephone numbers and sentences: a word is a value where it looks like one, and
# the other words of the cell are one text.
_WORDS: Final = {"domain": r"\S*\w\.\pL\S*"}
# A comma parts addresses only where there are several: it may stand in a name, `Silva, Ana <ana@acme.io>`.
_SEVERAL: Final = {"email": r"(?s)@.*[;,\n].*@"}  # asked of what holds a separator only: it is slow
_LIST: Final = r"^\[.*\]$"
_REFERENCES: Final = r"^\[.*\]$|;"


def value_kernel(normaliser: str, region: str | None, *, reference: bool = False) -> Kernel:
    """Make the kernel that cleans one column of values.

    Args:
        normaliser: a name of `idgraph.normalise.NORMALISERS`.
        region: where national phone numbers are read.
        reference: whether the cells refer to other records; those lists are parted by semicolons too.

    Returns:
        A kernel on frames with a String column `raw`: adds `value`, `note` and `reason` (see `idgraph.normalise`), and
        makes `raw` null where it equals the value. Other columns are repeated for each value of a cell.
    """
    return partial(_values, normaliser=normaliser, region=region, reference=reference)


def _values(rows: pl.DataFrame, *, normaliser: str, region: str | None, reference: bool) -> pl.DataFrame:
    listed = rows["raw"].str.contains(_SEPARATORS.get(normaliser, _REFERENCES if reference else _LIST))
    if several := _SEVERAL.get(normaliser):
        listed = changed_where(listed, listed, lambda _: rows["raw"].filter(listed).str.contains(several))
    if listed.any():
        separator = _SEPARATORS.get(normaliser, r"[;,]" if reference else ",")
        rows = pl.concat([rows.filter(~listed), _split(rows.filter(listed), separator)])
    if word := _WORDS.get(normaliser):
        spaced = rows["raw"].str.contains(r"\s")
        rows = pl.concat([rows.filter(~spaced), _in_words(rows.filter(spaced), word)]) if spaced.any() else rows
    read = normalise(normaliser, rows["raw"], region=region)
    unchanged = rows["raw"] == read["value"]
    return rows.with_columns(
        read["value"],
        rows["raw"].set(unchanged, None).alias("raw"),
        read["note"].cast(pl.Categorical),
        read["reason"].cast(pl.Categorical),
    )


def _split(rows: pl.DataFrame, separator: str) -> pl.DataFrame:
    marked = pl.col("raw").str.strip_chars("[]").str.replace_all(separator, "\x1f")
    parts = rows.with_columns(marked.str.split("\x1f")).explode("raw")
    return parts.with_columns(pl.col("raw").str.strip_chars(" \"'")).filter(pl.col("raw") != "")


def _in_words(rows: pl.DataFrame, word: str) -> pl.DataFrame:
    others = pl.col("raw").str.replace_all(word, " ").str.replace_all(r"\s+", " ").str.strip_chars()
    parts = pl.concat_list(pl.col("raw").str.extract_all(word), others)
    return rows.with_columns(raw=parts).explode("raw").filter(pl.col("raw") != "")
