"""Whose events count, and which of them: what measures and moments are asked over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from idgraph.pql.activity import EVENTS, LEVELS, Activity, id_of
from idgraph.pql.quantity import Node, SessionLength, Sessions, walk
from idgraph.pql.tree import By

__all__ = ["ALWAYS", "Bounds", "Scope", "facts_of", "kth", "limits_of", "matching", "micros", "property_of", "scope_of"]

ALWAYS: Final = datetime(1, 1, 1, tzinfo=UTC)  # the time of what held before anything happened
_DIGITS: Final = 9  # of sums of limits, which are mostly whole numbers
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
    told = scope.activity.facts.filter(pl.col("level") == key.removesuffix("_id"), pl.col("name") == name)
    return _followed(scope, told.select(pl.col("entity_id").alias(key), "value", "at"), scope.keys)


def limits_of(scope: Scope, name: str) -> pl.LazyFrame:
    """Find a limit that is told under a name, as steps in time.

    The limit of an account is what its tenants' add up to, where theirs are told, else its own; that of a parent what
    its accounts' add up to. Where one of them has no limit any more, or none that is a number, the whole has none.

    Returns:
        The keys, at, limit (Float64; null: from then on there is none).
    """
    steps = _followed(scope, _limits(scope, name), [*scope.keys, "part"]).sort("at")
    number = pl.col("value").cast(pl.Float64, strict=False)
    known = steps.with_columns(limit=number.fill_null(0.0), without=number.is_null().cast(pl.Int64))
    sums = ("limit", "without")
    change = (pl.col(name) - pl.col(name).shift(fill_value=0).over(*scope.keys, "part") for name in sums)
    together = known.with_columns(change).group_by(*scope.keys, "at").agg(pl.col(sums).sum()).sort(*scope.keys, "at")
    whole = together.with_columns(pl.col(sums).cum_sum().over(scope.keys))
    return whole.select(*scope.keys, "at", limit=pl.when(pl.col("without") == 0).then(pl.col("limit").round(_DIGITS)))


def _limits(scope: Scope, name: str) -> pl.LazyFrame:
    """What is told of each part of an entity: the key of the entity, part, value, at."""
    key = scope.keys[-1]
    told = scope.activity.facts.filter(pl.col("name") == name)
    of = {str(level): told.filter(pl.col("level") == level).select("entity_id", "value", "at") for level in LEVELS}
    if key not in {"account_id", "parent_id"}:
        return of[key.removesuffix("_id")].select(pl.col("entity_id").alias(key), "value", "at", part="entity_id")
    above = scope.activity.entities.select("level", "entity_id", "parent")
    tenants = above.filter(pl.col("level") == "tenant").select("entity_id", account_id="parent")
    accounts = above.filter(pl.col("level") == "account").select(account_id="entity_id", parent_id="parent")
    by_tenant = of["tenant"].join(tenants, on="entity_id").rename({"entity_id": "part"})
    own = of["account"].join(by_tenant, left_on="entity_id", right_on="account_id", how="anti")
    own = own.select("value", "at", part="entity_id", account_id="entity_id")
    parts = pl.concat([by_tenant.select("value", "at", "part", "account_id"), own])
    if key == "parent_id":
        parts = parts.join(accounts, on="account_id")
    return parts.drop_nulls(key).select(key, "part", "value", "at")


def _followed(scope: Scope, told: pl.LazyFrame, by: Sequence[str]) -> pl.LazyFrame:
    """Steps in time of what is told, for each of `by`; of two values told for one time the larger holds."""
    steps = told.with_columns(pl.col("at").fill_null(ALWAYS), told="at")
    if len(scope.keys) > 1:
        steps = steps.join(scope.everyone(), on=scope.keys[-1])
    for bounds in scope.bounds:
        steps = bounds.clamp(steps, scope.keys)
    ordered = pl.struct(pl.col("told").fill_null(ALWAYS), "value")
    return steps.group_by(*by, "at").agg(pl.col("value").sort_by(ordered).last())


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
