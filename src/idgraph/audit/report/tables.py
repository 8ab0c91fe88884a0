"""Tables: what the sections of a page consist of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import polars as pl

__all__ = ["Cell", "Section", "Table", "table"]

_THIN: Final = 0.5  # per cent of a bar's room, so that what is there can be seen


@dataclass(frozen=True)
class Cell:
    """A cell: its text; whether it is a number; and of a bar, how long it is in per cent of the longest."""

    text: str
    number: bool = False
    bar: float | None = None


@dataclass(frozen=True)
class Table:
    """A table with a caption; `left_out` says how many rows are not shown."""

    caption: str
    head: Sequence[str]
    rows: Sequence[Sequence[Cell]]
    left_out: int = 0


@dataclass(frozen=True)
class Section:
    """A part of the page: its anchor, its heading, a sentence, and tables."""

    id: str
    title: str
    says: str
    tables: Sequence[Table]


def table(
    caption: str,
    frame: pl.DataFrame,
    *,
    bar: str | None = None,
    most: int = 50,
    of: int | None = None,
    **names: str,
) -> Table:
    """Make a table of a frame.

    Args:
        caption: what it shows.
        frame: texts and numbers.
        bar: a column of numbers that get a bar.
        most: rows that are shown.
        of: how many rows there are in all, where the frame holds the first of them only.
        names: what columns are called, where their names would not do.

    >>> table("Sizes", pl.DataFrame({"n": [5, 10]}), bar="n").rows
    [[Cell(text='5', number=True, bar=50.0)], [Cell(text='10', number=True, bar=100.0)]]
    """
    longest = {bar: max(_largest(frame[bar]), 1.0)} if bar else {}
    rows = [
        [_cell(value, longest.get(name)) for name, value in row.items()]
        for row in frame.head(most).iter_rows(named=True)
    ]
    head = [_words(name, names) for name in frame.columns]
    return Table(caption, head, rows, max((of or frame.height) - len(rows), 0))


def _largest(numbers: pl.Series) -> float:
    return float(numbers.cast(pl.Float64).max() or 0.0)  # type: ignore[arg-type] # of a column of numbers


def _words(name: str, names: Mapping[str, str]) -> str:
    return names.get(name, name.replace("_", " "))


def _cell(value: str | float | None, longest: float | None) -> Cell:
    if value is None:
        return Cell("")
    if isinstance(value, str):
        return Cell(value)
    text = f"{value:,}" if isinstance(value, int) else f"{value:,.4g}"
    return Cell(text, number=True, bar=max(100 * value / longest, _THIN if value else 0.0) if longest else None)
