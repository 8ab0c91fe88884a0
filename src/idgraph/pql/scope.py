"""Whose events count, and which of them: what measures and moments are asked over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from idgraph.pql.activity import EVENTS, Activity, id_of
from idgraph.pql.quantity import Node, SessionLength, Sessions, walk
from idgraph.pql.tree import By

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
        events: those of its events that count, in order of time.
        keys: columns of `events`: the id of a level, and perhaps a period and a person.
        singly: whether each row is one event, so that rows may be counted.
        bounds: what made `events` fewer than the activity's.
    """

    activity: Activity
    events: pl.LazyFrame
    keys: tuple[str, ...]
    singly: bool
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
        entities = self.activity.entities
        known = entities.filter(pl.col("level") == "person").select(account_id="parent", person_id="entity_id")
        accounts = entities.filter(pl.col("level") == "account").select(account_id="entity_id", parent_id="parent")
        belong = known.join(accounts, on="account_id", how="left")
        there = [acted, belong.select(key, "person_id")] if key in {"account_id", "parent_id"} else [acted]
        return pl.concat(there).drop_nulls().unique()


def scope_of(activity: Activity, level: str, moments: Sequence[Node], also: Sequence[str] = ()) -> Scope:
    """Take what some moments need of an activity, once: the events they name and the columns they read.

    Args:
        activity: what happened.
        level: whose moments they are.
        moments: which, or measures.
        also: further columns of events.
    """
    key = id_of(level)
    nodes = [node for moment in moments for node in walk(moment)]
    named = [events for node in nodes if (events := getattr(node, "events", None)) is not None]
    needed = {key, "at", "event", "count", *also, *(column for node in nodes for column in _read(node))}
    events = activity.read([name for name in EVENTS if name in needed])
    if () not in named:
        events = events.filter(pl.col("event").is_in(sorted({name for names in named for name in names})))
    held = events.collect(engine="streaming").drop_nulls(key).sort("at")
    return Scope(activity, held.lazy(), (key,), singly=held["count"].max() in {None, 1})


def _read(node: Node) -> list[str]:
    """Which columns of events a word reads beyond those that all do."""
    properties = ["properties"] if getattr(node, "where", None) or hasattr(node, "property") else []
    sessions = ["session_id"] if isinstance(node, Sessions | SessionLength) else []
    return [*properties, *sessions, *(["person_id"] if sessions or isinstance(node, By) else [])]


def matching(scope: Scope, names: Sequence[str], where: Mapping[str, object], *columns: str | pl.Expr) -> pl.LazyFrame:
    """Find the events of some names whose properties are as said.

    Args:
        scope: which events count.
        names: event names; none: all.
        where: properties and their values.
        columns: what to give besides the keys and `at`.
    """
    found = scope.events
    if names:
        found = found.filter(pl.col("event").is_in(list(names)) if len(names) > 1 else pl.col("event") == names[0])
    if "person_id" in scope.keys:
        found = found.filter(pl.col("person_id").is_not_null())
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
        The keys, at (`ALWAYS`, where it was not told when), value (String; null: from then on nothing is known).
    """
    key = scope.keys[-1]
    level = key.removesuffix("_id")
    told = scope.activity.facts.filter(pl.col("level") == level, pl.col("name") == name)
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
    listed = times.select(*keys, "at").sort("at").group_by(keys).agg("at")  # a group keeps the order of its rows
    return listed.select(*keys, pl.col("at").list.get(k - 1, null_on_oob=True)).filter(pl.col("at").is_not_null())


def micros(fixed: str) -> int:
    """Read a duration of fixed length as microseconds.

    >>> micros("2h") / 1_000_000
    7200.0
    """
    return timedelta(**{_UNITS[fixed[-1]]: int(fixed[:-1])}) // timedelta(microseconds=1)
