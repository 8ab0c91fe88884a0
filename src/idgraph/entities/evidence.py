"""Evidence from the frames of a graph: what was decided before, or by another tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.entities.build import ALIAS_RULE, Evidence
from idgraph.errors import ConfigError
from idgraph.linkage.derived import address_domains
from idgraph.schema import KINDS, LEVELS, PERSON_KINDS, TEXT, cast, empty

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.config import Config
    from idgraph.engines import Engine

__all__ = ["evidence_of"]

_GIVEN = ("records", "identifiers", "links", "memberships", "hierarchy", "aliases", "rejects")


def evidence_of(frames: Mapping[str, nw.LazyFrame], config: Config, engine: Engine) -> Evidence:
    """Read evidence off frames.

    Args:
        frames: `records`, and any of `identifiers`, `links`, `memberships`, `hierarchy`, `aliases`, `rejects`, in the
            columns of `idgraph.schema.FRAMES`; those that are absent are null. A null state means used.
        config: what the types of identifiers mean.
        engine: what runs it.

    Returns:
        The evidence, numbered anew.

    Raises:
        ConfigError: a frame of another name; records without id or kind, of an unknown kind, or repeated.
    """
    unknown = sorted(set(frames) - set(_GIVEN))
    if unknown or "records" not in frames:
        msg = f"from_frames takes records and any of {', '.join(_GIVEN[1:])}; got {', '.join(sorted(frames))}"
        raise ConfigError(msg)
    given = {name: cast(frames[name] if name in frames else engine.lazy(empty(name)), name) for name in _GIVEN}
    records = engine.number(_checked(given["records"], engine), "record")
    codes = records.select("record", "record_id")

    def coded(name: str, **columns: str) -> nw.LazyFrame:
        frame = given[name]
        for column, code in columns.items():
            frame = frame.join(codes.select(nw.col("record_id").alias(column), nw.col("record").alias(code)), on=column)
        return frame

    kinds = records.select("record", "kind", "source")
    state = nw.coalesce(nw.col("state").cast(TEXT), nw.lit("used"))
    identifiers = coded("identifiers", record_id="record").join(kinds, on="record").with_columns(state.alias("state"))
    identifiers = engine.checkpoint(identifiers.drop("record_id"))
    links = coded("links", left_id="left", right_id="right").with_columns(state.alias("state"))
    used = links.filter(
        (nw.col("state") == "used") & (nw.coalesce(nw.col("rule").cast(TEXT), nw.lit("")) != ALIAS_RULE)
    )
    by_domain = nw.coalesce(nw.col("via").cast(TEXT), nw.lit("")) == "domain"  # these follow from addresses, below
    people = identifiers.filter(nw.col("kind").is_in(list(PERSON_KINDS)))
    return Evidence(
        records=records,
        identifiers=identifiers,
        edges={level: _edges(level, identifiers, used, records, config, engine) for level in LEVELS},
        memberships=coded("memberships", person_record_id="person", company_record_id="company").filter(~by_domain),
        addresses=engine.checkpoint(address_domains(people, engine)),
        hierarchy=coded("hierarchy", child_record_id="child", parent_record_id="parent"),
        aliases=coded("aliases", survivor_record_id="survivor", merged_record_id="merged"),
        rejects=given["rejects"],
    )


def _checked(records: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Refuse records that cannot be told apart or placed on a level; fill in what has a plain default."""
    kinds = engine.collect(records.select(nw.col("kind").cast(TEXT)).unique("kind")).to_series().to_list()
    wrong = sorted(str(kind) for kind in kinds if kind not in KINDS)
    if wrong:
        msg = f"records.kind holds {', '.join(wrong)}; a kind is one of {', '.join(KINDS)}"
        raise ConfigError(msg)
    repeated = records.group_by("record_id").agg(nw.len().alias("rows")).filter(nw.col("rows") > 1)
    if engine.count(repeated):
        msg = f"records.record_id repeats {engine.count(repeated)} ids; each record is one row"
        raise ConfigError(msg)
    return records.with_columns(nw.col("stub").fill_null(value=False), nw.col("deleted").fill_null(value=False))


def _edges(
    level: str, identifiers: nw.LazyFrame, links: nw.LazyFrame, records: nw.LazyFrame, config: Config, engine: Engine
) -> nw.LazyFrame:
    """Join each holder of a used value to its first holder, rule by rule, and the ends of used links."""
    inside = identifiers.filter((nw.col("state") == "used") & nw.col("kind").is_in(list(LEVELS[level])))
    inside = inside.with_columns(nw.coalesce("rules", "type").cast(TEXT).alias("rules"), nw.col("type").cast(TEXT))
    kinds = engine.collect(inside.select("type", "rules").unique(["type", "rules"])).rows()
    if level == "tenant":
        kinds = [(name, rules) for name, rules in kinds if config.type_of("account", name).kind == "tenant"]
    ends = records.filter(nw.col("kind").is_in(list(LEVELS[level]))).select(nw.col("record").alias("left"))
    linked = links.join(ends, on="left", how="semi") if level != "tenant" else links.head(0)
    columns = ["left", "right", "rule", "weight"]
    found = [linked.select(nw.col(c).cast(TEXT) if c == "rule" else nw.col(c) for c in columns)]
    for name, rule in sorted({(name, rule) for name, rules in kinds for rule in rules.split(",")}):
        under = [rules for other, rules in kinds if other == name and rule in rules.split(",")]
        held = inside.filter((nw.col("type") == name) & nw.col("rules").is_in(under))
        star = held.select(
            nw.col("record").alias("left"),
            nw.col("record").min().over("value").alias("right"),
            nw.lit(rule).alias("rule"),
            nw.coalesce(nw.col("weight"), nw.lit(config.type_of(level, name).weight)).alias("weight"),
        )
        found.append(star.filter(nw.col("left") != nw.col("right")))
    return engine.checkpoint(nw.concat(found))
