"""Whose events count, and which of them: what measures and moments are asked over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from idgraph.pql.activity import Activity, id_of

__all__ = ["ALWAYS", "Bounds", "Scope", "facts_of", "kth", "matching", "micros", "property_of", "scope_of"]

ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC)  # the time of what held before anything happened
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}


@dataclass(frozen=True)
class Bounds:
    """From when and until when things count.

    Attributes:
        frame: the keys of a scope, `from` (null: the beginning), `until` (null: no end; else not included).
        only: whether nothing counts for those who are not in the frame.
        strictly: whether what happens at `from` itself does not count.
    """

    frame: pl.LazyFrame
    only: bool
    strictly: bool = False

    def narrow(self, events: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
        """Keep the events that count."""
        after = pl.col("at") > pl.col("from") if self.strictly else pl.col("at") >= pl.col("from")
        inside = (pl.col("from").is_null() | after) & (pl.col("until").is_null() | (pl.col("at") < pl.col("until")))
        bounded = events.join(self.frame, on=list(keys), how="inner" if self.only else "left")
        return bounded.filter(inside).drop("from", "until")

    def clamp(self, times: pl.LazyFrame, keys: Sequence[str]) -> pl.LazyFrame:
        """Move what was so before to where the bounds begin, and drop what comes after."""
        bounded = times.join(self.frame, on=list(keys), how="inner" if self.only else "left")
        inside = pl.col("until").is_null() | (pl.col("at") < pl.col("until"))
        return bounded.with_columns(at=pl.max_horizontal("at", "from")).filter(inside).drop("from", "until")


@dataclass(frozen=True)
class Scope:
    """Events of some groups, one for each combination of keys.

    Attributes:
        activity: all that is known.
        events: those of its events that count.
        keys: columns of `events`: the id of a level, and perhaps a period and a person.
        bounds: what made `events` fewer than the activity's.
    """

    activity: Activity
    events: pl.LazyFrame
    keys: tuple[str, ...]
    bounds: tuple[Bounds, ...] = ()

    @property
    def now(self) -> datetime:
        """The time as of which everything is asked."""
        return self.activity.now

    def inside(self, bounds: Bounds) -> Scope:
        """Count only what lies within bounds."""
        return replace(self, events=bounds.narrow(self.events, self.keys), bounds=(*self.bounds, bounds))

    def people(self) -> Scope:
        """Count for each person of a group apart."""
        return replace(self, keys=(*self.keys, "person_id"))

    def periods(self, period: str) -> Scope:
        """Count for each period of the calendar apart."""
        events = self.events.with_columns(period=pl.col("at").dt.truncate(period))
        return replace(self, events=events, keys=(*self.keys, "period"))

    def everyone(self) -> pl.LazyFrame:
        """List the people of each entity: those who did something there, and those known to be there."""
        (key, *_) = self.keys
        acted = self.activity.events.select(key, "person_id")
        above = pl.col("level") == "person"
        known = self.activity.entities.filter(above).select(pl.col("parent").alias(key), person_id="entity_id")
        return pl.concat([acted, known] if key == "account_id" else [acted]).drop_nulls().unique()


def scope_of(activity: Activity, level: str) -> Scope:
    """Ask over all events of the entities of a level."""
    return Scope(activity, activity.events, (id_of(level),))


def matching(scope: Scope, names: Sequence[str], where: Mapping[str, object], *columns: str | pl.Expr) -> pl.LazyFrame:
    """Find the events of some names whose properties are as said.

    Args:
        scope: which events count.
        names: event names; none: all.
        where: properties and their values.
        columns: what to give besides the keys and `at`.
    """
    found = scope.events.filter(pl.all_horizontal(pl.col(key).is_not_null() for key in scope.keys))
    if names:
        found = found.filter(pl.col("event").is_in(list(names)) if len(names) > 1 else pl.col("event") == names[0])
    for name, value in where.items():  # a column of its own, so that JSON is read only where the name fits
        found = found.with_columns(__property=property_of(name)).filter(_same(pl.col("__property"), value))
    return found.select(*scope.keys, "at", *columns)


def property_of(name: str) -> pl.Expr:
    """Read a property as text; null where it is absent or null. A dot leads into an object: `plan.name`."""
    path = "".join(f"['{part}']" for part in name.split("."))
    text = pl.col("properties").str.json_path_match(f"${path}")
    return pl.when(text != "null").then(text)


def _same(text: pl.Expr, value: object) -> pl.Expr:
    if isinstance(value, bool):
        return text == pl.lit("true" if value else "false")
    number = isinstance(value, int | float)
    return text.cast(pl.Float64, strict=False).eq(value) if number else text.eq(pl.lit(value))


def facts_of(scope: Scope, name: str) -> pl.LazyFrame:
    """Find what is known under a name, as steps in time; of two values told for one time the larger holds.

    Returns:
        The keys, at (`ALWAYS`, where it was not told when), value (String).
    """
    key = scope.keys[-1]
    level = key.removesuffix("_id")
    told = scope.activity.facts.filter(pl.col("level") == level, pl.col("name") == name, pl.col("value").is_not_null())
    steps = told.select(pl.col("entity_id").alias(key), "value", at=pl.col("at").fill_null(ALWAYS), told="at")
    if len(scope.keys) > 1:
        steps = steps.join(scope.everyone(), on=key)
    for bounds in scope.bounds:
        steps = bounds.clamp(steps, scope.keys)
    ordered = pl.struct(pl.col("told").fill_null(ALWAYS), "value")
    return steps.group_by(*scope.keys, "at").agg(pl.col("value").sort_by(ordered).last())


def kth(times: pl.LazyFrame, keys: Sequence[str], k: int) -> pl.LazyFrame:
    """Find the k-th time of each group that has so many: `any` is the first, `all` the last."""
    if k == 1:
        return times.group_by(keys).agg(pl.col("at").min())
    smallest = pl.col("at").bottom_k(k)
    return times.group_by(keys).agg(smallest.max(), __len=pl.len()).filter(pl.col("__len") >= k).drop("__len")


def micros(fixed: str) -> int:
    """Read a duration of fixed length as microseconds.

    >>> micros("2h") / 1_000_000
    7200.0
    """
    return timedelta(**{_UNITS[fixed[-1]]: int(fixed[:-1])}) // timedelta(microseconds=1)
