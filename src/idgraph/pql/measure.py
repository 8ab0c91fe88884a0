"""Measures over events: how each number goes through time, when a condition on it first holds, and what it is now.

Count-like measures are exact: `count(x) >= 3` holds from the third event on. When the others are looked at:

| measure | looked at |
|---|---|
| total, share_of | whenever an event or a limit changes it |
| time_to | the same; and between, as the projected time comes nearer |
| since | always: it comes true when the time is over, though nothing happens |
| streak | at the first event of each period |
| session_length | whenever a session is over |
| growth, consistency, spike | at each of the entity's own events that they count |
| attribute | whenever it is told |
"""

from __future__ import annotations

from collections.abc import Callable
from math import floor
from typing import Any, Final

import polars as pl

from idgraph.pql import trend
from idgraph.pql.quantity import (
    ActiveDays,
    Adoption,
    Attribute,
    Consistency,
    Count,
    Distinct,
    Growth,
    Measure,
    OfEvents,
    SessionLength,
    Sessions,
    ShareOf,
    Sign,
    Since,
    Spike,
    Streak,
    TimeTo,
    Total,
)
from idgraph.pql.scope import Scope, facts_of, kth, limits_of, matching, micros, property_of
from idgraph.pql.tree import Condition

__all__ = ["crossing", "holds", "occurrences", "value_now"]

_KINDS_OF_THINGS: Final = (Distinct, ActiveDays, Adoption)  # they count what occurs, not how often
_TRENDS: Final = (Growth, Consistency, Spike)


def holds(condition: Condition, value: pl.Expr) -> pl.Expr:
    """Compare; null is neither more nor less than anything."""
    than = condition.than
    if condition.sign == "is_in":
        return value.is_in(list(than)) if isinstance(than, tuple) else pl.lit(value=False)
    bar = pl.lit(micros(than) if isinstance(than, str) else than)
    number = value.cast(pl.Float64, strict=False)
    compare: dict[Sign, pl.Expr] = {
        "at_least": number >= bar,
        "more_than": number > bar,
        "at_most": number <= bar,
        "less_than": number < bar,
    }
    return compare[condition.sign] & number.is_not_nan()


def crossing(condition: Condition, scope: Scope) -> pl.LazyFrame:
    """Find when a condition first held: the keys and `at`, of those for whom it ever did."""
    measure = condition.measure
    if isinstance(measure, Count) and not scope.singly:
        return _counted(occurrences(measure, scope), scope, _least(condition, 1))
    if isinstance(measure, (Count, *_KINDS_OF_THINGS, Sessions)):
        of = len(measure.events) if isinstance(measure, Adoption) else 1
        return kth(_new_things(measure, scope), scope.keys, _least(condition, of))
    if isinstance(measure, Since):
        return _silence(measure, micros(str(condition.than)), scope)
    if isinstance(measure, TimeTo):
        return _nearness(measure, micros(str(condition.than)), scope)
    held = steps(measure, scope).filter(holds(condition, pl.col("value")), pl.col("at") <= scope.now)
    return held.group_by(scope.keys).agg(pl.col("at").min())


def _least(condition: Condition, of: int) -> int:
    """The smallest whole number, out of so many, at which a condition holds."""
    than = float(condition.than) if isinstance(condition.than, float) else 0.0
    first = max(floor(than * of), 0)
    over = condition.sign == "more_than"
    return next(k for k in range(first, first + 3) if (k / of > than if over else k / of >= than))


def occurrences(measure: Measure, scope: Scope) -> pl.LazyFrame:
    """Find what a count-like measure counts.

    Returns:
        The keys, at, what (which thing, or null where each counts for itself), weight.
    """
    if isinstance(measure, Sessions):
        return _sessions(measure, scope).select(*scope.keys, at="start", what=pl.lit(None, pl.String), weight=pl.lit(1))
    if not isinstance(measure, OfEvents):
        msg = f"{measure.kind} counts nothing"
        raise TypeError(msg)
    what, weight = pl.lit(None, pl.String), pl.lit(1)
    match measure:
        case Distinct():
            what = property_of(measure.property)
        case ActiveDays():
            what = pl.col("at").dt.date().cast(pl.String)
        case Adoption():
            what = pl.col("event")
        case Total():
            weight = property_of(measure.property).cast(pl.Float64, strict=False) * pl.col("count")
        case _:
            weight = pl.col("count")
    found = matching(scope, measure.events, measure.where, what.alias("what"), weight.alias("weight"))
    if isinstance(measure, Distinct):
        return found.filter(pl.col("what").is_not_null())
    return found.filter(pl.col("weight").is_not_null()) if isinstance(measure, Total) else found


