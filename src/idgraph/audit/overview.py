"""Overview: a graph in small frames, to be drawn and to be put on a page. None of them holds a value of anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.schema import COUNT, TEXT

if TYPE_CHECKING:
    from idgraph.engines import Engine

__all__ = ["changed", "flow", "refused", "sizes", "used", "weakest"]

Frames = Mapping[str, nw.LazyFrame]
_ENTITIES: Final = {"person": "profiles", "account": "accounts"}
_NUMBER: Final = nw.len().cast(COUNT)


def sizes(frames: Frames, engine: Engine) -> pl.DataFrame:
    """Count profiles and accounts by how many records they have.

    Returns:
        level, least, most (1, 2, 3 to 4, 5 to 8 and so on), entities. Those known only by reference are left out.
    """
    counted = [
        frames[name].filter(~nw.col("stub")).group_by("records").agg(entities=_NUMBER).with_columns(level=nw.lit(level))
        for level, name in _ENTITIES.items()
    ]
    exact = engine.collect(nw.concat(counted))
    most = pl.lit(2) ** (pl.col("records").cast(pl.Float64).log(2) - 1e-9).ceil().cast(pl.Int64).clip(lower_bound=0)
    banded = exact.group_by("level", most=most.cast(pl.Int64)).agg(pl.col("entities").sum())
    least = pl.when(pl.col("most") <= 2).then("most").otherwise(pl.col("most") // 2 + 1)
    return banded.select("level", least.alias("least"), "most", "entities").sort(
        "level", "most", descending=[True, False]
    )


def flow(frames: Frames, engine: Engine) -> pl.DataFrame:
    """Follow the records of people from their source into profiles, and on to accounts.

    Returns:
        source, profile (`joined` with other records, or `alone`), accounts (`none`, `one`, `several`: those that the
        profile is a member of), records. Stubs are left out.
    """
    placed = frames["assignments"].filter(nw.col("level").cast(TEXT) == "person").select("record_id", "entity_id")
    real = frames["records"].filter(~nw.col("stub")).select("record_id", nw.col("source").cast(TEXT))
    held = frames["profiles"].select("entity_id", joined=nw.col("records") > 1)
    member = frames["members"].group_by("profile_id").agg(n=_NUMBER)
    told = real.join(placed, on="record_id").join(held, on="entity_id")
    told = told.join(member, left_on="entity_id", right_on="profile_id", how="left")
    number = nw.coalesce("n", nw.lit(0))
    counted = told.with_columns(several=number > 1, some=number > 0).group_by("source", "joined", "some", "several")
    rows = engine.collect(counted.agg(records=_NUMBER))
    profile = pl.when("joined").then(pl.lit("joined")).otherwise(pl.lit("alone"))
    accounts = pl.when("several").then(pl.lit("several")).when("some").then(pl.lit("one")).otherwise(pl.lit("none"))
    named = rows.select("source", "records", profile=profile, accounts=accounts)
    return named.select("source", "profile", "accounts", "records").sort("source", "profile", "accounts")


def refused(frames: Frames, engine: Engine) -> pl.DataFrame:
    """Count suppressed values.

    Returns:
        type, reason, values, records: how many records hold one of them; the most first.
    """
    words = [nw.col(name).cast(TEXT) for name in ("type", "reason")]
    counted = frames["suppressed"].select(*words, "records").group_by("type", "reason")
    found = engine.collect(counted.agg(nw.col("records").sum(), values=_NUMBER))
    return found.select("type", "reason", "values", "records").sort(
        "records", "type", "reason", descending=[True, False, False]
    )


def weakest(frames: Frames, engine: Engine) -> pl.DataFrame:
    """Count the profiles and accounts of several records by the rule of the weakest evidence that holds them.

    Returns:
        level, rule, weight (the least), entities; the weakest first.
    """
    counted = [
        frames[name]
        .select(rule=nw.col("weakest_rule").cast(TEXT), weight="weakest_weight", level=nw.lit(level))
        .filter(~nw.col("rule").is_null())
        for level, name in _ENTITIES.items()
    ]
    by_rule = nw.concat(counted).group_by("level", "rule").agg(nw.col("weight").min(), entities=_NUMBER)
    found = engine.collect(by_rule).select("level", "rule", "weight", "entities")
    return found.sort("level", "weight", "rule", descending=[True, False, False])


def used(frames: Frames, engine: Engine) -> pl.DataFrame:
    """Count evidence by what it is and what became of it.

    Returns:
        evidence (`identifier` or `link`), rule (the type of an identifier), state, count; sorted.
    """
    kinds = {"identifier": ("identifiers", "type"), "link": ("links", "rule")}
    told = [
        frames[name].select(evidence=nw.lit(kind), rule=nw.col(rule).cast(TEXT), state=nw.col("state").cast(TEXT))
        for kind, (name, rule) in kinds.items()
    ]
    by = ["evidence", "rule", "state"]
    return engine.collect(nw.concat(told).group_by(by).agg(count=_NUMBER)).sort(by)


def changed(frames: Frames, engine: Engine) -> pl.DataFrame:
    """Count what became of the entities of the run before.

    Returns:
        level, change, entities; sorted. Empty where there was none before.
    """
    by = ["level", "change"]
    words = frames["changes"].select(nw.col(name).cast(TEXT) for name in by)
    return engine.collect(words.group_by(by).agg(entities=_NUMBER)).sort(by)
