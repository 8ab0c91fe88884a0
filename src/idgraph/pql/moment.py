"""Moments over events: when something first was so, and whether it is so now.

What a moment means is said by which events count:

- a condition holds from the first time its measure compares so over the events that count;
- `all`, `any`, `at_least k of`: the last, the first, the k-th of the moments inside, each reached by itself;
- `then`: for each next one only what is strictly later counts. Two events at one time are in no order;
- `within`: only what lies from the anchor (included) to the end (not included) counts;
- `in_each`: only what lies in one period of the calendar counts, and the earliest such period decides;
- `in_any`: only what lies less than the window back counts, at each time anew. `(a & b).in_any("7d")` is one window;
- `by`: only what one person did counts, for each apart; the k-th decides. Inside `in_any`, all of them in one window;
- `unless`: never, where the veto came first or at the same time.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from typing import Any, Final

import polars as pl

from idgraph.pql.measure import crossing, holds, occurrences, value_now
from idgraph.pql.quantity import ActiveDays, Count, Distinct, Measure
from idgraph.pql.scope import Bounds, Scope, kth, matching
from idgraph.pql.tree import (
    All,
    AnyOf,
    AtLeast,
    By,
    Condition,
    First,
    InAny,
    InEach,
    Moment,
    Named,
    Then,
    Unless,
    Within,
)

__all__ = ["after", "bounds_of", "needed", "reached", "standing"]

_NEVER: Final = pl.lit(None, pl.Datetime("us", "UTC"))


def reached(moment: Moment, scope: Scope) -> pl.LazyFrame:
    """Find when a moment came: the keys of the scope and `at`, of those for whom it ever did."""
    return _REACHED[type(moment)](moment, scope)


def standing(moment: Moment, scope: Scope) -> pl.LazyFrame:
    """Find for whom it is so now: the keys of the scope.

    Conditions are asked anew: of a rolling window the one that ends now, of the calendar the present period. What is
    anchored, came first or came in order stays so.
    """
    return _STANDING.get(type(moment), _still)(moment, scope)


def needed(moment: All | AnyOf | AtLeast) -> int:
    """How many of its parts a moment needs."""
    if isinstance(moment, AtLeast):
        return moment.k
    return len(moment.of) if isinstance(moment, All) else 1


def bounds_of(moment: Within, scope: Scope) -> Bounds:
    """From when and until when things count for what stands inside."""
    frames = []
    if moment.of is not None:
        end = pl.col("at").dt.offset_by(moment.window) if moment.window else _NEVER
        frames.append(reached(moment.of, scope).select(*scope.keys, pl.col("at").alias("from"), end=end))
    if moment.until is not None:
        frames.append(reached(moment.until, scope).select(*scope.keys, ended="at"))
    both = reduce(lambda begun, ended: begun.join(ended, on=list(scope.keys), how="left"), frames)
    begin = pl.col("from") if moment.of else _NEVER.alias("from")
    ends = [*(["end"] if moment.of else []), *(["ended"] if moment.until else [])]
    return Bounds(both.select(*scope.keys, begin, until=pl.min_horizontal(ends)), only=moment.of is not None)


def after(times: pl.LazyFrame, scope: Scope) -> Bounds:
    """Only what is strictly later counts."""
    return Bounds(times.select(*scope.keys, pl.col("at").alias("from"), until=_NEVER), only=True, strictly=True)


def _first(moment: First, scope: Scope) -> pl.LazyFrame:
    return kth(matching(scope, moment.events, moment.where), scope.keys, 1)


def _parts(moment: All | AnyOf | AtLeast, scope: Scope) -> pl.LazyFrame:
    times = pl.concat([reached(part, scope).select(*scope.keys, "at") for part in moment.of])
    return kth(times, scope.keys, needed(moment))


def _then(moment: Then, scope: Scope) -> pl.LazyFrame:
    first, *rest = moment.of
    return reduce(lambda times, part: reached(part, scope.inside(after(times, scope))), rest, reached(first, scope))


def _within(moment: Within, scope: Scope) -> pl.LazyFrame:
    bounds = bounds_of(moment, scope)
    return bounds.clamp(reached(moment.what, scope.inside(bounds)), scope.keys)


def _in_each(moment: InEach, scope: Scope) -> pl.LazyFrame:
    return kth(reached(moment.what, scope.periods(moment.period)), scope.keys, 1)


def _in_any(moment: InAny, scope: Scope) -> pl.LazyFrame:
    held = _windowed(moment.what, scope, moment.window).filter(pl.col("delta") > 0)
    return kth(held, scope.keys, 1)


def _unless(moment: Unless, scope: Scope) -> pl.LazyFrame:
    vetoed = reached(moment.veto, scope).select(*scope.keys, veto="at")
    both = reached(moment.what, scope).join(vetoed, on=list(scope.keys), how="left")
    return both.filter(pl.col("veto").is_null() | (pl.col("at") < pl.col("veto"))).drop("veto")


def _by(moment: By, scope: Scope) -> pl.LazyFrame:
    each = reached(moment.what, scope.people()).select(*scope.keys, "at")
    if moment.users is not None:
        return kth(each, scope.keys, moment.users)
    in_order = each.group_by(scope.keys).agg(pl.col("at").sort())
    enough = _needed_people(moment, scope, in_order)
    return enough.select(*scope.keys, pl.col("at").list.get(pl.col("needed") - 1, null_on_oob=True)).drop_nulls("at")


def _needed_people(moment: By, scope: Scope, groups: pl.LazyFrame) -> pl.LazyFrame:
    """Add how many people of each group are `needed`."""
    if moment.users is not None:
        return groups.with_columns(needed=pl.lit(moment.users))
    key = scope.keys[0]
    share = (pl.len() * (moment.share or 1.0) - 1e-9).ceil().cast(pl.Int64)  # 0.28 × 25 is a little more than 7
    return groups.join(scope.everyone().group_by(key).agg(needed=share), on=key)


def _named(moment: Named, scope: Scope) -> pl.LazyFrame:
    return reached(moment.what, scope)


_REACHED: Final[dict[type[Moment], Callable[[Any, Scope], pl.LazyFrame]]] = {
    First: _first,
    Condition: crossing,
    All: _parts,
    AnyOf: _parts,
    AtLeast: _parts,
    Then: _then,
    Within: _within,
    InAny: _in_any,
    InEach: _in_each,
    Unless: _unless,
    By: _by,
    Named: _named,
}


def _windowed(moment: Moment, scope: Scope, window: str) -> pl.LazyFrame:
    """Follow whether something is so in the window that ends at each time.

    Returns:
        The keys, at, delta: 1 where it becomes so, -1 where it ceases.
    """
    match moment:
        case Named():
            return _windowed(moment.what, scope, window)
        case First():
            counted = Count.of_words(count=moment.events, where=moment.where)
            return _flips(_comings(counted, scope, window), scope.keys, pl.col("value") >= 1)
        case Condition():
            return _flips(_comings(moment.measure, scope, window), scope.keys, holds(moment, pl.col("value")))
        case By():
            each = _windowed(moment.what, scope.people(), window).select(*scope.keys, "at", "delta")
            together = _value(each, scope.keys)
            enough = pl.col("value") >= pl.col("needed")
            return _turns(_needed_people(moment, scope, together), scope.keys, enough)
        case All() | AnyOf() | AtLeast():
            parts = pl.concat([_windowed(part, scope, window) for part in moment.of])
            return _flips(parts, scope.keys, pl.col("value") >= needed(moment))
    raise TypeError(moment.kind)


def _comings(measure: Measure, scope: Scope, window: str) -> pl.LazyFrame:
    """What enters a rolling window and what leaves it, a thing after it last occurred: the keys, at, delta."""
    found = occurrences(measure, scope)
    gone = pl.col("at").dt.offset_by(window)
    comes = leaves = pl.lit(value=True)
    if isinstance(measure, Distinct | ActiveDays):
        things = [*scope.keys, "what"]
        found = found.select(*things, "at").unique().sort(*things, "at").with_columns(weight=pl.lit(1), gone=gone)
        before, next_one = pl.col("gone").shift().over(things), pl.col("at").shift(-1).over(things)
        comes, leaves = before.is_null() | (before <= pl.col("at")), next_one.is_null() | (next_one >= pl.col("gone"))
    columns = found.with_columns(gone=gone, comes=comes, leaves=leaves)
    entering = columns.filter("comes").select(*scope.keys, "at", delta="weight")
    leaving = columns.filter("leaves").select(*scope.keys, at="gone", delta=-pl.col("weight"))
    return pl.concat([entering, leaving])


def _value(deltas: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
    """Add up: the keys, at, value; what comes and goes at one time is one step."""
    together = deltas.group_by(*keys, "at").agg(pl.col("delta").sum()).sort(*keys, "at")
    return together.select(*keys, "at", value=pl.col("delta").cum_sum().over(keys))


def _turns(values: pl.LazyFrame, keys: Sequence[str], is_so: pl.Expr) -> pl.LazyFrame:
    so = values.sort(*keys, "at").select(*keys, "at", so=is_so.fill_null(value=False).cast(pl.Int64))
    turned = so.with_columns(delta=pl.col("so") - pl.col("so").shift().over(keys).fill_null(0))
    return turned.filter(pl.col("delta") != 0).select(*keys, "at", "delta")


def _flips(deltas: pl.LazyFrame, keys: Sequence[str], is_so: pl.Expr) -> pl.LazyFrame:
    return _turns(_value(deltas, keys), keys, is_so)


def _still(moment: Moment, scope: Scope) -> pl.LazyFrame:
    """What came stays so."""
    return reached(moment, scope).select(scope.keys)


def _holding(moment: Condition, scope: Scope) -> pl.LazyFrame:
    return value_now(moment.measure, scope).filter(holds(moment, pl.col("value"))).select(scope.keys)


def _so_many(times: Sequence[pl.LazyFrame], keys: Sequence[str], k: int) -> pl.LazyFrame:
    return pl.concat(times).group_by(keys).agg(pl.len().alias("__len")).filter(pl.col("__len") >= k).select(keys)


def _standing_parts(moment: All | AnyOf | AtLeast, scope: Scope) -> pl.LazyFrame:
    return _so_many([standing(part, scope).select(scope.keys) for part in moment.of], scope.keys, needed(moment))


def _standing_window(moment: InAny, scope: Scope) -> pl.LazyFrame:
    past = _windowed(moment.what, scope, moment.window).filter(pl.col("at") <= scope.now)
    return past.group_by(scope.keys).agg(pl.col("delta").sum()).filter(pl.col("delta") > 0).select(scope.keys)


def _standing_period(moment: InEach, scope: Scope) -> pl.LazyFrame:
    periods = scope.periods(moment.period)
    this = pl.lit(scope.now).dt.truncate(moment.period)
    return standing(moment.what, periods).filter(pl.col("period") == this).select(scope.keys)


def _standing_unless(moment: Unless, scope: Scope) -> pl.LazyFrame:
    vetoed = standing(moment.veto, scope)
    return standing(moment.what, scope).join(vetoed, on=list(scope.keys), how="anti").select(scope.keys)


def _standing_people(moment: By, scope: Scope) -> pl.LazyFrame:
    each = standing(moment.what, scope.people()).group_by(scope.keys).agg(people=pl.len())
    enough = _needed_people(moment, scope, each).filter(pl.col("people") >= pl.col("needed"))
    return enough.select(scope.keys)


def _standing_named(moment: Named, scope: Scope) -> pl.LazyFrame:
    return standing(moment.what, scope)


_STANDING: Final[dict[type[Moment], Callable[[Any, Scope], pl.LazyFrame]]] = {
    Condition: _holding,
    All: _standing_parts,
    AnyOf: _standing_parts,
    AtLeast: _standing_parts,
    InAny: _standing_window,
    InEach: _standing_period,
    Unless: _standing_unless,
    By: _standing_people,
    Named: _standing_named,
}
