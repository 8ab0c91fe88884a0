"""Joins: every link that holds the entities of a level together, and whether a truth says that it is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.linkage.rules import ALIAS_RULE, JUDGEMENT_RULE
from idgraph.schema import COUNT, NUMBER, TEXT

if TYPE_CHECKING:
    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["RIGHT", "UNKNOWN", "WRONG", "Joins", "joins"]

Frames = Mapping[str, nw.LazyFrame]
RIGHT, UNKNOWN, WRONG = range(3)
_VALUE: Final = ["type", "rule", "value", "entity_id"]
_COLUMNS: Final = ("entity_id", "rule", "weight", "evidence", "left", "right", "verdict")
_OWN: Final = (ALIAS_RULE, JUDGEMENT_RULE)  # the only links that join tenants


@dataclass(frozen=True)
class Joins:
    """What holds the entities of a level together.

    Attributes:
        records: record (an integer), record_id, entity_id, true (the entity that the truth says; null where it says
            none).
        links: entity_id, rule, weight, evidence (of a link; null of a value), left, right (records), verdict: `RIGHT`
            where the truth says that both ends are one, `WRONG` where it says that they are two, else `UNKNOWN`. Of a
            value that k records hold k - 1: those of one true entity are joined to the first of it, these firsts to
            the first of all, and so are those that the truth does not know.
    """

    records: nw.LazyFrame
    links: nw.LazyFrame


def joins(frames: Frames, known: nw.LazyFrame, level: str, config: Config, engine: Engine) -> Joins:
    """Find what holds the entities of a level together.

    Args:
        frames: identifiers, links, assignments.
        known: record_id, entity_id: the truth.
        level: person, tenant or account.
        config: which types of identifiers join tenants.
        engine: what runs it.
    """
    placed = frames["assignments"].filter(nw.col("level").cast(TEXT) == level).select("record_id", "entity_id")
    said = known.select("record_id", true=nw.col("entity_id").cast(TEXT))
    told = placed.join(said, on="record_id", how="left")
    records = engine.number(told.sort("record_id"), "record")  # so that ties are decided alike on every engine
    found = [*_shared(frames["identifiers"], records, level, config, engine), _linked(frames["links"], records, level)]
    return Joins(records, engine.checkpoint(nw.concat(found)))


def _shared(
    identifiers: nw.LazyFrame, records: nw.LazyFrame, level: str, config: Config, engine: Engine
) -> list[nw.LazyFrame]:
    """Links by values, rule by rule."""
    words = {name: nw.col(name).cast(TEXT) for name in ("type", "rules", "state")}
    used = identifiers.select("record_id", "value", "weight", **words).filter(nw.col("state") == "used")
    held = engine.checkpoint(used.join(records, on="record_id"))
    listed = engine.collect(held.select("type", "rules").unique(["type", "rules"])).drop_nulls()
    if level == "tenant":
        own = {name for name in listed["type"] if config.type_of("account", name).kind == "tenant"}
        listed = listed.filter(pl.col("type").is_in(sorted(own)))
    found = []
    for rule in sorted({rule for rules in listed["rules"] for rule in rules.split(",")}):
        under = [rules for rules in listed["rules"].unique() if rule in rules.split(",")]
        of_rule = held.filter(nw.col("rules").is_in(under) & nw.col("type").is_in(listed["type"].unique().to_list()))
        found.append(_star(of_rule.with_columns(rule=nw.lit(rule)), engine))
    return found


def _star(held: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Links of each value's holders."""
    weighed = held.with_columns(nw.col("weight").cast(NUMBER))
    told = weighed.with_columns(known=nw.when(~nw.col("true").is_null()).then(nw.col("record")))
    totals = {"first": nw.col("record").min(), "told": nw.col("known").min(), "least": nw.col("weight").min()}
    marked = engine.with_totals(told, _VALUE, **totals)
    marked = engine.with_totals(marked, [*_VALUE, "true"], same=nw.col("record").min())
    first, record, unknown = nw.coalesce("told", "first"), nw.col("record"), nw.col("true").is_null()
    later = record != nw.col("same")
    linked = marked.select(
        "entity_id",
        "rule",
        weight="least",
        evidence=nw.lit(None).cast(TEXT),
        left=nw.when(unknown | ~later).then(first).otherwise("same"),
        right="record",
        verdict=_verdict(unknown, ~unknown & later),
    )
    return linked.filter(nw.col("left") != nw.col("right")).select(_COLUMNS)


def _linked(links: nw.LazyFrame, records: nw.LazyFrame, level: str) -> nw.LazyFrame:
    """Links between two records."""
    words = {name: nw.col(name).cast(TEXT) for name in ("rule", "state")}
    said = nw.coalesce("evidence", nw.lit(""))
    used = links.select("left_id", "right_id", evidence=said, weight=nw.col("weight").cast(NUMBER), **words)
    used = used.filter(nw.col("state") == "used")
    if level == "tenant":
        used = used.filter(nw.col("rule").is_in(list(_OWN)))
    for end in ("left", "right"):
        told = {f"{end}_id": "record_id", end: "record", f"{end}_true": "true"}
        ends = records.select("entity_id", **{name: nw.col(column) for name, column in told.items()})
        used = used.join(ends if end == "left" else ends.drop("entity_id"), on=f"{end}_id")
    unknown = nw.col("left_true").is_null() | nw.col("right_true").is_null()
    return used.with_columns(verdict=_verdict(unknown, nw.col("left_true") == nw.col("right_true"))).select(_COLUMNS)


def _verdict(unknown: nw.Expr, right: nw.Expr) -> nw.Expr:
    known = nw.when(right).then(nw.lit(RIGHT)).otherwise(nw.lit(WRONG))
    return nw.when(unknown).then(nw.lit(UNKNOWN)).otherwise(known).cast(COUNT)
