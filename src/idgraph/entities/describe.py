"""Profiles, tenants and accounts: one row for each entity of a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.entities.best import best_values, ranks
from idgraph.schema import FRAMES, LEVELS, TEXT, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["ENTITY_FRAMES", "describe"]

ENTITY_FRAMES: Final = {"person": "profiles", "tenant": "tenants", "account": "accounts"}
_FIXED: Final = frozenset({*FRAMES["records"].columns, "record", "entity", "entity_id", "rank"})


def describe(
    records: nw.LazyFrame,
    identifiers: Mapping[str, nw.LazyFrame],
    edges: nw.LazyFrame,
    level: str,
    config: Config,
    engine: Engine,
) -> nw.LazyFrame:
    """Describe the entities of a level.

    Args:
        records: entity, entity_id, record, record_id, source, kind, first_seen, last_seen, stub, and attributes.
        identifiers: by type record, value, state.
        edges: left, right (records), rule, weight: what holds the entities together.
        level: person, tenant or account.
        config: which types are contact points.
        engine: what runs it.

    Returns:
        The frame `profiles`, `tenants` or `accounts`: counts, times and the weakest evidence; for each attribute its
        best value and `<attribute>_record_id`, where it came from; of each type of contact point the best, and all as
        `<type>s`, best first.
    """
    name = ENTITY_FRAMES[level]
    placed = engine.checkpoint(records.join(ranks(records, engine), on="record"))
    attributes = [column for column in placed.collect_schema().names() if column not in _FIXED]
    entities = best_values(placed, _facts(placed, attributes, level), attributes)
    entities = entities.join(_weakest(edges, placed), on="entity", how="left")
    for kind in sorted(kind for kind in identifiers if config.type_of(level, kind).is_contact_point):
        held = identifiers[kind].filter(nw.col("state") != "suppressed").select("record", "value")
        contacts = held.join(placed.select("record", "entity", "rank"), on="record")
        lists = engine.lists(contacts.rename({"value": f"{kind}s"}), ["entity"], f"{kind}s", order="rank")
        best = nw.col(f"{kind}s").list.get(0).alias(kind)
        entities = entities.join(engine.checkpoint(lists.with_columns(best)), on="entity", how="left")
    return engine.checkpoint(cast(entities.drop("entity"), name))


def _facts(records: nw.LazyFrame, attributes: Sequence[str], level: str) -> nw.LazyFrame:
    """Count and date each entity, and choose the record of each of its attributes by rank."""
    real = (~nw.col("stub")).cast(nw.Int64())
    kinds = {f"{kind}_records": nw.when(nw.col("kind") == kind).then(real).otherwise(0) for kind in LEVELS[level]}
    held = {f"{name}_rank": nw.when(~nw.col(name).is_null()).then(nw.col("rank")) for name in attributes}
    marked = records.select(
        "entity", "entity_id", "stub", "first_seen", "last_seen", real.alias("records"), **{**kinds, **held}
    )
    return marked.group_by("entity").agg(
        nw.col("entity_id").min(),
        nw.col("stub").min(),
        nw.col("first_seen").min(),
        nw.col("last_seen").max(),
        *(nw.col(column).sum() for column in ("records", *kinds)),
        *(nw.col(column).min() for column in held),
    )


def _weakest(edges: nw.LazyFrame, records: nw.LazyFrame) -> nw.LazyFrame:
    """The weakest evidence used in each entity; entities of one record have none."""
    held = edges.join(records.select(nw.col("record").alias("left"), "entity"), on="left")
    by_rule = held.group_by("entity", "rule").agg(nw.col("weight").min())
    named = by_rule.with_columns(nw.col("rule").cast(TEXT))
    weakest = nw.col("weight").min().over("entity")
    tied = named.with_columns(weakest.alias("weakest_weight")).filter(nw.col("weight") == nw.col("weakest_weight"))
    return tied.group_by("entity").agg(nw.col("rule").min().alias("weakest_rule"), nw.col("weakest_weight").min())
