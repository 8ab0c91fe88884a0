"""Blast radius: what falls apart without a link, a value or a rule, and who would qualify no more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.pql.spoken import many
from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.engines import Engine
    from idgraph.pql.activity import Activity
    from idgraph.pql.card import Scorecard

__all__ = ["BlastRadius", "blast_radius", "standings"]

_MEMBER: Final = ["profile_id", "account_id"]
_LARGE: Final = 2  # parts
_CHANGES: Final = ("lost", "gained", "later", "earlier")


@dataclass(frozen=True)
class BlastRadius:
    """What hangs on a piece of evidence.

    Attributes:
        entities: level, entity_id, records, parts, apart: profiles, tenants and accounts that would come apart, how
            many records they have, into how many parts, and how many records would leave the largest; the most first.
        members: profile_id, account_id, change: memberships that would be `lost`, or `gained`, among the entities that
            keep their id and those that come new.
        standings: definition, entity_id, change, reached_at, reached_then: who would be qualified no more (`lost`), who
            would be (`gained`), `later` or `earlier`; None where no definition was asked.
    """

    entities: pl.DataFrame
    members: pl.DataFrame
    standings: pl.DataFrame | None = None

    def __str__(self) -> str:
        """One line."""
        counts = dict(self.entities["level"].value_counts().iter_rows())
        apart = int(self.entities["apart"].sum())
        members = dict(self.members["change"].value_counts().iter_rows())
        lost, gained = members.get("lost", 0), members.get("gained", 0)
        torn = f"{many(counts.get('person', 0), 'profile')} and {many(counts.get('account', 0), 'account')}"
        moved = f"{many(lost, 'membership')} lost, {gained:,} gained"
        said = f"{torn} would come apart, {many(apart, 'record')} would leave; {moved}"
        if self.standings is None:
            return said
        changes = dict(self.standings["change"].value_counts().iter_rows())
        return f"{said}; {many(changes.get('lost', 0), 'qualification')} lost, {changes.get('gained', 0):,} gained"


def blast_radius(
    before: Mapping[str, nw.LazyFrame],
    after: Mapping[str, nw.LazyFrame],
    engine: Engine,
    standings: pl.DataFrame | None = None,
) -> BlastRadius:
    """Compare a graph with the one that would be.

    Args:
        before: assignments and members of the graph.
        after: those of the graph without something, whose ids are carried over.
        engine: what runs it.
        standings: see `standings`.
    """
    placed = before["assignments"].select("record_id", nw.col("level").cast(TEXT), "entity_id")
    then = after["assignments"].select("record_id", nw.col("level").cast(TEXT), now="entity_id")
    counted = placed.join(then, on=["record_id", "level"]).group_by("level", "entity_id", "now")
    parts = counted.agg(nw.len().cast(COUNT).alias("n"))
    whole = parts.group_by("level", "entity_id").agg(
        nw.col("n").sum().alias("records"), nw.len().cast(COUNT).alias("parts"), nw.col("n").max().alias("largest")
    )
    torn = engine.collect(whole.filter(nw.col("parts") >= _LARGE))
    torn = torn.with_columns(apart=pl.col("records") - pl.col("largest")).drop("largest")
    return BlastRadius(
        entities=torn.sort("apart", "level", "entity_id", descending=[True, False, False]),
        members=_members(before["members"], after["members"], engine),
        standings=standings,
    )


def standings(before: Activity, after: Activity, card: Scorecard) -> pl.DataFrame:
    """Compare who qualifies by a graph with who would by the one that would be; see `BlastRadius.standings`.

    Args:
        before: what happened, credited to the entities of the graph.
        after: the same events, credited to those of the graph without something.
        card: definitions.
    """
    found = []
    for definition in card.definitions:
        then = definition.reached(after).rename({"reached_at": "reached_then"})
        both = definition.reached(before).join(then, on="entity_id", how="full", coalesce=True)
        found.append(both.with_columns(definition=pl.lit(definition.name), change=_moved()))
    rows = (
        pl.concat(found).drop_nulls("change").select("definition", "entity_id", "change", "reached_at", "reached_then")
    )
    return rows.sort(pl.col("change").replace_strict(_CHANGES, range(len(_CHANGES))), "definition", "entity_id")


def _moved() -> pl.Expr:
    now, then = pl.col("reached_at"), pl.col("reached_then")
    lost, gained, later, earlier = (pl.lit(change) for change in _CHANGES)
    either = pl.when(then.is_null()).then(lost).when(now.is_null()).then(gained)
    return either.when(then > now).then(later).when(then < now).then(earlier)


def _members(before: nw.LazyFrame, after: nw.LazyFrame, engine: Engine) -> pl.DataFrame:
    found = []
    for one, other, change in ((before, after, "lost"), (after, before, "gained")):
        only = one.select(_MEMBER).join(other.select(_MEMBER), on=_MEMBER, how="anti")
        found.append(engine.collect(only.unique(_MEMBER)).with_columns(change=pl.lit(change)))
    return pl.concat(found).sort("change", *_MEMBER, descending=[True, False, False])
