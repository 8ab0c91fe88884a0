"""Profiles, tenants and accounts: one row for each entity of a level."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.entities.best import best_contacts, best_values, ranked
from idgraph.schema import FRAMES, LEVELS, TEXT, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["ENTITY_FRAMES", "describe"]

ENTITY_FRAMES: Mapping[str, str] = {"person": "profiles", "tenant": "tenants", "account": "accounts"}


def describe(
    records: nw.LazyFrame, identifiers: nw.LazyFrame, edges: nw.LazyFrame, level: str, config: Config, engine: Engine
) -> nw.LazyFrame:
    """Describe the entities of a level.

    Args:
        records: entity, entity_id, record, record_id, source, kind, first_seen, last_seen, stub, and attributes.
        identifiers: record, type, value, state.
        edges: left, right (records), rule, weight: what holds the entities together.
        level: person, tenant or account.
        config: which types are contact points.
        engine: what runs it.

    Returns:
        The frame `profiles`, `tenants` or `accounts`: counts, times and the weakest evidence; for each attribute its
        best value and `<attribute>_record_id`, where it came from; of each type of contact point the best, and all as
        `<type>s`.
    """
    name = ENTITY_FRAMES[level]
    placed = ranked(records, engine)
    attributes = _attributes(placed)
    entities = _facts(placed, level)
    for part in (_weakest(edges, placed), best_values(placed, attributes) if attributes else None):
        entities = entities if part is None else entities.join(part, on="entity", how="left")
    asked = engine.collect(identifiers.select("type").unique("type")).to_series().drop_nulls().sort().to_list()
    for kind in (kind for kind in asked if config.type_of(level, kind).is_contact_point):
        held = identifiers.filter((nw.col("type") == kind) & (nw.col("state") != "suppressed"))
        contacts = held.select("record", "value").join(placed.select("record", "entity", "rank"), on="record")
        contacts = engine.checkpoint(contacts.select("entity", "rank", "value"))
        lists = engine.lists(contacts.select("entity", nw.col("value").alias(f"{kind}s")), ["entity"], [f"{kind}s"])
        entities = entities.join(best_contacts(contacts, kind), on="entity", how="left")
        entities = entities.join(lists, on="entity", how="left")
    return engine.checkpoint(cast(entities.drop("entity"), name))


def _attributes(records: nw.LazyFrame) -> list[str]:
    fixed = {*FRAMES["records"].columns, "record", "entity", "entity_id", "rank"}
    return [name for name in records.collect_schema().names() if name not in fixed]


def _facts(records: nw.LazyFrame, level: str) -> nw.LazyFrame:
    counted = ~nw.col("stub")
    kinds = {f"{kind}_records": counted & (nw.col("kind") == kind) for kind in LEVELS[level]}
    marked = records.with_columns(
        counted.cast(nw.Int64()).alias("records"), *(flag.cast(nw.Int64()).alias(name) for name, flag in kinds.items())
    )
    return marked.group_by("entity").agg(
        nw.col("entity_id").min(),
        nw.col("records").sum(),
        nw.col("stub").min(),
        nw.col("first_seen").min(),
        nw.col("last_seen").max(),
        *(nw.col(name).sum() for name in kinds),
    )


def _weakest(edges: nw.LazyFrame, records: nw.LazyFrame) -> nw.LazyFrame:
    """The weakest evidence used in each entity; entities of one record have none."""
    held = edges.join(records.select(nw.col("record").alias("left"), "entity"), on="left")
    named = held.select("entity", nw.col("rule").cast(TEXT), "weight")
    weakest = named.group_by("entity").agg(nw.col("weight").min().alias("weakest_weight"))
    tied = named.join(weakest, on="entity").filter(nw.col("weight") == nw.col("weakest_weight"))
    return tied.group_by("entity").agg(nw.col("rule").min().alias("weakest_rule"), nw.col("weakest_weight").min())
