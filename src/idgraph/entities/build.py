"""From decided evidence to all frames of a graph. Nothing is matched here: the same evidence gives the same graph."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.entities.carry import carried
from idgraph.entities.describe import ENTITY_FRAMES, describe
from idgraph.entities.hierarchy import ultimate_parents
from idgraph.entities.level import collapse_level, records_of
from idgraph.entities.links import links_frame
from idgraph.entities.members import domain_memberships, members, shared_tenants
from idgraph.schema import FRAMES, LEVELS, TEXT, Level, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from idgraph.collapse.components import Collapsed
    from idgraph.config import Config
    from idgraph.engines import Engine
    from idgraph.entities.evidence import Evidence

__all__ = ["build"]

_EXAMPLES: Final = 3


def build(
    evidence: Evidence, config: Config, engine: Engine, previous: nw.LazyFrame | None = None
) -> dict[str, nw.LazyFrame]:
    """Collapse the evidence and describe what comes out.

    Args:
        evidence: what is known.
        config: constraints, the key of ids, and what types are contact points.
        engine: what runs it.
        previous: record_id, level, entity_id of a result whose ids are to stay.

    Returns:
        The frames of `idgraph.schema.FRAMES` that this step fills, by name.
    """
    placed: dict[str, nw.LazyFrame] = {}
    strict: dict[str, nw.LazyFrame] = {}
    frames: dict[str, nw.LazyFrame] = {}
    cuts: list[nw.LazyFrame] = []
    for level in LEVELS:
        whose: Level = "person" if level == "person" else "account"
        records = records_of(evidence, level)
        found = collapse_level(evidence, level, config, engine)
        if found.cut is not None:
            cuts.append(found.cut)
            evidence = _with_cuts(evidence, found.cut, whose, engine)
        named = _named_as_before(found, records, level, previous, config, engine)
        attributes = evidence.attributes[whose]
        identifiers = evidence.identifiers[whose]
        described = describe(records, attributes, found, named, identifiers, level, config, engine)
        frames[ENTITY_FRAMES[level]] = described
        placed[level] = engine.lookup(found.records, "entity", named(), "entity", {"entity_id": "entity_id"})
        strict[level] = _with_strict_ids(placed[level], found, engine)
    frames["tenants"] = _with_accounts(frames["tenants"], placed, engine)
    tops = ultimate_parents(evidence.hierarchy, placed["account"], engine)
    accounts = frames["accounts"].drop("ultimate_parent_id").join(tops, on="entity_id", how="left")
    frames["accounts"] = engine.checkpoint(cast(accounts, "accounts"))  # a join keeps no order: it is read in one
    domains = evidence.identifiers["account"]["domain"]
    by_domain = domain_memberships(evidence.addresses, domains, evidence.records, engine)
    shared: list[str | nw.Expr] = ["person", "company", nw.col("via").cast(TEXT), "observed_at", "until"]
    belongs = engine.checkpoint(nw.concat([evidence.memberships.select(shared), by_domain.select(shared)]))
    frames["members"] = members(belongs, evidence.records, shared_tenants(domains), placed, engine)
    ids = engine.lookup_table(evidence.records.select("record", "record_id"))
    frames["assignments"] = _assignments(strict, ids, engine)
    frames |= _with_record_ids(evidence, belongs, ids, engine)
    frames["links"] = links_frame(evidence, cuts, placed["account"], engine)
    frames["suppressed"] = _suppressed(evidence, placed, ids, engine)
    return frames | dict(evidence.told)


def _with_cuts(evidence: Evidence, cut: nw.LazyFrame, level: Level, engine: Engine) -> Evidence:
    """Say of identifiers that they were cut, and why; or under which rules they are left."""
    values = engine.checkpoint(cut.filter(nw.col("what") == "value"))
    types = engine.collect(values.select("type").unique("type")).to_series().to_list()
    identifiers = dict(evidence.identifiers[level])
    for name in types:
        frame = identifiers[name]
        code = frame.collect_schema()["record"]
        said = values.filter(nw.col("type") == name).select(
            nw.col("record").cast(code),
            "value",
            nw.lit(value=True).alias("said"),
            nw.col("rules").alias("left"),
            nw.col("reason").alias("why"),
        )
        touched = said.select("record").unique("record").with_columns(nw.lit(value=True).alias("touched"))
        held = engine.lookup(frame, "record", touched, "record", {"touched": "touched"})
        others = held.filter(nw.col("touched").is_null()).drop("touched")
        joined = (
            held.filter(~nw.col("touched").is_null()).drop("touched").join(said, on=["record", "value"], how="left")
        )
        is_cut = nw.col("said").fill_null(value=False) & nw.col("left").is_null() & (nw.col("state") == "used")
        marked = joined.with_columns(
            nw.when(is_cut).then(nw.lit("cut")).otherwise(nw.col("state").cast(TEXT)).cast(engine.word).alias("state"),
            nw.when(is_cut)
            .then(nw.col("why"))
            .otherwise(nw.col("reason").cast(TEXT))
            .cast(engine.word)
            .alias("reason"),
            nw.coalesce(nw.col("left"), nw.col("rules").cast(TEXT)).cast(engine.word).alias("rules"),
        )
        identifiers[name] = nw.concat([others, engine.checkpoint(marked.drop("said", "left", "why"))])
    return replace(evidence, identifiers={**evidence.identifiers, level: identifiers})


def _named_as_before(
    found: Collapsed,
    records: nw.LazyFrame,
    level: str,
    previous: nw.LazyFrame | None,
    config: Config,
    engine: Engine,
) -> Callable[[], nw.LazyFrame]:
    """What waits for the ids of entities, carried over from a previous result if there is one: entity, entity_id."""
    if previous is None:
        return found.entities
    fresh = found.entities()
    held = engine.lookup(
        found.records.select("record", "entity"), "record", records, "record", {"record_id": "record_id"}
    )
    named = engine.lookup(held, "entity", fresh, "entity", {"entity_id": "entity_id"})
    new = engine.checkpoint(named.select("record_id", nw.lit(level).alias("level"), "entity_id"))
    old = previous.filter(nw.col("level") == level).select("record_id", nw.lit(level).alias("level"), "entity_id")
    kept = carried(old, new, engine, config).select("fresh", nw.col("entity_id").alias("kept"))
    joined = fresh.join(kept, left_on="entity_id", right_on="fresh", how="left")
    named = engine.checkpoint(joined.select("entity", nw.coalesce("kept", "entity_id").alias("entity_id")))
    return lambda: named


def _with_strict_ids(placed: nw.LazyFrame, found: Collapsed, engine: Engine) -> nw.LazyFrame:
    """Say what of each record's entity is held by strict evidence: record, entity_id, strict_id."""
    held = engine.lookup(placed, "record", found.records, "record", {"core": "core"})
    held = engine.lookup(held, "core", found.cores, "core", {"strict_id": "strict_id"})
    return held.select("record", "entity_id", nw.coalesce("strict_id", "entity_id").alias("strict_id"))