def _new_things(measure: Measure, scope: Scope) -> pl.LazyFrame:
    """When each thing first occurred; of what counts for itself, when each did."""
    found = occurrences(measure, scope)
    if isinstance(measure, _KINDS_OF_THINGS):
        found = found.group_by(*scope.keys, "what").agg(pl.col("at").min())
    return found.select(*scope.keys, "at")


def _counted(found: pl.LazyFrame, scope: Scope, least: int) -> pl.LazyFrame:
    """When so many events had happened, each counting as often as it stands for."""
    enough = pl.col("weight").cum_sum() >= least
    reached = found.sort("at").group_by(scope.keys).agg(pl.col("at").filter(enough).first())
    return reached.filter(pl.col("at").is_not_null())


def _running(measure: Measure, scope: Scope) -> pl.LazyFrame:
    """How a count-like measure goes through time: keys, at, value; events of one time count together."""
    if isinstance(measure, Count | Total):
        found = occurrences(measure, scope).select(*scope.keys, "at", "weight")
    else:
        found = _new_things(measure, scope).with_columns(weight=pl.lit(1))
    together = found.group_by(*scope.keys, "at").agg(pl.col("weight").sum()).sort(*scope.keys, "at")
    return together.select(*scope.keys, "at", value=pl.col("weight").cum_sum().over(scope.keys))


def steps(measure: Measure, scope: Scope) -> pl.LazyFrame:
    """Follow a measure through time: the keys, at, value (from then on)."""
    if isinstance(measure, Total):
        return _running(measure, scope)
    if isinstance(measure, ShareOf):
        used = _use(measure, scope)
        return used.select(*scope.keys, "at", value=pl.when(pl.col("limit") > 0).then(pl.col("used") / pl.col("limit")))
    if isinstance(measure, Attribute):
        return facts_of(scope, measure.name)
    if isinstance(measure, SessionLength):
        return _lengths(measure, scope)
    if isinstance(measure, Streak):
        return _streaks(measure, scope)
    if isinstance(measure, _TRENDS):
        found = matching(scope, measure.events, measure.where, "count")
        return trend.followed(measure, found, found.select(*scope.keys, "at").unique(), scope.keys)
    msg = f"{measure.kind} has no steps"
    raise TypeError(msg)


_NO_LIMIT: Final = -1.0  # what is told ends the limit before: there is none from then on, or it is no number


def _use(measure: ShareOf | TimeTo, scope: Scope) -> pl.LazyFrame:
    """How much of a limit is used, at each change of either: keys, at, used, used_at (when use last changed), limit."""
    none = pl.lit(None, pl.Float64)
    used = _running(measure.measure, scope).select(*scope.keys, "at", used=pl.col("value").cast(pl.Float64), limit=none)
    changed = pl.col("used") != pl.col("used").shift(fill_value=0.0).over(scope.keys)
    used = used.with_columns(used_at=pl.when(changed).then("at"))
    if isinstance(measure.limit, str):
        limits = limits_of(scope, measure.limit)
        limits = limits.select(*scope.keys, "at", used=none, limit=pl.col("limit").fill_null(_NO_LIMIT))
        used = pl.concat([used, limits], how="diagonal")
    else:
        used = used.with_columns(limit=pl.lit(measure.limit))
    together = used.group_by(*scope.keys, "at").agg(pl.col("used", "used_at", "limit").max()).sort(*scope.keys, "at")
    filled = together.with_columns(pl.col("used", "used_at", "limit").forward_fill().over(scope.keys))
    told = pl.when(pl.col("limit") != _NO_LIMIT).then("limit")
    return filled.with_columns(pl.col("used").fill_null(0.0), limit=told)


