"""Changes: what became of the entities of a run before, and the evidence that did it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import narwhals.stable.v2 as nw
import polars as pl

from idgraph.schema import COUNT, TEXT, TEXTS, TIME, cast

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from idgraph.engines import Engine

__all__ = ["changes_between"]

_RECORD: Final = ["record_id", "level"]
_ENTITY: Final = ["level", "entity_id"]
_LEFT_OUT: Final = ["cut", "suppressed"]


def changes_between(
    old: nw.LazyFrame,
    new: nw.LazyFrame,
    evidence: Mapping[str, nw.LazyFrame],
    engine: Engine,
    run_id: str,
    at: datetime,
) -> nw.LazyFrame:
    """Say what became of the entities of a run before: one row for each entity that changed.

    Of the records that are in both, those that were in one old entity are *whole* in a new entity if it holds all of
    them, else *in part*. The first that fits is the change:

    - `created`: none of its records was there;
    - `merged`: two or more old entities are whole in it;
    - `split`: all its records that were there are of one old entity, which is in part in it. Each part has a row;
    - `moved`: it holds records that were under another id;
    - `grown`: all its records that were there had its id, and it has new ones;
    - `retired`: the id is in `old` and no more in `new`.

    An entity that only lost records, because they are no more, has no row.

    Causes are `email ana@acme.io` (the strongest used identifier, by weight and then by text, that joins records of
    different old entities, or old and new ones) or `source_merge` (the rule of a link); of a split `cut by …: email
    ana@acme.io`, what the parts share and may not be joined by, or `evidence withdrawn`; of a retired id `into prf_…`,
    which holds most of its records, or `records gone`; of a created entity, and where nothing is found, null.

    Args:
        old: record_id, level, entity_id.
        new: the same, its ids carried: see `carry_ids`.
        evidence: `identifiers` and `links`, frames of `idgraph.schema.FRAMES`, as they are now.
        engine: what runs it.
        run_id: what to call this run.
        at: when it was, with its time zone.

    Returns:
        The frame `changes`; from_ids are the other ids that its records were under, sorted; of a retired id none.
    """
    old, new = (frame.select("record_id", nw.col("level").cast(TEXT), "entity_id") for frame in (old, new))
    differing = _differing(old, new, engine)
    before = engine.checkpoint(old.join(differing, on=_ENTITY, how="semi").rename({"entity_id": "was"}))
    placed = engine.checkpoint(new.join(differing, on=_ENTITY, how="semi").join(before, on=_RECORD, how="left"))
    parts = engine.checkpoint(_parts(placed, engine))
    kinds = engine.checkpoint(_kinds(placed, parts))
    others = parts.filter(nw.col("was") != nw.col("entity_id"))
    from_ids = engine.lists(others.select(*_ENTITY, nw.col("was").alias("from_ids")), _ENTITY, "from_ids")
    causes = _strongest([*_joining(placed, kinds, evidence), *_parting(placed, parts, kinds, evidence, engine)])
    found = kinds.join(from_ids, on=_ENTITY, how="left").join(causes, on=_ENTITY, how="left")
    cause = nw.when(nw.col("change") == "split").then(nw.coalesce("cause", nw.lit("evidence withdrawn")))
    found = found.with_columns(cause.otherwise(nw.col("cause")).alias("cause"))
    columns = [*_ENTITY, "change", "from_ids", "cause"]
    every = nw.concat([found.select(columns), _retired(before, placed, parts).select(columns)])
    filled = engine.map_batches(every, _without_null_lists, every.collect_schema())
    return cast(filled.with_columns(nw.lit(run_id).alias("run_id"), nw.lit(at).cast(TIME).alias("at")), "changes")


def _differing(old: nw.LazyFrame, new: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """The entities, old and new, that do not hold the same records under the same id: level, entity_id."""
    now = new.rename({"entity_id": "now"})
    came = now.join(old.rename({"entity_id": "was"}), on=_RECORD, how="left")
    came = engine.checkpoint(came.filter(nw.col("was").is_null() | (nw.col("was") != nw.col("now"))))
    gone = old.join(now, on=_RECORD, how="anti").select(_ENTITY)
    ends = [came.select("level", nw.col(end).alias("entity_id")) for end in ("was", "now")]
    return engine.checkpoint(nw.concat([*ends, gone]).filter(~nw.col("entity_id").is_null()).unique(_ENTITY))


def _parts(placed: nw.LazyFrame, engine: Engine) -> nw.LazyFrame:
    """How old entities lie in new ones: level, was, entity_id, records, and whether `whole`."""
    there = placed.filter(~nw.col("was").is_null())
    parts = there.group_by("level", "was", "entity_id").agg(nw.len().cast(COUNT).alias("records"))
    still = engine.with_totals(parts, ["level", "was"], still=nw.col("records").sum())
    return still.with_columns((nw.col("records") == nw.col("still")).alias("whole")).drop("still")


def _kinds(placed: nw.LazyFrame, parts: nw.LazyFrame) -> nw.LazyFrame:
    """What became of the entities that there are: level, entity_id, change."""
    whole, other = nw.col("whole"), nw.col("was") != nw.col("entity_id")
    sources = parts.with_columns(whole.cast(COUNT), other.cast(COUNT).alias("others"))
    known = sources.group_by(_ENTITY).agg(
        nw.len().cast(COUNT).alias("sources"), nw.col("whole", "others", "records").sum()
    )
    sizes = placed.group_by(_ENTITY).agg(nw.len().cast(COUNT).alias("size"))
    facts = sizes.join(known, on=_ENTITY, how="left")
    changes = {
        "created": nw.col("sources").is_null(),
        "merged": nw.col("whole") > 1,
        "split": (nw.col("sources") == 1) & (nw.col("whole") == 0),
        "moved": nw.col("others") > 0,
        "grown": nw.col("size") > nw.col("records"),
    }
    change = nw.lit(None).cast(TEXT)
    for word, fits in reversed(changes.items()):
        change = nw.when(fits).then(nw.lit(word)).otherwise(change)
    return facts.select(*_ENTITY, change.alias("change")).filter(~nw.col("change").is_null())


def _retired(before: nw.LazyFrame, placed: nw.LazyFrame, parts: nw.LazyFrame) -> nw.LazyFrame:
    """The ids that are no more, and where most of their records went."""
    gone = before.join(placed, left_on=["level", "was"], right_on=_ENTITY, how="anti").select("level", "was")
    ranked = parts.with_columns(
        (0 - nw.col("records")).alias("rank"), nw.concat_str(nw.lit("into "), "entity_id").alias("into")
    )
    heirs = ranked.unique(["level", "was"], keep="first", order_by=["rank", "entity_id"])
    found = gone.unique(["level", "was"]).join(heirs.select("level", "was", "into"), on=["level", "was"], how="left")
    return found.select(
        "level",
        nw.col("was").alias("entity_id"),
        nw.lit("retired").alias("change"),
        nw.lit(None).cast(TEXTS).alias("from_ids"),
        nw.coalesce("into", nw.lit("records gone")).alias("cause"),
    )


def _without_null_lists(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.with_columns(pl.col("from_ids").fill_null(pl.lit([], dtype=pl.List(pl.String))))


# -------------------------------------------------------------------------------------------------------------- causes


def _identifiers(evidence: Mapping[str, nw.LazyFrame], states: list[str], placed: nw.LazyFrame) -> nw.LazyFrame:
    """Values in one of some states that records placed hold: placed, with rules, state, reason, weight, text."""
    held = cast(evidence["identifiers"], "identifiers").filter(nw.col("state").is_in(states))
    held = held.select("record_id", "type", "value", "rules", "state", "reason", "weight").join(placed, on="record_id")
    words = [nw.col(name).cast(TEXT) for name in ("rules", "state", "reason")]
    text = nw.concat_str(nw.col("type").cast(TEXT), "value", separator=" ").alias("text")
    return held.with_columns(*words, text, nw.col("weight").fill_null(0.0)).drop("type", "value")


def _links(evidence: Mapping[str, nw.LazyFrame], states: list[str], placed: nw.LazyFrame) -> nw.LazyFrame:
    """Links in one of some states whose ends are both placed on one level.

    Returns:
        level, state, reason, weight, text (the rule); and the columns of `placed` as `left_…` and `right_…`.
    """
    found = cast(evidence["links"], "links").filter(nw.col("state").is_in(states))
    words = [nw.col(name).cast(TEXT) for name in ("state", "reason")]
    rule = nw.col("rule").cast(TEXT).alias("text")
    found = found.select("left_id", "right_id", *words, rule, nw.col("weight").fill_null(0.0))
    columns = ["entity_id", "was"]
    left = placed.select("level", *(nw.col(name).alias(f"left_{name}") for name in ("record_id", *columns)))
    right = placed.select("level", *(nw.col(name).alias(f"right_{name}") for name in ("record_id", *columns)))
    ends = found.join(left, left_on="left_id", right_on="left_record_id")
    return ends.join(right, left_on=["right_id", "level"], right_on=["right_record_id", "level"])


def _joining(placed: nw.LazyFrame, kinds: nw.LazyFrame, evidence: Mapping[str, nw.LazyFrame]) -> list[nw.LazyFrame]:
    """What joins records of different origin in one entity: level, entity_id, weight, cause."""
    joined = kinds.filter(nw.col("change").is_in(["merged", "moved", "grown"]))
    # All new records are of one origin: what joins them to one another brought nothing together.
    inside = placed.join(joined, on=_ENTITY, how="semi").with_columns(nw.coalesce("was", nw.lit("")).alias("was"))
    held = _identifiers(evidence, ["used"], inside)
    # What one rule joins, another may not: they are looked at one by one.
    by_rule = held.with_columns(nw.col("rules").str.split(",")).explode("rules")
    ends = [nw.col("was").min().alias("first"), nw.col("was").max().alias("last")]
    values = by_rule.group_by(*_ENTITY, "rules", "text").agg(nw.col("weight").min(), *ends)
    apart = values.filter(nw.col("first") != nw.col("last"))
    links = _links(evidence, ["used"], inside)
    links = links.filter(
        (nw.col("left_entity_id") == nw.col("right_entity_id")) & (nw.col("left_was") != nw.col("right_was"))
    )
    found = [apart, links.with_columns(nw.col("left_entity_id").alias("entity_id"))]
    return [frame.select(*_ENTITY, "weight", nw.col("text").alias("cause")) for frame in found]


def _parting(
    placed: nw.LazyFrame,
    parts: nw.LazyFrame,
    kinds: nw.LazyFrame,
    evidence: Mapping[str, nw.LazyFrame],
    engine: Engine,
) -> list[nw.LazyFrame]:
    """What the parts of a split entity share and may not be joined by: level, entity_id, weight, cause."""
    split = kinds.filter(nw.col("change") == "split").select(_ENTITY)
    torn = parts.join(split, on=_ENTITY, how="semi").select("level", "was").unique(["level", "was"])
    inside = placed.join(torn, on=["level", "was"], how="semi")
    by = nw.coalesce(nw.concat_str("state", nw.lit(" by "), "reason"), "state")
    why = nw.when(nw.col("state") != "used").then(nw.concat_str(by, "text", separator=": "))
    held = _identifiers(evidence, ["used", *_LEFT_OUT], inside)
    shared = engine.with_totals(
        held.select(*_ENTITY, "was", "text", nw.col("weight").alias("each"), why.alias("why")),
        ["level", "was", "text"],
        first=nw.col("entity_id").min(),
        last=nw.col("entity_id").max(),
        weight=nw.col("each").min(),
        cause=nw.col("why").min(),
    )
    apart = shared.filter((nw.col("first") != nw.col("last")) & ~nw.col("cause").is_null())
    links = _links(evidence, _LEFT_OUT, inside).with_columns(why.alias("cause"))
    links = links.filter(
        (nw.col("left_was") == nw.col("right_was")) & (nw.col("left_entity_id") != nw.col("right_entity_id"))
    )
    ends = [links.with_columns(nw.col(f"{end}_entity_id").alias("entity_id")) for end in ("left", "right")]
    found = [frame.select(*_ENTITY, "weight", "cause") for frame in (apart, *ends)]
    return [frame.join(split, on=_ENTITY, how="semi") for frame in found]


def _strongest(causes: list[nw.LazyFrame]) -> nw.LazyFrame:
    ranked = nw.concat(causes).with_columns((0 - nw.col("weight")).alias("rank"))
    best = ranked.unique(_ENTITY, keep="first", order_by=["rank", "cause"])
    return best.select(*_ENTITY, "cause")
