"""Decide: which weighed pairs are links, so that of all links a stated share is expected to be right.

A chain of links may bring rows together that, compared, are plainly different. Where that happens groups are joined
strongest link first, and only if what was compared between them is for it on average.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator
from functools import partial
from itertools import product
from math import inf
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from idgraph.linkage.fields import NEVER
from idgraph.schema import COUNT

if TYPE_CHECKING:
    from idgraph.engines import Engine
    from idgraph.linkage.kept_apart import KeptApart

__all__ = ["SCHEMA", "least_odds", "probability", "torn_groups"]

_AGAINST: Final = -2.0  # the mean odds of what was compared between two groups, below which they stay apart
_MOST: Final = 12.0  # beyond which odds say no more, so that one pair cannot outvote many
_STEPS: Final = 2**20  # of a bit: sums of such are exact, in whichever order they are added up
_PAIR: Final = ("component", "left", "right")
SCHEMA: Final = {"row": COUNT, "group": COUNT}
_GROUPS: Final = pl.Schema({"row": pl.Int64(), "group": pl.Int64()})


def probability(odds: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The probability that log2 odds say, rounded to six decimals."""
    found: npt.NDArray[np.float64] = np.round(1 / (1 + np.exp2(-np.clip(odds, -60, 60))), 6)
    return found


def least_odds(odds: npt.NDArray[np.float64], counts: npt.NDArray[np.float64], precision: float) -> float:
    """Find the least odds of a link, so that of all links at least a share is expected to be right.

    Args:
        odds: log2 odds of patterns.
        counts: pairs that show them.
        precision: the share.

    Returns:
        log2 odds; never less than even.

    >>> least_odds(np.array([8.0, 2.0, 0.5, -3.0]), np.array([100.0, 10.0, 10.0, 900.0]), 0.97)
    2.0
    """
    said, place = np.unique(-odds, return_inverse=True)  # the highest first; pairs of the same odds go together
    pairs = np.bincount(place, weights=counts, minlength=len(said))
    right = np.bincount(place, weights=probability(odds) * counts, minlength=len(said))
    fit = (np.cumsum(right) >= precision * np.cumsum(pairs)) & (said <= 0)
    return float(-said[fit].max()) if fit.any() else float(odds.max(initial=0.0)) + 1.0


def torn_groups(pairs: nw.LazyFrame, least: float, engine: Engine, kept_apart: KeptApart | None = None) -> nw.LazyFrame:
    """Group rows that links join, where some of what they join was found to be different.

    Args:
        pairs: left, right (rows), odds: all pairs that were compared.
        least: the odds from which on a pair is a link.
        engine: what runs it.
        kept_apart: rows that are never one.

    Returns:
        row, group (a row of it): for each row of such a component.
    """
    linked = engine.components(pairs.filter(nw.col("odds") >= least).select("left", "right"))
    inside = engine.lookup(pairs, "left", linked, "node", {"component": "component"})
    inside = engine.lookup(inside, "right", linked, "node", {"other": "component"})
    inside = engine.checkpoint(inside.filter(nw.col("component") == nw.col("other")).drop("other"))
    doubted = inside.filter(nw.col("odds") < _AGAINST).select("component").unique("component")
    sources = [nw.lit(0).alias("left_source"), nw.lit(0).alias("right_source")]
    if kept_apart is not None:
        doubted = nw.concat([doubted, kept_apart.broken(linked, engine)]).unique("component")
        inside, sources = kept_apart.with_sources(inside, engine), [nw.col("left_source"), nw.col("right_source")]
    torn = inside.join(doubted, on="component", how="semi").select(*_PAIR, "odds", *sources)
    rows = torn.with_columns(nw.col(*_PAIR, "left_source", "right_source").cast(COUNT))
    rules = kept_apart.rules if kept_apart is not None else frozenset()
    return engine.map_groups(rows, "component", partial(_grouped, least=least, rules=rules), SCHEMA)


def _grouped(rows: pl.DataFrame, least: float, rules: Collection[tuple[int, int]]) -> pl.DataFrame:
    found = _Groups(rows, least, rules).joined()
    return pl.DataFrame(found, schema=_GROUPS, orient="row")


_Offer = tuple[float, int, int]  # the mean odds between two groups, negated, and the rows that they are named after
_Between = tuple[float, int]  # the sum of the odds between two groups, and of how many pairs


