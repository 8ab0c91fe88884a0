"""What judgements come to: of each pair the last word, without the words that contradict others."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import polars as pl

from idgraph.engines.components import smallest_member
from idgraph.errors import mask_id

__all__ = ["Contradiction", "Decisions", "among", "decide"]

_PAIR: Final = ["left_id", "right_id"]
_SAID: Final = [*_PAIR, "by", "at", "why"]
# Of words said at one time the firmest counts: what is wrongly kept apart harms less than what is wrongly joined.
_FIRMNESS: Final = {"same": 0, "unsure": 1, "different": 2}

_Near = dict[str, set[str]]


@dataclass(frozen=True)
class Contradiction:
    """Two records that were said to be different, and words by which they would be the same.

    Attributes:
        left_id, right_id: the two.
        path: record ids from left_id to right_id; each and the next were said to be the same.
        dropped: the pair on the path whose word is left out.

    >>> print(Contradiction("app:1", "crm:3", ("app:1", "crm:2", "crm:3"), ("crm:2", "crm:3")))
    app:1 and crm:3 were said to be different, but app:1 = crm:2 = crm:3; left out: crm:2 = crm:3
    """

    left_id: str
    right_id: str
    path: tuple[str, ...]
    dropped: tuple[str, str]

    def __str__(self) -> str:
        pair, path, dropped = (map(mask_id, ids) for ids in ((self.left_id, self.right_id), self.path, self.dropped))
        said = f"{' and '.join(pair)} were said to be different, but {' = '.join(path)}"
        return f"{said}; left out: {' = '.join(dropped)}"


@dataclass(frozen=True, eq=False)
class Decisions:
    """What judgements come to.

    Attributes:
        same: left_id, right_id, by, at, why: each pair once, sorted. Read transitively, no pair of `different` is
            joined by them.
        different: the same columns; never to be one.
        unsure: the same columns; nobody knows yet.
        contradictions: each word `same` that was left out, and for what.
    """

    same: pl.DataFrame
    different: pl.DataFrame
    unsure: pl.DataFrame
    contradictions: list[Contradiction]


def decide(judgements: pl.DataFrame) -> Decisions:
    """Say what counts: of each pair the last word in force, without the words that contradict others.

    Of several words on one pair the latest counts; one without a time is earlier than any. Of words of one time a
    person's counts before a source system's (`by` is `source:…`), and that before a rule's (`rule:…`); then
    different, unsure, same.

    Chains of `same` may join two records that are `different`. As long as there are such, the shortest chain (of
    several that between the smallest pair, then the one whose ids come first) loses its weakest word: of the lowest
    authority, then the oldest, then of the smallest pair. The order of rows changes nothing.

    Args:
        judgements: the frame `judgements`, left_id < right_id.

    Returns:
        The pairs by verdict, and the contradictions.

    >>> table = pl.DataFrame(
    ...     {
    ...         "left_id": ["app:1", "app:1", "crm:2"],
    ...         "right_id": ["crm:2", "crm:3", "crm:3"],
    ...         "verdict": ["same", "different", "same"],
    ...         "by": ["ana", "bo", "rule:phone"],
    ...     }
    ... )
    >>> from idgraph.collapse.judgements import read_judgements
    >>> from idgraph.engines import engine_for
    >>> found = decide(read_judgements(table, engine_for()).collect().to_native())
    >>> found.same.select("left_id", "right_id").rows(), found.different.select("left_id", "right_id").rows()
    ([('app:1', 'crm:2')], [('app:1', 'crm:3')])
    >>> print(*found.contradictions)
    app:1 and crm:3 were said to be different, but app:1 = crm:2 = crm:3; left out: crm:2 = crm:3
    """
    last = _last_words(judgements.filter(pl.col("revoked_at").is_null()))
    same, different, unsure = (last.filter(pl.col("verdict") == verdict) for verdict in ("same", "different", "unsure"))
    contradictions = _settled(*_contradictory(same, different))
    dropped = pl.DataFrame([found.dropped for found in contradictions], dict.fromkeys(_PAIR, pl.String), orient="row")
    kept = same.join(dropped, on=_PAIR, how="anti", maintain_order="left")
    return Decisions(kept.select(_SAID), different.select(_SAID), unsure.select(_SAID), contradictions)


def among(found: Decisions, present: pl.Series) -> Decisions:
    """Say what decisions come to for records that are there: they are the same, too, by one that is not.

    Args:
        found: what judgements come to.
        present: the ids of records that are there.

    Returns:
        The decisions on pairs of them; the contradictions as they were.
    """
    here = pl.DataFrame({"record_id": present.unique()})
    groups = _components(found.same)
    first = groups.join(here, on="record_id").group_by("component").agg(pl.col("record_id").min().alias("stands_for"))
    absent = groups.join(here, on="record_id", how="anti").join(first, on="component").drop("component")

    def placed(pairs: pl.DataFrame) -> pl.DataFrame:
        for end in _PAIR:
            moved = pairs.join(absent, left_on=end, right_on="record_id", how="left", maintain_order="left")
            pairs = moved.with_columns(pl.coalesce("stands_for", end).alias(end)).drop("stands_for")
            pairs = pairs.join(here, left_on=end, right_on="record_id", how="semi", maintain_order="left")
        one, other = pl.min_horizontal(*_PAIR), pl.max_horizontal(*_PAIR)
        ordered = pairs.filter(pl.col("left_id") != pl.col("right_id")).with_columns(left_id=one, right_id=other)
        return ordered.unique(_PAIR, keep="first", maintain_order=True).sort(_PAIR)

    return Decisions(placed(found.same), placed(found.different), placed(found.unsure), found.contradictions)


def _components(pairs: pl.DataFrame) -> pl.DataFrame:
    """The groups of records that pairs connect: record_id, component."""
    ends = pl.concat([pairs["left_id"], pairs["right_id"]])
    if ends.is_empty():
        return pl.DataFrame(schema={"record_id": pl.String, "component": pl.Int64})
    codes = ends.rank("dense").to_numpy() - 1
    component = smallest_member(codes[: pairs.height], codes[pairs.height :])[1][codes]
    return pl.DataFrame({"record_id": ends, "component": component}).unique("record_id")


def _last_words(active: pl.DataFrame) -> pl.DataFrame:
    """The word that counts on each pair, with its authority, sorted by pair."""
    words = active.with_columns(
        pl.col("verdict").cast(pl.String),
        pl.when(pl.col("by").str.starts_with("rule:"))
        .then(0)
        .when(pl.col("by").str.starts_with("source:"))
        .then(1)
        .otherwise(2)
        .alias("authority"),
    )
    firmness = pl.col("verdict").replace_strict(_FIRMNESS, return_dtype=pl.Int8)
    # The texts come last: without them the order of rows would tell which of two equal words is shown.
    ordered = words.sort(*_PAIR, "at", "authority", firmness, "by", "why", nulls_last=False)
    return ordered.unique(_PAIR, keep="last", maintain_order=True)


def _contradictory(same: pl.DataFrame, different: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The pairs of `different` that `same` joins, and all of `same` that is connected with them."""
    if same.is_empty() or different.is_empty():
        return same.clear(), different.clear()
    placed = _components(same)
    for column, name in (("left_id", "component"), ("right_id", "of_right")):
        different = different.join(placed.rename({"record_id": column, "component": name}), on=column)
    joined = different.filter(pl.col("component") == pl.col("of_right"))
    edges = same.join(placed.rename({"record_id": "left_id"}), on="left_id")
    return edges.join(joined, on="component", how="semi"), joined


