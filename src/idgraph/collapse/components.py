"""Collapse: evidence to entities, each named after its founding record."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.collapse.ids import entity_ids

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["collapse"]


def collapse(records: nw.LazyFrame, edges: nw.LazyFrame, level: str, config: Config, engine: Engine) -> nw.LazyFrame:
    """Bring records joined by evidence together.

    An entity's founder is the record seen first; ties, and records never dated, go to the smallest record_id. So a full
    re-run gives the same ids without state, whatever the order of rows, files or sources.

    Args:
        records: record, record_id, first_seen of one level.
        edges: left, right (records).
        level: person, tenant or account.
        config: the key of ids, if any.
        engine: what runs it.

    Returns:
        record, record_id, entity (integer), entity_id: one row for each record.
    """
    joined = engine.components(edges.select("left", "right"))
    placed = records.join(joined, left_on="record", right_on="node", how="left")
    placed = placed.with_columns(nw.coalesce("component", "record").alias("entity"))
    alone = placed.filter(nw.col("component").is_null()).select("entity", nw.col("record_id").alias("founder"))
    earliest = nw.col("first_seen").min().over("entity")
    several = placed.filter(~nw.col("component").is_null()).with_columns(earliest.alias("earliest"))
    first = several.filter((nw.col("first_seen") == nw.col("earliest")) | nw.col("earliest").is_null())
    founders = first.group_by("entity").agg(nw.col("record_id").min().alias("founder"))
    named = engine.checkpoint(entity_ids(nw.concat([alone, founders]), level, config, engine))
    return engine.checkpoint(placed.select("record", "record_id", "entity").join(named, on="entity"))