class _Groups:
    """Rows while groups are joined; whole components, any number of them: what is not linked does not meet.

    Of the groups that a link connects the odds are kept added up; those of other pairs are looked up when their groups
    come to be connected, which most never do.
    """

    def __init__(self, pairs: pl.DataFrame, least: float, rules: Collection[tuple[int, int]]) -> None:
        self._rules = rules
        ends = {"left": "left_source", "right": "right_source"}
        held = pl.concat([pairs.select(row=row, source=source) for row, source in ends.items()]).unique("row")
        self._members = {row: {row} for row in held["row"].to_list()}
        self._group = {row: row for row in self._members}
        self._sources = {row: {source} for row, source in held.select("row", "source").iter_rows()} if rules else {}
        said = pl.when(pl.col("odds") > NEVER / 2).then((pl.col("odds").clip(-_MOST, _MOST) * _STEPS).round() / _STEPS)
        ordered = pl.min_horizontal("left", "right"), pl.max_horizontal("left", "right").alias("right")
        told = pairs.select(*ordered, -said.fill_null(-inf).alias("rank"), linked=pl.col("odds") >= least)
        links = told.filter("linked").sort("rank", "left", "right")
        self._offers: list[_Offer] = list(links.select("rank", "left", "right").iter_rows())
        self._later: list[_Offer] = []
        self._between: dict[int, dict[int, _Between]] = {row: {} for row in self._members}
        for rank, one, other in self._offers:
            self._between[one][other] = self._between[other][one] = (-rank, 1)
        self._unlinked: dict[int, dict[int, float]] = {}
        for one, other, rank in told.filter(~pl.col("linked")).select("left", "right", "rank").iter_rows():
            self._unlinked.setdefault(one, {})[other] = -rank
            self._unlinked.setdefault(other, {})[one] = -rank

    def joined(self) -> Iterator[tuple[int, int]]:
        """Join, strongest first; ties by row. Each row with its group."""
        for rank, one, other in self._strongest():
            between = self._between.get(one, {}).get(other)
            if between is None or -between[0] / between[1] != rank or self._apart(one, other):
                continue
            into, gone = (one, other) if len(self._members[one]) >= len(self._members[other]) else (other, one)
            self._join(into, gone)
        for members in self._members.values():
            first = min(members)
            for row in members:
                yield row, first

    def _strongest(self) -> Iterator[_Offer]:
        """The offers in order, with those that are made on the way."""
        for offer in self._offers:
            while self._later and self._later[0] < offer:
                yield heapq.heappop(self._later)
            yield offer
        while self._later:
            yield heapq.heappop(self._later)

    def _apart(self, one: int, other: int) -> bool:
        if not self._rules:
            return False
        return any(pair in self._rules for pair in product(self._sources[one], self._sources[other]))

    def _join(self, into: int, gone: int) -> None:
        """Join two groups, and make offers for what that changes."""
        known, lost = self._between[into], self._between.pop(gone)
        del known[gone], lost[into]
        for third, more in self._met_by(gone, known).items():
            if third not in lost:
                self._tell(into, third, [known[third], more])
        for third, said in lost.items():
            del self._between[third][gone]
            beside = known[third] if third in known else self._looked_up(into, third)
            self._tell(into, third, [said, beside] if beside else [said])
        self._group.update(dict.fromkeys(self._members[gone], into))
        self._members[into] |= self._members.pop(gone)
        if self._rules:
            self._sources[into] |= self._sources.pop(gone)

    def _met_by(self, one: int, others: Collection[int]) -> dict[int, _Between]:
        """Add up what unlinked pairs say between a group and others, in the time that its own pairs take."""
        found: dict[int, _Between] = {}
        for row in self._members[one]:
            for met, bits in self._unlinked.get(row, {}).items():
                if (other := self._group[met]) in others:
                    total, pairs = found.get(other, (0.0, 0))
                    found[other] = total + bits, pairs + 1
        return found

    def _looked_up(self, one: int, other: int) -> _Between | None:
        """Add up what pairs between two groups that no link connects say; None: nothing was compared."""
        few, many = sorted((self._members[one], self._members[other]), key=len)
        told = [self._unlinked[row] for row in few if row in self._unlinked]
        said = [of_row[row] for of_row in told for row in of_row.keys() & many]
        return (sum(said), len(said)) if said else None

    def _tell(self, into: int, third: int, said: list[_Between]) -> None:
        both = sum(total for total, _ in said), sum(pairs for _, pairs in said)
        self._between[into][third] = self._between[third][into] = both
        if (mean := both[0] / both[1]) >= _AGAINST:
            heapq.heappush(self._later, (-mean, min(into, third), max(into, third)))