def _projected(measure: TimeTo, scope: Scope) -> pl.LazyFrame:
    """When the limit would be full, as seen at each change.

    Returns:
        The keys, at, full (null: never), lapses (when it is overdue by as long as was expected, and tells nothing any
        more; null: it is full), next.
    """
    use = _use(measure, scope).filter(pl.col("used_at").is_not_null())
    window = pl.duration(microseconds=micros(measure.rate_over))
    earlier = use.filter(pl.col("at") == pl.col("used_at")).sort("at")
    earlier = earlier.select(*scope.keys, before="at", since="at", was="used")
    dated = use.with_columns(before=pl.col("used_at") - window, first=pl.col("used_at").min().over(scope.keys))
    rated = dated.sort("before").join_asof(earlier, on="before", by=list(scope.keys), check_sortedness=False)
    took = (pl.col("used_at") - pl.coalesce("since", "before")).dt.total_microseconds()
    rate = pl.when(pl.col("used_at") > pl.col("first")).then((pl.col("used") - pl.col("was").fill_null(0.0)) / took)
    left = pl.col("limit") - pl.col("used")
    wait = pl.when(rate > 0).then(left / rate)
    whole = pl.duration(microseconds=pl.when(wait < _FAR).then(wait.round().cast(pl.Int64)))
    ahead, lapses = pl.col("used_at") + whole, pl.col("used_at") + 2 * whole
    full = pl.when(left <= 0).then("at").when(pl.col("at") <= lapses).then(pl.max_horizontal("at", ahead))
    ordered = rated.sort(*scope.keys, "at")
    following = pl.col("at").shift(-1).over(scope.keys)
    return ordered.select(*scope.keys, "at", full=full, lapses=pl.when(left > 0).then(lapses), next=following)


_FAR: Final = 3e15  # a hundred years in microseconds: what takes longer is never


def _nearness(measure: TimeTo, most: int, scope: Scope) -> pl.LazyFrame:
    """When the time to a limit was first so short."""
    near = pl.max_horizontal("at", pl.col("full") - pl.duration(microseconds=most))
    seen = _projected(measure, scope).filter(pl.col("full").is_not_null()).with_columns(near=near)
    in_time = (pl.col("next").is_null() | (pl.col("near") < pl.col("next"))) & (pl.col("near") <= scope.now)
    return seen.filter(in_time).group_by(scope.keys).agg(pl.col("near").min().alias("at"))


def _silence(measure: Since, least: int, scope: Scope) -> pl.LazyFrame:
    """When nothing had happened for so long."""
    found = matching(scope, measure.events, measure.where).sort(*scope.keys, "at")
    over = pl.col("at") + pl.duration(microseconds=least)
    followed = found.with_columns(next=pl.col("at").shift(-1).over(scope.keys), over=over)
    silent = (pl.col("next").is_null() | (pl.col("next") > pl.col("over"))) & (pl.col("over") <= scope.now)
    return followed.filter(silent).group_by(scope.keys).agg(pl.col("over").min().alias("at"))


def _sessions(measure: Sessions | SessionLength, scope: Scope) -> pl.LazyFrame:
    """Sessions: the keys, start, end. An id that comes again after so long a pause is that of another session."""
    person = [] if "person_id" in scope.keys else ["person_id"]
    found = matching(scope, measure.events, measure.where, *person, "session_id")
    whose = [*scope.keys, "person_id"] if person else list(scope.keys)
    ordered = found.sort(*whose, "at")
    pause = pl.col("at") - pl.col("at").shift().over([*whose, "session_id"])
    begins = pause.is_null() | (pause >= pl.duration(microseconds=micros(measure.gap)))
    numbered = ordered.with_columns(__number=begins.cum_sum().over([*whose, "session_id"]))
    spans = numbered.group_by(*whose, "session_id", "__number").agg(start=pl.col("at").min(), end=pl.col("at").max())
    return spans.select(*scope.keys, "start", "end")


