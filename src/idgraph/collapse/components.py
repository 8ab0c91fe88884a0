"""Collapse: evidence to entities, each named after its founding record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.collapse.ids import entity_ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["Collapsed", "collapse"]


@dataclass(frozen=True)
class Collapsed:
    """The entities of one level.

    Attributes:
        records: record, entity (the smallest record in it), alone (whether it is all of its entity): one row for each
            record.
        entities: what waits for entity, entity_id.
    """

    records: nw.LazyFrame
    entities: Callable[[], nw.LazyFrame]


def collapse(records: nw.LazyFrame, edges: nw.LazyFrame, level: str, config: Config, engine: Engine) -> Collapsed:
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
        The entities, and which records each is made of.
    """
    joined = engine.components(edges.select("left", "right"))
    found = engine.lookup(records, "record", joined, "node", {"component": "component"})
    placed = engine.checkpoint(found)
    alone = nw.col("component").is_null().alias("alone")
    lone = placed.filter(alone).select(nw.col("record").alias("entity"), nw.col("record_id").alias("founder"))
    earliest = nw.col("first_seen").min().over("component")
    several = placed.filter(~alone).with_columns(earliest.alias("earliest"))
    first = several.filter((nw.col("first_seen") == nw.col("earliest")) | nw.col("earliest").is_null())
    founders = first.group_by("component").agg(nw.col("record_id").min().alias("founder"))
    founders = nw.concat([lone, founders.rename({"component": "entity"}).select("entity", "founder")])
    return Collapsed(
        records=engine.checkpoint(placed.select("record", nw.coalesce("component", "record").alias("entity"), alone)),
        entities=entity_ids(founders, level, config, engine),
    )
