"""Blast radius: what falls apart without a link, a value or a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.engines import Engine

__all__ = ["BlastRadius", "blast_radius"]

_MEMBER: Final = ["profile_id", "account_id"]
_LARGE: Final = 2  # parts


@dataclass(frozen=True)
class BlastRadius:
    """What hangs on a piece of evidence.

    Attributes:
        entities: level, entity_id, records, parts, apart: profiles, tenants and accounts that would come apart, how
            many records they have, into how many parts, and how many records would leave the largest; the most first.
        members: profile_id, account_id, change: memberships that would be `lost`, or `gained`, among the entities that
            keep their id and those that come new.
    """

    entities: pl.DataFrame
    members: pl.DataFrame

    def __str__(self) -> str:
        """One line."""
        counts = dict(self.entities["level"].value_counts().iter_rows())
        apart = int(self.entities["apart"].sum())
        members = dict(self.members["change"].value_counts().iter_rows())
        lost, gained = members.get("lost", 0), members.get("gained", 0)
        torn = f"{counts.get('person', 0):,} profiles and {counts.get('account', 0):,} accounts would come apart"
        return f"{torn}, {apart:,} records would leave; {lost:,} memberships lost, {gained:,} gained"


def blast_radius(before: Mapping[str, nw.LazyFrame], after: Mapping[str, nw.LazyFrame], engine: Engine) -> BlastRadius:
    """Compare a graph with the one that would be.

    Args:
        before: assignments and members of the graph.
        after: those of the graph without something, whose ids are carried over.
        engine: what runs it.
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
    )


def _members(before: nw.LazyFrame, after: nw.LazyFrame, engine: Engine) -> pl.DataFrame:
    found = []
    for one, other, change in ((before, after, "lost"), (after, before, "gained")):
        only = one.select(_MEMBER).join(other.select(_MEMBER), on=_MEMBER, how="anti")
        found.append(engine.collect(only.unique(_MEMBER)).with_columns(change=pl.lit(change)))
    return pl.concat(found).sort("change", *_MEMBER, descending=[True, False, False])
