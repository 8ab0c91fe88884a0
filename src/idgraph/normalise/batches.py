"""What all normalisers share: three columns out, batches on all cores, and slow work on distinct values only."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import polars as pl

__all__ = [
    "COLUMNS",
    "Cleaned",
    "changed_where",
    "finish",
    "in_batches",
    "kept_where",
    "nothing",
    "on_distinct",
    "on_fewest",
    "replaced_where",
]

COLUMNS: Final = {"value": pl.String(), "note": pl.String(), "reason": pl.String()}

# value, note, reason of one text
Cleaned = tuple[str | None, str | None, str | None]

# Small enough that the temporary columns of a batch stay in proportion to it, not to the whole.
_BATCH: Final = 1 << 19


def in_batches(raw: pl.Series, clean: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Clean slices of a column side by side: Polars runs one column's expressions on one core only.

    Args:
        raw: Any length; empty is fine.
        clean: Row by row, so that slicing cannot change what it says.
    """
    if len(raw) <= _BATCH:
        return clean(raw)
    slices = [raw.slice(start, _BATCH) for start in range(0, len(raw), _BATCH)]
    with ThreadPoolExecutor(pl.thread_pool_size()) as pool:
        return pl.concat(pool.map(clean, slices))


def on_distinct(column: pl.Series, clean: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Clean each distinct text once; null gives nulls.

    >>> on_distinct(pl.Series(["a", "b", "a"]), lambda few: pl.DataFrame({"value": few.str.to_uppercase()}))[
    ...     "value"
    ... ].to_list()
    ['A', 'B', 'A']
    """
    distinct = column.drop_nulls().unique()
    lookup = clean(distinct).with_columns(distinct.alias("raw"))
    return column.to_frame("raw").join(lookup, on="raw", how="left", maintain_order="left").drop("raw")


def on_fewest(column: pl.Series, clean: Callable[[pl.Series], pl.DataFrame]) -> pl.DataFrame:
    """Clean each distinct text once where most texts come again, else each text; null gives nulls."""
    return on_distinct(column, clean) if 2 * column.n_unique() < len(column) else clean(column)


def finish(raw: pl.Series, fast: pl.DataFrame, library: Callable[[str], Cleaned]) -> pl.DataFrame:
    """Ask the library about the rows on which the vectorised path gave neither a value nor a reason."""

    def ask(texts: pl.Series) -> pl.DataFrame:
        return pl.DataFrame([library(text) for text in texts.to_list()], schema=COLUMNS, orient="row")

    undecided = raw.is_not_null() & fast["value"].is_null() & fast["reason"].is_null()
    return replaced_where(undecided, fast, lambda: on_distinct(raw.filter(undecided), ask))


def replaced_where(mask: pl.Series, frame: pl.DataFrame, make: Callable[[], pl.DataFrame]) -> pl.DataFrame:
    """Replace the rows that the mask names; nothing is made if it names none, and a null in it is no."""
    rows = mask.arg_true()
    if not len(rows):
        return frame
    new = make()
    return frame.with_columns(frame[name].clone().scatter(rows, new[name]).alias(name) for name in frame.columns)


def changed_where(mask: pl.Series, column: pl.Series, change: Callable[[pl.Series], pl.Series]) -> pl.Series:
    """Change only the rows that the mask names; a null in it is no.

    >>> words = pl.Series(["a", "b"])
    >>> changed_where(pl.Series([False, True]), words, lambda some: some.str.to_uppercase()).to_list()
    ['a', 'B']
    """
    rows = mask.arg_true()
    return column.clone().scatter(rows, change(column.gather(rows))) if len(rows) else column


def kept_where(mask: pl.Series, column: pl.Series) -> pl.Series:
    """Make null every row that the mask does not name; a null in it is no.

    >>> kept_where(pl.Series([True, False, None]), pl.Series(["a", "b", "c"])).to_list()
    ['a', None, None]
    """
    return column if mask.all(ignore_nulls=False) else pl.select(pl.when(mask).then(column)).to_series()


def nothing(length: int) -> pl.Series:
    """Make a column of texts that are all null."""
    return pl.repeat(None, length, dtype=pl.String, eager=True)
