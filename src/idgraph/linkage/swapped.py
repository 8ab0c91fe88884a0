"""Names that stand in each other's column: given names where family names belong, and the other way round."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.linkage.compare import compared

__all__ = ["BEGINNING", "SWAPPED", "swapped"]

# What `swapped` says; the last two are names of levels of the holding `name`.
SWAPPED: Final = ("", "swapped", "in the other column")
_MISTYPED, _ALIKE, _UNKNOWN = 1, 2, 99
BEGINNING: Final = 2  # letters; of two that are swapped one at least begins alike

_NAMES: Final = ("left_given", "left_family", "right_given", "right_family")

_Places = npt.NDArray[np.int8]


def swapped(pairs: pl.DataFrame) -> pl.Series:
    """Say of which pairs the names agree crosswise, and not as they stand.

    Args:
        pairs: left_given, left_family, right_given, right_family (String, null where unknown).

    Returns:
        Int8: the place in `SWAPPED`.

    >>> names = {"left_given": ["Dixon"], "left_family": ["Amber"], "right_given": ["Amber"], "right_family": ["Dixon"]}
    >>> SWAPPED[swapped(pl.DataFrame(names)).item()]
    'swapped'
    """
    begins = pairs.select(pl.col(_NAMES).str.slice(0, BEGINNING))
    asked = np.flatnonzero(
        ((begins["left_given"] == begins["right_family"]) | (begins["left_family"] == begins["right_given"]))
        .fill_null(value=False)
        .to_numpy()
    )
    found = np.zeros(pairs.height, dtype=np.int8)
    if len(asked):
        found[asked] = _crosswise(pairs[asked])
    return pl.Series("swapped", found)


def _crosswise(pairs: pl.DataFrame) -> _Places:
    straight = _level(pairs, "left_given", "right_given"), _level(pairs, "left_family", "right_family")
    cross = _level(pairs, "left_given", "right_family"), _level(pairs, "left_family", "right_given")
    as_they_stand = np.logical_or(*(_agree(level, _ALIKE) for level in straight))
    best, worst = np.minimum(*cross), np.maximum(*cross)
    both = ~as_they_stand & _agree(best, _MISTYPED) & _agree(worst, _ALIKE)
    one = ~as_they_stand & _agree(best, _MISTYPED) & (worst == _UNKNOWN)
    return np.select([both, one], [1, 2]).astype(np.int8)


def _agree(levels: _Places, least: int) -> npt.NDArray[np.bool_]:
    return levels <= least


def _level(pairs: pl.DataFrame, left: str, right: str) -> _Places:
    known = (pairs[left].is_not_null() & pairs[right].is_not_null()).arg_true()
    levels = np.full(pairs.height, _UNKNOWN, dtype=np.int8)
    levels[known] = compared("name", pairs[left].gather(known), pairs[right].gather(known)).to_numpy()
    return levels