def _with_accounts(tenants: nw.LazyFrame, placed: Mapping[str, nw.LazyFrame], engine: Engine) -> nw.LazyFrame:
    """Say which account each tenant is part of: all of its records are in one."""
    accounts = placed["account"].select("record", nw.col("entity_id").alias("account_id"))
    holding = placed["tenant"].select("record", "entity_id").join(accounts, on="record")
    found = holding.group_by("entity_id").agg(nw.col("account_id").min())
    return engine.checkpoint(cast(tenants.drop("account_id").join(found, on="entity_id", how="left"), "tenants"))


def _assignments(placed: Mapping[str, nw.LazyFrame], ids: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    parts = [
        frame.select("record", nw.lit(level).cast(engine.word).alias("level"), "entity_id", "strict_id")
        for level, frame in placed.items()
    ]
    named = engine.lookup(nw.concat(parts), "record", ids, "record", {"record_id": "record_id"})
    return cast(named, "assignments")


def _with_record_ids(
    evidence: Evidence, belongs: nw.LazyFrame, ids: nw.LazyFrame, engine: Engine
) -> dict[str, nw.LazyFrame]:
    """The frames that name records, with record ids in place of this run's integers; computed when asked for."""

    def named(frame: nw.LazyFrame, **columns: str) -> nw.LazyFrame:
        for code, name in columns.items():
            frame = engine.lookup(frame, code, ids, "record", {name: "record_id"})
        return frame

    state = nw.lit("used").alias("state")
    found = {
        "records": evidence.records.drop("record"),
        "identifiers": named(_all_identifiers(evidence), record="record_id"),
        "memberships": named(belongs, person="person_record_id", company="company_record_id").with_columns(state),
        "hierarchy": named(evidence.hierarchy, child="child_record_id", parent="parent_record_id"),
        "aliases": named(evidence.aliases, survivor="survivor_record_id", merged="merged_record_id"),
        "rejects": evidence.rejects,
        "judgements": evidence.judgements,
    }
    return {name: cast(frame, name) for name, frame in found.items()}


def _all_identifiers(evidence: Evidence) -> nw.LazyFrame:
    """Those of people and of companies, of all types."""
    types = [frame for level in evidence.identifiers.values() for frame in level.values()]
    columns = ["record", "kind", *(name for name in FRAMES["identifiers"].columns if name != "record_id")]
    none = evidence.records.head(0)
    return nw.concat([frame.select(columns) for frame in types]) if types else none.select("record", "kind")


def _suppressed(
    evidence: Evidence, placed: Mapping[str, nw.LazyFrame], ids: nw.LazyFrame, engine: Engine
) -> nw.LazyFrame:
    """List the values that may not link, with why, how many hold them, and some of those; computed when asked for."""
    value = ["type", "value", "reason"]
    found = _all_identifiers(evidence).filter(~nw.col("reason").is_null() & (nw.col("state") == "suppressed"))
    barred = found.select("record", *value).unique(["record", *value])
    named = engine.lookup(barred, "record", ids, "record", {"record_id": "record_id"})
    entities = nw.concat([placed[level].select("record", "entity_id") for level in ("person", "account")])
    held = named.join(entities, on="record")
    counts = held.group_by(value).agg(nw.len().alias("records"), nw.col("entity_id").n_unique().alias("entities"))
    # Spark keeps the first of each task before it brings a value's rows together: of ranks, of what cannot be null.
    ranked = held.with_columns(nw.coalesce("record_id", nw.lit("")).alias("record_id"))
    place = nw.col("record_id").rank("ordinal").over(*value)
    few = ranked.with_columns(place.alias("place")).filter(nw.col("place") <= _EXAMPLES)
    examples = engine.lists(few.select(*value, nw.col("record_id").alias("examples")), value, "examples")
    listed = counts.join(examples, on=value).sort("records", "value", descending=[True, False])
    return cast(listed, "suppressed")
