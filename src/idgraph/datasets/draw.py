"""Seeded draws of whole columns: choices, ids, times and typing errors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from idgraph.datasets.names import fold

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt

    Rng = np.random.Generator
    Bools = npt.NDArray[np.bool_]
    Ints = npt.NDArray[np.int64]
    Bytes = npt.NDArray[np.uint8]

__all__ = [
    "END",
    "START",
    "chance",
    "choose",
    "folded",
    "hexes",
    "later",
    "moments",
    "numbered",
    "order_within",
    "pick",
    "pick_by",
    "salesforce_ids",
    "short_ids",
    "stamp",
    "typo",
    "uuids",
    "when",
]

START = int(np.datetime64("2025-01-01T00:00:00", "s").astype(np.int64))
END = int(np.datetime64("2026-06-30T00:00:00", "s").astype(np.int64))
"""First and last second in which anything happens in a world."""

_BASE62 = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", dtype=np.uint8)
_CHECK = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)
_HEX = np.frombuffer(b"0123456789abcdef", dtype=np.uint8)


def chance(rng: Rng, size: int, share: float | npt.NDArray[np.float64]) -> Bools:
    """True for about `share` of `size` rows."""
    return rng.random(size) < share


def pick(rng: Rng, values: Sequence[str], size: int, skew: float = 1.0) -> pl.Series:
    """Draw strings; a skew above 1 makes the first values the common ones."""
    rows = (rng.random(size) ** skew * len(values)).astype(np.int64)
    return pl.Series(list(values), dtype=pl.String).gather(rows)


def pick_by(rng: Rng, lists: Sequence[Sequence[str]], group: Ints, skew: float = 1.0) -> pl.Series:
    """Draw for each row from the list of its group."""
    sizes = np.array([len(values) for values in lists])
    starts = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    rows = starts[group] + (rng.random(len(group)) ** skew * sizes[group]).astype(np.int64)
    return pl.Series([value for values in lists for value in values], dtype=pl.String).gather(rows)


def choose(rng: Rng, shares: Mapping[str, float], size: int) -> pl.Series:
    """Draw labels with the given shares (they need not add up to 1)."""
    edges = np.cumsum(list(shares.values()))
    rows = np.searchsorted(edges / edges[-1], rng.random(size), side="right")
    return pl.Series(list(shares), dtype=pl.String).gather(np.minimum(rows, len(shares) - 1))


def when(mask: Bools | pl.Series, yes: pl.Series | str | None, no: pl.Series | str | None) -> pl.Series:
    """Row by row `yes` where the mask holds, else `no`.

    >>> when(np.array([True, False]), "a", pl.Series(["x", "y"])).to_list()
    ['a', 'y']
    """
    return pl.select(out=pl.when(pl.Series(mask)).then(pl.lit(yes)).otherwise(pl.lit(no)).cast(pl.String)).to_series()


def order_within(group: pl.Series) -> pl.Series:
    """Number the rows of each group from 0, in row order.

    >>> order_within(pl.Series(["a", "b", "a"])).to_list()
    [0, 0, 1]
    """
    return group.to_frame("group").select(pl.int_range(pl.len()).over("group")).to_series()


def folded(text: pl.Series) -> pl.Series:
    """Plain ASCII forms, folded once for each distinct string."""
    known = text.drop_nulls().unique(maintain_order=True).to_list()
    return text.replace_strict(known, [fold(value) for value in known], default=None, return_dtype=pl.String)


def _text(letters: Bytes) -> pl.Series:
    width = letters.shape[1]
    return pl.Series(
        np.ascontiguousarray(letters).view(f"S{width}").ravel().astype(f"U{width}").tolist(), dtype=pl.String
    )


def hexes(rng: Rng, size: int, width: int = 32) -> pl.Series:
    """Random lower-case hexadecimal ids."""
    return _text(_HEX[rng.integers(0, 16, (size, width), dtype=np.uint8)])


def uuids(rng: Rng, size: int) -> pl.Series:
    """Random version 4 UUIDs."""
    letters = np.full((size, 36), ord("-"), dtype=np.uint8)
    spots = [i for i in range(36) if i not in {8, 13, 18, 23}]
    letters[:, spots] = _HEX[rng.integers(0, 16, (size, 32), dtype=np.uint8)]
    letters[:, 14] = ord("4")
    letters[:, 19] = _HEX[rng.integers(8, 12, size, dtype=np.uint8)]
    return _text(letters)


def salesforce_ids(prefix: str, size: int, start: int = 4_000_000) -> pl.Series:
    """Eighteen-character ids of one Salesforce object, consecutive, so that some differ by case alone.

    The last three characters say which of the fifteen before are capitals (the vendor's "case-safe" form).

    >>> salesforce_ids("003", 2).to_list()
    ['0035g000000QwkIAAS', '0035g000000QwkJAAS']
    """
    number = start + np.arange(size, dtype=np.int64)
    letters = np.empty((size, 18), dtype=np.uint8)
    letters[:, :11] = np.frombuffer(f"{prefix}5g000000".encode(), dtype=np.uint8)
    for place in range(4):
        letters[:, 14 - place] = _BASE62[number // 62**place % 62]
    letters[:, 10] = _BASE62[(number // 62**4 + 52) % 62]
    capital = (letters[:, :15] >= ord("A")) & (letters[:, :15] <= ord("Z"))
    letters[:, 15:] = _CHECK[(capital.reshape(size, 3, 5) * (1 << np.arange(5))).sum(axis=2)]
    return _text(letters)


def short_ids(rng: Rng, ids: pl.Series, share: float) -> pl.Series:
    """Shorten some Salesforce ids to the fifteen-character form that reports and formulas give."""
    return when(chance(rng, len(ids), share), ids.str.slice(0, 15), ids)


def numbered(prefix: str, size: int, start: int = 0) -> pl.Series:
    """The ids prefix + start, prefix + start + 1, …"""  # noqa: D415
    return pl.select(pl.format(prefix + "{}", pl.int_range(start, start + size))).to_series()


def moments(rng: Rng, size: int, first: int = START, last: int = END) -> Ints:
    """Seconds since 1970, evenly spread."""
    return rng.integers(first, last, size)


def later(rng: Rng, touched: pl.Series, days: float) -> pl.Series:
    """Seconds: an exponential time after each first touch, but never after the world's end."""
    first = touched.to_numpy()
    gap, left = rng.exponential(days * 86_400, len(first)), END - first
    return pl.Series(
        (first + np.where(gap > left, rng.random(len(first)) * left, gap)).astype(np.int64), dtype=pl.Int64
    )


def stamp(seconds: Ints | pl.Series) -> pl.Series:
    """Seconds since 1970 as naive UTC times."""
    return (pl.Series(seconds) * 1_000_000).cast(pl.Datetime("us"))


def typo(rng: Rng, text: pl.Series) -> pl.Series:
    """Mistype each string once inside: swap two letters, leave one out or double one."""
    size = len(text)
    frame = pl.DataFrame({"text": text, "draw": rng.random(size), "slip": rng.integers(0, 3, size)})
    spot = (pl.col("draw") * (pl.col("text").str.len_chars().cast(pl.Int64) - 2).clip(0)).cast(pl.Int64) + 1
    head, letter, after = (
        pl.col("text").str.slice(0, spot),
        pl.col("text").str.slice(spot, 1),
        pl.col("text").str.slice(spot + 1, 1),
    )
    tail, rest = pl.col("text").str.slice(spot + 1), pl.col("text").str.slice(spot + 2)
    slipped = (
        pl.when(pl.col("slip") == 0)
        .then(head + after + letter + rest)
        .when(pl.col("slip") == 1)
        .then(head + tail)
        .otherwise(head + letter + letter + tail)
    )
    return frame.select(slipped).to_series()