def _settled(same: pl.DataFrame, different: pl.DataFrame) -> list[Contradiction]:
    """Drop the weakest word of the shortest contradictory path, until there is none.

    The shortest goes first because what is dropped for it may break longer ones too.
    """
    weakest_first = same.sort("authority", "at", *_PAIR, nulls_last=False).select(_PAIR)
    strength = {pair: place for place, pair in enumerate(weakest_first.iter_rows())}
    near = _neighbours(strength)
    found = []
    waiting = [(0, left, right) for left, right in different.select(_PAIR).sort(_PAIR).iter_rows()]
    while waiting:
        length, left, right = heapq.heappop(waiting)
        path = _shortest_path(near, left, right)
        if not path:
            continue
        if len(path) == length:
            steps = [(min(step), max(step)) for step in pairwise(path)]
            one, other = min(steps, key=strength.__getitem__)
            near[one].remove(other)
            near[other].remove(one)
            found.append(Contradiction(left, right, tuple(path), (one, other)))
        # Paths only grow, so whoever comes first by the length last seen, and still has it, is the shortest.
        heapq.heappush(waiting, (len(path), left, right))
    return found


def _neighbours(pairs: Mapping[tuple[str, str], int]) -> _Near:
    near: _Near = {}
    for left, right in pairs:
        near.setdefault(left, set()).add(right)
        near.setdefault(right, set()).add(left)
    return near


def _shortest_path(near: _Near, left: str, right: str) -> list[str]:
    """The shortest path, of several the one whose ids come first; empty if there is none.

    It is searched from both ends, on the side with less to look at, so that a large component is rarely seen whole.
    """
    sides = [[{left}], [{right}]]  # each a list of what is 0, 1, 2 … steps away
    seen = [{left}, {right}]
    while not (middle := sides[0][-1] & sides[1][-1]):
        side = min((0, 1), key=lambda one: sum(len(near[node]) for node in sides[one][-1]))
        reached = set().union(*(near[node] for node in sides[side][-1])) - seen[side]
        if not reached:
            return []
        sides[side].append(reached)
        seen[side] |= reached
    layers = [*sides[1][:-1], middle]  # from right to left
    for layer in reversed(sides[0][:-1]):  # of these only what leads to the middle
        layers.append(set().union(*(near[node] & layer for node in layers[-1])))
    path = [min(layers.pop())]
    while layers:
        path.append(min(near[path[-1]] & layers.pop()))
    return path
