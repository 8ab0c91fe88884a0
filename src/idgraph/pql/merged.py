"""Several definitions as one: who meets any of them, since when, in what state, and by which events."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import polars as pl

from idgraph.pql.activity import Activity, id_of
from idgraph.pql.card import Scorecard
from idgraph.pql.moment import reached
from idgraph.pql.quantity import OfEvents, walk
from idgraph.pql.scope import matching, scope_of
from idgraph.pql.tree import First, Moment

__all__ = ["STATES", "grounds", "merged"]

STATES: Final = ("ready", "review", "waiting", "missed", "vetoed", "won")  # as they are listed
_TOLD: Final = ("event_id", "weight", "rule", "record_id", "company_record_id")
_TIME: Final = pl.Datetime("us", "UTC")


def merged(activity: Activity, card: Scorecard) -> pl.DataFrame:
    """Run all definitions; of each entity take the one met first, or else the one that lacks least.

    Args:
        activity: what happened, on the way to the level of the card.
        card: whose definitions.

    Returns:
        entity_id; by, via, reached_at, missing, missed, vetoed_at of that definition; lacks (how many steps);
        reached_at_strict, the earliest of all; won_at; `<definition>_at` of each; and state.
    """
    certain = (pl.col("strict") | (pl.col("weight") >= card.sure)).fill_null(value=False)
    seen = replace(activity, history=activity.history.with_columns(strict=certain, person_strict=certain))
    runs = [
        definition.run(seen).with_columns(by=pl.lit(definition.name), order=pl.lit(place))
        for place, definition in enumerate(card.definitions)
    ]
    every = pl.concat(runs).with_columns(lacks=pl.col("missing").list.len())
    ordered = every.sort("entity_id", "reached_at", "missed", "lacks", "order", nulls_last=True)
    by_name = [
        pl.col("reached_at").filter(pl.col("by") == definition.name).first().alias(f"{definition.name}_at")
        for definition in card.definitions
    ]
    columns = ("by", "via", "reached_at", "missing", "missed", "vetoed_at", "lacks")
    strict = pl.col("reached_at_strict").min()
    nearest = ordered.group_by("entity_id", maintain_order=True).agg(pl.col(columns).first(), strict, *by_name)
    return nearest.join(_won(activity, card), on="entity_id", how="left").with_columns(state=_state())


def _won(activity: Activity, card: Scorecard) -> pl.DataFrame:
    """Who has bought: entity_id, won_at."""
    if card.won is None:
        return pl.DataFrame(schema={"entity_id": pl.String, "won_at": _TIME})
    times = reached(card.won, scope_of(activity, card.level, [card.won]))
    return times.select(entity_id=id_of(card.level), won_at="at").collect()


def _state() -> pl.Expr:
    there = {name: pl.col(f"{name}_at").is_not_null() for name in ("won", "reached", "vetoed")}
    late = pl.when(there["vetoed"]).then(pl.lit("vetoed")).otherwise(pl.lit("missed"))
    unreached = pl.when("missed").then(late).otherwise(pl.lit("waiting"))
    sure = pl.when(pl.col("reached_at_strict").is_not_null()).then(pl.lit("ready")).otherwise(pl.lit("review"))
    return pl.when(there["won"]).then(pl.lit("won")).when(there["reached"]).then(sure).otherwise(unreached)


def grounds(activity: Activity, card: Scorecard, rows: pl.DataFrame) -> pl.DataFrame:
    """Find what each qualified by: the events that its branch names, up to then.

    Args:
        activity: what happened.
        card: whose definitions.
        rows: what `merged` gave.

    Returns:
        entity_id; grounds: ids of the events; weakest_rule, weakest_weight: the weakest evidence on their way to it, of
        who would be qualified without what is not sure the weakest that is; weakest_record: the company or person that
        the first event that came so names; doubtful: the ids of all that did.
    """
    asked = rows.lazy().filter(pl.col("reached_at").is_not_null())
    asked = asked.select("entity_id", "via", "reached_at", pl.col("reached_at_strict").is_null().alias("doubted"))
    events = _by_branch(activity, card, set(rows["via"].drop_nulls()))
    rests = events.join(asked, on=["entity_id", "via"]).filter(pl.col("at") <= pl.col("reached_at"))
    matters = pl.when(pl.col("doubted") | (pl.col("weight") >= card.sure)).then(pl.col("weight"))
    ordered = rests.unique(["entity_id", "event_id"]).with_columns(weight=matters).sort("at", "event_id")
    weakest = (pl.col("weight") == pl.col("weight").min()).fill_null(value=False)
    found = ordered.group_by("entity_id", maintain_order=True).agg(
        grounds="event_id",
        weakest_rule=pl.col("rule").filter(weakest).min(),
        weakest_weight=pl.col("weight").min(),
        weakest_record=pl.col("named").filter(weakest).first(),
        doubtful=pl.col("event_id").filter(weakest),
    )
    return found.collect()


def _by_branch(activity: Activity, card: Scorecard, branches: set[str]) -> pl.LazyFrame:
    """The events that each branch counts: entity_id, at, event_id, weight, rule, named, via."""
    scope = scope_of(activity, card.level, [one.when for one in card.definitions], also=_TOLD)
    names = ("record_id", "company_record_id") if card.level == "person" else ("company_record_id", "record_id")
    how = (*_TOLD[:3], pl.coalesce(names).alias("named"))
    nodes = [node for definition in card.definitions for node in walk(definition.when) if isinstance(node, Moment)]
    named = {str(node): node for node in nodes if str(node) in branches}
    found = [
        matching(scope, leaf.events, leaf.where, *how).with_columns(via=pl.lit(via))
        for via, node in named.items()
        for leaf in walk(node, vetoes=False)
        if isinstance(leaf, First | OfEvents)
    ]
    none = scope.events.head(0).select(*scope.keys, "at", *how, via=pl.lit(""))
    return pl.concat([none, *found]).rename({scope.keys[0]: "entity_id"})
