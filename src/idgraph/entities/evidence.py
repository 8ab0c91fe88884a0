"""Evidence from the frames of a graph: what was decided before, or by another tool."""

from __future__ import annotations

from typing import TYPE_CHECKING

import narwhals.stable.v2 as nw

from idgraph.entities.build import Evidence
from idgraph.errors import ConfigError
from idgraph.linkage.derived import address_domains
from idgraph.linkage.rules import ALIAS_RULE
from idgraph.schema import KINDS, LEVELS, TEXT, Level, cast, empty

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
    held = coded("identifiers", record_id="record").join(kinds, on="record").with_columns(state.alias("state"))
    identifiers = _by_type(engine.checkpoint(held.drop("record_id")), engine)
    links = coded("links", left_id="left", right_id="right").with_columns(state.alias("state"))
    used = links.filter(
        (nw.col("state") == "used") & (nw.coalesce(nw.col("rule").cast(TEXT), nw.lit("")) != ALIAS_RULE)
    )
    by_domain = nw.coalesce(nw.col("via").cast(TEXT), nw.lit("")) == "domain"  # these follow from addresses, below
    return Evidence(
        records=records,
        identifiers=identifiers,
        edges={level: _edges(level, identifiers, used, records, config, engine) for level in LEVELS},
        memberships=coded("memberships", person_record_id="person", company_record_id="company").filter(~by_domain),
        addresses=engine.checkpoint(address_domains(identifiers["person"].get("email", held.head(0)), engine)),
        hierarchy=coded("hierarchy", child_record_id="child", parent_record_id="parent"),
        aliases=coded("aliases", survivor_record_id="survivor", merged_record_id="merged"),
        rejects=given["rejects"],
    )


def _by_type(identifiers: nw.LazyFrame, engine: Engine) -> dict[Level, dict[str, nw.LazyFrame]]:
    """Part identifiers by whose they are and by type, as the steps take them."""
    found: dict[Level, dict[str, nw.LazyFrame]] = {}
    for level in ("person", "account"):
        held = identifiers.filter(nw.col("kind").is_in(list(LEVELS[level])))
        names = engine.collect(held.select(nw.col("type").cast(TEXT)).unique("type")).to_series().to_list()
        found[level] = {name: engine.checkpoint(held.filter(nw.col("type") == name)) for name in sorted(names)}
    found["account"].setdefault("domain", identifiers.head(0))
    return found


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
    level: Level,
    identifiers: Mapping[Level, Mapping[str, nw.LazyFrame]],
    links: nw.LazyFrame,
    records: nw.LazyFrame,
    config: Config,
    engine: Engine,
) -> nw.LazyFrame:
    """Join each holder of a used value to its first holder, rule by rule, and the ends of used links."""
    ends = records.filter(nw.col("kind").is_in(list(LEVELS[level]))).select(nw.col("record").alias("left"))
    linked = links.join(ends, on="left", how="semi") if level != "tenant" else links.head(0)
    found = [linked.select("left", "right", nw.col("rule").cast(engine.word), "weight")]
    for name, held in identifiers["person" if level == "person" else "account"].items():
        described = config.type_of(level, name)
        if level != "tenant" or described.kind == "tenant":
            found += _stars(held.filter(nw.col("kind").is_in(list(LEVELS[level]))), name, described.weight, engine)
    return engine.checkpoint(nw.concat(found))


def _stars(held: nw.LazyFrame, name: str, weight: float, engine: Engine) -> list[nw.LazyFrame]:
    rules = nw.coalesce(nw.col("rules").cast(TEXT), nw.lit(name))
    used = held.filter(nw.col("state") == "used").with_columns(rules.alias("rules"))
    listed = engine.collect(used.select("rules").unique("rules")).to_series().to_list()
    found = []
    for rule in sorted({rule for rules in listed for rule in rules.split(",")}):
        under = [rules for rules in listed if rule in rules.split(",")]
        star = used.filter(nw.col("rules").is_in(under)).select(
            nw.col("record").alias("left"),
            nw.col("record").min().over("value").alias("right"),
            nw.lit(rule).cast(engine.word).alias("rule"),
            nw.coalesce(nw.col("weight"), nw.lit(weight)).alias("weight"),
        )
        found.append(star.filter(nw.col("left") != nw.col("right")))
    return found
