"""Kept apart: rows of sources that somebody said to hold nobody twice, or nobody in common.

A model learns from all pairs that meet, also from these: how values of one entity and of strangers agree is the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["KeptApart"]


@dataclass(frozen=True)
class KeptApart:
    """Which rows are never one.

    Attributes:
        rows: row, source (Int64).
        rules: pairs of sources, in both orders, of which no two rows are one; a source with itself: it holds nobody
            twice.
    """

    rows: nw.LazyFrame
    rules: frozenset[tuple[int, int]]

    def allowed(self, pairs: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
        """Leave out pairs (left, right, and more) that are never one, and checkpoint."""
        met = self.with_sources(pairs, engine)
        kept = met.filter(~self._apart(nw.col("left_source"), nw.col("right_source")))
        return engine.checkpoint(kept.drop("left_source", "right_source"))

    def broken(self, placed: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
        """Find the components that hold two rows that are never one.

        Args:
            placed: node (a row), component.
            engine: what runs it.

        Returns:
            component, some of them several times.
        """
        known = engine.lookup(placed, "node", self.rows, "row", {"source": "source"})
        held = engine.checkpoint(known.group_by("component", "source").agg(nw.len().alias("n")))
        met = held.join(held.select("component", other="source"), on="component")
        twice = (nw.col("source") != nw.col("other")) | (nw.col("n") > 1)
        return met.filter(self._apart(nw.col("source"), nw.col("other")) & twice).select("component")

    def with_sources(self, pairs: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
        """Add to pairs (left, right) the sources of both: left_source, right_source."""
        for side in ("left", "right"):
            pairs = engine.lookup(pairs, side, self.rows, "row", {f"{side}_source": "source"})
        return pairs

    def _apart(self, one: nw.Expr, other: nw.Expr) -> nw.Expr:
        return nw.any_horizontal(*((one == a) & (other == b) for a, b in sorted(self.rules)), ignore_nulls=True)
