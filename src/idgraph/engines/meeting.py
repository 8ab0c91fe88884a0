"""Pairs of rows that meet in blocks, on one machine: counted before they are made, and made a part at a time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

__all__ = ["in_parts", "sized"]

_Rows = npt.NDArray[np.uint32]
_HALF = np.uint64(32)


def sized(keyed: pl.DataFrame, *, across: bool) -> pl.DataFrame:
    """Say of rows how many share their key, and how many of these they may be paired with.

    Args:
        keyed: row, side (0 or 1), key.
        across: whether only rows of two sides are paired.

    Returns:
        row, side, key, n, partners; by key and row, rows that are alone with their key left out.

    >>> keyed = pl.DataFrame({"row": [0, 1, 2, 3], "side": [0, 0, 1, 0], "key": [7, 8, 7, 7]})
    >>> sized(keyed, across=True).rows()
    [(0, 0, 7, 3, 1), (2, 1, 7, 3, 2), (3, 0, 7, 3, 1)]
    """
    shared = _ordered(keyed.filter(pl.col("key").is_duplicated()))
    key, side = shared["key"].to_numpy(), shared["side"].to_numpy()
    starts = np.flatnonzero(np.diff(key, prepend=key[:1] - 1))
    sizes = np.diff(starts, append=len(key))
    whole = np.repeat(sizes, sizes)
    if across and len(key):
        second = np.repeat(np.add.reduceat(side, starts), sizes)
        partners = np.where(side == 0, second, whole - second)
    else:
        partners = whole - 1
    small = {"n": whole, "partners": partners}
    return shared.with_columns(pl.Series(name, column, dtype=pl.UInt32) for name, column in small.items())


def _ordered(keyed: pl.DataFrame) -> pl.DataFrame:
    """Sort by key, then row: rows mostly come in their order, and a stable sort by one column is the faster."""
    key, row = keyed["key"].to_numpy(), keyed["row"].to_numpy()
    if ((key[1:] > key[:-1]) | ((key[1:] == key[:-1]) & (row[1:] > row[:-1]))).all():
        return keyed
    by_row = keyed if keyed["row"].is_sorted() else keyed.sort("row")
    return by_row.sort("key", maintain_order=True)


def _by_row(row: _Rows) -> _Rows:
    """Where rows stand, by row: scattered into their places, which takes a fifth of sorting, where each stands once."""
    place = np.full(int(row.max(initial=0)) + 1, -1, dtype=np.int64)
    place[row] = np.arange(len(row))
    found = place[place >= 0]
    return (found if len(found) == len(row) else np.argsort(row, kind="stable")).astype(np.uint32)


def in_parts(blocks: Sequence[pl.DataFrame], most: int, *, across: bool) -> Iterator[tuple[_Rows, _Rows]]:
    """Make the pairs of rows that share a key in any of several frames, each pair once.

    A pair belongs to the smaller of its rows. So the pairs of some rows hold all that may repeat one of them, and no
    more than those need be held at a time.

    Args:
        blocks: row, side (0 or 1), key: a row has a key once.
        most: pairs of a part, as far as the pairs of one row are not more.
        across: whether only rows of two sides are paired.

    Yields:
        The smaller and the larger rows of pairs.
    """
    keys = [_Key.of(frame, across=across) for frame in blocks if frame.height]
    if not keys:
        return
    rows = max(int(key.row.max()) for key in keys) + 1
    after = np.zeros(rows, dtype=np.int64)
    for key in keys:
        after += np.bincount(key.row, weights=key.after, minlength=rows).astype(np.int64)
    ends = np.cumsum(after)
    begin, done = 0, 0
    while begin < rows and done < ends[-1]:
        end = max(int(np.searchsorted(ends, done + most, side="right")), begin + 1)
        met = np.concatenate([key.pairs(begin, end) for key in keys])
        met.sort()
        once = met[np.flatnonzero(np.diff(met, prepend=~met[:1]))]
        yield (once >> _HALF).astype(np.uint32), once.astype(np.uint32)
        begin, done = end, int(ends[end - 1])


@dataclass(frozen=True)
class _Key:
    """The rows of one frame.

    Attributes:
        row: by key, then by row.
        after: how many of the same key follow.
        of_row: the places of rows in this order, by row.
        rows: the rows in that order, ascending.
        side: of the rows by key, where it matters.
    """

    row: _Rows
    after: _Rows
    of_row: _Rows
    rows: _Rows
    side: npt.NDArray[np.int64] | None

    @staticmethod
    def of(frame: pl.DataFrame, *, across: bool) -> _Key:
        ordered = _ordered(frame)
        key, row, side = (ordered[name].to_numpy() for name in ("key", "row", "side"))
        ends = np.append(np.flatnonzero(np.diff(key)), len(key) - 1)
        after = (np.repeat(ends, np.diff(ends, prepend=-1)) - np.arange(len(key))).astype(np.uint32)
        of_row = _by_row(row)
        return _Key(row.astype(np.uint32), after, of_row, row[of_row].astype(np.uint32), side if across else None)

    def pairs(self, begin: int, end: int) -> npt.NDArray[np.uint64]:
        """The pairs of the rows from `begin` to before `end` with those that follow: two rows in one integer."""
        first, last = np.searchsorted(self.rows, [begin, end])
        places = self.of_row[first:last]
        numbers = self.after[places].astype(np.int64)
        left = np.repeat(places.astype(np.int64), numbers)
        within = np.arange(len(left)) - np.repeat(np.cumsum(numbers) - numbers, numbers)
        right = left + 1 + within
        if self.side is not None:
            apart = self.side[left] != self.side[right]
            left, right = left[apart], right[apart]
        met: npt.NDArray[np.uint64] = (self.row[left].astype(np.uint64) << _HALF) | self.row[right]
        return met
