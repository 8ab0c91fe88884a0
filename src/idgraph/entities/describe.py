"""Profiles, tenants and accounts: one row for each entity of a level."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.entities.best import best_values, bids, ranks
from idgraph.schema import LEVELS, TEXT, cast, microseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from idgraph.collapse.components import Collapsed
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["ENTITY_FRAMES", "describe"]

ENTITY_FRAMES: Final = {"person": "profiles", "tenant": "tenants", "account": "accounts"}
_OLDEST: Final = 2**62


def describe(
    records: nw.LazyFrame,
    attributes: Sequence[str],
    found: Collapsed,
    named: Callable[[], nw.LazyFrame],
    identifiers: Mapping[str, nw.LazyFrame],
    level: str,
    config: Config,
    engine: Engine,
) -> nw.LazyFrame:
    """Describe the entities of a level.

    Args:
        records: record, record_id, kind, first_seen, last_seen, stub, deleted, and the attributes.
        attributes: which of their columns describe.
        found: the entities, and the evidence that holds them together.
        named: what waits for entity, entity_id.
        identifiers: by type record, value, state.
        level: person, tenant or account.
        config: which types are contact points.
        engine: what runs it.

    Returns:
        The frame `profiles`, `tenants` or `accounts`: counts, times and the weakest evidence; for each attribute its
        best value and `<attribute>_record_id`, where it came from; of each type of contact point the best, and all as
        `<type>s`, best first. It is computed when it is asked for.
    """
    order = ranks(records, engine)
    placed = engine.lookup(found.records, "record", order, "record", {"rank": "rank"})
    placed = engine.checkpoint(placed.select("record", "entity", "alone", "rank"))
    ranked = engine.lookup(records, "record", placed, "record", {name: name for name in ("entity", "alone", "rank")})
    entities = engine.checkpoint(_facts(ranked, attributes, level))
    parts = {"weakest_rule": "weakest_rule", "weakest_weight": "weakest_weight"}
    entities = engine.lookup(entities, "entity", _weakest(found.edges, placed, engine), "entity", parts)
    for kind in sorted(kind for kind in identifiers if config.type_of(level, kind).is_contact_point):
        lists = _contacts(identifiers[kind], placed, kind, engine)
        entities = engine.lookup(entities, "entity", lists, "entity", {kind: kind, f"{kind}s": f"{kind}s"})
    entities = engine.lookup(entities, "entity", named(), "entity", {"entity_id": "entity_id"})
    entities = best_values(entities, order, records, attributes, engine)
    return cast(entities.drop("entity"), ENTITY_FRAMES[level])


def _facts(records: nw.LazyFrame, attributes: Sequence[str], level: str) -> nw.LazyFrame:
    """Count and date each entity, and choose the record of each attribute by rank; those of several records first."""
    real = (~nw.col("stub")).cast(nw.Int32())  # half the memory of the declared dtype, which `cast` gives in the end
    kinds = {f"{kind}_records": nw.when(nw.col("kind") == kind).then(real).otherwise(0) for kind in LEVELS[level]}
    offers = bids(attributes)
    spans = ["stub", "first_seen", "last_seen"]
    marked = records.select("entity", "alone", *spans, real.alias("records"), **{**kinds, **offers})
    several = marked.filter(~nw.col("alone")).group_by("entity")
    joined = several.agg(
        nw.col("stub").min(),
        nw.col("first_seen").min(),
        nw.col("last_seen").max(),
        *(nw.col(column).sum() for column in ("records", *kinds)),
        *(nw.col(column).min() for column in offers),
    )
    lone = marked.filter(nw.col("alone")).select(joined.collect_schema().names())  # most: there is nothing to add up
    return nw.concat([joined.sort("entity"), lone])


def _weakest(edges: nw.LazyFrame, records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """The weakest evidence used in each entity: entity, weakest_rule, weakest_weight; none where nothing was joined.

    Of rules of one weight the first by name.
    """
    held = engine.lookup(edges.select("left", "rule", "weight"), "left", records, "record", {"entity": "entity"})
    held = engine.checkpoint(held.drop("left"))
    least = engine.checkpoint(held.group_by("entity").agg(nw.col("weight").min().alias("weakest_weight")))
    tied = engine.lookup(held, "entity", least, "entity", {"weakest_weight": "weakest_weight"})
    tied = tied.filter(nw.col("weight") == nw.col("weakest_weight")).with_columns(nw.col("rule").cast(TEXT))
    first = tied.group_by("entity").agg(nw.col("rule").min(), nw.col("weakest_weight").min())
    return first.select("entity", nw.col("rule").cast(engine.word).alias("weakest_rule"), "weakest_weight")


def _contacts(identifiers: nw.LazyFrame, records: nw.LazyFrame, kind: str, engine: Engine) -> nw.LazyFrame:
    """The contact points of each entity that has any: entity, the best one, and all of them, best first.

    The best is that of the best record; of several in one record the one known last.
    """
    age = (0 - microseconds(identifiers, "observed_at")).fill_null(_OLDEST)
    held = identifiers.filter(nw.col("state") != "suppressed")
    held = held.select("record", nw.col("value").alias(f"{kind}s"), age.alias("age"))
    placed = engine.lookup(held, "record", records, "record", {"entity": "entity", "rank": "rank"}).drop("record")
    lists = engine.lists(placed.filter(~nw.col("entity").is_null()), ["entity"], f"{kind}s", ["rank", "age"])
    return lists.with_columns(nw.col(f"{kind}s").list.get(0).alias(kind))
