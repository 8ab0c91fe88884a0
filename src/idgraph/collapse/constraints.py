"""Constraints: which components may not stay as they are, and what they are made of, for `rebuild`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw

from idgraph.collapse.rebuild import FOUND, ROWS, Limits, rebuild
from idgraph.schema import COUNT, TEXT, microseconds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from idgraph.config import Config, IdentifierType
    from idgraph.engines import Engine

__all__ = ["Held", "found_limits", "mend"]

DENSE: Final = 3  # records
CERTAIN: Final = 20.0  # the weight of an id
_LEAST: Final = 20  # no entity of so many records or parts is too large or too loose
_TIMES: Final = 3  # larger than nearly all by this factor
_NEARLY_ALL: Final = 0.975
_MANY_COOKIES: Final = ("visitor", "clickstream")
_DAY: Final = 86_400_000_000  # microseconds


@dataclass(frozen=True)
class Held:
    """What holds the records of a level together, and what keeps them apart.

    Attributes:
        identifiers: by type record, value, rules, state, weight, observed_at.
        links: left, right (records), rule, weight, evidence: those in use, merges by source systems and judgements too.
        apart: left, right: judged not to be one.
        names: record, name.
        aliases: survivor, merged.
    """

    identifiers: Mapping[str, nw.LazyFrame]
    links: nw.LazyFrame
    apart: nw.LazyFrame
    names: nw.LazyFrame
    aliases: nw.LazyFrame


def found_limits(sizes: nw.LazyFrame, level: str, config: Config, engine: Engine) -> Limits:
    """Take from the settings, or find in the data, what a group may be.

    An entity is too large if it has three times as many records as nearly all (97.5 %) that have several, and more than
    twenty; and too loose by its groups of strict evidence likewise.

    Args:
        sizes: component, counted, parts: one row for each component of several records.
        level: person or account.
        config: limits that are set.
        engine: what runs it.
    """

    def limit(column: str, said: int | None) -> int:
        if said is not None:
            return said
        counts = engine.collect(sizes.group_by(column).agg(nw.len().alias("n"))).sort(column).rows()
        left = _NEARLY_ALL * sum(number for _, number in counts)
        for size, number in counts:
            left -= number
            if left <= 0:
                return max(_LEAST, _TIMES * int(size))
        return _LEAST

    unique = _unique(level, config)
    return Limits(
        strict=config.strict_weight,
        certain=CERTAIN,
        dense=DENSE,
        records=limit("counted", config.most_records),
        parts=limit("parts", config.most_parts),
        days={described.name: described.unique_days for described in unique},
        at_most={f"{limit.of}→{limit.to}": limit.at_most for limit in config.cardinality if limit.level == level},
        normaliser="company_name" if level == "account" else "person_name",
    )


def mend(
    placed: nw.LazyFrame, edges: nw.LazyFrame, held: Held, level: str, config: Config, engine: Engine
) -> nw.LazyFrame | None:
    """Rebuild the components that break a constraint; those that break none are not looked into.

    Args:
        placed: record, kind, source, core, component: the records that some evidence joins.
        edges: left, right, weight.
        held: what joined them.
        level: person or account.
        config: constraints and limits.
        engine: what runs it.

    Returns:
        What `idgraph.collapse.rebuild.FOUND` says; None where nothing is broken.
    """
    counted = nw.when(~nw.col("kind").is_in(list(_MANY_COOKIES))).then(1).otherwise(0).cast(COUNT).alias("counted")
    joined = placed.with_columns(counted)
    cores = joined.group_by("component", "core").agg(nw.len().alias("records"), nw.col("counted").sum())
    dense = (nw.col("records") >= DENSE).cast(COUNT)
    sizes = engine.checkpoint(
        cores.with_columns(dense.alias("dense"))
        .group_by("component")
        .agg(nw.col("records", "counted", "dense").sum(), nw.len().alias("parts"))
    )
    limits = found_limits(sizes, level, config, engine)
    large = sizes.filter(
        (nw.col("dense") > 1) | (nw.col("counted") > limits.records) | (nw.col("parts") > limits.parts)
    )
    codes = _codes(held, placed, level, config, engine)
    found = [
        large.select("component"),
        _torn(placed, edges, sizes, engine),
        _apart(placed, held.apart),
        *(_clashing(placed, frame, limits.at_most.get(name, 1)) for name, frame in codes.items()),
    ]
    broken = engine.checkpoint(nw.concat(found).unique("component"))
    if not engine.count(broken):
        return None
    inside = engine.checkpoint(joined.join(broken, on="component", how="semi").select("component", "record", "counted"))
    rows = engine.checkpoint(_rows(inside, held, codes, engine))
    return engine.map_groups(rows, "component", rebuild(limits), FOUND)


def _unique(level: str, config: Config) -> list[IdentifierType]:
    return [described for described in config.types if described.level == level and described.unique]


def _torn(placed: nw.LazyFrame, edges: nw.LazyFrame, sizes: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """Components in which ids alone make several dense groups."""
    large = placed.join(sizes.filter(nw.col("records") >= 2 * DENSE), on="component", how="semi")
    large = engine.checkpoint(large.select("record", "component"))
    certain = edges.filter(nw.col("weight") >= CERTAIN).join(large, left_on="left", right_on="record", how="semi")
    groups = engine.components(certain.select("left", "right"))
    named = groups.join(large, left_on="node", right_on="record").rename({"component_right": "whole"})
    dense = named.group_by("whole", "component").agg(nw.len().alias("records")).filter(nw.col("records") >= DENSE)
    several = dense.group_by("whole").agg(nw.len().alias("n")).filter(nw.col("n") > 1)
    return several.select(nw.col("whole").alias("component"))


def _apart(placed: nw.LazyFrame, apart: nw.LazyFrame) -> nw.LazyFrame:
    """Components that hold two records judged not to be one."""
    left = placed.select(nw.col("record").alias("left"), "component")
    right = placed.select(nw.col("record").alias("right"), nw.col("component").alias("other"))
    both = apart.select("left", "right").join(left, on="left").join(right, on="right")
    return both.filter(nw.col("component") == nw.col("other")).select("component")


def _clashing(placed: nw.LazyFrame, codes: nw.LazyFrame, at_most: int) -> nw.LazyFrame:
    """Components that hold more values of a type than a constraint allows, somewhere."""
    inside = codes.join(placed.select("record", "component"), on="record")
    several = inside.group_by("component", "type").agg(nw.col("other").n_unique().alias("n"))
    return several.filter(nw.col("n") > at_most).select("component").unique("component")


def _codes(held: Held, records: nw.LazyFrame, level: str, config: Config, engine: Engine) -> dict[str, nw.LazyFrame]:
    """By constraint record, type, other (a number for each value, the same for those of merged records), days."""
    found = {}
    for described in _unique(level, config):
        coded = _coded(described.name, held, engine)
        key = nw.lit(described.name)
        if described.unique == "source":
            coded = coded.join(records.select("record", nw.col("source").cast(TEXT)), on="record")
            key = nw.concat_str(nw.lit(f"{described.name} "), nw.col("source"))
        found[described.name] = engine.checkpoint(coded.select("record", key.alias("type"), "other", "days"))
    for limit in config.cardinality:
        if limit.level == level:
            name = f"{limit.of}→{limit.to}"
            coded = _coded(limit.to, held, engine).with_columns(nw.lit(name).alias("type"))
            found[name] = engine.checkpoint(coded.select("record", "type", "other", "days"))
    return found


def _coded(name: str, held: Held, engine: Engine) -> nw.LazyFrame:
    """The values of a type as numbers: record, other, days."""
    if name not in held.identifiers:
        none = held.apart.head(0).select(nw.col("left").alias("record"), nw.col("right").alias("other"))
        return none.with_columns(nw.lit(0.0).alias("days"))
    rows = held.identifiers[name].filter(nw.col("state") != "suppressed")
    values = engine.number(rows.select("value").unique("value").sort("value"), "code")
    days = (microseconds(rows, "observed_at") / _DAY).alias("days")
    coded = engine.checkpoint(rows.select("record", "value", days).join(values, on="value").drop("value"))
    codes = coded.select("record", "code")
    survivors = codes.rename({"record": "survivor", "code": "left"})
    merged = codes.rename({"record": "merged", "code": "right"})
    same = held.aliases.select("survivor", "merged").join(survivors, on="survivor").join(merged, on="merged")
    groups = engine.components(same.select("left", "right"))
    known = engine.lookup(coded, "code", groups, "node", {"component": "component"})
    return known.select("record", nw.coalesce("component", "code").alias("other"), "days")


def _rows(inside: nw.LazyFrame, held: Held, codes: dict[str, nw.LazyFrame], engine: Engine) -> nw.LazyFrame:
    """All that is known of the records of broken components, in the columns of `ROWS`."""
    within = inside.select("record", "component")
    parts = {"record": [inside], "value": [], "link": [], "apart": [], "unique": [], "limited": [], "name": []}
    for name, frame in held.identifiers.items():
        used = frame.filter(nw.col("state") == "used").select("record", "value", "rules", "weight")
        placed = engine.lookup(used, "record", within, "record", {"component": "component"})
        parts["value"].append(placed.filter(~nw.col("component").is_null()).with_columns(nw.lit(name).alias("type")))
    links = held.links.with_columns(nw.col("rule").cast(TEXT).alias("rules"), nw.col("evidence").alias("value"))
    for what, pairs in (("link", links), ("apart", held.apart)):
        parts[what].append(pairs.rename({"left": "record", "right": "other"}).join(within, on="record"))
    for name, frame in codes.items():
        what = "limited" if "→" in name else "unique"
        parts[what].append(frame.with_columns(nw.col("days").alias("weight")).join(within, on="record"))
    parts["name"].append(held.names.select("record", nw.col("name").alias("value")).join(within, on="record"))
    return nw.concat([_shaped(frame, what) for what, frames in parts.items() for frame in frames])


def _shaped(frame: nw.LazyFrame, what: str) -> nw.LazyFrame:
    present = frame.collect_schema().names()
    made = {"what": nw.lit(what)}
    columns = [
        made.get(name, nw.col(name) if name in present else nw.lit(None)).cast(dtype).alias(name)
        for name, dtype in ROWS.items()
    ]
    return frame.select(*columns)
