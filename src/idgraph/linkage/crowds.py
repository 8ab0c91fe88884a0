"""Crowds: how many other names lie about two that are nearly the same, where names are all that is compared.

Of names that are nearly the same by chance there are the more the denser names lie: pairs of them grow with the square
of a list, and with how short its names are; one thing written twice does not. So such pairs are told apart by how many
others are nearly the same as either of the two, and by how many are alike. What each of these is worth two lists teach
each other: see `idgraph.linkage.titles`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.linkage.fields import ALIKE, HOLDINGS, NEARLY
from idgraph.schema import COUNT

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.linkage.model import Model
    from idgraph.linkage.patterns import Comparison

__all__ = ["FREE", "TAKEN", "crowded", "knows_crowds", "without_equals"]

_NEAR, _ALIKE = 1, 2  # the places of levels of a title
_TEXT: Final = len(HOLDINGS["title"].levels)  # levels of a title that is not alone
# The places of names that are nearly the same, by their crowds; and where one has its equal in the other list.
FREE: Final = (_NEAR, *range(_TEXT, _TEXT + len(NEARLY) * len(ALIKE) - 1))
TAKEN: Final = tuple(range(FREE[-1] + 1, FREE[-1] + 1 + len(FREE)))


def crowded(met: nw.LazyFrame, comparison: Comparison, engine: Engine) -> nw.LazyFrame:
    """Tell pairs that are nearly the same apart by the crowd they are in.

    Args:
        met: left, right (rows), pattern: the pairs that were compared, of what things are called and nothing else.
        comparison: what compared them.
        engine: what runs it.

    Returns:
        The same pairs, those that are nearly the same with the patterns of their crowds.
    """
    coded = engine.checkpoint(comparison.coded(0))
    like = met.filter(nw.col("pattern").is_in([1 + _NEAR, 1 + _ALIKE]))
    for side in ("left", "right"):
        like = engine.lookup(like, side, coded, "row", {f"{side}_code": "code"})
    like = engine.checkpoint(like)
    near = like.filter(nw.col("pattern") == 1 + _NEAR)
    values = _neighbours(coded, near, like, engine)
    for side in ("left", "right"):
        names = {f"{side}_{name}": name for name in ("near", "alike", "taken")}
        near = engine.lookup(near, f"{side}_code", values, "code", names)
    schema = met.collect_schema()
    told = engine.map_batches(near.drop("left_code", "right_code"), _told, schema)
    return engine.checkpoint(nw.concat([met.filter(nw.col("pattern") != 1 + _NEAR), told]))


def knows_crowds(model: Model) -> bool:
    """Whether a model, of what things are called and nothing else, believes names in one crowd less than in another."""
    shares = {(model.m[0][place], model.u[0][place]) for place in (*FREE, *TAKEN)}
    return len(shares) > 1


def without_equals(comparison: Comparison, engine: Engine) -> tuple[float, float]:
    """How likely neither of two rows has a name that both lists hold: of two in one list, and of one in each."""
    coded = comparison.coded(0)
    free = (~nw.col("taken")).cast(COUNT).sum().alias("free")
    held = coded.join(_taken(coded), on="code").group_by("side").agg(nw.len().cast(COUNT).alias("rows"), free)
    rows, without = (engine.collect(held.sort("side"))[name].cast(pl.Float64).to_numpy() for name in ("rows", "free"))
    return float(without @ without) / max(float(rows @ rows), 1.0), float(without.prod() / max(rows.prod(), 1.0))


def _neighbours(coded: nw.LazyFrame, near: nw.LazyFrame, like: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """How many other values are nearly the same as each, or alike too; and whether both lists hold it.

    Args:
        coded: row, side, code (of its value).
        near: left_code, right_code: pairs of rows that are nearly the same.
        like: likewise those that are alike, too.
        engine: what runs it.

    Returns:
        code, near, alike, taken.
    """
    counted = _counted(near, "near").join(_counted(like, "alike"), on="code").join(_taken(coded), on="code")
    return engine.checkpoint(counted)


def _taken(coded: nw.LazyFrame) -> nw.LazyFrame:
    """Which values both lists hold: code, taken."""
    sides = coded.group_by("code").agg(nw.col("side").min().alias("first"), nw.col("side").max().alias("last"))
    return sides.select("code", (nw.col("first") != nw.col("last")).alias("taken"))


def _counted(pairs: nw.LazyFrame, name: str) -> nw.LazyFrame:
    """Count of each value how many others it is paired with: code, and the count."""
    low, high = nw.min_horizontal("left_code", "right_code"), nw.max_horizontal("left_code", "right_code")
    once = pairs.select(low.alias("low"), high.alias("high")).unique(["low", "high"])
    ends = nw.concat([once.select(nw.col(end).alias("code")) for end in ("low", "high")])
    return ends.group_by("code").agg(nw.len().cast(COUNT).alias(name))


def _told(rows: pl.DataFrame) -> pl.DataFrame:
    """Give pairs the patterns of their crowds: left, right, pattern."""
    near, alike = (  # each of the two counts the other
        (rows[f"left_{name}"] + rows[f"right_{name}"] - 2).to_numpy() for name in ("near", "alike")
    )
    crowd = np.minimum(near, len(NEARLY) - 1) * len(ALIKE) + _step(alike)
    taken = (rows["left_taken"] | rows["right_taken"]).to_numpy()
    place = np.where(taken, np.array(TAKEN)[crowd], np.array(FREE)[crowd])
    return rows.select("left", "right", pattern=pl.Series(1 + place, dtype=pl.Int64))


def _step(number: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place in `ALIKE` of how many others are."""
    return np.minimum(np.ceil(np.log2(1 + number)).astype(np.int64), len(ALIKE) - 1)
