"""From decided evidence to all frames of a graph. Nothing is matched here: the same evidence gives the same graph."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.collapse.components import collapse
from idgraph.collapse.constraints import Held
from idgraph.entities.carry import carried
from idgraph.entities.describe import ENTITY_FRAMES, describe
from idgraph.entities.members import domain_memberships, members
from idgraph.linkage.exact import names_of
from idgraph.linkage.rules import ALIAS_RULE, JUDGEMENT_RULE
from idgraph.schema import FRAMES, LEVELS, PERSON_KINDS, TEXT, Level, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from idgraph.collapse.components import Collapsed
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["ALIAS_WEIGHT", "JUDGEMENT_WEIGHT", "Evidence", "build"]

ALIAS_WEIGHT: Final = 30.0
JUDGEMENT_WEIGHT: Final = 40.0
_EXAMPLES: Final = 3
_LINK: Final = ("rule", "weight", "strict", "evidence", "observed_at", "state", "reason")


@dataclass(frozen=True)
class Evidence:
    """All that is known, with `record` an integer that names a record within this run.

    Attributes:
        records: record, and the columns of the frame `records`.
        attributes: which attributes people have, and which companies.
        identifiers: for people and for companies, by type: record, kind, and the columns of the frame `identifiers`
            except record_id.
        edges: for each level left, right (records), rule, weight: exact evidence, each holder of a value joined to one.
        memberships: person, company (records), via, observed_at.
        addresses: record, domain, observed_at: the company domains that people write from.
        hierarchy: child, parent (records), via, observed_at.
        aliases: survivor, merged (records), via, at.
        rejects: the frame `rejects`.
        judged: left, right (records), verdict (same, different, unsure; contradiction: same, but left out), by, at:
            what judgements come to.
        judgements: the frame `judgements`.
        links: left, right (records), and the columns of the frame `links` from rule on: found elsewhere; or None.
    """

    records: nw.LazyFrame
    attributes: Mapping[Level, Sequence[str]]
    identifiers: Mapping[Level, Mapping[str, nw.LazyFrame]]
    edges: Mapping[str, nw.LazyFrame]
    memberships: nw.LazyFrame
    addresses: nw.LazyFrame
    hierarchy: nw.LazyFrame
    aliases: nw.LazyFrame
    rejects: nw.LazyFrame
    judged: nw.LazyFrame
    judgements: nw.LazyFrame
    links: nw.LazyFrame | None = None


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
    frames: dict[str, nw.LazyFrame] = {}
    cuts: list[nw.LazyFrame] = []
    for level, kinds in LEVELS.items():
        whose: Level = "person" if level == "person" else "account"
        records = evidence.records.filter(nw.col("kind").is_in(list(kinds)))
        own = _own_links(evidence, records, engine)
        edges = engine.checkpoint(
            nw.concat([evidence.edges[level], own.select("left", "right", nw.col("rule").cast(engine.word), "weight")])
        )
        held = None if level == "tenant" else _held(evidence, own, records, whose, engine)
        facts = records.select("record", "record_id", "kind", "source", "first_seen")
        found = collapse(facts, edges, held, level, config, engine)
        if found.cut is not None:
            cuts.append(found.cut)
            evidence = _with_cuts(evidence, found.cut, whose, engine)
        named = _named_as_before(found, facts, level, previous, config, engine)
        placed[level] = _placed(found, named, engine)
        attributes = evidence.attributes[whose]
        identifiers = evidence.identifiers[whose]
        described = describe(records, attributes, found, named, identifiers, level, config, engine)
        frames[ENTITY_FRAMES[level]] = described
    frames["tenants"] = _with_accounts(frames["tenants"], placed, engine)
    by_domain = domain_memberships(evidence.addresses, evidence.identifiers["account"]["domain"], evidence.records)
    shared: list[str | nw.Expr] = ["person", "company", nw.col("via").cast(TEXT), "observed_at"]
    belongs = engine.checkpoint(nw.concat([evidence.memberships.select(shared), by_domain.select(shared)]))
    frames["members"] = members(belongs, placed, engine)
    ids = evidence.records.select("record", "record_id")
    frames["assignments"] = _assignments(placed, ids, engine)
    frames |= _with_record_ids(evidence, belongs, ids, engine)
    frames["links"] = _links(evidence, cuts, engine)
    frames["suppressed"] = _suppressed(evidence, placed, engine)
    return frames


def _own_links(evidence: Evidence, records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """What source systems merged and what was judged to be one, within one level: left, right, rule, weight, evidence.

    A lead converted to a contact, never a person to a company.
    """
    ends = evidence.aliases.select(nw.col("survivor").alias("left"), nw.col("merged").alias("right"), "via")
    said = evidence.judged.filter(nw.col("verdict") == "same").select("left", "right", nw.col("by").alias("evidence"))
    merged = _between(ends, records).select("left", "right", nw.col("via").cast(TEXT).alias("evidence"))
    rules = ((merged, ALIAS_RULE, ALIAS_WEIGHT), (_between(said, records), JUDGEMENT_RULE, JUDGEMENT_WEIGHT))
    return engine.checkpoint(
        nw.concat(
            [
                pairs.with_columns(nw.lit(rule).alias("rule"), nw.lit(odds).alias("weight"))
                for pairs, rule, odds in rules
            ]
        )
    )


def _between(pairs: nw.LazyFrame, records: nw.LazyFrame) -> nw.LazyFrame:
    """Those pairs of which both ends are among the records."""
    for end in ("left", "right"):
        pairs = pairs.join(records.select(nw.col("record").alias(end)), on=end, how="semi")
    return pairs


def _held(evidence: Evidence, own: nw.LazyFrame, records: nw.LazyFrame, level: Level, engine: Engine) -> Held:
    """What may keep records of a level apart, and what joined them."""
    columns = ["left", "right", "rule", "weight", "evidence"]
    used = [] if evidence.links is None else [evidence.links.filter(nw.col("state") == "used").select(columns)]
    return Held(
        identifiers=evidence.identifiers[level],
        links=engine.checkpoint(nw.concat([own.select(columns), *(_between(frame, records) for frame in used)])),
        apart=evidence.judged.filter(nw.col("verdict") == "different").select("left", "right"),
        names=names_of(records, level),
        aliases=evidence.aliases,
    )


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
        joined = frame.join(said, on=["record", "value"], how="left")
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
        identifiers[name] = engine.checkpoint(marked.drop("said", "left", "why"))
    return replace(evidence, identifiers={**evidence.identifiers, level: identifiers})


def _named_as_before(
    found: Collapsed,
    records: nw.LazyFrame,
    level: str,
    previous: nw.LazyFrame | None,
    config: Config,
    engine: Engine,
) -> nw.LazyFrame:
    """The ids of entities, carried over from a previous result where there is one: entity, entity_id."""
    fresh = found.entities()
    if previous is None:
        return fresh
    held = engine.lookup(
        found.records.select("record", "entity"), "record", records, "record", {"record_id": "record_id"}
    )
    named = engine.lookup(held, "entity", fresh, "entity", {"entity_id": "entity_id"})
    new = engine.checkpoint(named.select("record_id", nw.lit(level).alias("level"), "entity_id"))
    old = previous.filter(nw.col("level") == level).select("record_id", nw.lit(level).alias("level"), "entity_id")
    kept = carried(old, new, engine, config).select("fresh", nw.col("entity_id").alias("kept"))
    joined = fresh.join(kept, left_on="entity_id", right_on="fresh", how="left")
    return engine.checkpoint(joined.select("entity", nw.coalesce("kept", "entity_id").alias("entity_id")))


def _placed(found: Collapsed, named: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """The entity of each record, and what of it is held by strict evidence: record, entity_id, strict_id."""
    held = engine.lookup(
        found.records.select("record", "entity", "core"), "entity", named, "entity", {"entity_id": "entity_id"}
    )
    held = engine.lookup(held, "core", found.cores(), "core", {"strict_id": "strict_id"})
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


def _links(evidence: Evidence, cuts: Sequence[nw.LazyFrame], engine: Engine) -> nw.LazyFrame:
    """Record–record evidence: what source systems merged, was judged or found elsewhere; and pairs to be decided."""
    columns = ["left", "right", *_LINK]
    merges = evidence.aliases.select(
        nw.col("survivor").alias("left"),
        nw.col("merged").alias("right"),
        nw.lit(ALIAS_RULE).alias("rule"),
        nw.lit(ALIAS_WEIGHT).alias("weight"),
        nw.lit(value=True).alias("strict"),
        nw.col("via").cast(TEXT).alias("evidence"),
        nw.col("at").alias("observed_at"),
        nw.lit("used").alias("state"),
        nw.lit(None).cast(TEXT).alias("reason"),
    )
    own = [merges, _judgements(evidence), *_review(evidence)]
    found = own if evidence.links is None else [*own, evidence.links]
    pairs = _with_cut_links(nw.concat([frame.select(columns) for frame in found]), cuts)
    ends = evidence.records.select("record", "record_id", "kind")
    left = ends.select(nw.col("record").alias("left"), nw.col("record_id").alias("one"), "kind")
    right = ends.select(nw.col("record").alias("right"), nw.col("record_id").alias("other"))
    named = pairs.join(left, on="left").join(right, on="right")
    ordered = nw.col("one") < nw.col("other")
    is_person = nw.col("kind").is_in(list(PERSON_KINDS))
    placed = named.with_columns(
        nw.when(ordered).then(nw.col("one")).otherwise(nw.col("other")).alias("left_id"),
        nw.when(ordered).then(nw.col("other")).otherwise(nw.col("one")).alias("right_id"),
        nw.when(is_person).then(nw.lit("person")).otherwise(nw.lit("account")).alias("level"),
    )
    links = cast(placed, "links")
    if evidence.links is not None:  # which may be a graph's own
        same = ["left_id", "right_id", "rule", "evidence", "state"]
        rest = [name for name in FRAMES["links"].columns if name not in same]
        links = links.unique(same, keep="first", order_by=rest)
    return engine.checkpoint(links.sort("left_id", "right_id", "evidence"))


def _judgements(evidence: Evidence) -> nw.LazyFrame:
    """What was judged, as links: `same` is used, `different` rejected; the others wait, or were dropped."""
    verdict = nw.col("verdict")
    same, different = nw.when(verdict == "same").then(nw.lit("used")), nw.when(verdict == "different")
    waits = nw.when(verdict == "unsure").then(nw.lit("review")).otherwise(nw.lit("cut"))
    state = same.otherwise(different.then(nw.lit("rejected")).otherwise(waits))
    return evidence.judged.select(
        "left",
        "right",
        nw.lit(JUDGEMENT_RULE).alias("rule"),
        nw.lit(JUDGEMENT_WEIGHT).alias("weight"),
        nw.lit(value=True).alias("strict"),
        nw.col("by").alias("evidence"),
        nw.col("at").alias("observed_at"),
        state.alias("state"),
        nw.when(verdict != "same").then(verdict).alias("reason"),
    )


def _with_cut_links(pairs: nw.LazyFrame, cuts: Sequence[nw.LazyFrame]) -> nw.LazyFrame:
    """Say of links that they were cut, and why."""
    if not cuts:
        return pairs
    links = nw.concat(list(cuts)).filter(nw.col("what") == "link")
    ends = {end: pairs.collect_schema()[end] for end in ("left", "right")}
    found = links.select(
        nw.col("record").cast(ends["left"]).alias("left"),
        nw.col("other").cast(ends["right"]).alias("right"),
        nw.col("rules").alias("rule"),
        nw.col("reason").alias("why"),
    )
    joined = pairs.join(found.unique(["left", "right", "rule"]), on=["left", "right", "rule"], how="left")
    is_cut = ~nw.col("why").is_null() & (nw.col("state") == "used")
    return joined.with_columns(
        nw.when(is_cut).then(nw.lit("cut")).otherwise(nw.col("state")).alias("state"),
        nw.when(is_cut).then(nw.col("why")).otherwise(nw.col("reason")).alias("reason"),
    ).drop("why")


def _review(evidence: Evidence) -> list[nw.LazyFrame]:
    """Pairs that a domain points to, but not clearly enough to link them: tenants and accounts; accounts."""
    domains = evidence.identifiers["account"]["domain"]
    unclear = domains.filter(
        (nw.col("kind") == "tenant") & nw.col("reason").is_in(["ambiguous_domain", "minority"])
    ).select(nw.col("record").alias("left"), "value", "reason", "weight", "observed_at")
    accounts = domains.filter(
        (nw.col("kind") == "crm_account") & (nw.col("state").is_in(["used"]) | (nw.col("reason") == "ambiguous_domain"))
    ).select(nw.col("record").alias("right"), "value")
    pairs = [unclear.join(accounts, on="value"), _alike(evidence, domains)]
    return [
        found.select(
            "left",
            "right",
            nw.lit("domain").alias("rule"),
            "weight",
            nw.lit(value=False).alias("strict"),
            nw.col("value").alias("evidence"),
            "observed_at",
            nw.lit("review").alias("state"),
            nw.col("reason").cast(TEXT).alias("reason"),
        )
        for found in pairs
    ]


def _alike(evidence: Evidence, domains: nw.LazyFrame) -> nw.LazyFrame:
    """Accounts of one domain that may or may not be one: each with the first of them, unless it owns or is owned."""
    held = domains.filter((nw.col("kind") == "crm_account") & (nw.col("reason") == "ambiguous_domain"))
    named = held.join(evidence.records.select("record", "record_id"), on="record")
    first = nw.col("record_id").min().over("value")
    marked = named.with_columns((nw.col("record_id") == first).alias("first"))
    firsts = marked.filter(nw.col("first")).select("value", nw.col("record").alias("right"))
    others = marked.filter(~nw.col("first")).rename({"record": "left"})
    owned = evidence.hierarchy.select(nw.col("child").alias("left"), nw.col("parent").alias("right"))
    owning = owned.select(nw.col("right").alias("left"), nw.col("left").alias("right"))
    return others.join(firsts, on="value").join(nw.concat([owned, owning]), on=["left", "right"], how="anti")


def _suppressed(evidence: Evidence, placed: Mapping[str, nw.LazyFrame], engine: Engine) -> nw.LazyFrame:
    """List the values that may not link, with why, how many hold them, and some of those; computed when asked for."""
    value = ["type", "value", "reason"]
    records = evidence.records
    found = _all_identifiers(evidence).filter(~nw.col("reason").is_null() & (nw.col("state") == "suppressed"))
    barred = found.select("record", *value).unique(["record", *value])
    entities = nw.concat([placed[level].select("record", "entity_id") for level in ("person", "account")])
    named = engine.lookup(barred, "record", records, "record", {"record_id": "record_id"})
    held = named.join(entities, on="record")
    counts = held.group_by(value).agg(nw.len().alias("records"), nw.col("entity_id").n_unique().alias("entities"))
    place = nw.col("record_id").cum_count().over(*value, order_by="record_id")
    few = held.with_columns(place.alias("place")).filter(nw.col("place") <= _EXAMPLES)
    examples = engine.lists(few.select(*value, nw.col("record_id").alias("examples")), value, "examples")
    listed = counts.join(examples, on=value).sort("records", "value", descending=[True, False])
    return cast(listed, "suppressed")
