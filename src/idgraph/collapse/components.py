"""Collapse: evidence to entities, each named after its founding record."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.collapse.constraints import mend
from idgraph.collapse.ids import name_founded
from idgraph.schema import TEXT

if TYPE_CHECKING:
    from collections.abc import Callable

    from idgraph.collapse.constraints import Held
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["Collapsed", "collapse"]


@dataclass(frozen=True)
class Collapsed:
    """The entities of one level.

    Attributes:
        records: record, entity (the smallest record in it), core (the smallest record of those that strict evidence
            joins it to), alone (whether it is all of its entity): one row for each record.
        edges: left, right (records), rule, weight: the evidence that holds.
        cut: what `idgraph.collapse.rebuild.FOUND` says of evidence left out; None where there is none.
        entities: what waits for entity, entity_id.
        cores: core, strict_id, of the cores that are not the whole of their entity; computed when it is asked for.
    """

    records: nw.LazyFrame
    edges: nw.LazyFrame
    cut: nw.LazyFrame | None
    entities: Callable[[], nw.LazyFrame]
    cores: nw.LazyFrame


def collapse(
    records: nw.LazyFrame, edges: nw.LazyFrame, held: Held | None, level: str, config: Config, engine: Engine
) -> Collapsed:
    """Bring records joined by evidence together.

    Components first: nearly all are right. Those that break a constraint are rebuilt; see `idgraph.collapse.rebuild`.

    An entity's founder is the record seen first; ties, and records never dated, go to the smallest record_id. So a full
    re-run gives the same ids without state, whatever the order of rows, files or sources.

    Args:
        records: record, record_id, kind, source, first_seen of one level.
        edges: left, right (records), rule, weight.
        held: what the edges stand for, and what keeps records apart; None where nothing constrains them.
        level: person, tenant or account.
        config: constraints, and the key of ids, if any.
        engine: what runs it.

    Returns:
        The entities, and which records each is made of.
    """
    placed = engine.checkpoint(_components(records, edges, config, engine))
    joined = placed.filter(~nw.col("component").is_null())
    mended = None if held is None else mend(joined, edges, held, level, config, engine)
    if mended is not None:
        placed, edges = _mended(placed, edges, mended, engine)
    known = placed.with_columns(
        nw.coalesce("component", "record").alias("entity"), nw.col("component").is_null().alias("alone")
    )
    lone = known.filter(nw.col("alone")).select("entity", nw.col("record_id").alias("founder"))
    several = known.filter(~nw.col("alone"))
    founders = nw.concat([lone, _founders(several, "entity", engine)])
    apart = _founders(_of_several_cores(several), "core", engine)
    name, code = name_founded(level, config), known.collect_schema()["entity"]
    return Collapsed(
        records=engine.checkpoint(known.select("record", "entity", "core", "alone")),
        edges=edges,
        cut=None if mended is None else mended.filter(nw.col("what").is_in(["value", "link"])),
        entities=engine.map_aside(founders, name, {"entity": code, "entity_id": TEXT}),
        cores=engine.map_batches(apart, name, {"core": code, "entity_id": TEXT}).rename({"entity_id": "strict_id"}),
    )


def _components(records: nw.LazyFrame, edges: nw.LazyFrame, config: Config, engine: Engine) -> nw.LazyFrame:
    """Add core and component to records, null for a record that no evidence joins.

    What strict evidence joins is found first; the rest of the evidence then joins those groups, which are fewer.
    """
    strict = nw.col("weight") >= config.strict_weight
    cores = engine.components(edges.filter(strict).select("left", "right"))
    weak = edges.filter(~strict).select("left", "right")
    for end in ("left", "right"):
        weak = engine.lookup(weak, end, cores, "node", {"core": "component"})
        weak = weak.with_columns(nw.coalesce("core", end).alias(end)).drop("core")
    wholes = engine.components(weak)
    found = engine.lookup(records, "record", cores, "node", {"strict": "component"})
    found = engine.lookup(
        found.with_columns(nw.coalesce("strict", "record").alias("core")),
        "core",
        wholes,
        "node",
        {"whole": "component"},
    )
    return found.with_columns(nw.coalesce("whole", "strict").alias("component")).drop("strict", "whole")


def _founders(records: nw.LazyFrame, by: str, engine: Engine) -> nw.LazyFrame:
    """The record of each group that was seen first, and of several the one of the smallest id."""
    held = records.select(by, "record_id", "first_seen")
    marked = engine.with_totals(held, [by], earliest=nw.col("first_seen").min())
    first = marked.filter((nw.col("first_seen") == nw.col("earliest")) | nw.col("earliest").is_null())
    return first.group_by(by).agg(nw.col("record_id").min().alias("founder"))


def _of_several_cores(records: nw.LazyFrame) -> nw.LazyFrame:
    """The records of entities that strict evidence alone would not hold together.

    An entity is named after its smallest record, and so is the core which that record is in: any other is a second.
    """
    others = records.filter(nw.col("core") != nw.col("entity")).select("entity").unique("entity")
    return records.select("entity", "core", "record_id", "first_seen").join(others, on="entity", how="semi")


def _mended(
    placed: nw.LazyFrame, edges: nw.LazyFrame, mended: nw.LazyFrame, engine: Engine
) -> tuple[nw.LazyFrame, nw.LazyFrame]:
    """Put what was rebuilt in the place of what was broken."""
    code = placed.collect_schema()["record"]
    rows = mended.filter(nw.col("what") == "record").select(
        *(nw.col(name).cast(code) for name in ("record", "entity", "core"))
    )
    sizes = rows.group_by("entity").agg(nw.len().alias("size"))
    rebuilt = engine.checkpoint(rows.join(sizes, on="entity"))
    found = {"new": "entity", "new_core": "core", "size": "size"}
    known = engine.lookup(placed, "record", rebuilt, "record", found)
    broken, alone = ~nw.col("size").is_null(), nw.col("size") == 1
    whole = nw.when(broken & ~alone).then(nw.col("new"))
    known = known.with_columns(
        whole.otherwise(nw.when(~broken).then(nw.col("component"))).alias("component"),
        nw.coalesce("new_core", "core").alias("core"),
    )
    outside = engine.lookup(edges, "left", rebuilt, "record", {"size": "size"})
    kept = outside.filter(nw.col("size").is_null()).drop("size")
    anew = mended.filter(nw.col("what") == "edge").select(
        nw.col("record").cast(code).alias("left"),
        nw.col("other").cast(code).alias("right"),
        nw.col("rules").cast(TEXT).cast(engine.word).alias("rule"),
        "weight",
    )
    return engine.checkpoint(known.drop("new", "new_core", "size")), engine.checkpoint(nw.concat([kept, anew]))
