"""Missed pairs: records that are one and were not joined, by what kept them apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl

from idgraph.audit.apart import most_against
from idgraph.audit.between import links_between, shared_between
from idgraph.audit.compared import sides_of, weighed
from idgraph.audit.evaluation.errors import BLAMED, Blamed
from idgraph.audit.inside import evidence_held
from idgraph.linkage.rules import JUDGEMENT_RULE, SIMILAR_RULE
from idgraph.schema import COUNT

if TYPE_CHECKING:
    from idgraph.audit.apart import Learnt
    from idgraph.audit.evaluation.joins import Joins
    from idgraph.engines import Engine
    from idgraph.linkage.parts import Part

__all__ = ["missed_pairs"]

Frames = Mapping[str, nw.LazyFrame]
_MOST: Final = 5_000  # pairs of entities that are looked at
_UNITS: Final = 3  # of an entity that are compared: those of most records
_TOLD: Final = ("pair", "cause", "rule", "detail")
# What is told first where several things kept two apart: the nearer they were to being one, the earlier.
_UNUSED, _LOW, _NEVER, _UNKNOWN = "value not used", "scored too low", "never a candidate", "not known by name"
_RANKS: Final = ("judgement", "cut", "rejected", "review", "suppressed", _LOW, _NEVER, _UNUSED, _UNKNOWN)
_NOTHING: Final = "nothing in common"


def missed_pairs(
    held: Joins, frames: Frames, level: str, learnt: Learnt | None, strict_weight: float, engine: Engine
) -> Blamed:
    """Say of the parts into which true entities came what keeps them apart, two by two.

    Args:
        held: what holds the entities together.
        frames: records, identifiers, links, memberships, assignments.
        level: person, tenant or account.
        learnt: what the run learnt of likeness; None where nobody was compared.
        strict_weight: from here on evidence needs no doubt.
        engine: what runs it.
    """
    known = held.records.filter(~nw.col("true").is_null())
    sizes = known.group_by("true", "entity_id").agg(nw.len().cast(COUNT).alias("n"))
    several = sizes.group_by("true").agg(nw.len().cast(COUNT).alias("parts")).filter(nw.col("parts") > 1)
    parts = engine.collect(sizes.join(several.select("true"), on="true", how="semi")).sort("true", "entity_id")
    pairs = _drawn(parts)
    entities = pl.concat([pairs["left"], pairs["right"]]).unique().sort().to_frame("entity_id")
    inside = held.records.join(engine.lazy(entities), on="entity_id", how="semi")
    records = engine.collect(inside).rename({"entity_id": "entity"}).sort("record_id")
    firsts = records.drop_nulls("true").group_by("entity", "true").agg(pl.col("record_id").min())
    for end in ("left", "right"):
        pairs = pairs.join(firsts.rename({"entity": end, "record_id": f"{end}_id"}), on=[end, "true"])
    placed = records.select("record_id", "entity", own=~pl.col("true").is_null())
    identifiers, links = evidence_held(frames, placed["record_id"].to_list(), engine.collect)
    told = pl.concat([_links(links, placed, pairs), _values(identifiers, placed, pairs)])
    rest = pairs.join(told.filter(pl.col("cause") != _UNUSED), on="pair", how="anti")
    if learnt is not None and rest.height:
        units = _units(held, records, strict_weight if level == "person" else 0.0, engine)
        told = pl.concat([told, _alike(frames, rest, units, level, learnt, engine)])
    return Blamed(_first(pairs, told), _missed(parts))


def _missed(parts: pl.DataFrame) -> int:
    """How many pairs of records are in different parts."""
    whole = parts.group_by("true").agg(all=pl.col("n").sum(), inside=(pl.col("n") ** 2).sum())
    return int((whole["all"] ** 2 - whole["inside"]).sum()) // 2


def _drawn(parts: pl.DataFrame) -> pl.DataFrame:
    """Draw pairs of parts of one true entity, all where they are few: pair, true, left, right, pairs (of records)."""
    counts = parts.group_by("true", maintain_order=True).agg(pl.len())["len"].to_numpy().astype(np.int64)
    ends = np.cumsum(counts * (counts - 1) // 2)
    every = int(ends[-1]) if len(ends) else 0
    numbers = np.arange(every) if every <= _MOST else np.unique(np.random.default_rng(0).integers(0, every, _MOST))
    of = np.searchsorted(ends, numbers, side="right")
    within = numbers - np.concatenate([[0], ends])[of]
    later = ((1 + np.sqrt(1 + 8 * within)) / 2).astype(np.int64)  # pairs in the order (0, 1), (0, 2), (1, 2), (0, 3) …
    starts = np.concatenate([[0], np.cumsum(counts)])[of]
    left, right = parts[starts + within - later * (later - 1) // 2], parts[starts + later]
    return pl.DataFrame(
        {
            "pair": np.arange(len(numbers)),
            "true": left["true"],
            "left": left["entity_id"],
            "right": right["entity_id"],
            "pairs": left["n"] * right["n"],
        }
    )


def _links(links: pl.DataFrame, placed: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Links that were cut, wait or were refused."""
    found = links_between(links, placed.drop("own"), pairs.select("pair", "left", "right"))
    judged = pl.when(pl.col("rule") == JUDGEMENT_RULE).then(pl.lit("judgement")).otherwise("state")
    unlikely = pl.when(pl.col("state") == "review").then(pl.lit("not likely enough"))
    return found.select("pair", judged.alias("cause"), "rule", detail=pl.coalesce("reason", unlikely))