def _lengths(measure: SessionLength, scope: Scope) -> pl.LazyFrame:
    """The mean length of all sessions that were over, in microseconds, whenever one was."""
    over = pl.col("end") + pl.duration(microseconds=micros(measure.gap))
    length = (pl.col("end") - pl.col("start")).dt.total_microseconds()
    ended = _sessions(measure, scope).select(*scope.keys, at=over, length=length)
    together = ended.group_by(*scope.keys, "at").agg(pl.col("length").sum(), number=pl.len()).sort(*scope.keys, "at")
    mean = pl.col("length").cum_sum().over(scope.keys) / pl.col("number").cum_sum().over(scope.keys)
    return together.select(*scope.keys, "at", value=mean)


def _streaks(measure: Streak, scope: Scope) -> pl.LazyFrame:
    """How many periods in a row, at the first event of each: the keys, at, period, value."""
    length = micros("1d" if measure.period == "1d" else "7d")
    found = matching(scope, measure.events, measure.where)
    active = found.group_by(*scope.keys, period_start=pl.col("at").dt.truncate(measure.period)).agg(pl.col("at").min())
    ordered = active.sort(*scope.keys, "period_start")
    rank = pl.int_range(pl.len()).over(scope.keys)
    run = pl.col("period_start") - rank * pl.duration(microseconds=length)
    runs = ordered.with_columns(run=run)
    return runs.with_columns(value=pl.int_range(1, pl.len() + 1).over([*scope.keys, "run"]))


def value_now(measure: Measure, scope: Scope) -> pl.LazyFrame:
    """Give what a measure is now, durations in microseconds: the keys, value."""
    found = _NOW.get(type(measure), _latest)(measure, scope)
    return found.select(*scope.keys, "value")


def _latest(measure: Measure, scope: Scope) -> pl.LazyFrame:
    past = steps(measure, scope).filter(pl.col("at") <= scope.now)
    return past.group_by(scope.keys).agg(pl.col("value").sort_by("at").last())


def _summed(measure: Measure, scope: Scope) -> pl.LazyFrame:
    return occurrences(measure, scope).group_by(scope.keys).agg(value=pl.col("weight").sum())


def _things(measure: Measure, scope: Scope) -> pl.LazyFrame:
    of = len(measure.events) if isinstance(measure, Adoption) else 1
    return occurrences(measure, scope).group_by(scope.keys).agg(value=pl.col("what").n_unique() / of)


def _elapsed(measure: Since, scope: Scope) -> pl.LazyFrame:
    latest = matching(scope, measure.events, measure.where).group_by(scope.keys).agg(pl.col("at").max())
    return latest.with_columns(value=(scope.now - pl.col("at")).dt.total_microseconds())


def _remaining(measure: TimeTo, scope: Scope) -> pl.LazyFrame:
    seen = _projected(measure, scope).filter(pl.col("at") <= scope.now)
    last = seen.group_by(scope.keys).agg(pl.col("full", "lapses").sort_by("at").last())
    counts = pl.col("lapses").is_null() | (pl.col("lapses") >= scope.now)
    return last.with_columns(value=pl.when(counts).then((pl.col("full") - scope.now).dt.total_microseconds().clip(0)))


def _running_streak(measure: Streak, scope: Scope) -> pl.LazyFrame:
    """A streak ends when a whole period passes without an event."""
    last = _streaks(measure, scope).group_by(scope.keys).agg(pl.col("period_start", "value").sort_by("at").last())
    this = pl.lit(scope.now).dt.truncate(measure.period)
    running = pl.col("period_start") >= this.dt.offset_by(f"-{measure.period}")
    return last.with_columns(value=pl.when(running).then("value").otherwise(0))


def _trend_now(measure: Growth | Consistency | Spike, scope: Scope) -> pl.LazyFrame:
    found = matching(scope, measure.events, measure.where, "count")
    now = found.select(*scope.keys, at=pl.lit(scope.now, pl.Datetime("us", "UTC"))).unique()
    return trend.followed(measure, found, now, scope.keys)


_NOW: Final[dict[type[Measure], Callable[[Any, Scope], pl.LazyFrame]]] = {
    Count: _summed,
    Total: _summed,
    Sessions: _summed,
    Distinct: _things,
    ActiveDays: _things,
    Adoption: _things,
    Since: _elapsed,
    TimeTo: _remaining,
    Streak: _running_streak,
    Growth: _trend_now,
    Consistency: _trend_now,
    Spike: _trend_now,
}
