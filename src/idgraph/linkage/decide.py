"""Decide: which weighed pairs are links, so that of all links a stated share is expected to be right.

A chain of links may bring rows together that, compared, are plainly different. Where that happens groups are joined
strongest link first, and only if what was compared between them is for it on average.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterable, Iterator
from functools import partial
from itertools import groupby, product
from math import inf
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

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
    ordered = rows.select(*_PAIR, "odds", "left_source", "right_source").sort(_PAIR)
    found: list[tuple[int, int]] = []
    for _, part in groupby(ordered.iter_rows(), key=itemgetter(0)):
        found += _Component(part, least, rules).groups()
    return pl.DataFrame(found, schema=_GROUPS, orient="row")


_Between = tuple[float, int, float]  # the sum, number and most of the odds between two groups


class _Component:
    """The rows of one component while groups are joined."""

    def __init__(self, pairs: Iterable[tuple[Any, ...]], least: float, rules: Collection[tuple[int, int]] = ()) -> None:
        self._least, self._rules = least, rules
        self._members: dict[int, list[int]] = {}
        self._sources: dict[int, set[int]] = {}
        self._between: dict[int, dict[int, _Between]] = {}
        for _, left, right, odds, *sources in pairs:
            said = max(-_MOST, min(_MOST, odds)) if odds > NEVER / 2 else -inf
            for one, other, source in ((left, right, sources[0]), (right, left, sources[1])):
                self._members.setdefault(one, [one])
                self._sources.setdefault(one, {source})
                self._between.setdefault(one, {})[other] = (said, 1, odds)

    def groups(self) -> Iterator[tuple[int, int]]:
        """Join, strongest first; ties by row."""
        waiting: list[tuple[float, int, int]] = []
        for one, others in self._between.items():
            for other in others:
                if one < other:
                    self._offer(waiting, one, other)
        while waiting:
            mean, one, other = heapq.heappop(waiting)
            between = self._between.get(one, {}).get(other)
            if between is None or self._rank(between) != mean or self._apart(one, other):
                continue
            into, gone = (one, other) if len(self._members[one]) >= len(self._members[other]) else (other, one)
            self._join(into, gone)
            for third in self._between[into]:
                self._offer(waiting, min(into, third), max(into, third))
        for members in self._members.values():
            first = min(members)
            for row in members:
                yield row, first

    @staticmethod
    def _rank(between: _Between) -> float:
        return -between[0] / between[1]

    def _offer(self, waiting: list[tuple[float, int, int]], one: int, other: int) -> None:
        between = self._between[one][other]
        if between[2] >= self._least and -self._rank(between) >= _AGAINST and not self._apart(one, other):
            heapq.heappush(waiting, (self._rank(between), one, other))

    def _apart(self, one: int, other: int) -> bool:
        if not self._rules:
            return False
        return any(pair in self._rules for pair in product(self._sources[one], self._sources[other]))

    def _join(self, into: int, gone: int) -> None:
        self._members[into] += self._members.pop(gone)
        self._sources[into] |= self._sources.pop(gone)
        for third, said in self._between.pop(gone).items():
            del self._between[third][gone]
            if third == into:
                continue
            known = self._between[into].get(third, (0.0, 0, -_MOST))
            both = (known[0] + said[0], known[1] + said[1], max(known[2], said[2]))
            self._between[into][third] = self._between[third][into] = both