def _values(identifiers: pl.DataFrame, placed: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Shared values that were cut or suppressed, or that no rule links by."""
    found = shared_between(identifiers, placed, pairs.select("pair", "left", "right"))
    barred = [
        pl.when(pl.col(f"reason{side}").is_not_null() & pl.col(f"state{side}").is_in(["cut", "suppressed"])).then(
            f"state{side}"
        )
        for side in ("", "_other")
    ]
    cause = pl.coalesce(*barred, pl.lit(_UNUSED))
    return found.select("pair", cause.alias("cause"), rule="type", detail=pl.coalesce("reason", "reason_other"))


def _units(held: Joins, records: pl.DataFrame, least: float, engine: Engine) -> pl.DataFrame:
    """Part the known records of entities by what is held together without likeness: entity, true, unit, record_ids."""
    inside = engine.lazy(records.select(entity_id="entity").unique())
    links = held.links.join(inside, on="entity_id", how="semi")
    sure = links.filter((nw.col("rule") != SIMILAR_RULE) & (nw.col("weight") >= least))
    groups = engine.collect(engine.components(sure.select("left", "right")))
    grouped = records.join(groups.select(record="node", unit="component"), on="record", how="left")
    grouped = grouped.with_columns(unit=pl.coalesce("unit", "record"))
    wholes = grouped.group_by("unit").agg(pl.col("record_id").sort().alias("record_ids"))
    units = grouped.drop_nulls("true").group_by("entity", "true", "unit").agg(n=pl.len(), own=pl.col("record_id").min())
    largest = units.sort("n", "unit", descending=[True, False]).group_by("entity", "true", maintain_order=True)
    return largest.head(_UNITS).join(wholes, on="unit")


def _alike(
    frames: Frames, pairs: pl.DataFrame, units: pl.DataFrame, level: str, learnt: Learnt, engine: Engine
) -> pl.DataFrame:
    """What likeness says of those that nothing else kept apart: of several units the two that score most."""
    for end in ("left", "right"):
        of_end = units.select("true", **{end: "entity", f"{end}_unit": "unit"})
        pairs = pairs.join(of_end, on=[end, "true"])
    asked = pl.concat([pairs["left_unit"], pairs["right_unit"]]).unique().sort()
    wholes = units.unique("unit").filter(pl.col("unit").is_in(asked.implode())).sort("unit")
    places = {unit: place for place, unit in enumerate(wholes["unit"])}
    sides = sides_of(frames, wholes["record_ids"].to_list(), level, learnt.model, engine.collect)
    compared = set(sides.units)
    two = {
        (pair, (places[left], places[right]))
        for pair, left, right in pairs.select("pair", "left_unit", "right_unit").iter_rows()
    }
    both = sorted({ends for _, ends in two if compared.issuperset(ends)})
    said = dict(zip(both, weighed(sides, both), strict=True)) if both else {}
    rows = [
        (pair, *_scored(*said[ends], learnt)) if ends in said else (pair, 0.0, _UNKNOWN, None)
        for pair, ends in sorted(two)
    ]
    schema = {"pair": pl.Int64, "odds": pl.Float64, "cause": pl.String, "detail": pl.String}
    best = pl.DataFrame(rows, schema=schema, orient="row").sort("odds", descending=True)
    best = best.unique(["pair", "cause"], keep="first", maintain_order=True)
    return best.with_columns(rule=pl.lit(SIMILAR_RULE)).filter(pl.col("cause") != _NOTHING).select(_TOLD)


def _scored(common: set[str], parts: Sequence[Part], learnt: Learnt) -> tuple[float, str, str | None]:
    """What two units score, and what it comes to."""
    odds = sum(part.weight for part in parts)
    if learnt.met_by(common):
        return odds, _LOW, most_against(parts)
    return odds, _NEVER if common else _NOTHING, None


def _first(pairs: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Tell of each pair what is to be told first; of values and links alike, the first by name."""
    # Links that were found elsewhere may be in states of their own.
    rank = pl.col("cause").replace_strict(_RANKS, range(len(_RANKS)), default=len(_RANKS))
    first = told.with_columns(rank=rank).sort("pair", "rank", "rule", "detail", nulls_last=True)
    found = pairs.join(first.unique("pair", keep="first", maintain_order=True), on="pair", how="left")
    return found.with_columns(pl.col("cause").fill_null(_NOTHING)).select(BLAMED.names()).cast(BLAMED)
