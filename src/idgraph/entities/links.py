"""Links: record–record evidence, and pairs of companies that wait for a person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.linkage.guards import UNCLEAR
from idgraph.linkage.rules import ALIAS_RULE, JUDGEMENT_RULE
from idgraph.schema import FRAMES, NUMBER, PERSON_KINDS, TEXT, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    from idgraph.engines import Engine
    from idgraph.entities.evidence import Evidence

__all__ = ["ALIAS_WEIGHT", "JUDGEMENT_WEIGHT", "LINK", "between", "links_frame", "own_links"]

ALIAS_WEIGHT: Final = 30.0
JUDGEMENT_WEIGHT: Final = 40.0
LINK: Final = ("left", "right", "rule", "weight", "probability", "strict", "evidence", "observed_at", "state", "reason")


def own_links(evidence: Evidence, records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """What source systems merged and what was judged to be one, within one level: left, right, rule, weight, evidence.

    A lead converted to a contact, never a person to a company.
    """
    ends = evidence.aliases.select(nw.col("survivor").alias("left"), nw.col("merged").alias("right"), "via")
    said = evidence.judged.filter(nw.col("verdict") == "same").select("left", "right", nw.col("by").alias("evidence"))
    merged = between(ends, records).select("left", "right", nw.col("via").cast(TEXT).alias("evidence"))
    rules = ((merged, ALIAS_RULE, ALIAS_WEIGHT), (between(said, records), JUDGEMENT_RULE, JUDGEMENT_WEIGHT))
    return engine.checkpoint(
        nw.concat(
            [
                pairs.with_columns(nw.lit(rule).alias("rule"), nw.lit(odds).alias("weight"))
                for pairs, rule, odds in rules
            ]
        )
    )


def between(pairs: nw.LazyFrame, records: nw.LazyFrame) -> nw.LazyFrame:
    """Those pairs of which both ends are among the records."""
    for end in ("left", "right"):
        pairs = pairs.join(records.select(nw.col("record").alias(end)), on=end, how="semi")
    return pairs


def links_frame(
    evidence: Evidence, cuts: Sequence[nw.LazyFrame], accounts: nw.LazyFrame, engine: Engine
) -> nw.LazyFrame:
    """Record–record evidence: what source systems merged, was judged or found elsewhere; and pairs to be decided.

    Args:
        evidence: what is known.
        cuts: what constraints left out; see `idgraph.collapse.components.Collapsed.cut`.
        accounts: record, entity_id: the account that each record of a company is part of.
        engine: what runs it.

    Returns:
        The frame `links`.
    """
    columns = list(LINK)
    merges = evidence.aliases.select(
        nw.col("survivor").alias("left"),
        nw.col("merged").alias("right"),
        nw.lit(ALIAS_RULE).alias("rule"),
        nw.lit(ALIAS_WEIGHT).alias("weight"),
        nw.lit(None).cast(NUMBER).alias("probability"),
        nw.lit(value=True).alias("strict"),
        nw.col("via").cast(TEXT).alias("evidence"),
        nw.col("at").alias("observed_at"),
        nw.lit("used").alias("state"),
        nw.lit(None).cast(TEXT).alias("reason"),
    )
    own = [merges, _judgements(evidence), *_review(evidence, accounts, engine)]
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
        nw.lit(None).cast(NUMBER).alias("probability"),
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


def _review(evidence: Evidence, accounts: nw.LazyFrame, engine: Engine) -> list[nw.LazyFrame]:
    """Pairs that a domain points to, but not clearly enough to link them: tenants and accounts; accounts.

    Not those that something else made one: there is nothing left to decide.
    """
    domains = evidence.identifiers["account"]["domain"]
    unclear = domains.filter((nw.col("kind") == "tenant") & nw.col("reason").is_in(list(UNCLEAR))).select(
        nw.col("record").alias("left"), "value", "reason", "weight", "observed_at"
    )
    holders = domains.filter(
        (nw.col("kind") == "crm_account") & (nw.col("state").is_in(["used"]) | (nw.col("reason") == "ambiguous_domain"))
    ).select(nw.col("record").alias("right"), "value")
    pairs = [
        _between_entities(found, accounts, engine)
        for found in (unclear.join(holders, on="value"), _alike(evidence, domains, engine))
    ]
    return [
        found.select(
            "left",
            "right",
            nw.lit("domain").alias("rule"),
            "weight",
            nw.lit(None).cast(NUMBER).alias("probability"),
            nw.lit(value=False).alias("strict"),
            nw.col("value").alias("evidence"),
            "observed_at",
            nw.lit("review").alias("state"),
            nw.col("reason").cast(TEXT).alias("reason"),
        )
        for found in pairs
    ]


def _between_entities(pairs: nw.LazyFrame, accounts: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Those pairs whose ends are parts of two accounts."""
    for end in ("left", "right"):
        pairs = engine.lookup(pairs, end, accounts, "record", {f"{end}_entity": "entity_id"})
    return pairs.filter(nw.col("left_entity") != nw.col("right_entity"))


def _alike(evidence: Evidence, domains: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Accounts of one domain that may or may not be one: each with the first of them, unless it owns or is owned."""
    held = domains.filter((nw.col("kind") == "crm_account") & (nw.col("reason") == "ambiguous_domain"))
    named = held.join(evidence.records.select("record", "record_id"), on="record")
    told = engine.with_totals(named, ["value"], smallest=nw.col("record_id").min())
    marked = told.with_columns((nw.col("record_id") == nw.col("smallest")).alias("first")).drop("smallest")
    firsts = marked.filter(nw.col("first")).select("value", nw.col("record").alias("right"))
    others = marked.filter(~nw.col("first")).rename({"record": "left"})
    owned = evidence.hierarchy.select(nw.col("child").alias("left"), nw.col("parent").alias("right"))
    owning = owned.select(nw.col("right").alias("left"), nw.col("left").alias("right"))
    return others.join(firsts, on="value").join(nw.concat([owned, owning]), on=["left", "right"], how="anti")
